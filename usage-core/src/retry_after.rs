//! `Retry-After`: when the service allows the next attempt.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

use crate::time::Timestamp;

/// The longest wait that a response can ask for. A longer one is truncated, so that no response stops a client for good.
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// The two forms of `Retry-After`.
///
/// ```
/// use std::time::Duration;
/// use usage_core::{RetryAfter, Timestamp};
///
/// let mut headers = http::HeaderMap::new();
/// headers.insert("retry-after", "3".parse().unwrap());
/// let retry_after = RetryAfter::from_headers(&headers).unwrap();
/// assert_eq!(retry_after, RetryAfter::Delay(Duration::from_secs(3)));
/// assert_eq!(retry_after.earliest(Timestamp::from_unix_millis(0)).as_unix_millis(), 3_000);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// A delay from the arrival of the response.
    Delay(Duration),
    /// A point in time by an unknown clock: the response has no `Date`.
    At(Timestamp),
}

impl RetryAfter {
    /// Reads the header; `None` if it contains neither whole seconds nor an HTTP date.
    ///
    /// A date is relative to the `Date` of the same response, if it has one, since the clocks may differ.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            // Too many seconds for a u64 are still a long delay.
            return Some(Self::Delay(Duration::from_secs(text.parse().unwrap_or(u64::MAX))));
        }
        let at = http_date(text)?;
        let written = headers.get(DATE).and_then(|date| http_date(date.to_str().ok()?.trim()));
        Some(written.map_or(Self::At(at), |written| Self::Delay(at.saturating_since(written))))
    }

    /// Returns the earliest time of the next attempt: from `now` to [`MAX_RETRY_AFTER`] later.
    pub fn earliest(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Delay(delay) => now.saturating_add(delay.min(MAX_RETRY_AFTER)),
            Self::At(at) => at.clamp(now, now.saturating_add(MAX_RETRY_AFTER)),
        }
    }

    /// Returns whether the response asked for a delay longer than [`MAX_RETRY_AFTER`].
    pub(crate) fn is_cut(self) -> bool {
        matches!(self, Self::Delay(delay) if delay > MAX_RETRY_AFTER)
    }
}

fn http_date(text: &str) -> Option<Timestamp> {
    let date: SystemTime = httpdate::parse_http_date(text).ok()?;
    Some(date.into())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn read(value: &str) -> Option<RetryAfter> {
        read_at(value, None)
    }

    fn read_at(value: &str, date: Option<&str>) -> Option<RetryAfter> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(value).ok()?);
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_str(date).unwrap());
        }
        RetryAfter::from_headers(&headers)
    }

    #[test]
    fn both_forms_and_nonsense() {
        assert_eq!(read("3"), Some(RetryAfter::Delay(Duration::from_secs(3))));
        assert_eq!(read(" 0 "), Some(RetryAfter::Delay(Duration::ZERO)));
        assert_eq!(read("99999999999999999999"), Some(RetryAfter::Delay(Duration::from_secs(u64::MAX))));
        let at = Timestamp::from_unix_millis(1_445_412_480_000);
        assert_eq!(read("Wed, 21 Oct 2015 07:28:00 GMT"), Some(RetryAfter::At(at)));
        for nonsense in ["", "soon", "-1", "1.5", "3 s", "Wed, 99 Oct 2015 07:28:00 GMT"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_date_is_read_by_the_answers_own_clock() {
        let at = "Wed, 21 Oct 2015 07:28:00 GMT";
        for (date, seconds) in [
            ("Wed, 21 Oct 2015 07:27:55 GMT", 5),
            ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
            ("Wed, 21 Oct 2015 07:28:09 GMT", 0),
            ("Tue, 20 Oct 2015 07:28:00 GMT", 24 * 60 * 60),
        ] {
            let delay = Duration::from_secs(seconds);
            assert_eq!(read_at(at, Some(date)), Some(RetryAfter::Delay(delay)), "{date}");
        }
        // A date that is none does not make a header that is good useless.
        assert!(matches!(read_at(at, Some("today")), Some(RetryAfter::At(_))));
        assert_eq!(read_at("7", Some("today")), Some(RetryAfter::Delay(Duration::from_secs(7))));
    }

    proptest! {
        #[test]
        fn neither_in_the_past_nor_too_late(seconds: u64, now: u64, value in "\\PC{0,40}") {
            let now = Timestamp::from_unix_millis(now);
            let latest = now.saturating_add(MAX_RETRY_AFTER);
            for wait in [
                RetryAfter::Delay(Duration::from_secs(seconds)),
                RetryAfter::At(Timestamp::from_unix_millis(seconds)),
            ] {
                prop_assert!((now..=latest).contains(&wait.earliest(now)));
            }
            let _ = read(&value);
        }
    }
}
