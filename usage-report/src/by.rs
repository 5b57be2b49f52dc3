//! The measures that a list can be ordered by.

use std::fmt;
use std::str::FromStr;

use crate::counts::Counts;

/// A measure that a list is ordered by.
///
/// ```
/// use usage_report::By;
///
/// assert_eq!("429".parse(), Ok(By::Throttled));
/// assert_eq!(By::Errors.to_string(), "errors");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum By {
    /// All requests.
    #[default]
    Requests,
    /// Answers of class 4xx and 5xx, the rate-limited ones included.
    Errors,
    /// Rate-limited requests (429).
    Throttled,
}

impl By {
    /// Every measure.
    pub const ALL: &[Self] = &[Self::Requests, Self::Errors, Self::Throttled];

    /// Returns its name: `requests`, `errors` or `429`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Errors => "errors",
            Self::Throttled => "429",
        }
    }

    /// Returns this measure of `counts`; `None` if no row has the counts that it is made of.
    pub fn of(self, counts: &Counts) -> Option<u64> {
        match self {
            Self::Requests => counts.requests,
            Self::Errors => counts.errors(),
            Self::Throttled => counts.status429,
        }
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for By {
    type Err = ByError;

    /// Parses a [name](Self::as_str), in any case.
    fn from_str(text: &str) -> Result<Self, ByError> {
        Self::ALL.iter().copied().find(|by| by.as_str().eq_ignore_ascii_case(text)).ok_or(ByError)
    }
}

/// The error of a text that is no measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ByError;

impl fmt::Display for ByError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a measure of a list; use requests, errors or 429")
    }
}

impl std::error::Error for ByError {}
