//! How long queries took, so that executions of one session learn from each other.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::retry::Policy;

/// The duration of the latest query of each family, from its submit to its result.
#[derive(Clone, Debug, Default)]
pub(crate) struct QueryDurations(BTreeMap<&'static str, Duration>);

/// The least time between two polls, as a fraction of the expected duration: far from the expected end, and near it.
const FAR: u32 = 32;
const NEAR: u32 = 8;

impl QueryDurations {
    /// Records a query of `family` that was pending after `least` and done after `most`.
    pub(crate) fn record(&mut self, family: &'static str, least: Duration, most: Duration) {
        self.0.insert(family, least + most.saturating_sub(least) / 2);
    }

    /// Returns the delay before the next poll of a query of `family` that was submitted `elapsed` ago and was polled
    /// `polls` times before: that of `policy`, unless the expected end of the query comes first.
    ///
    /// Around the expected end, a poll is due after the time that is left until then or has passed since then: a query
    /// that takes a little longer than the previous one is likelier than one that takes much longer. Even a policy
    /// without a delay before the first poll leaves half of its first backoff between two polls.
    pub(crate) fn poll_delay(
        &self,
        family: &'static str,
        elapsed: Duration,
        policy: &Policy,
        polls: u32,
    ) -> Duration {
        let backoff = policy.poll.delay(polls);
        let Some(expected) = self.0.get(family) else { return backoff };
        let far = backoff.max(*expected / FAR).min(policy.poll.max);
        let least = policy.first_poll.max(policy.poll.delay(0) / 2);
        let near = elapsed.abs_diff(*expected).max(*expected / NEAR);
        far.min(near.max(least))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::retry::Backoff;

    const SECOND: Duration = Duration::from_secs(1);

    fn delay(durations: &QueryDurations, elapsed: u32, polls: u32) -> Duration {
        durations.poll_delay("organization", elapsed * SECOND, &Policy::default(), polls)
    }

    #[test]
    fn a_poll_is_due_when_the_previous_query_was_done() {
        let mut durations = QueryDurations::default();
        durations.record("client", SECOND, SECOND);
        assert_eq!(delay(&durations, 0, 2), Policy::default().poll.delay(2), "another family says nothing");
        durations.record("organization", 60 * SECOND, 100 * SECOND);
        // A delay of 150 s comes from no backoff but the largest: what is seen is the expected end, after 80 s.
        for (elapsed, seconds) in
            [(0, 80), (30, 50), (60, 20), (75, 10), (80, 10), (90, 10), (100, 20), (200, 120), (400, 150)]
        {
            assert_eq!(delay(&durations, elapsed, 99), seconds * SECOND, "{elapsed} s");
        }
    }

    #[test]
    fn polls_far_from_the_expected_end_are_further_apart_but_never_beyond_the_policy() {
        let mut durations = QueryDurations::default();
        durations.record("organization", 320 * SECOND, 320 * SECOND);
        assert_eq!(delay(&durations, 0, 0), 10 * SECOND);
        let steady = Backoff { initial: SECOND, factor: 1.0, max: SECOND };
        let policy = Policy::default().with_poll(steady);
        assert_eq!(durations.poll_delay("organization", SECOND, &policy, 7), SECOND);
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
        fn no_estimate_makes_polls_busy_or_later_than_the_policy(
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
                    prop_assert!(delay <= policy.poll.max);
                    prop_assert!(delay >= policy.poll.delay(0) / 2, "{:?} of {:?}", delay, expected);
                }
            }
        }
    }
}
