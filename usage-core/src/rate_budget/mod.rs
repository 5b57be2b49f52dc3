//! The allowance of requests a minute, as far as the service tells it.

mod sent;
#[cfg(test)]
mod tests;

use std::time::Duration;

use http::{HeaderMap, HeaderName};

use crate::time::Timestamp;
use sent::Sent;

/// The limit that is assumed until the service names one, in requests a minute:
/// `client.credentials.token.rate.per.minute`.
pub const ASSUMED_PER_MINUTE: u64 = 300;

/// How many requests go out each second before the service has answered one: the limit may be lower than is assumed, and
/// many executions that start at once would all be above it.
pub const UNANSWERED_PER_SECOND: u64 = 60;

static ALLOWED: HeaderName = HeaderName::from_static("inin-ratelimit-allowed");
static COUNT: HeaderName = HeaderName::from_static("inin-ratelimit-count");
pub(crate) static RESET: HeaderName = HeaderName::from_static("inin-ratelimit-reset");

/// How long the service counts before it begins anew.
const WINDOW: Duration = Duration::from_secs(60);

/// The longest window that is believed. The service counts by the minute and rounds up.
pub(crate) const LONGEST_WINDOW: Duration = Duration::from_secs(61);

/// How far apart two readings of the same window's end may be: the header counts in whole seconds.
const SAME_WINDOW: Duration = Duration::from_secs(2);

/// How long an answer may take without causing more requests than the service allows. Its header then names the end of the
/// window by as much too late, and what was sent since the true end counts for the next window already.
const SLOW_ANSWER: Duration = Duration::from_secs(5);

/// The request budget of a session, shared by all of its executions and calls.
///
/// The service counts requests in windows of a minute and reports the count, the limit and the seconds until the
/// window ends (`inin-ratelimit-*`) with its answers. The limit is remembered beyond the window. Within a window, a
/// request may go out while both the service's count and the number of requests that this client has sent itself are
/// below the limit. An answer that arrives late can therefore not give back what was sent in the meantime.
///
/// Some gateways report a window that slides: its end stays a minute away. Then the requests of the last 60 s count.
#[derive(Clone, Debug, Default)]
pub struct RateBudget {
    /// The limit that the service named last.
    limit: Option<u64>,
    /// Whether the service has answered at all.
    answered: bool,
    sent: Sent,
    reading: Option<Reading>,
    /// The end of the last window that is over.
    ended: Option<Timestamp>,
    /// The end of a full window other than that of `reading`.
    full_until: Timestamp,
    throttled_until: Timestamp,
}

/// What the service said about a window.
#[derive(Clone, Copy, Debug)]
struct Reading {
    /// The end by the first answer of this window.
    first_end: Timestamp,
    /// The latest end that an answer named, within [`SAME_WINDOW`] of the first.
    end: Timestamp,
    /// The service's count, and what was sent since.
    used: u64,
    /// Whether all answers agree on the end, so that the count begins anew there.
    steady: bool,
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

/// Why no request may go out, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Blocked {
    /// When the next request may go out.
    pub until: Timestamp,
    /// Why none may go out before.
    pub reason: BlockReason,
}

/// Why a session sends nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlockReason {
    /// The service answered 429 and said when to come back.
    Throttled,
    /// All requests of the window are used.
    Exhausted,
}

impl RateBudget {
    /// Returns the window that `now` is in, if one is known.
    pub fn window(&self, now: Timestamp) -> Option<Window> {
        let (allowed, own) = (self.allowed(), self.own(now));
        match self.reading(now) {
            Some(reading) => Some(Window { allowed, used: reading.used.max(own), resets_at: reading.end }),
            None if own == 0 => None,
            None => {
                let resets_at = self.sent.is_below_at(own).unwrap_or(now);
                Some(Window { allowed, used: own, resets_at })
            }
        }
    }

    /// Returns what keeps requests back at `now`; `None` if one may go out.
    pub fn blocked(&self, now: Timestamp) -> Option<Blocked> {
        let exhausted = self.exhausted_until(now);
        let (until, reason) = if self.throttled_until >= exhausted {
            (self.throttled_until, BlockReason::Throttled)
        } else {
            (exhausted, BlockReason::Exhausted)
        };
        (until > now).then_some(Blocked { until, reason })
    }

