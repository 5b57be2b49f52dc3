//! How fast a results page is read, side by side with other ways to read it, in one run.
//!
//! `cargo bench -p usage-core --bench decode` prints a table of ratios and ends with one line for each target:
//! `target NAME measured limit`. Instructions are counted if valgrind is there. `-- --quick` measures less, and
//! `-- --count` only counts instructions: see `benches/instructions.sh`.

#![expect(clippy::disallowed_types, clippy::disallowed_methods, reason = "a benchmark needs a clock")]
#![expect(clippy::print_stdout, reason = "it prints")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

mod callgrind;
mod instructions;
mod peers;

use std::hint::black_box;
use std::time::Instant;

use allocation_counter::{AllocationInfo, measure};
use peers::{BorrowedPage, InternedPage, OwnedPage};
use serde::de::IgnoredAny;
use usage_core::decode::{PageDecoder, ResponseDecoder, StreamingDecoder};
use usage_core::fuzzing::documents::{Family, SamplePage};
use usage_core::{UsageRow, UsageTable};

/// How many rows the page has.
const ROWS: usize = 20_000;
const MANY_ROWS: usize = 500_000;
const CHUNK: usize = 16 * 1024;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == "--count") {
        instructions::run(arguments.get(at + 1).map_or("", |what| what));
        return;
    }
    let rounds = if arguments.iter().any(|argument| argument == "--quick") { 7 } else { 41 };

    let page = SamplePage::benchmark(Family::Legacy, ROWS).to_json().into_bytes();
    let jobs = SamplePage::benchmark(Family::Jobs, ROWS).to_json().into_bytes();
    println!("{ROWS} rows, {} bytes a row, {rounds} rounds\n", page.len() / ROWS);
    let contestants = contestants();
    let times = race(&contestants, &page, &jobs, rounds);
    let owned = &times[0];
    println!(
        "{:<44}{:>9}{:>9}{:>11}{:>11}{:>11}",
        "", "ns/row", "MB/s", "x owned", "allocs/row", "live B/row"
    );
    let mut ratios = Vec::new();
    for (contestant, times) in contestants.iter().zip(&times) {
        let body = if contestant.family == Family::Jobs { &jobs } else { &page };
        let memory = contestant.memory(body);
        let ratio = median(owned.iter().zip(times).map(|(owned, time)| owned / time).collect());
        let time = median(times.clone());
        println!(
            "{:<44}{:>9.0}{:>9.0}{ratio:>11.2}{:>11.3}{:>11.1}",
            contestant.name,
            time * 1e9 / ROWS as f64,
            body.len() as f64 / time / 1e6,
            memory.count_total as f64 / ROWS as f64,
            memory.bytes_current as f64 / ROWS as f64,
        );
        ratios.push((ratio, memory));
    }
    let of = |name: &str| {
        let index = contestants.iter().position(|contestant| contestant.name == name);
        (&ratios[index.expect("a contestant")], &times[index.expect("a contestant")])
    };
    let ((rows, rows_memory), chunk_times) = of(OURS);
    let ((fold, _), _) = of(FOLD);
    let (_, byte_times) = of(BYTES);
    let bytes_ratio = median(byte_times.iter().zip(chunk_times).map(|(byte, chunk)| byte / chunk).collect());
    let table = read(&page, CHUNK);
    let over = peak_over_table(rows_memory, &table);
    let (scaling, many_live) = at_many_rows(&page, rounds.min(9));
    let live = |memory: &AllocationInfo, rows: usize| memory.bytes_current as f64 / rows as f64;

    println!();
    println!("target rows_vs_serde_json_owned {rows:.2} 3.0");
    println!("target fold_vs_serde_json_owned {fold:.2} 4.0");
    println!("target allocations_per_row {:.4} 0.1", rows_memory.count_total as f64 / ROWS as f64);
    println!("target live_bytes_per_row {:.1} 100", live(rows_memory, ROWS));
    println!("target live_bytes_per_row_at_{MANY_ROWS} {:.1} 84", live(&many_live, MANY_ROWS));
    println!("target peak_bytes_over_table {over} 65536");
    println!("target cost_at_{MANY_ROWS}_vs_{ROWS}_rows {scaling:.2} 1.3");
    println!("target one_byte_chunks_vs_16_kib_chunks {bytes_ratio:.2} 6.0");
    match instructions::per_row() {
        Some(instructions) => println!("target instructions_per_row {instructions} {}", instructions::LIMIT),
        None => {
            println!("target instructions_per_row unknown {} (valgrind is not there)", instructions::LIMIT);
        }
    }
}

const OURS: &str = "usage-core, table, 16 KiB chunks";
const FOLD: &str = "usage-core, visitor, 16 KiB chunks";
const BYTES: &str = "usage-core, table, 1-byte chunks";

/// A way to read a page.
struct Contestant {
    name: &'static str,
    family: Family,
    read: Read,
}

/// Reads the page and returns what it keeps, with the number of rows. The copy is for those who write into it.
type Read = for<'a> fn(&'a [u8], &'a mut [u8]) -> (Box<dyn Keep + 'a>, usize);

/// What a contestant keeps.
trait Keep {}

impl<T> Keep for T {}

