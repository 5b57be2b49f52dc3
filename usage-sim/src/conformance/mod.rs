//! The conformance suite: scenarios that every driver of the core passes in the same way.
//!
//! A scenario is data: what the service does, what the caller does, and the expected observations. [`check`] plays it
//! twice, each time against the same simulated service on virtual time:
//!
//! 1. [`InMemory`], without sockets. The observations must be those of the scenario: which requests arrived at which
//!    virtual millisecond, the causes of the transitions, and the result.
//! 2. The [`Driver`] under test, over loopback sockets. Its observations must equal the run in memory: every request
//!    with its method, target, kind of authorization and body, every transition and every wait, and every row or the
//!    error.
//!
//! A driver's tests implement [`Driver`], and [`conformance_suite!`](crate::conformance_suite) makes a test of each
//! scenario:
//!
//! ```
//! use usage_sim::conformance::{InMemory, check};
//!
//! check::<InMemory>("simple_search_in_pages");
//!
//! usage_sim::conformance_suite!(InMemory, futures);
//! ```
//!
//! Time is virtual, so waits take no real time. Where a client cannot but wait in real time, for a silent service for
//! example, it waits one second.
//!
//! `cargo mutants -p usage-blocking` (or another driver) shows which defects of a driver the suite detects.

mod driver;
mod gate;
mod in_memory;
mod observed;
mod play;
mod proxy;
mod scenario;
mod scenarios;
mod world;

pub use driver::{Driver, Observer};
pub use in_memory::{Configured, Handle, InMemory};
pub use world::World;

/// Plays the scenario with this name, and fails where `D` differs from the run in memory.
///
/// # Panics
///
/// Panics if an observation differs.
pub fn check<D: Driver>(name: &str) {
    let scenario = scenarios::find(name).unwrap_or_else(|| panic!("there is no scenario {name:?}"));
    let in_memory = play::play::<InMemory>(&scenario);
    in_memory.assert_is(&scenario.expected);
    play::play::<D>(&scenario).assert_same(&in_memory);
}
