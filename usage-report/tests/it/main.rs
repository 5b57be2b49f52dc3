//! Reports from outside, through the public API.

#![allow(clippy::unwrap_used, reason = "in a test, it is a failure of the test")]

mod history;
mod licenses;
mod months;
mod report;
