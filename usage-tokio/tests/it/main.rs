//! The driver against the simulated service, over loopback sockets. The async-std driver runs these files too.

#![allow(clippy::unwrap_used, reason = "in a test, it is a failure of the test")]

mod faults;
mod lifecycle;
mod queries;
mod runtime;
mod support;
mod surface;

use usage_tokio as driver;
