//! The platforms of requests. The API's documentation does not list them, so these are assumptions.

/// All platforms. The index of a platform is its number in a row's key.
pub(crate) const PLATFORMS: &[&str] =
    &["api", "data-actions", "desktop", "embedded", "internal", "mobile", "web", "widget"];

/// A platform's number, and its share of a client's endpoints in percent.
pub(crate) type Share = (u8, u64);

pub(crate) const API: &[Share] = &[(0, 100)];
pub(crate) const DATA_ACTIONS: &[Share] = &[(1, 70), (0, 30)];
pub(crate) const EMBEDDED: &[Share] = &[(3, 75), (0, 25)];
pub(crate) const INTERNAL_SERVICES: &[Share] = &[(4, 100)];
pub(crate) const MOBILE: &[Share] = &[(5, 80), (0, 20)];
pub(crate) const FRONT_ENDS: &[Share] = &[(6, 60), (2, 28), (5, 12)];
pub(crate) const WIDGET: &[Share] = &[(7, 100)];

/// Returns the number of the platform `name`.
pub(crate) fn platform_number(name: &str) -> Option<u8> {
    (0u8..).zip(PLATFORMS).find(|(_, known)| **known == name).map(|(number, _)| number)
}

/// Returns the platform that `dice` selects.
pub(crate) fn draw(shares: &[Share], dice: u64) -> u8 {
    let mut rest = dice % 100;
    for &(platform, share) in shares {
        if rest < share {
            return platform;
        }
        rest -= share;
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_of_a_hundred_and_of_known_platforms() {
        let all = [API, DATA_ACTIONS, EMBEDDED, INTERNAL_SERVICES, MOBILE, FRONT_ENDS, WIDGET];
        for shares in all {
            assert_eq!(shares.iter().map(|(_, share)| share).sum::<u64>(), 100);
            assert!(shares.iter().all(|&(platform, _)| usize::from(platform) < PLATFORMS.len()));
            assert_eq!(draw(shares, 1_000), shares[0].0);
            assert_eq!(draw(shares, 99), shares[shares.len() - 1].0);
        }
        for (number, name) in (0..).zip(PLATFORMS) {
            assert_eq!(platform_number(name), Some(number));
        }
        assert_eq!(platform_number("API"), None);
    }
}
