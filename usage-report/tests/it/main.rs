//! Reports from outside, through the public API.

#![allow(clippy::unwrap_used, reason = "in a test, it is a failure of the test")]

mod drilldown;
mod findings;
mod history;
mod jumps;
mod licenses;
mod months;
mod organizations;
mod report;
mod support;
