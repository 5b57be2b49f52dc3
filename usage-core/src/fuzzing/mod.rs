//! What the fuzz targets run. Not part of the API: behind the feature `fuzzing`, changed without notice.
//!
//! Each function takes any bytes and panics if a promise of this crate is broken.

pub mod documents;
pub mod pages;

use std::time::Duration;

use http::header::{HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use crate::auth::{AccessToken, Grant};
use crate::error::{ApiError, Sent, TransportFailure, TransportKind};
use crate::machine::{Machine, Next};
use crate::query::{OrganizationQuery, SimpleSearch};
use crate::uri::PathWriter;
use crate::{
    BaseUrl, Cursor, Date, Execution, ExecutionId, Interval, Policy, Region, RetryAfter, Session, Snapshot,
    Timestamp,
};

/// A results page gives the same whole and cut anywhere, shown and kept, and what `serde_json` makes of it.
pub fn page(data: &[u8]) {
    pages::check(data);
}

/// An error answer is always read, and shown in one line of bounded length.
pub fn error_body(data: &[u8]) {
    let (status, rest) = data.split_at_checked(2).unwrap_or((&[1, 200], data));
    let status = u16::from_be_bytes([status[0], status[1]]) % 900 + 100;
    let mut headers = HeaderMap::new();
    if let Ok(value) = HeaderValue::from_bytes(&rest[..rest.len().min(40)]) {
        headers.insert(RETRY_AFTER, value.clone());
        headers.insert(HeaderName::from_static("inin-correlation-id"), value);
    }
    if let Ok(status) = StatusCode::from_u16(status) {
        let text = ApiError::from_response(status, &headers, rest).to_string();
        assert!(text.chars().count() < 2000 && !text.contains(char::is_control), "{text}");
    }
}

/// Whatever parses prints as what it parsed from, or parses again to itself.
pub fn texts(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(interval) = text.parse::<Interval>() {
        assert_eq!(interval.to_string(), text);
        assert!(interval.first_day() <= interval.last_day());
        if interval.days() < 4000 {
            let days: u32 = interval.split(90).iter().map(Interval::days).sum();
            assert_eq!(days, interval.days());
        }
    }
    if let Ok(date) = text.parse::<Date>() {
        assert_eq!(date.to_string(), text);
    }
    if let Ok(region) = text.parse::<Region>() {
        assert_eq!(region.to_string().parse::<Region>().as_ref(), Ok(&region));
        assert!(region.api_url().to_string().starts_with("https://api."));
    }
    if let Ok(base) = text.parse::<BaseUrl>() {
        assert_eq!(base.to_string().parse::<BaseUrl>().as_ref(), Ok(&base));
        let uri = base.join("/api/v2/usage/query");
        assert!(uri.is_ok_and(|uri| base.is_origin_of(&uri)));
    }
    if let Ok(id) = ExecutionId::parse(&*text) {
        let mut path = PathWriter::default();
        path.fixed("a").segment(id.as_str()).fixed("b");
        let path = path.finish().expect("an id is a segment");
        assert_eq!(path.split('/').count(), 4);
    }
    let _ = Cursor::parse(&*text);
    if let Ok(value) = HeaderValue::from_str(&text) {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, value)]);
        let now = Timestamp::from_unix_millis(1);
        assert!(RetryAfter::from_headers(&headers).is_none_or(|at| at.earliest(now) >= now));
    }
}

/// A saved execution is refused, or restores to one that saves as the same.
pub fn snapshot(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let now = Timestamp::from_unix_millis(1_782_864_000_000);
    if let Ok(saved) = Snapshot::<SimpleSearch>::from_json(&text) {
        let again = Snapshot::<SimpleSearch>::from_json(&saved.to_json());
        assert_eq!(again.as_ref(), Ok(&saved));
        if let Ok(execution) = Execution::restore(saved, Policy::default(), now) {
            drive(execution, data);
        }
    }
}

/// A service that answers whatever it likes is left in time.
pub fn service(data: &[u8]) {
    let query =
        OrganizationQuery::new(Interval::last_days(1, Timestamp::from_unix_millis(1_782_864_000_000)));
    let now = Timestamp::from_unix_millis(1_782_864_000_000);
    drive(Execution::new(query, Policy::default(), 1, now), data);
}

/// Answers each request with a status and a body taken from `script`, over and over.
fn drive<Q: crate::UsageQuery>(mut execution: Execution<Q>, script: &[u8]) {
    const BODIES: [&str; 6] = [
        r#"{"executionId":"e"}"#,
        r#"{"queryStatus":"Running"}"#,
        r#"{"queryStatus":"Complete","results":[{"requests":1}]}"#,
        r#"{"queryStatus":"Complete","cursors":{"after":"a"}}"#,
        r#"{"access_token":"t","expires_in":1}"#,
        "",
    ];
    let Ok(token) = AccessToken::parse("t") else { return };
    let mut session = Session::new(&Region::default(), Grant::Manual(token));
    let mut now = Timestamp::from_unix_millis(1_782_864_000_000);
    let mut script = script.iter().copied().cycle();
    let mut byte = || usize::from(script.next().unwrap_or_default());
    for _ in 0..100_000 {
        match execution.next(now, &mut session).next {
            Next::Finished => return,
            Next::WaitUntil(until, _) => {
                assert!(now < until && until <= execution.deadline());
                now = until;
            }
            Next::Send(exchange) => {
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
                let _ = execution.on_response(now, exchange.ticket, answer, &mut session);
            }
        }
    }
    panic!("the execution does not end");
}
