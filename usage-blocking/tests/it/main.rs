//! The blocking client against the simulated service, over real sockets and on a virtual clock.

#![allow(clippy::unwrap_used, reason = "in a test, it is a failure of the test")]

mod coverage;
mod failures;
mod queries;
mod support;
