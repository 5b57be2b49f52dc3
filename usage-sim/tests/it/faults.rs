//! Faults in memory: their effect on a response and on the service.

use usage_sim::{Fault, Match, Operation, Rule, WireFault};

use crate::support::{Bench, json};

const ORGANIZATION: &str = "/api/v2/usage/query";
const SEARCH: &str = "/api/v2/usage/simplesearch";
const BODY: &str = r#"{"interval":"2026-07-01/2026-07-07"}"#;

fn started(bench: &Bench) -> usize {
    bench.service.journal().iter().filter(|entry| entry.started.is_some()).count()
}

#[test]
fn replaced_responses() {
    let mut bench = Bench::new();
    let custom = Fault::StatusWith {
        status: 418,
        headers: vec![
            ("X-Pot".into(), "tea".into()),
            ("not a name".into(), "x".into()),
            ("X-Bad".into(), "\n".into()),
        ],
        body: b"short and stout".to_vec(),
    };
    for fault in [
        Fault::Status(503),
        Fault::Status(9),
        custom,
        Fault::RateLimited { retry_after: Some("Wed, 08 Jul 2026 09:10:00 GMT".into()) },
        Fault::RateLimited { retry_after: None },
        Fault::Html,
        Fault::Redirect("https://elsewhere.example/".into()),
    ] {
        bench.service.inject(Rule::new(Match::Submit, fault));
    }
    let answers: Vec<_> = (0..7).map(|_| bench.post(ORGANIZATION, BODY)).collect();
    let statuses: Vec<_> = answers.iter().map(|answer| answer.status().as_u16()).collect();
    assert_eq!(statuses, [503, 500, 418, 429, 429, 502, 302]);
    assert_eq!(json(&answers[0])["code"], "service.unavailable");
    assert_eq!(
        (answers[2].headers()["x-pot"].as_bytes(), answers[2].headers().contains_key("x-bad")),
        (b"tea".as_slice(), false)
    );
    assert_eq!(answers[3].headers()["retry-after"], "Wed, 08 Jul 2026 09:10:00 GMT");
    assert_eq!(
        (answers[4].headers().get("retry-after"), json(&answers[4])["code"].clone()),
        (None, "too.many.requests".into())
    );
    assert!(answers[5].body().starts_with(b"<html>") && answers[5].headers()["content-type"] == "text/html");
    assert_eq!(answers[6].headers()["location"], "https://elsewhere.example/");
    assert_eq!(started(&bench), 0, "none of them was processed");
    assert_eq!(bench.service.journal()[5].fault, Some(Fault::Html));
    assert_eq!(bench.post(ORGANIZATION, BODY).status(), 200);
}

#[test]
fn the_token_endpoint_fails_with_oauth_errors() {
    let mut bench = Bench::new();
    bench.service.inject(Rule::new(Match::Token, Fault::Status(503)));
    let response = bench.post("/oauth/token", "");
    assert_eq!(
        (response.status().as_u16(), json(&response)["error"].clone()),
        (503, "temporarily_unavailable".into())
    );
}

