//! Properties for any responses of a service: the machine ends in time, and tokens go to the right hosts only.

use std::time::Duration;

use http::header::{AUTHORIZATION, LOCATION, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};

use crate::auth::Grant;
use crate::failures::{Sent, TransportFailure, TransportKind};
use crate::machine::{Exchange, Machine, Next};
use crate::query::{OrganizationJob, OrganizationQuery, SimpleSearch};
use crate::{BaseUrl, Execution, Interval, Policy, Secret, Session, Snapshot, Timestamp, UsageQuery};

const NOW: Timestamp = Timestamp::from_unix_millis(1_782_864_000_000);
const API: &str = "https://api.example/genesys";
const LOGIN: &str = "https://login.example";
const TOKEN: &str = "a-token-of-the-fuzzer";
const SECRET: &str = "a-secret-of-the-fuzzer";

/// A snapshot is refused, or restores to an execution with the same snapshot that ends in time.
pub fn snapshot(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(saved) = Snapshot::<SimpleSearch>::from_json(&text) {
        let again = Snapshot::<SimpleSearch>::from_json(&saved.to_json());
        assert_eq!(again.as_ref(), Ok(&saved));
        if let Ok(execution) = Execution::restore(saved, Policy::default(), NOW) {
            let saved = execution.snapshot();
            let again = Execution::restore(saved.clone(), Policy::default(), NOW);
            assert_eq!(again.map(|again| again.snapshot()).as_ref(), Ok(&saved));
            drive(execution, data);
        }
    }
}

/// With a service that returns anything, an execution ends in time.
pub fn service(data: &[u8]) {
    let interval = Interval::last_days(1, NOW);
    match data.split_first() {
        Some((0..=99, data)) => drive(query(OrganizationQuery::new(interval)), data),
        Some((100..=199, data)) => drive(query(SimpleSearch::new(interval)), data),
        Some((_, data)) => drive(query(OrganizationJob::new(interval)), data),
        None => drive(query(OrganizationQuery::new(interval)), data),
    }
}

fn query<Q: UsageQuery>(query: Q) -> Execution<Q> {
    Execution::new(query, Policy::default(), 1, NOW)
}

/// Answers each request with a status and a body taken from `script`, over and over.
fn drive<Q: UsageQuery>(mut execution: Execution<Q>, script: &[u8]) {
    const BODIES: [&str; 10] = [
        r#"{"executionId":"e","resultsUri":"https://evil.example/api/v2/usage/query/e/results"}"#,
        r#"{"queryStatus":"Running"}"#,
        r#"{"queryStatus":"Complete","results":[{"requests":1}]}"#,
        r#"{"queryStatus":"Complete","cursors":{"after":"a"}}"#,
        r#"{"access_token":"a-token-of-the-fuzzer","expires_in":1,"refresh_token":"r"}"#,
        "",
        r#"{"id":"../../../evil","selfUri":"//evil.example"}"#,
        r#"{"queryStatus":"Succeeded","nextUri":"https://evil.example/x?after=b","entities":[]}"#,
        r#"{"queryStatus":"Succeeded","nextUri":"//evil.example/x?after=%2F..%2Fc%23"}"#,
        r#"{"queryStatus":"Failed","errorBody":{"message":"m"}}"#,
    ];
    let (Ok(api), Ok(login)) = (API.parse(), LOGIN.parse()) else { return };
    let Ok(grant) = Grant::client_credentials("id", Secret::new(SECRET.to_owned())) else { return };
    let mut session = Session::with_hosts(api, login, grant);
    let mut now = NOW;
    let mut script = script.iter().copied().cycle();
    let mut byte = || usize::from(script.next().unwrap_or_default());
    for _ in 0..100_000 {
        let step = execution.next(now, &mut session);
        match step.next {
            Next::Finished => return,
            Next::WaitUntil(until, _) => {
                assert!(now < until && until <= execution.deadline());
                now = until;
            }
            Next::Send(exchange) => {
                check(&exchange, session.api_url(), session.login_url());
                now = now.saturating_add(Duration::from_millis(10));
                let status = [200, 200, 200, 202, 302, 401, 404, 408, 429, 503][byte() % 10];
                if byte() % 16 == 0 {
                    let failure = TransportFailure::new(TransportKind::Reset, Sent::Maybe, "");
                    let _ = execution.on_failure(now, exchange.ticket, failure, &mut session);
                    continue;
                }
                let mut answer = Response::new(BODIES[byte() % BODIES.len()].as_bytes());
                *answer.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
                answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(byte() as u64));
                answer.headers_mut().insert(LOCATION, HeaderValue::from_static("https://evil.example/"));
                let _ = execution.on_response(now, exchange.ticket, answer, &mut session);
            }
        }
    }
    panic!("the execution does not end");
}

/// The bearer goes to the API host and the credential to the login host, and neither prints.
fn check(exchange: &Exchange, api: &BaseUrl, login: &BaseUrl) {
    let (uri, headers) = (exchange.request.uri(), exchange.request.headers());
    let authorization = headers.get(AUTHORIZATION).map_or(&b""[..], HeaderValue::as_bytes);
    if authorization.starts_with(b"Bearer ") {
        assert!(api.is_origin_of(uri) && uri.path().starts_with("/genesys/api/v2/"), "{uri} gets the token");
    } else {
        assert!(authorization.starts_with(b"Basic ") && login.is_origin_of(uri), "{uri} gets the credential");
        assert_eq!(uri.path(), "/oauth/token");
    }
    let printed = format!("{exchange:?} {:?}", exchange.request);
    assert!(!printed.contains(TOKEN) && !printed.contains(SECRET), "{printed}");
}
