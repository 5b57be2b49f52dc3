//! Waits by the wall clock.

use std::thread;
use std::time::{Duration, SystemTime};

use usage_core::Timestamp;

/// The longest sleep: a machine that is suspended stops the clock of a sleep, and not the wall clock.
const STEP: Duration = Duration::from_secs(60);

/// Waits until `interval` has passed since `last`. If the clock is set back meanwhile, the interval begins anew.
pub(crate) fn wait_since(mut last: Timestamp, interval: Duration) {
    loop {
        let left = left(&mut last, interval, SystemTime::now().into());
        if left.is_zero() {
            return;
        }
        thread::sleep(left.min(STEP));
    }
}

/// Returns how much of `interval` since `last` is left at `now`; `last` is not later than `now` afterwards.
fn left(last: &mut Timestamp, interval: Duration, now: Timestamp) -> Duration {
    *last = (*last).min(now);
    last.saturating_add(interval).saturating_since(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_begins_the_interval_anew() {
        let at = |hour: u64| Timestamp::from_unix_millis(hour * 3_600_000);
        let hours = |hours: u64| Duration::from_secs(hours * 3_600);
        let mut last = at(100);
        assert_eq!(left(&mut last, hours(24), at(101)), hours(23));
        // A year back, and on from there.
        assert_eq!(left(&mut last, hours(24), at(7)), hours(24));
        assert_eq!(left(&mut last, hours(24), at(30)), hours(1));
        assert_eq!(left(&mut last, hours(24), at(31)), Duration::ZERO);
        assert_eq!(left(&mut last, hours(24), at(9_000)), Duration::ZERO);
    }
}
