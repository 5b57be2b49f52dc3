//! How long queries took, so that executions of one session learn from each other.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::retry::Policy;

/// The duration of the latest query of each family, from its submit to its result.
#[derive(Clone, Debug, Default)]
pub(crate) struct QueryDurations(BTreeMap<&'static str, Duration>);

/// The least time between two polls around the expected end, as a fraction of the expected duration. A smaller one finds
/// similar queries sooner, but after a wrong expectation it takes more polls than without any.
const NEAR: u32 = 3;

impl QueryDurations {
    /// Records a query of `family` that was pending after `least` and done after `most`.
    pub(crate) fn record(&mut self, family: &'static str, least: Duration, most: Duration) {
        self.0.insert(family, least + most.saturating_sub(least) / 2);
    }

    /// Returns the delay before the next poll of a query of `family` that was submitted `elapsed` ago and was polled
    /// `polls` times before: that of `policy`, unless the expected end of the query comes first.
    ///
    /// A query that takes a little longer than the previous one is likelier than one that takes much longer, so the first
    /// polls after the expected end are closer. No delay is longer than that of the policy: the next query may take a
    /// fraction of the previous one's time. Even a policy without a delay before the first poll leaves half of its first
    /// backoff between two polls.
    pub(crate) fn poll_delay(
        &self,
        family: &'static str,
        elapsed: Duration,
        policy: &Policy,
        polls: u32,
    ) -> Duration {
        let backoff = policy.poll.delay(polls);
        let Some(expected) = self.0.get(family) else { return backoff };
        let least = policy.first_poll.max(policy.poll.delay(0) / 2).max(*expected / NEAR);
        let apart = elapsed.abs_diff(*expected);
        let due = if elapsed < *expected { apart } else { apart.saturating_mul(2) };
        backoff.min(due.max(least))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn delay(durations: &QueryDurations, elapsed: u32, polls: u32) -> Duration {
        durations.poll_delay("organization", elapsed * SECOND, &Policy::default(), polls)
    }

    #[test]
    fn a_poll_is_due_when_the_previous_query_was_done() {
        let mut durations = QueryDurations::default();
        durations.record("client", SECOND, SECOND);
        assert_eq!(delay(&durations, 0, 2), Policy::default().poll.delay(2), "another family says nothing");
        durations.record("organization", 48 * SECOND, 96 * SECOND);
        // A delay of 150 s comes from no backoff but the largest: what is seen is the expected end, after 72 s.
        for (elapsed, seconds) in
            [(0, 72), (30, 42), (52, 24), (70, 24), (72, 24), (82, 24), (85, 26), (102, 60), (400, 150)]
        {
            assert_eq!(delay(&durations, elapsed, 99), seconds * SECOND, "{elapsed} s");
        }
    }

    #[test]
    fn the_latest_query_counts_and_quick_ones_are_not_polled_without_pause() {
        let mut durations = QueryDurations::default();
        durations.record("organization", 60 * SECOND, 100 * SECOND);
        durations.record("organization", Duration::ZERO, SECOND / 1000);
        assert_eq!(delay(&durations, 0, 9), Policy::default().first_poll);
    }
    proptest! {
        #[test]
        fn no_estimate_makes_polls_busy_or_rarer_than_the_policy(
            first_poll in 0u64..2_000,
            expected in 0u64..10_000_000,
            elapsed in 0u64..10_000_000,
            max in 0u64..200_000,
            polls in 0u32..100,
        ) {
            let mut policy = Policy::default().with_first_poll(Duration::from_millis(first_poll));
            policy.poll.max = Duration::from_millis(max);
            let mut durations = QueryDurations::default();
            // Small estimates and times close to them are where polls could become busy.
            for expected in [expected, expected % 1_000, 0] {
                let expected = Duration::from_millis(expected);
                durations.record("organization", expected, expected);
                for elapsed in [Duration::from_millis(elapsed), expected, Duration::ZERO] {
                    let delay = durations.poll_delay("organization", elapsed, &policy, polls);
                    prop_assert!(delay <= policy.poll.delay(polls));
                    prop_assert!(delay >= policy.poll.delay(0) / 2, "{:?} of {:?}", delay, expected);
                }
            }
        }
    }
}
