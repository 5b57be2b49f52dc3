//! Stress test of all drivers over sockets, with random faults. The simulated service detects lost and repeated rows,
//! repeated submits, tokens sent to another host, ends after the deadline, and growing numbers of file descriptors or
//! memory.
//!
//! A failing run prints the command that repeats it. `README.md` describes long runs.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "in a test, one fails it and the other is for who runs it"
)]

mod drivers;
mod judge;
mod plan;
mod resources;

use std::env;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use crate::drivers::DRIVERS;

/// The number of plans that the ordinary test plays over each driver.
const PLANS: u64 = 8;

/// The number of plans after which runtimes, pools and caches are allocated.
const WARM_UP: u64 = 3;

/// The number of plans after which memory is read. The allocator does not return all memory at once, so only the lowest
/// of several readings shows a leak.
const OBSERVED: u64 = 4;

fn variable(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

#[test]
fn faults_at_random_over_every_driver() {
    if let Some(seed) = variable("STRESS_SEED") {
        play(seed);
        return;
    }
    let (first, limit) = match variable("STRESS_SECONDS") {
        Some(seconds) => (RandomState::new().hash_one(()) >> 16, Some(Duration::from_secs(seconds))),
        None => (1, None),
    };
    let begin = Instant::now();
    let (mut before, mut runs, mut complete) = (None, 0, 0);
    for number in 0.. {
        if limit.map_or(number == PLANS, |limit| begin.elapsed() > limit && number > WARM_UP + OBSERVED) {
            break;
        }
        if (WARM_UP..WARM_UP + OBSERVED).contains(&number) {
            before = resources::lowest(before, resources::used());
        }
        complete += play(first + number);
        runs += DRIVERS.len();
    }
    println!("{runs} runs, of which {complete} brought all rows, in {:?}", begin.elapsed());
    assert!(
        (1..runs).contains(&complete),
        "the faults are too weak or too strong: {complete} of {runs} runs complete"
    );
    let mut after = None;
    for number in 0..OBSERVED {
        after = resources::lowest(after, resources::used());
        play(first + number);
    }
    resources::check(before, after);
}

/// Plays the plan of `seed` over each driver, and prints the command that repeats it if that fails. Returns the number
/// of runs that returned all rows.
fn play(seed: u64) -> usize {
    let mut complete = 0;
    for (name, driver) in DRIVERS {
        complete += usize::from(judge::run(seed, *driver).unwrap_or_else(|problem| {
            panic!(
                "{name}: {problem}\n{:#?}\nplay it again: STRESS_SEED={seed} cargo test -p usage-fuzz --test stress",
                plan::Plan::of(seed, "http://decoy")
            )
        }));
    }
    complete
}
