//! The monthly API allowance that comes with each licence, as the fair use policy lists it.

use std::fmt;
use std::str::FromStr;

use Basis::{Concurrent, Hourly, Named};
use Plan::{Communicate, Cx1, Cx2, Cx2Digital, Cx3, Cx3Digital, Ex};
use serde::{Serialize, Serializer};

use crate::counts::capped;

/// A kind of licence with an allowance of API requests.
///
/// ```
/// use usage_report::License;
///
/// let license: License = "CX2-named".parse()?;
/// assert_eq!((license.name(), license.requests_a_month(40)), ("cx2-named", 4_400_000));
/// # Ok::<(), usage_report::LicenseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct License {
    plan: Plan,
    basis: Basis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Plan {
    Communicate,
    Cx1,
    Cx2,
    Cx2Digital,
    Cx3,
    Cx3Digital,
    Ex,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Basis {
    /// A licence for one person.
    Named,
    /// A licence for one person at a time.
    Concurrent,
    /// An hour of use.
    Hourly,
}

/// An hourly licence allows the monthly requests of a named one, divided by this, for each hour.
const HOURS_OF_A_NAMED_LICENSE: u64 = 111;

impl License {
    /// Every known kind. For other kinds and contracts, use an allowance in requests.
    pub const ALL: &[Self] = &[
        Self::new(Communicate, Named),
        Self::new(Cx1, Named),
        Self::new(Cx1, Concurrent),
        Self::new(Cx1, Hourly),
        Self::new(Cx2, Named),
        Self::new(Cx2, Concurrent),
        Self::new(Cx2, Hourly),
        Self::new(Cx2Digital, Named),
        Self::new(Cx2Digital, Concurrent),
        Self::new(Cx2Digital, Hourly),
        Self::new(Cx3, Named),
        Self::new(Cx3, Concurrent),
        Self::new(Cx3, Hourly),
        Self::new(Cx3Digital, Named),
        Self::new(Cx3Digital, Concurrent),
        Self::new(Cx3Digital, Hourly),
        Self::new(Ex, Named),
    ];

    const fn new(plan: Plan, basis: Basis) -> Self {
        Self { plan, basis }
    }

    /// Returns its name: `cx2-named`, `cx3-digital-concurrent`, `cx1-hourly`, `communicate`, `ex`.
    pub const fn name(self) -> &'static str {
        match (self.plan, self.basis) {
            (Communicate, _) => "communicate",
            (Cx1, Named) => "cx1-named",
            (Cx1, Concurrent) => "cx1-concurrent",
            (Cx1, Hourly) => "cx1-hourly",
            (Cx2, Named) => "cx2-named",
            (Cx2, Concurrent) => "cx2-concurrent",
            (Cx2, Hourly) => "cx2-hourly",
            (Cx2Digital, Named) => "cx2-digital-named",
            (Cx2Digital, Concurrent) => "cx2-digital-concurrent",
            (Cx2Digital, Hourly) => "cx2-digital-hourly",
            (Cx3, Named) => "cx3-named",
            (Cx3, Concurrent) => "cx3-concurrent",
            (Cx3, Hourly) => "cx3-hourly",
            (Cx3Digital, Named) => "cx3-digital-named",
            (Cx3Digital, Concurrent) => "cx3-digital-concurrent",
            (Cx3Digital, Hourly) => "cx3-digital-hourly",
            (Ex, _) => "ex",
        }
    }

    /// Returns the requests a month that `count` of these allow. `count` is the number of licences, or of hours for hourly
    /// ones; the sum of hours is rounded down to whole requests.
    ///
    /// ```
    /// use usage_report::License;
    ///
    /// let license = |name: &str| name.parse::<License>();
    /// assert_eq!(license("communicate")?.requests_a_month(1), 10_000);
    /// assert_eq!(license("cx1-named")?.requests_a_month(1), 75_000);
    /// assert_eq!(license("cx1-concurrent")?.requests_a_month(1), 97_500);
    /// assert_eq!(license("cx2-named")?.requests_a_month(40), 4_400_000);
    /// assert_eq!(license("cx2-concurrent")?.requests_a_month(1), 143_000);
    /// assert_eq!(license("cx3-named")?.requests_a_month(1), 140_000);
    /// assert_eq!(license("cx3-concurrent")?.requests_a_month(1), 182_000);
    /// assert_eq!(license("ex")?.requests_a_month(1), 75_000);
    /// // 111 hours are one named licence.
    /// assert_eq!(license("cx2-hourly")?.requests_a_month(111), 110_000);
    /// # Ok::<(), usage_report::LicenseError>(())
    /// ```
    pub fn requests_a_month(self, count: u64) -> u64 {
        let one: u64 = match (self.plan, self.basis) {
            (Communicate, _) => 10_000,
            (Cx1, Named | Hourly) | (Ex, _) => 75_000,
            (Cx1, Concurrent) => 97_500,
            (Cx2 | Cx2Digital, Named | Hourly) => 110_000,
            (Cx2 | Cx2Digital, Concurrent) => 143_000,
            (Cx3 | Cx3Digital, Named | Hourly) => 140_000,
            (Cx3 | Cx3Digital, Concurrent) => 182_000,
        };
        let all = u128::from(one) * u128::from(count);
        let part = if self.basis == Hourly { all / u128::from(HOURS_OF_A_NAMED_LICENSE) } else { all };
        capped(0, u64::try_from(part).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for License {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for License {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl FromStr for License {
    type Err = LicenseError;

    /// Parses a [name](Self::name), in any case.
    fn from_str(text: &str) -> Result<Self, LicenseError> {
        let known = Self::ALL.iter().find(|license| license.name().eq_ignore_ascii_case(text));
        known.copied().ok_or_else(|| LicenseError::Unknown(excerpt(text)))
    }
}

/// Numbers of licences by kind, written `cx2-named=40,cx1-hourly=1200`. Hourly ones count hours.
///
/// ```
/// use usage_report::Licenses;
///
/// let licenses: Licenses = "cx2-named=40, communicate=10".parse()?;
/// assert_eq!(licenses.requests_a_month(), 4_500_000);
/// assert_eq!(licenses.to_string(), "cx2-named=40,communicate=10");
/// assert!("cx9=1".parse::<Licenses>().is_err());
/// # Ok::<(), usage_report::LicenseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licenses(Vec<(License, u64)>);

impl Licenses {
    /// Returns each kind with its number, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = (License, u64)> {
        self.0.iter().copied()
    }

    /// Returns the requests a month that all of them allow together.
    pub fn requests_a_month(&self) -> u64 {
        self.iter().fold(0, |sum, (license, count)| capped(sum, license.requests_a_month(count)))
    }
}

impl FromStr for Licenses {
    type Err = LicenseError;

    fn from_str(text: &str) -> Result<Self, LicenseError> {
        let mut licenses: Vec<(License, u64)> = Vec::new();
        for part in text.split(',') {
            let wrong = || LicenseError::Count(excerpt(part));
            let (name, count) = part.split_once('=').ok_or_else(wrong)?;
            let license: License = name.trim().parse()?;
            if licenses.iter().any(|(known, _)| *known == license) {
                return Err(LicenseError::Twice(license));
            }
            licenses.push((license, count.trim().parse().map_err(|_| wrong())?));
        }
        Ok(Self(licenses))
    }
}

impl fmt::Display for Licenses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (license, count)) in self.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{license}={count}")?;
        }
        Ok(())
    }
}

