//! Seeded randomness for delays: the same seed gives the same delays, even if the execution is saved and restored.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A seeded random number generator (SplitMix64). It spreads delays and is not fit for secrets.
///
/// ```
/// use std::time::Duration;
/// use usage_core::Jitter;
///
/// let delay = Duration::from_secs(10);
/// let spread = Jitter::new(1).spread(delay, 0.2);
/// assert!(Duration::from_secs(8) <= spread && spread <= Duration::from_secs(12));
/// assert_eq!(spread, Jitter::new(1).spread(delay, 0.2));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Jitter(u64);

impl Jitter {
    /// Creates a generator from `seed`. Each execution needs a seed of its own.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns `delay` moved up or down by at most the fraction `share` of it (0.2 = 20 %), uniformly distributed.
    pub fn spread(&mut self, delay: Duration, share: f64) -> Duration {
        let factor = 1.0 + share.clamp(0.0, 1.0) * (2.0 * self.unit() - 1.0);
        Duration::try_from_secs_f64(delay.as_secs_f64() * factor).unwrap_or(delay)
    }

    /// Returns the next number in `0.0..1.0`.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a f64 exactly")]
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn follows_the_published_sequence() {
        // The first outputs of SplitMix64 for the seed 1234567.
        let mut jitter = Jitter::new(1_234_567);
        assert_eq!(jitter.next(), 6_457_827_717_110_365_317);
        assert_eq!(jitter.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn moves_a_delay_by_what_was_drawn() {
        // The first number is 0.35: 0.3 of the way from the middle down, and 0.3 of 20 % is 6 %.
        let spread = Jitter::new(1_234_567).spread(Duration::from_secs(100), 0.2);
        assert_eq!(spread.as_millis(), 94_003);
        assert_eq!(Jitter::new(7).spread(Duration::from_secs(100), 0.0), Duration::from_secs(100));
        // A larger fraction counts as 1.
        assert_eq!(
            Jitter::new(7).spread(Duration::from_secs(100), 9.0),
            Jitter::new(7).spread(Duration::from_secs(100), 1.0)
        );
    }

    proptest! {
        #[test]
        fn stays_within_its_share(seed: u64, millis in 0u64..1_000_000, share in 0.0f64..1.0) {
            let delay = Duration::from_millis(millis);
            let spread = Jitter::new(seed).spread(delay, share).as_secs_f64();
            let reach = delay.as_secs_f64() * share + 1e-6;
            prop_assert!((spread - delay.as_secs_f64()).abs() <= reach);
        }
    }
}