    /// Returns until when no request may go out, if that is so.
    pub(crate) fn blocked_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.blocked(now).map(|blocked| blocked.until)
    }

    /// Counts a request that goes out.
    pub(crate) fn spend(&mut self, now: Timestamp) {
        self.roll(now);
        self.sent.push(now);
        if let Some(reading) = &mut self.reading {
            reading.used = reading.used.saturating_add(1);
        }
    }

    /// Reads the headers of an answer that arrived at `now`.
    pub(crate) fn observe(&mut self, now: Timestamp, headers: &HeaderMap) {
        self.roll(now);
        self.answered = true;
        if let Some(allowed) = number(headers, &ALLOWED) {
            // A limit of 0 would block for ever.
            self.limit = Some(allowed.max(1));
        }
        if let (Some(count), Some(reset)) = (number(headers, &COUNT), number(headers, &RESET)) {
            self.observe_window(now, count, Duration::from_secs(reset));
        }
    }

    /// Reads the state of a window. A window that is over, with a reset of 0, says nothing about the present one.
    fn observe_window(&mut self, now: Timestamp, count: u64, reset: Duration) {
        if reset.is_zero() {
            return;
        }
        let end = now.saturating_add(reset.min(LONGEST_WINDOW));
        let fresh = Reading { first_end: end, end, used: count, steady: reset <= LONGEST_WINDOW };
        let is_full = count >= self.allowed();
        // Windows are a minute long: one that ends earlier than a minute after the last one is that one, reported late.
        let is_late = self.ended.is_some_and(|ended| end.saturating_add(SAME_WINDOW) < next_end(ended));
        match &mut self.reading {
            None if !is_late => self.reading = Some(fresh),
            Some(reading) if apart(reading.first_end, end) <= SAME_WINDOW => {
                reading.used = reading.used.max(count);
                reading.end = reading.end.max(end);
            }
            Some(reading) if end.saturating_add(SAME_WINDOW) >= next_end(reading.first_end) => {
                *reading = fresh;
            }
            // A window that slides, or an answer that took long.
            Some(reading) if end > reading.first_end => {
                reading.used = count;
                reading.steady = false;
                self.full_until = if is_full { self.full_until.max(end) } else { self.full_until };
            }
            Some(reading) if !reading.steady => *reading = Reading { steady: false, ..fresh },
            // Either this answer or the one before took long: its end is too late.
            Some(reading) if !is_late => {
                reading.steady = false;
                self.full_until = if is_full { self.full_until.max(end) } else { self.full_until };
            }
            _ if is_full => self.full_until = self.full_until.max(end),
            _ => {}
        }
    }

    /// Keeps every request back until `until`: the service answered 429 and said so.
    pub(crate) fn block(&mut self, until: Timestamp) {
        self.throttled_until = self.throttled_until.max(until);
    }

    /// Moves everything with a clock that stepped back by `by`.
    pub(crate) fn step_back(&mut self, by: Duration) {
        self.sent.step_back(by);
        self.ended = self.ended.map(|ended| ended.saturating_sub(by));
        self.full_until = self.full_until.saturating_sub(by);
        self.throttled_until = self.throttled_until.saturating_sub(by);
        if let Some(reading) = &mut self.reading {
            reading.first_end = reading.first_end.saturating_sub(by);
            reading.end = reading.end.saturating_sub(by);
        }
    }

    fn allowed(&self) -> u64 {
        self.limit.unwrap_or(ASSUMED_PER_MINUTE)
    }

    /// Returns what is known of the window that `now` is in.
    fn reading(&self, now: Timestamp) -> Option<Reading> {
        self.reading.filter(|reading| now < reading.end)
    }

    /// Returns how many of this client's own requests count at `now`.
    fn own(&self, now: Timestamp) -> u64 {
        let over = self.reading.filter(|reading| reading.steady && now >= reading.end);
        self.sent.within(now, over.map_or(Timestamp::UNIX_EPOCH, |reading| reading.carried_since()))
    }

    fn exhausted_until(&self, now: Timestamp) -> Timestamp {
        let (allowed, reading) = (self.allowed(), self.reading(now));
        let mut until = self.full_until;
        if !self.answered {
            until = until.max(self.sent.rests_until(now, UNANSWERED_PER_SECOND));
        }
        if let Some(reading) = reading.filter(|reading| reading.used >= allowed) {
            until = until.max(reading.end);
        }
        if self.own(now) >= allowed {
            let below = self.sent.is_below_at(allowed).unwrap_or(now);
            let steady = reading.filter(|reading| reading.steady);
            until = until.max(steady.map_or(below, |reading| reading.end.min(below)));
        }
        until
    }

    /// Ends the window that is over at `now`.
    fn roll(&mut self, now: Timestamp) {
        if let Some(over) = self.reading.take_if(|reading| now >= reading.end)
            && over.steady
        {
            self.sent.forget_before(over.carried_since());
            self.ended = Some(over.end);
        }
    }
}

impl Reading {
    /// Returns since when requests count for the next window, too.
    fn carried_since(&self) -> Timestamp {
        self.end.saturating_sub(SLOW_ANSWER)
    }
}

/// Reads a header that is a whole number.
pub(crate) fn number(headers: &HeaderMap, name: &HeaderName) -> Option<u64> {
    str::from_utf8(headers.get(name)?.as_bytes().trim_ascii()).ok()?.parse().ok()
}

/// Returns when the window behind the one that ends at `end` is over.
fn next_end(end: Timestamp) -> Timestamp {
    end.saturating_add(WINDOW)
}

fn apart(one: Timestamp, other: Timestamp) -> Duration {
    one.saturating_since(other).max(other.saturating_since(one))
}
