//! The counters of a row.

use std::ops::AddAssign;

/// Counters of a row by status class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) status200: u64,
    pub(crate) status300: u64,
    /// Includes `status429`.
    pub(crate) status400: u64,
    pub(crate) status500: u64,
    pub(crate) status429: u64,
}

impl Counts {
    /// Returns the sum of all classes. 429 is part of the 4xx class and not added again.
    pub(crate) fn requests(self) -> u64 {
        self.status200 + self.status300 + self.status400 + self.status500
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.status200 += other.status200;
        self.status300 += other.status300;
        self.status400 += other.status400;
        self.status500 += other.status500;
        self.status429 += other.status429;
    }
}
