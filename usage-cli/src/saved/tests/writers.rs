//! The same rows, written by every program and split over files, give the same report.

use proptest::prelude::*;
use usage_core::UsageRecord;
use usage_report::{Report, ReportOptions};

use super::*;
use crate::saved::writers::WRITERS;

/// Day, client and URI of a row.
type Key = (u8, u8, u8);
type Values = (u64, u64, String, bool);

/// Generates the rows of one query: no two share day, client, URI and method, and some have no user. Days are past
/// the 12th, so that every date shows which of its numbers is the month.
fn rows() -> impl Strategy<Value = Vec<UsageRecord>> {
    let keys = proptest::collection::btree_set((13u8..28, 0u8..4, 0u8..3), 1..12);
    let count = || prop_oneof![4 => 0u64..5_000, 1 => Just(1_234_567u64), 1 => Just(1u64 << 53)];
    keys.prop_flat_map(move |keys| {
        let rows = keys.len();
        (
            Just(keys),
            proptest::collection::vec((count(), count(), "[a-zé\"';,= {}]{1,6}", any::<bool>()), rows),
        )
    })
    .prop_map(|(keys, values)| {
        let row = |(key, values): (Key, Values)| {
            let ((day, client, uri), (requests, status429, name, has_user)) = (key, values);
            UsageRecord {
                date: Some(format!("2026-10-{day}")),
                client_id: Some(format!("client-{client}")),
                client_name: Some(format!("x{}x", name.replace("; ", ";"))),
                user_id: has_user.then(|| "user".into()),
                template_uri: Some(format!("api/v2/{uri}")),
                http_method: Some("GET".into()),
                requests: Some(requests),
                status200: Some(requests / 2),
                status429: Some(status429),
                ..UsageRecord::default()
            }
        };
        keys.into_iter().zip(values).map(row).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_report_of_rows_split_over_files_in_any_format_is_the_report_of_the_rows(
        records in rows(),
        parts in proptest::collection::vec((any::<prop::sample::Index>(), 0..WRITERS.len()), 1..4),
        seed in any::<u64>(),
    ) {
        let mut files = vec![Vec::new(); parts.len()];
        for (number, record) in records.iter().enumerate() {
            let part = parts[number % parts.len()].0.index(parts.len());
            files[(part + usize::try_from(seed % 7).unwrap() * number) % parts.len()].push(record.clone());
        }
        let mut rows = Rows::default();
        for (records, (_, writer)) in files.iter().zip(&parts).rev().filter(|(records, _)| !records.is_empty()) {
            let content = WRITERS[*writer](&records.iter().cloned().collect());
            rows.begin_file("it", &SavedArgs::default());
            let read = read(&content[..], &mut rows);
            prop_assert!(read.is_ok(), "{:?}: {}", read, String::from_utf8_lossy(&content));
            prop_assert!(read.unwrap().is_empty());
        }
        let sources = std::mem::take(&mut rows.sources);
        let table = rows.finish();
        let checked = check::rows_can_be_added(&table, &sources);
        prop_assert!(checked.is_ok(), "{:?}", checked);
        let report = |table: &UsageTable| serde_json::to_string(&Report::new(table, &ReportOptions::default())).unwrap();
        let whole: UsageTable = records.into_iter().collect();
        prop_assert_eq!(report(&table), report(&whole));
    }
}

#[test]
fn every_writer_is_read_back() {
    let record = |day: &str, client: &str| UsageRecord {
        date: Some(day.into()),
        client_id: Some(client.into()),
        client_name: Some("Ä \"quoted\", one".into()),
        http_method: Some("GET".into()),
        requests: Some(1_234_567),
        status200: Some(0),
        ..UsageRecord::default()
    };
    let rows: UsageTable = [record("2026-10-01", "a"), record("2026-10-31", "b")].into_iter().collect();
    for (number, writer) in WRITERS.iter().enumerate() {
        assert_eq!(table(writer(&rows)), rows, "writer {number}");
    }
}