fn contestants() -> Vec<Contestant> {
    fn keep<'a, T: 'a>(kept: T, rows: usize) -> (Box<dyn Keep + 'a>, usize) {
        (Box::new(kept), rows)
    }
    fn legacy(name: &'static str, read: Read) -> Contestant {
        Contestant { name, family: Family::Legacy, read }
    }
    vec![
        legacy("serde_json, owned", |body, _| {
            let page: OwnedPage = serde_json::from_slice(body).expect("valid");
            let rows = page.results.len();
            keep(page, rows)
        }),
        legacy("serde_json, borrowed (and the body)", |body, _| {
            let page: BorrowedPage<'_> = serde_json::from_slice(body).expect("valid");
            let rows = page.results.len();
            keep(page, rows)
        }),
        legacy("serde_json, interned", |body, _| {
            let page = InternedPage::read(body);
            let rows = page.rows.len();
            keep(page, rows)
        }),
        legacy("serde_json, nothing kept", |body, _| {
            let _: IgnoredAny = serde_json::from_slice(body).expect("valid");
            keep((), ROWS)
        }),
        legacy("sonic-rs, owned", |body, _| {
            let page: OwnedPage = sonic_rs::from_slice(body).expect("valid");
            let rows = page.results.len();
            keep(page, rows)
        }),
        legacy("sonic-rs, borrowed (and the body)", |body, _| {
            let page: BorrowedPage<'_> = sonic_rs::from_slice(body).expect("valid");
            let rows = page.results.len();
            keep(page, rows)
        }),
        legacy("simd-json, owned", |_, copy| {
            let page: OwnedPage = simd_json::serde::from_slice(copy).expect("valid");
            let rows = page.results.len();
            keep(page, rows)
        }),
        legacy(OURS, |body, _| {
            let table = read(body, CHUNK);
            let rows = table.len();
            keep(table, rows)
        }),
        legacy("usage-core, table, whole", |body, _| {
            let table = read(body, body.len());
            let rows = table.len();
            keep(table, rows)
        }),
        legacy(BYTES, |body, _| {
            let table = read(body, 1);
            let rows = table.len();
            keep(table, rows)
        }),
        legacy(FOLD, |body, _| keep((), fold(body))),
        Contestant {
            name: "usage-core, table, 16 KiB chunks, jobs",
            family: Family::Jobs,
            read: |body, _| {
                let table = read(body, CHUNK);
                let rows = table.len();
                keep(table, rows)
            },
        },
    ]
}

/// Reads a page into a table.
fn read(body: &[u8], chunk: usize) -> UsageTable {
    let mut decoder = PageDecoder::default();
    for chunk in body.chunks(chunk) {
        decoder.push(chunk).expect("valid");
    }
    decoder.finish().expect("valid").rows
}

/// Adds up a page.
fn fold(body: &[u8]) -> usize {
    let (mut rows, mut requests, mut limited) = (0, 0u64, 0u64);
    let mut decoder = StreamingDecoder::new(|row: UsageRow<'_>| {
        rows += 1;
        requests = requests.wrapping_add(row.requests().unwrap_or(0));
        limited = limited.wrapping_add(row.status429().unwrap_or(0));
    });
    for chunk in body.chunks(CHUNK) {
        decoder.push(chunk).expect("valid");
    }
    let _ = decoder.finish().expect("valid");
    black_box((requests, limited));
    rows
}

/// The seconds that each contestant takes, a time for each round. In each round all run, one after the other.
fn race(contestants: &[Contestant], page: &[u8], jobs: &[u8], rounds: usize) -> Vec<Vec<f64>> {
    let mut times = vec![Vec::new(); contestants.len()];
    for round in 0..=rounds {
        for (contestant, times) in contestants.iter().zip(&mut times) {
            let body = if contestant.family == Family::Jobs { jobs } else { page };
            let mut copy = body.to_vec();
            // Once without a clock: what the contestant before has left in the allocator and in the caches is not its.
            drop((contestant.read)(black_box(body), &mut copy));
            copy.copy_from_slice(body);
            let start = Instant::now();
            let (kept, rows) = (contestant.read)(black_box(body), &mut copy);
            // To give the memory back is part of the price.
            drop(kept);
            let time = start.elapsed().as_secs_f64();
            assert_eq!(rows, ROWS);
            // The first round warms up.
            if round > 0 {
                times.push(time);
            }
        }
    }
    times
}

impl Contestant {
    /// The allocations of one run, and what is live at its end.
    fn memory(&self, body: &[u8]) -> AllocationInfo {
        let mut copy = body.to_vec();
        let mut kept = None;
        let memory = measure(|| kept = Some((self.read)(body, &mut copy)));
        drop(kept);
        memory
    }
}

/// How far the heap was above the finished table.
fn peak_over_table(memory: &AllocationInfo, table: &UsageTable) -> i64 {
    let table = i64::try_from(table.heap_bytes()).unwrap_or(i64::MAX);
    i64::try_from(memory.bytes_max).unwrap_or(i64::MAX) - table
}

/// The cost of a row of a large page against one of the usual, and the memory of the large one.
fn at_many_rows(page: &[u8], rounds: usize) -> (f64, AllocationInfo) {
    let many = SamplePage::benchmark(Family::Legacy, MANY_ROWS).to_json().into_bytes();
    let mut table = None;
    let memory = measure(|| table = Some(read(&many, CHUNK)));
    drop(table);
    let time = |body: &[u8], times: usize| {
        let start = Instant::now();
        for _ in 0..times {
            black_box(read(black_box(body), CHUNK));
        }
        start.elapsed().as_secs_f64()
    };
    let repeat = MANY_ROWS / ROWS;
    let ratios = (0..rounds).map(|_| time(&many, 1) / time(page, repeat)).collect();
    (median(ratios), memory)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
