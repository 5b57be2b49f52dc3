//! The requests that a session sent in the last minute.

use std::collections::VecDeque;
use std::time::Duration;

use crate::rate_budget::WINDOW;
use crate::time::Timestamp;

/// Requests that are sent within this many milliseconds share an entry, which bounds the length of the log.
const ENTRY_MILLIS: u64 = 500;

/// The number of entries that a window can have, allocated at once.
const MAX_ENTRIES: usize = 121;

/// The requests that this client sent in the last [`WINDOW`].
#[derive(Clone, Debug, Default)]
pub(super) struct Sent {
    entries: VecDeque<Entry>,
    total: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    first: Timestamp,
    /// When the last request of the entry was sent. The entry counts until that one is a window old.
    last: Timestamp,
    requests: u64,
}

impl Entry {
    fn leaves_at(&self) -> Timestamp {
        self.last.saturating_add(WINDOW)
    }
}

impl Sent {
    /// Counts a request that is sent at `now`.
    pub(super) fn push(&mut self, now: Timestamp) {
        self.drop_while(|entry| entry.leaves_at() <= now);
        self.total += 1;
        match self.entries.back_mut() {
            Some(entry) if now.saturating_since(entry.first).as_millis() < ENTRY_MILLIS.into() => {
                entry.last = entry.last.max(now);
                entry.requests += 1;
            }
            _ => {
                self.entries.reserve(MAX_ENTRIES - self.entries.len().min(MAX_ENTRIES));
                self.entries.push_back(Entry { first: now, last: now, requests: 1 });
            }
        }
    }

    /// Forgets the requests that were sent before `since`: the service counts anew.
    pub(super) fn forget_before(&mut self, since: Timestamp) {
        self.drop_while(|entry| entry.last < since);
    }

    /// Returns the number of requests that were sent in the window before `now`, but not before `since`.
    pub(super) fn within(&self, now: Timestamp, since: Timestamp) -> u64 {
        let left = self.entries.iter().take_while(|entry| entry.leaves_at() <= now || entry.last < since);
        self.total - left.map(|entry| entry.requests).sum::<u64>()
    }

    /// Returns when fewer than `limit` of the requests are still in the window.
    pub(super) fn is_below_at(&self, limit: u64) -> Option<Timestamp> {
        let mut left = self.total;
        self.entries.iter().find_map(|entry| {
            left -= entry.requests;
            (left < limit).then(|| entry.leaves_at())
        })
    }

    /// Returns when the next request may be sent at a rate of `most` requests a second; `now` if that is now.
    pub(super) fn rests_until(&self, now: Timestamp, most: u64) -> Timestamp {
        let leaves_at = |entry: &Entry| entry.last.saturating_add(Duration::from_secs(1));
        let recent = || self.entries.iter().rev().take_while(|entry| leaves_at(entry) > now);
        if recent().map(|entry| entry.requests).sum::<u64>() < most {
            return now;
        }
        recent().last().map_or(now, leaves_at)
    }

    fn drop_while(&mut self, is_over: impl Fn(&Entry) -> bool) {
        while let Some(entry) = self.entries.front().filter(|entry| is_over(entry)) {
            self.total -= entry.requests;
            self.entries.pop_front();
        }
    }

    /// Moves every entry with a clock that stepped back.
    pub(super) fn step_back(&mut self, by: Duration) {
        for entry in &mut self.entries {
            entry.first = entry.first.saturating_sub(by);
            entry.last = entry.last.saturating_sub(by);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_of_a_window_is_bounded_and_allocated_once() {
        let (start, mut sent) = (Timestamp::from_unix_millis(1_000_000), Sent::default());
        for (millis, entries) in [(0, 1), (ENTRY_MILLIS - 1, 1), (ENTRY_MILLIS, 2)] {
            sent.push(start.saturating_add(Duration::from_millis(millis)));
            assert_eq!(sent.entries.len(), entries, "{millis}");
        }
        let capacity = sent.entries.capacity();
        for millis in (ENTRY_MILLIS..200_000).step_by(7) {
            sent.push(start.saturating_add(Duration::from_millis(millis)));
            assert!(sent.entries.len() <= MAX_ENTRIES);
        }
        assert_eq!(sent.entries.capacity(), capacity);
    }

    #[test]
    fn requests_before_a_time_are_forgotten_and_those_of_that_time_are_not() {
        let at = Timestamp::from_unix_millis;
        let mut sent = Sent::default();
        for millis in [10_000, 20_000, 20_000, 30_000] {
            sent.push(at(millis));
        }
        for (since, left) in [(0, 4), (10_000, 4), (10_001, 3), (20_000, 3), (20_001, 1), (30_001, 0)] {
            assert_eq!(sent.within(at(30_000), at(since)), left, "{since}");
            sent.forget_before(at(since));
            assert_eq!(sent.within(at(30_000), at(0)), left, "{since}");
        }
    }
}
