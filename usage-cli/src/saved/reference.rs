//! Parses references to clients and users that another program wrote as a text.

use std::collections::BTreeMap;

/// The id and the name of a reference; empty where absent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) id: String,
    pub(super) name: String,
}

/// Parses a reference as PowerShell (`@{id=…; name=…}`), JSON (`{"id": …}`) or Python (`{'id': …}`) writes it.
/// Returns `None` for any other text, and if the end of a value is ambiguous.
pub(super) fn parse(text: &str) -> Option<Reference> {
    let text = text.trim();
    if let Some(members) = text.strip_prefix("@{") {
        return power_shell(members.strip_suffix('}')?);
    }
    let members = text.strip_prefix('{')?.strip_suffix('}')?;
    let members = match serde_json::from_str::<BTreeMap<String, serde_json::Value>>(text) {
        Ok(members) => {
            members.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned()))).collect()
        }
        Err(_) => python(members)?,
    };
    Some(of_members(members))
}

fn of_members(mut members: BTreeMap<String, String>) -> Reference {
    let mut take = |name| members.remove(name).unwrap_or_default();
    Reference { id: take("id"), name: take("name") }
}

/// Parses `id=…; name=…; selfUri=…` in any order. A value may contain `; `, but not the start of another member.
fn power_shell(text: &str) -> Option<Reference> {
    const NAMES: [&str; 3] = ["id=", "name=", "selfUri="];
    let mut members = BTreeMap::new();
    let mut current: Option<(&str, String)> = None;
    for part in text.split("; ") {
        match (NAMES.iter().find(|name| part.starts_with(**name)), &mut current) {
            (Some(name), _) => {
                if let Some((name, value)) = current.take() {
                    members.insert(name.to_owned(), value);
                }
                if members.contains_key(name.trim_end_matches('=')) {
                    return None;
                }
                current = Some((name.trim_end_matches('='), part[name.len()..].to_owned()));
            }
            (None, Some((_, value))) => {
                value.push_str("; ");
                value.push_str(part);
            }
            (None, None) => return None,
        }
    }
    let (name, value) = current?;
    members.insert(name.to_owned(), value);
    Some(of_members(members))
}

/// Parses `'id': 'x', 'name': "O'Neil", 'self_uri': None`.
fn python(mut text: &str) -> Option<BTreeMap<String, String>> {
    let mut members = BTreeMap::new();
    while !text.trim_start().is_empty() {
        let (name, rest) = python_text(text)?;
        let rest = rest.trim_start().strip_prefix(':')?;
        let (value, rest) = match rest.trim_start().strip_prefix("None") {
            Some(rest) => (String::new(), rest),
            None => python_text(rest)?,
        };
        if members.insert(name, value).is_some() {
            return None;
        }
        text = match rest.trim_start() {
            "" => "",
            rest => rest.strip_prefix(',')?,
        };
    }
    Some(members)
}

/// Returns a quoted text and the rest. Texts with escapes are refused.
fn python_text(text: &str) -> Option<(String, &str)> {
    let text = text.trim_start();
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let (inside, rest) = text[1..].split_once(quote)?;
    (!inside.contains('\\')).then(|| (inside.to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_programs_write_them() {
        for (text, id, name) in [
            ("@{id=c1; name=Nightly}", "c1", "Nightly"),
            ("@{name=Nightly; id=c1}", "c1", "Nightly"),
            ("@{id=c1; name=; selfUri=/api/v2/oauth/clients/c1}", "c1", ""),
            ("@{id=c1; name=a; b=c}", "c1", "a; b=c"),
            (r#"{"id":"c1","name":"Night\"ly","selfUri":null}"#, "c1", "Night\"ly"),
            ("{'id': 'c1', 'name': \"O'Neil\", 'self_uri': None}", "c1", "O'Neil"),
            ("{'id': 'c1', 'name': None}", "c1", ""),
        ] {
            assert_eq!(parse(text), Some(Reference { id: id.into(), name: name.into() }), "{text}");
        }
    }

    #[test]
    fn what_is_not_certain_is_none() {
        for text in [
            "",
            "c1",
            "System.Object",
            "@{id=c1",
            "@{other=1}",
            "@{id=c1; name=a; id=b}",
            "{'id': 'c1'",
            "{'id' 'c1'}",
            r"{'id': 'a\'b'}",
            "{'id': 1}",
            "{id: c1}",
            "{'id': 'a' 'name': 'b'}",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
