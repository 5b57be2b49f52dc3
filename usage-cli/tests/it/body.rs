//! `--body`: a query given as the body that the service accepts.

use std::io::Write;
use std::process::Stdio;

use crate::support::{Ran, Service, program};

const QUERY: &str = r#"{"interval":"2026-10-01/2026-10-07","granularity":"Day","groupBy":["OAuthClientId"]}"#;

/// Returns the request that would be sent: its first line and its body.
fn shown(arguments: &[&str], body: &str) -> (String, String) {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().write_all(body.as_bytes()).unwrap();
    let with_body = ["--body", file.path().to_str().unwrap(), "--dry-run"];
    let text = Ran::of(&mut program(&[arguments, &with_body].concat())).well();
    let (head, body) = text.trim_end().split_once("\n\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

#[test]
fn every_query_sends_it_as_it_is() {
    let search =
        r#"{"interval":"2026-10/2026-10","metrics":["Date"],"oauthClientNames":["A"],"httpMethods":["GET"]}"#;
    let job = r#"{"interval":"2026-10/2026-10","sortBy":[{"fieldName":"requestCount","order":"Desc"}],"groupBy":["OauthClientId"],"oauthClientIds":["x"]}"#;
    let client_job = r#"{"interval":"2026-10/2026-10","groupBy":["OrganizationId"],"organizationIds":["x"]}"#;
    for (arguments, path, body) in [
        (&["query"][..], "/api/v2/usage/query", QUERY),
        (&["query", "--client", "x"], "/api/v2/oauth/clients/x/usage/query", QUERY),
        (&["search"], "/api/v2/usage/simplesearch", search),
        (&["aggregate"], "/api/v2/usage/aggregates/query/jobs", job),
        (&["aggregate", "--client", "x"], "/api/v2/usage/client/x/aggregates/query/jobs", client_job),
    ] {
        let (line, sent) = shown(arguments, body);
        assert!(line.starts_with("POST ") && line.ends_with(path), "{line}");
        assert_eq!(sent, body, "{arguments:?}");
    }
}

#[test]
fn it_has_the_rows_of_the_same_options_and_comes_from_standard_input_too() {
    let service = Service::fixed();
    let options = ["--interval", "2026-10-01/2026-10-07", "--granularity", "day", "--group-by", "client"];
    let wanted = service.run(&[&["query"], &options[..], &["--format", "csv"]].concat()).well();
    let mut command = service.command(&["query", "--body", "-", "--format", "csv"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(QUERY.as_bytes()).unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stdout), (Some(0), wanted));
}

#[test]
fn a_long_job_is_split_and_sorted_as_the_body_says() {
    let service = Service::fixed();
    let body = r#"{"interval":"2026-03-01/2026-09-30","groupBy":["Platform"],"sortBy":[{"fieldName":"requestCount","order":"Desc"}]}"#;
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().write_all(body.as_bytes()).unwrap();
    let of_body =
        service.run(&["aggregate", "--body", file.path().to_str().unwrap(), "--format", "csv"]).well();
    let options =
        ["--interval", "2026-03-01/2026-09-30", "--group-by", "platform", "--sort", "requests:desc"];
    assert_eq!(of_body, service.run(&[&["aggregate"], &options[..], &["--format", "csv"]].concat()).well());
    let both = ["aggregate", "--body", file.path().to_str().unwrap(), "--sort", "requests"];
    service.run(&both).failed(2, &["sorted by --sort and by the body's sortBy"]);
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().write_all(br#"{"interval":"2026-10/2026-10","groupby":["TemplateUri"]}"#).unwrap();
    let path = file.path().to_str().unwrap();
    let refused =
        |arguments: &[&str], texts: &[&str]| drop(Ran::of(&mut program(arguments)).failed(2, texts));
    refused(&["query", "--body", path], &["has no member 'groupby'; did you mean 'groupBy'?", "hint: "]);
    refused(&["search", "--body", path], &["has no member 'groupby'"]);
    refused(&["query", "--body", "/nowhere/q.json"], &["cannot read the body in /nowhere/q.json"]);
    for options in
        [&["--last", "7d"][..], &["--month", "last"], &["--group-by", "uri"], &["--metrics", "requests"]]
    {
        refused(&[&["query", "--body", path], options].concat(), &["cannot be used with"]);
    }
    std::fs::write(path, r#"{"interval":"2099-10/2099-10"}"#).unwrap();
    refused(&["query", "--body", path], &["has not begun"]);
}
