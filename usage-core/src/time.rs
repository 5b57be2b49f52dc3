//! Points in time. The caller passes them in; this crate reads no clock.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since the Unix epoch, UTC.
///
/// It serializes as that number, so that another process can restore a saved execution. All arithmetic saturates: a
/// hostile `Retry-After` cannot overflow it.
///
/// ```
/// use std::time::Duration;
/// use usage_core::Timestamp;
///
/// let now = Timestamp::from_unix_millis(1_782_864_000_000);
/// let later = now.saturating_add(Duration::from_secs(90));
/// assert_eq!(later.to_string(), "2026-07-01T00:01:30Z");
/// assert_eq!(later.saturating_since(now), Duration::from_secs(90));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self(0);

    /// Returns the point `millis` milliseconds after the Unix epoch.
    pub const fn from_unix_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Returns the milliseconds since the Unix epoch.
    pub const fn as_unix_millis(self) -> u64 {
        self.0
    }

    /// Returns the point `by` later, truncated to milliseconds and saturating at the largest timestamp.
    #[must_use]
    pub fn saturating_add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(millis(by)))
    }

    /// Returns the point `by` earlier, saturating at the epoch.
    #[must_use]
    pub fn saturating_sub(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(millis(by)))
    }

    /// Returns the time since `earlier`; zero if `earlier` is later (clocks step back).
    pub fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// How much earlier than the latest reading a reading may be without counting as a step of the clock: threads that share a
/// session read the clock before they lock the session.
const STALE: Duration = Duration::from_secs(1);

/// The latest reading of a clock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Latest(Timestamp);

impl Latest {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self(now)
    }

    pub(crate) fn get(self) -> Timestamp {
        self.0
    }

    /// Returns by how much the clock stepped back with this reading. The caller moves all stored times back by as much.
    pub(crate) fn step_back(&mut self, now: Timestamp) -> Option<Duration> {
        let back = self.0.saturating_since(now);
        if back < STALE {
            self.0 = self.0.max(now);
            return None;
        }
        self.0 = now;
        Some(back)
    }
}

impl From<SystemTime> for Timestamp {
    /// Converts a reading of the system clock; a time before the epoch becomes the epoch.
    fn from(time: SystemTime) -> Self {
        Self::UNIX_EPOCH.saturating_add(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())
    }
}

impl fmt::Display for Timestamp {
    /// Writes RFC 3339 in UTC, truncated to seconds: `2026-07-01T00:00:00Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = i64::try_from(self.0 / 1000).unwrap_or(i64::MAX);
        match jiff::Timestamp::from_second(seconds) {
            Ok(timestamp) => timestamp.fmt(f),
            Err(_) => f.write_str("the end of time"),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        let end = Timestamp::from_unix_millis(u64::MAX);
        assert_eq!(end.saturating_add(Duration::MAX), end);
        assert_eq!(Timestamp::UNIX_EPOCH.saturating_sub(Duration::MAX), Timestamp::UNIX_EPOCH);
        assert_eq!(Timestamp::UNIX_EPOCH.saturating_since(end), Duration::ZERO);
    }

    #[test]
    fn display_is_rfc_3339() {
        assert_eq!(Timestamp::from_unix_millis(1_782_864_000_999).to_string(), "2026-07-01T00:00:00Z");
        assert_eq!(Timestamp::from_unix_millis(u64::MAX).to_string(), "the end of time");
    }
}
