//! The simulated service through its public API, in memory and over sockets.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by panicking")]

mod conformance;
mod events;
mod executions;
mod faults;
mod in_memory;
mod in_memory_conformance;
mod job_faults;
mod jobs;
mod login;
mod organizations;
mod paging;
mod platform;
mod projection;
mod queries;
mod refusals;
mod story;
mod strategies;
mod support;
mod wire;
mod wire_faults;
mod wire_login;
