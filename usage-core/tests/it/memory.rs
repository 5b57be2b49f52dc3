//! The memory that tables and decoders hold, counted by the allocator.

use allocation_counter::{AllocationInfo, measure};
use usage_core::decode::{PageDecoder, ResponseDecoder, StreamingDecoder};
use usage_core::fuzzing::documents::{Family, SamplePage};
use usage_core::{Column, Machine, Next, UsageRow, UsageTable};

use crate::support::{START, execution, static_token};

const CHUNK: usize = 16 * 1024;

fn page(family: Family, rows: usize) -> Vec<u8> {
    SamplePage::benchmark(family, rows).to_json().into_bytes()
}

fn read(body: &[u8]) -> UsageTable {
    let mut decoder = PageDecoder::default();
    for chunk in body.chunks(CHUNK) {
        decoder.push(chunk).unwrap();
    }
    decoder.finish().unwrap().rows
}

/// Returns the result of `make` and what it allocated.
fn measured<T>(make: impl FnOnce() -> T) -> (T, AllocationInfo) {
    let mut result = None;
    let memory = measure(|| result = Some(make()));
    (result.unwrap(), memory)
}

#[test]
fn a_table_reports_its_memory() {
    let assert_exact = |make: &dyn Fn() -> UsageTable| {
        let (table, memory) = measured(make);
        assert_eq!(i64::try_from(table.heap_bytes()).unwrap(), memory.bytes_current, "{} rows", table.len());
    };
    for family in [Family::Legacy, Family::Jobs] {
        for rows in [0, 1, 3, 255, 256, 257, 5000] {
            let body = page(family, rows);
            assert_exact(&|| read(&body));
            let table = read(&body);
            assert_exact(&|| table.clone());
            assert_exact(&|| table.group_by(&[Column::ClientId, Column::Date]));
            assert_exact(&|| table.iter().filter(|row| row.requests() > Some(0)).collect());
            assert_exact(&|| {
                let mut both = read(&body);
                both.append(&table);
                both.absorb(read(&body));
                both.sort_by(|a, b| a.user_id().cmp(&b.user_id()));
                both.retain(|row| row.status200() > Some(5));
                both
            });
        }
    }
}

#[test]
fn a_row_is_small_and_costs_no_allocation() {
    let (few, many) = (page(Family::Legacy, 5_000), page(Family::Legacy, 20_000));
    let (table, many) = measured(|| read(&many));
    let (_, few) = measured(|| read(&few));
    // All texts are known after 5,000 rows. Afterwards only blocks of rows are allocated, and their list.
    assert!(many.count_total - few.count_total < 15_000 / 250 + 10, "{few:?} {many:?}");
    assert!(table.heap_bytes() < 20_000 * 65, "{} bytes", table.heap_bytes());
    assert!(many.bytes_max < table.heap_bytes() as u64 + 64 * 1024, "{many:?}");
}

#[test]
fn streaming_keeps_no_rows() {
    let visit = |rows| {
        let body = page(Family::Legacy, rows);
        let mut seen = 0;
        let mut decoder = StreamingDecoder::new(|_: UsageRow<'_>| seen += 1);
        let ((), memory) = measured(|| body.chunks(CHUNK).for_each(|chunk| decoder.push(chunk).unwrap()));
        let _ = decoder.finish().unwrap();
        assert_eq!(seen, rows);
        memory
    };
    let (few, many) = (visit(100), visit(10_000));
    // Most of it is the layout of the rows, and the row that a chunk cuts.
    assert!(many.count_total < 40 && many.count_total <= few.count_total + 5, "{few:?} {many:?}");
    assert!(many.bytes_max < 7168, "{many:?}");
}

/// All notations of a date, and texts that are not dates.
#[test]
fn no_date_costs_an_allocation() {
    for date in [
        "2026-07-31T00:00:00Z",
        "2024-02-29T00:00:00Z",
        "2026-07-31T00:00:00+00:00",
        "2026-07-31 00:00:00,000000",
        "20260731T020000+0200",
        "2026-07-31T01:30:00.5Z",
        "9998-12-31T23:59:59.123456789Z",
        "2026-W31-5",
        "2026-212",
        "/Date(1785456000000)/",
        "1785456000000",
        "2026-02-29T00:00:00Z",
        "2026-13-45",
        "9998-12-31T23:59:59-23:59",
        "07/31/2026",
        "yesterday",
    ] {
        let visit = |rows: usize| {
            let row = format!(r#"{{"date":"{date}","requests":1}}"#);
            let body = format!(r#"{{"queryStatus":"Complete","results":[{}]}}"#, vec![row; rows].join(","));
            let mut decoder = StreamingDecoder::new(|_: UsageRow<'_>| {});
            measured(|| decoder.push(body.as_bytes()).unwrap()).1.count_total
        };
        // The first row is read by events, the second by its layout.
        assert_eq!(visit(2), visit(1_000), "{date}");
    }
}

#[test]
fn a_page_without_rows_costs_no_more_than_its_decoder() {
    let (page, memory) = measured(|| {
        let mut decoder = PageDecoder::default();
        decoder.push(br#"{"queryStatus":"Running"}"#).unwrap();
        decoder.finish().unwrap()
    });
    assert!(page.rows.is_empty());
    assert_eq!((memory.count_total, memory.count_current), (1, 0), "{memory:?}");
}

#[test]
fn a_poll_costs_four_allocations() {
    let (mut execution, mut session, mut now) = (execution(), static_token(), START);
    let mut polls = Vec::new();
    while polls.len() < 3 {
        let (next, asked) = measured(|| execution.next(now, &mut session).next);
        match next {
            Next::WaitUntil(until, _) => now = until,
            Next::Finished => panic!("it runs"),
            Next::Send(exchange) if execution.id().is_none() => {
                let answer = http::Response::new(&br#"{"executionId":"e-1"}"#[..]);
                let _ = execution.on_response(now, exchange.ticket, answer, &mut session);
            }
            Next::Send(exchange) => {
                let answer = http::Response::new(&br#"{"queryStatus":"Running"}"#[..]);
                let (progress, told) =
                    measured(|| execution.on_response(now, exchange.ticket, answer, &mut session));
                assert!(progress.output.is_none());
                polls.push(asked.count_total + told.count_total);
            }
        }
    }
    // The exchange, its headers (two), and the decoder. The first poll also allocates the path (three), which later
    // polls share.
    assert_eq!(polls, [7, 4, 4]);
}
