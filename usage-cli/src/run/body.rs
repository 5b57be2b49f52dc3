//! `--body`: a query as the JSON body that the service takes, read from a file.

use std::fmt::{self, Formatter};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value};
use usage_core::{ClientId, UsageQuery};

use crate::output::{OutputArgs, check_inputs};
use crate::problem::Problem;
use crate::text::{decoded, meant};

/// Maximum size in bytes. A query has a few members, so a larger file is the wrong one.
const MAX_BYTES: u64 = 1 << 20;

/// The members of a body that are no lists.
const SCALARS: [&str; 2] = ["interval", "granularity"];

/// Reads the query in the file at `path`; `-` is standard input. `members` are those that its body may have. `client` is
/// the OAuth client of a query whose path names one. `output` is where the result goes.
pub(crate) fn read<Q: UsageQuery>(
    path: &Path,
    members: &[&str],
    client: Option<&ClientId>,
    output: &OutputArgs,
) -> Result<Q, Problem> {
    check_inputs(output.file(), [path])?;
    let name = if path == Path::new("-") { "standard input".into() } else { path.display().to_string() };
    let text = read_text(path)
        .map_err(|problem| Problem::usage(format!("cannot read the body in {name}: {problem}")))?;
    parse(&text, members, client).map_err(|problem| {
        Problem::usage(format!("the body in {name} cannot be sent: {problem}"))
            .with_hint(format!("it is a JSON object with interval and any of {}", members.join(", ")))
    })
}

fn read_text(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let input: Result<Box<dyn Read>, io::Error> = match path {
        _ if path == Path::new("-") => Ok(Box::new(io::stdin().lock())),
        _ => File::open(path).map(|file| Box::new(file) as _),
    };
    let read = input.and_then(|input| input.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    if read.map_err(|error| error.to_string())? as u64 > MAX_BYTES {
        return Err(format!("it has more than {MAX_BYTES} bytes"));
    }
    decoded(bytes).map_err(str::to_owned)
}

fn parse<Q: UsageQuery>(text: &str, members: &[&str], client: Option<&ClientId>) -> Result<Q, String> {
    let Members(mut body) = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if let Some(unknown) = body.keys().find(|name| !members.contains(&name.as_str())) {
        let meant = meant(unknown, members.iter().copied());
        let meant = meant.map_or_else(String::new, |meant| format!("; did you mean '{meant}'?"));
        return Err(format!("this query has no member '{unknown}'{meant}"));
    }
    body.retain(|_, value| !value.is_null());
    if !body.contains_key("interval") {
        return Err("it has no interval".into());
    }
    for member in members.iter().filter(|member| !SCALARS.contains(*member)) {
        body.entry(*member).or_insert_with(|| Value::Array(Vec::new()));
    }
    if let Some(client) = client {
        body.insert("clientId".into(), client.as_str().into());
    }
    serde_path_to_error::deserialize(Value::Object(body))
        .map_err(|error| format!("{}: {}", error.path(), error.inner()))
}

/// The members of a body, each of which occurs once.
struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(OnceEach).map(Self)
    }
}

struct OnceEach;

impl<'de> Visitor<'de> for OnceEach {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = from.next_entry::<String, Value>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!("the member '{name}' occurs twice")));
            }
            members.insert(name, value);
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use usage_core::Endpoint;
    use usage_core::query::{ClientQuery, OrganizationJob};

    use super::*;

    const QUERY: &[&str] = &["interval", "granularity", "metrics", "groupBy"];
    const JOB: &[&str] = &[
        "interval",
        "granularity",
        "sortBy",
        "metrics",
        "groupBy",
        "templateUris",
        "httpMethods",
        "platforms",
        "userIds",
        "oauthClientIds",
    ];

    #[test]
    fn a_body_is_sent_as_it_was_written() {
        let client = ClientId::parse("7de3af06").unwrap();
        let text = r#"{"interval":"2026-10-01/2026-10-31","granularity":"Day","metrics":["Requests"],"groupBy":["TemplateUri"]}"#;
        let query: ClientQuery = parse(text, QUERY, Some(&client)).unwrap();
        assert_eq!(String::from_utf8(query.body().unwrap().unwrap()).unwrap(), text);
        let text = r#"{"interval":"2026-10-01T00:00:00.000Z/2026-10-31T00:00:00.000Z","sortBy":[{"fieldName":"requestCount","order":"Desc"}],"httpMethods":["GET"],"groupBy":["OauthClientId"],"userIds":["u"]}"#;
        let query: OrganizationJob = parse(text, JOB, None).unwrap();
        assert_eq!(String::from_utf8(query.body().unwrap().unwrap()).unwrap(), text);
        let query: OrganizationJob =
            parse(r#"{"interval":"2026-10/2026-10","granularity":null,"platforms":null}"#, JOB, None)
                .unwrap();
        assert_eq!(query.body().unwrap().unwrap(), br#"{"interval":"2026-10/2026-10"}"#);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, wanted) in [
            ("", "EOF while parsing"),
            ("[]", "invalid type: sequence, expected an object"),
            (
                r#"{"interval":"2026-10/2026-10","interval":"2026-09/2026-09"}"#,
                "the member 'interval' occurs twice",
            ),
            ("{}", "it has no interval"),
            (r#"{"interval":null}"#, "it has no interval"),
            (r#"{"interval":"soon"}"#, "interval: "),
            (
                r#"{"interval":"2026-10/2026-10","groupby":[]}"#,
                "no member 'groupby'; did you mean 'groupBy'?",
            ),
            (r#"{"interval":"2026-10/2026-10","clientId":"x"}"#, "no member 'clientId'"),
            (r#"{"interval":"2026-10/2026-10","metrics":"Requests"}"#, "metrics: invalid type: string"),
            (
                r#"{"interval":"2026-10/2026-10","metrics":["Requests",1]}"#,
                "metrics[1]: invalid type: integer",
            ),
        ] {
            let problem =
                parse::<ClientQuery>(text, QUERY, Some(&ClientId::parse("x").unwrap())).unwrap_err();
            assert!(problem.contains(wanted), "{text}: {problem}");
        }
    }
}
