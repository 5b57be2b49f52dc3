//! The allowance of requests a minute, as far as the service tells it.

use std::time::Duration;

use http::{HeaderMap, HeaderName};

use crate::time::Timestamp;

/// What is assumed until the service says otherwise: `client.credentials.token.rate.per.minute`.
pub const ASSUMED_PER_MINUTE: u64 = 300;

static ALLOWED: HeaderName = HeaderName::from_static("inin-ratelimit-allowed");
static COUNT: HeaderName = HeaderName::from_static("inin-ratelimit-count");
static RESET: HeaderName = HeaderName::from_static("inin-ratelimit-reset");

const WINDOW: Duration = Duration::from_secs(60);

/// How far apart two readings of the same window's end may be: the header counts in whole seconds.
const SAME_WINDOW: Duration = Duration::from_secs(2);

/// The request budget of a session: read from `inin-ratelimit-*` and from 429s, and kept by every execution that
/// shares the session.
#[derive(Clone, Debug, Default)]
pub struct RateBudget {
    window: Option<Window>,
    blocked_until: Timestamp,
}

/// How much of the budget is used: a reading for display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Window {
    /// Requests that the service allows in the window.
    pub allowed: u64,
    /// Requests used: what the service counted, or what was sent since if that is more.
    pub used: u64,
    /// When the window ends and the count starts anew.
    pub resets_at: Timestamp,
}

impl RateBudget {
    /// The window that `now` is in, if one is known.
    pub fn window(&self, now: Timestamp) -> Option<Window> {
        self.window.filter(|window| now < window.resets_at)
    }

    /// Until when no request may go out, if that is so.
    pub(crate) fn blocked_until(&self, now: Timestamp) -> Option<Timestamp> {
        let exhausted =
            self.window(now).filter(|window| window.used >= window.allowed).map(|window| window.resets_at);
        let until = exhausted.unwrap_or(now).max(self.blocked_until);
        (until > now).then_some(until)
    }

    /// A request goes out.
    pub(crate) fn spend(&mut self, now: Timestamp) {
        let fresh = Window { allowed: ASSUMED_PER_MINUTE, used: 0, resets_at: now.saturating_add(WINDOW) };
        let window = self.window(now).unwrap_or(fresh);
        self.window = Some(Window { used: window.used.saturating_add(1), ..window });
    }

    /// Reads the headers of an answer.
    pub(crate) fn observe(&mut self, now: Timestamp, headers: &HeaderMap) {
        let number = |name: &HeaderName| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
        let (Some(allowed), Some(count), Some(reset)) = (number(&ALLOWED), number(&COUNT), number(&RESET))
        else {
            return;
        };
        let resets_at = now.saturating_add(Duration::from_secs(reset).min(2 * WINDOW));
        let sent = self.window(now).filter(|window| {
            window.resets_at.max(resets_at).saturating_since(window.resets_at.min(resets_at)) <= SAME_WINDOW
        });
        let used = sent.map_or(count, |window| window.used.max(count));
        // A limit of 0 would block for ever.
        self.window = Some(Window { allowed: allowed.max(1), used, resets_at });
    }

    /// The service limited the rate; nothing goes out before `until`.
    pub(crate) fn block(&mut self, until: Timestamp) {
        self.blocked_until = self.blocked_until.max(until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_millis(seconds * 1000)
    }

    fn headers(count: &str, allowed: &str, reset: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("inin-ratelimit-count", count.parse().unwrap());
        headers.insert("inin-ratelimit-allowed", allowed.parse().unwrap());
        headers.insert("inin-ratelimit-reset", reset.parse().unwrap());
        headers
    }

    #[test]
    fn blocks_when_the_service_says_the_window_is_full() {
        let mut budget = RateBudget::default();
        assert_eq!(budget.blocked_until(at(0)), None);
        budget.observe(at(0), &headers("180", "180", "61"));
        assert_eq!(budget.blocked_until(at(1)), Some(at(61)));
        assert_eq!(budget.blocked_until(at(61)), None);
    }

    #[test]
    fn counts_what_is_sent_between_answers() {
        let mut budget = RateBudget::default();
        budget.observe(at(0), &headers("1", "3", "60"));
        budget.spend(at(1));
        assert_eq!(budget.blocked_until(at(1)), None);
        budget.spend(at(1));
        assert_eq!(budget.blocked_until(at(1)), Some(at(60)));
        // The answer to the first of the two does not take the second one back.
        budget.observe(at(2), &headers("2", "3", "58"));
        assert_eq!(budget.blocked_until(at(2)), Some(at(60)));
    }

    #[test]
    fn a_window_is_over_at_its_very_end() {
        let mut budget = RateBudget::default();
        budget.observe(at(0), &headers("3", "3", "60"));
        assert_eq!(budget.window(at(59)).map(|window| window.resets_at), Some(at(60)));
        assert_eq!(budget.window(at(60)), None);
        budget.spend(at(60));
        assert_eq!(budget.window(at(60)).map(|window| (window.used, window.resets_at)), Some((1, at(120))));
        // However long the service says that it lasts, it is believed for two minutes.
        budget.observe(at(60), &headers("1", "3", "99999999999"));
        assert_eq!(budget.window(at(60)).map(|window| window.resets_at), Some(at(180)));
    }

    #[test]
    fn readings_up_to_two_seconds_apart_are_of_one_window() {
        for (reset, used) in [("57", 1), ("58", 2), ("60", 2), ("62", 2), ("63", 1)] {
            let mut budget = RateBudget::default();
            budget.observe(at(0), &headers("1", "9", "60"));
            budget.spend(at(0));
            budget.observe(at(0), &headers("1", "9", reset));
            assert_eq!(budget.window(at(0)).map(|window| window.used), Some(used), "{reset}");
        }
    }

    #[test]
    fn assumes_the_documented_limit_until_told() {
        let mut budget = RateBudget::default();
        for _ in 0..ASSUMED_PER_MINUTE {
            assert_eq!(budget.blocked_until(at(5)), None);
            budget.spend(at(5));
        }
        assert_eq!(budget.blocked_until(at(5)), Some(at(65)));
    }

    #[test]
    fn a_block_is_never_shortened_and_nonsense_is_skipped() {
        let mut budget = RateBudget::default();
        budget.block(at(10));
        budget.block(at(5));
        assert_eq!(budget.blocked_until(at(1)), Some(at(10)));
        budget.observe(at(1), &headers("x", "3", "60"));
        assert_eq!(budget.window(at(1)), None);
        budget.observe(at(11), &headers("0", "0", "99999999999"));
        assert_eq!(budget.blocked_until(at(11)), None);
    }
}
