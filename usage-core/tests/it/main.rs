//! Tests of the public API, with a closure as the service.

#![allow(
    clippy::unwrap_used,
    clippy::format_push_string,
    reason = "in a test, either is a failure of the test"
)]

mod boundaries;
mod calls;
mod cancelled;
mod clock;
mod failures;
mod grants;
mod happy_path;
mod late_submit;
mod liveness;
mod log_in;
mod memory;
mod model;
mod paging;
mod printing;
mod renewal;
mod round_trips;
mod schedule;
mod scope;
mod secrets;
mod session;
mod shared_budget;
mod snapshot;
mod streaming;
mod submits;
mod support;
mod token;
mod transitions;
mod undocumented;
