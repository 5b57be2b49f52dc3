//! Logins, jobs and events over a socket.

use std::time::Duration;

use serde_json::Value;

use crate::wire::Bench;

const JOBS: &str = "/api/v2/usage/aggregates/query/jobs";

fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap()
}

fn text<'a>(answer: &'a Value, member: &str) -> &'a str {
    answer[member].as_str().unwrap()
}

#[test]
fn a_browser_a_code_and_a_job() {
    let bench = Bench::new();
    let client_id = bench.server.simulator().client_id().to_string();
    let mut connection = bench.connect();
    let back = "http%3A%2F%2Flocalhost%3A8085%2Fcallback";
    let challenge = "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    let target = format!(
        "/oauth/authorize?response_type=code&client_id={client_id}&redirect_uri={back}&{challenge}&state=s"
    );
    let (head, body) = connection.send(format!("GET {target} HTTP/1.1\r\nHost: login\r\n\r\n")).answer();
    assert!(head.starts_with("HTTP/1.1 302 Found\r\n") && body.is_empty(), "{head}");
    let (_, answer) = head.split_once("ocation: http://localhost:8085/callback?code=").unwrap();
    let (code, rest) = answer.split_once('&').unwrap();
    assert!(rest.starts_with("state=s\r\n"));

    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let form = format!(
        "grant_type=authorization_code&code={code}&code_verifier={verifier}&client_id={client_id}&redirect_uri={back}"
    );
    let login = format!(
        "POST /oauth/token HTTP/1.1\r\nHost: login\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    let (_, body) = connection.send(login).answer();
    let bench = Bench { token: text(&json(&body), "access_token").into(), ..bench };

    let (_, body) =
        connection
            .send(bench.submit(
                JOBS,
                r#"{"interval":"2026-07-01/2026-07-07","groupBy":["TemplateUri","HttpMethod"]}"#,
            ))
            .answer();
    let uri = text(&json(&body), "resultsUri").to_string();
    let mut states = Vec::new();
    for _ in 0..2 {
        let (_, body) = connection.send(bench.head("GET", &uri, "")).answer();
        states.push(text(&json(&body), "queryStatus").to_string());
        bench.clock.advance(Duration::from_millis(1_500));
    }
    assert_eq!(states, ["Queued", "Running"]);
    let (mut rows, mut next) = (0, Some(format!("{uri}?pageSize=25")));
    while let Some(target) = next {
        let (_, body) = connection.send(bench.head("GET", &target, "")).answer();
        let page = json(&body);
        rows += page["entities"].as_array().unwrap().len();
        next = page["nextUri"].as_str().map(str::to_string);
    }
    assert!(rows > 50, "{rows}");
}

#[test]
fn events_without_a_body() {
    let bench = Bench::new();
    let mut connection = bench.connect();
    let (head, body) = connection
        .send(bench.head("POST", "/api/v2/usage/events/query?pageSize=3", "Content-Length: 0\r\n"))
        .answer();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert_eq!(json(&body)["entities"].as_array().unwrap().len(), 3);
    let next = text(&json(&body), "nextUri").to_string();
    let (_, body) = connection.send(bench.head("POST", &next, "")).answer();
    assert!(text(&json(&body), "previousUri").contains("before="));
    let (_, body) = connection.send(bench.head("GET", "/api/v2/usage/events/definitions", "")).answer();
    assert!(json(&body)["entities"].as_array().unwrap().len() > 5);
}
