//! `Retry-After`: when the service allows the next try.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::RETRY_AFTER;

use crate::time::Timestamp;

/// The two forms of `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// Seconds from the answer on.
    Delay(Duration),
    /// A point in time, by the service's clock.
    At(Timestamp),
}

impl RetryAfter {
    /// Reads the header; what is neither whole seconds nor an HTTP date is as good as absent.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            // More seconds than a u64 holds are still a delay, and a long one.
            return Some(Self::Delay(Duration::from_secs(text.parse().unwrap_or(u64::MAX))));
        }
        let date: SystemTime = httpdate::parse_http_date(text).ok()?;
        Some(Self::At(date.into()))
    }

    /// The earliest moment for the next try, seen from `now`.
    pub fn earliest(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Delay(delay) => now.saturating_add(delay),
            Self::At(at) => at.max(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn read(value: &str) -> Option<RetryAfter> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(value).ok()?);
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

    proptest! {
        #[test]
        fn never_in_the_past(seconds: u64, now: u64, value in "\\PC{0,40}") {
            let now = Timestamp::from_unix_millis(now);
            prop_assert!(RetryAfter::Delay(Duration::from_secs(seconds)).earliest(now) >= now);
            prop_assert!(RetryAfter::At(Timestamp::from_unix_millis(seconds)).earliest(now) >= now);
            let _ = read(&value);
        }
    }
}
