//! Counting instructions: the same on a noisy machine as on a quiet one.

use std::hint::black_box;

use usage_core::fuzzing::documents::{Family, SamplePage};

use crate::callgrind::count;
use crate::{CHUNK, ROWS, fold, read};

/// The maximum number of instructions that a row may take.
pub(crate) const LIMIT: u64 = 2_400;

/// What is counted, and how many times it is done.
const COUNTED: [(&str, u64); 3] = [("rows", ROWS as u64), ("jobs", ROWS as u64), ("fold", ROWS as u64)];

/// Does one of [`COUNTED`], under callgrind. Without a name, counts them all and prints the counts.
pub(crate) fn run(what: &str) {
    match what {
        "rows" => counted_rows(&sample(Family::Legacy)),
        "jobs" => counted_rows(&sample(Family::Jobs)),
        "fold" => counted_fold(&sample(Family::Legacy)),
        _ => {
            for (what, times) in COUNTED {
                println!("{what} {}", count(what, times).expect("valgrind is there"));
            }
        }
    }
}

fn sample(family: Family) -> Vec<u8> {
    SamplePage::benchmark(family, ROWS).to_json().into_bytes()
}

#[inline(never)]
fn counted_rows(body: &[u8]) {
    black_box(read(black_box(body), CHUNK));
}

#[inline(never)]
fn counted_fold(body: &[u8]) {
    black_box(fold(black_box(body)));
}

/// The instructions of a row into the table, and back to the allocator; none if there is no valgrind.
pub(crate) fn per_row() -> Option<u64> {
    count("rows", ROWS as u64)
}
