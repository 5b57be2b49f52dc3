//! Properties of the heads and error bodies of responses.

use std::time::Duration;

use http::header::{HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::failures::ApiError;
use crate::rate_budget::RateBudget;
use crate::{RetryAfter, Timestamp};

const NOW: Timestamp = Timestamp::from_unix_millis(1_782_864_000_000);

/// An error response is always decoded, and printed in one line of bounded length.
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

/// `Retry-After` never allows a try in the past, and the rate-limit headers block for two minutes at most. A line each:
/// `Retry-After`, and what is allowed, counted, and left of the window.
pub fn headers(data: &[u8]) {
    let names = ["retry-after", "inin-ratelimit-allowed", "inin-ratelimit-count", "inin-ratelimit-reset"];
    let mut headers = HeaderMap::new();
    for (name, line) in names.into_iter().zip(data.split(|byte| *byte == b'\n')) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.insert(name, value);
        }
    }
    let retry_after = RetryAfter::from_headers(&headers);
    let mut budget = RateBudget::default();
    budget.observe(NOW, &headers);
    let longest = NOW.saturating_add(Duration::from_secs(120));
    if let Some(window) = budget.window(NOW) {
        assert!(window.allowed > 0 && NOW < window.resets_at && window.resets_at <= longest);
        assert_eq!(budget.blocked_until(NOW).is_some(), window.used >= window.allowed);
        let used = window.used;
        budget.spend(NOW);
        budget.observe(NOW, &headers);
        assert!(budget.window(NOW).is_some_and(|window| window.used >= used), "a request was forgotten");
    }
    assert!(budget.blocked_until(NOW).is_none_or(|until| NOW < until && until <= longest));
    assert_eq!(budget.blocked_until(longest), None);
    if let Some(retry_after) = retry_after {
        let earliest = retry_after.earliest(NOW);
        assert!(earliest >= NOW);
        budget.block(earliest);
        assert!(budget.blocked_until(NOW).unwrap_or(NOW) >= earliest, "too early for Retry-After");
    }
}