impl Serialize for Licenses {
    /// Writes an object: the number by name.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// Returns the start of `text`, for an error.
fn excerpt(text: &str) -> Box<str> {
    text.trim().chars().take(40).collect()
}

/// The error of a text that is no list of licences.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LicenseError {
    /// The kind is not known.
    Unknown(Box<str>),
    /// A part is not a name, `=` and a whole number.
    Count(Box<str>),
    /// A kind is there twice.
    Twice(License),
}

impl fmt::Display for LicenseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => {
                let known: Vec<_> = License::ALL.iter().map(|license| license.name()).collect();
                write!(
                    f,
                    "the allowance of {name:?} licences is not known here; known are {}",
                    known.join(", ")
                )
            }
            Self::Count(part) => write!(f, "{part:?} does not say how many; write cx2-named=40,ex=5"),
            Self::Twice(license) => write!(f, "{license} is there twice"),
        }
    }
}

impl std::error::Error for LicenseError {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_read_back() {
        for license in License::ALL.iter().copied() {
            assert_eq!(license.name().to_uppercase().parse(), Ok(license));
        }
    }

    #[test]
    fn an_hour_is_a_part_of_a_named_license() {
        let month = |name: &str, count| name.parse::<License>().unwrap().requests_a_month(count);
        for plan in ["cx1", "cx2", "cx2-digital", "cx3", "cx3-digital"] {
            let named = month(&format!("{plan}-named"), 1);
            let hours = |count| month(&format!("{plan}-hourly"), count);
            assert_eq!((hours(0), hours(111), hours(222)), (0, named, 2 * named), "{plan}");
            assert_eq!(hours(1), named / 111, "{plan}");
        }
        assert_eq!((month("cx2-named", 40), month("cx3-concurrent", 2)), (4_400_000, 364_000));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let error = |text: &str| text.parse::<Licenses>().unwrap_err().to_string();
        assert!(
            error("cx4-named=1").starts_with("the allowance of \"cx4-named\" licences is not known here; ")
        );
        assert_eq!(error("cx2-named"), "\"cx2-named\" does not say how many; write cx2-named=40,ex=5");
        assert!(error("cx2-named=-1").contains("does not say how many"));
        assert!(error("").contains("does not say how many"));
        assert_eq!(error("ex=1,EX=2"), "ex is there twice");
    }

    proptest! {
        #[test]
        fn an_allowance_never_overflows(text in "(cx[123](-digital)?-(named|concurrent|hourly)|ex)=[0-9]{1,21}", more: u64) {
            if let Ok(licenses) = text.parse::<Licenses>() {
                prop_assert!(licenses.requests_a_month() <= usage_core::UsageRecord::MAX_COUNT);
            }
            for license in License::ALL.iter().copied() {
                prop_assert!(license.requests_a_month(more) >= license.requests_a_month(more / 2));
            }
        }
    }
}