#[test]
fn executions_that_fail() {
    let mut bench = Bench::new();
    bench.service.inject(Rule::new(Match::Submit, Fault::FailQuery));
    let (failing, other) = (bench.submit(ORGANIZATION, BODY), bench.submit(ORGANIZATION, BODY));
    assert_eq!(json(&bench.get(&failing))["queryStatus"], "Running");
    bench.wait(3);
    assert_eq!(bench.get(&failing).body(), br#"{"queryStatus":"Failed"}"#);
    assert_eq!(json(&bench.get(&other))["queryStatus"], "Complete");
    bench.service.inject(Rule::new(Match::Operation(Operation::OrganizationResults), Fault::FailQuery));
    for _ in 0..2 {
        assert_eq!(bench.get(&other).body(), br#"{"queryStatus":"Failed"}"#);
    }
}

#[test]
fn odd_statuses() {
    let mut bench = Bench::new();
    let results = bench.submit(ORGANIZATION, BODY);
    bench.wait(3);
    bench.service.inject(Rule::new(Match::Results, Fault::UnknownStatus("Pausing \"".into())));
    bench.service.inject(Rule::new(Match::Results, Fault::MissingStatus));
    assert_eq!(bench.get(&results).body(), br#"{"queryStatus":"Pausing \""}"#);
    assert_eq!(bench.get(&results).body(), b"{}");
    assert_eq!(json(&bench.get(&results))["queryStatus"], "Complete");
}

#[test]
fn a_cursor_without_a_next_page() {
    let mut bench = Bench::new();
    let results = bench.submit(SEARCH, BODY);
    bench.wait(3);
    bench.service.inject(Rule::new(Match::Results, Fault::RepeatCursor).always());
    let first = json(&bench.get(&format!("{results}?pageSize=10")));
    let after: String =
        form_urlencoded::byte_serialize(first["cursors"]["after"].as_str().unwrap().as_bytes()).collect();
    assert_eq!(json(&bench.get(&format!("{results}?pageSize=10&after={after}"))), first);
}

#[test]
fn oversized_answers_are_still_json() {
    let mut bench = Bench::new();
    bench.service.inject(Rule::new(Match::Any, Fault::Oversized { bytes: 1_000_000 }));
    let response = bench.post(ORGANIZATION, BODY);
    assert_eq!(response.body().len(), 1_000_000);
    assert!(json(&response)["executionId"].is_string());
}

#[test]
fn a_gzip_bomb_is_small_on_the_wire_and_has_the_configured_size() {
    use std::io::Read;

    let mut bench = Bench::new();
    bench.service.inject(Rule::new(Match::Any, Fault::Gzip));
    bench.service.inject(Rule::new(Match::Any, Fault::GzipBomb { bytes: 1_000_000 }));
    let decoded = [0, 1].map(|_| {
        let response = bench.post(ORGANIZATION, BODY);
        assert_eq!(response.headers()["content-encoding"], "gzip");
        assert!(response.body().len() < 2_000, "{}", response.body().len());
        let mut decoded = String::new();
        flate2::read::GzDecoder::new(&**response.body()).read_to_string(&mut decoded).unwrap();
        decoded
    });
    assert!(decoded[0].starts_with(r#"{"executionId":""#) && decoded[0].ends_with('}'));
    assert_eq!(decoded[1].len(), 1_000_000);
    assert_eq!(decoded[1].trim_end().len(), decoded[0].len());
}

#[test]
fn a_reply_names_its_wire_fault_and_the_request_was_processed() {
    let mut bench = Bench::new();
    for fault in [WireFault::CloseBeforeReply, WireFault::Hang, WireFault::Garbage(b"?".to_vec())] {
        bench.service.inject(Rule::new(Match::Submit, fault.clone()));
        let reply = bench.reply("POST", ORGANIZATION, BODY);
        assert_eq!(reply.fault, Some(fault));
        assert_eq!(reply.response.status(), 200);
    }
    assert_eq!(started(&bench), 3);
    bench.service.inject(Rule::new(Match::Submit, WireFault::Hang).always());
    bench.service.clear_faults();
    assert_eq!(bench.reply("POST", ORGANIZATION, BODY).fault, None);
    bench.service.clear_journal();
    assert_eq!(started(&bench), 0);
}

#[test]
fn members_and_headers_of_a_response_can_be_changed() {
    let mut bench = Bench::new();
    let member = |name: &str, json: &str| (name.to_owned(), json.to_owned());
    let amended =
        Fault::Amended(vec![member("resultsUri", "7"), member("executionId", ""), member("x", "null")]);
    bench.service.inject(Rule::new(Match::Submit, amended));
    let answer = json(&bench.post("/api/v2/usage/query", r#"{"interval":"2026-07-01/2026-07-07"}"#));
    assert_eq!(answer, serde_json::json!({"resultsUri": 7, "x": null}));
    let headers = Fault::Headers(vec![member("Date", "today"), member("no name", "x"), member("X-A", "b")]);
    bench.service.inject(Rule::new(Match::Any, headers));
    let response = bench.get("/api/v2/usage/events/definitions");
    assert_eq!(
        (&response.headers()["date"], &response.headers()["x-a"]),
        (&"today".parse().unwrap(), &"b".parse().unwrap())
    );
}
