//! The functions of the fuzz targets: one for each kind of input from users.

use std::collections::BTreeMap;
use std::iter;

use clap::Parser;
use usage_core::{Secret, UsageRecord, UsageTable};

use crate::cli::Cli;
use crate::saved::writers::WRITERS;
use crate::{config, saved};

/// A command line, an argument a line, is taken or refused.
pub fn arguments(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let arguments = iter::once("genesys-usage").chain(text.lines());
    if let Err(error) = Cli::try_parse_from(arguments) {
        assert!(!error.to_string().is_empty());
    }
}

/// A configuration file of any of the three kinds is read or refused, and its secrets do not print.
pub fn configuration(data: &[u8]) {
    config::parse_each_way(&String::from_utf8_lossy(data), |settings| {
        let shown = format!("{settings:?}");
        let secrets = [&settings.client_secret, &settings.access_token];
        for secret in secrets.into_iter().flatten().map(Secret::expose) {
            // A short one may be a part of anything.
            assert!(secret.len() < 12 || !shown.contains(secret.as_str()), "a secret prints");
        }
    });
}

/// A saved file is read, or refused with a place that exists in it.
pub fn saved_file(data: &[u8]) {
    if let Err(byte) = saved::read_for_fuzzing(data) {
        assert!(byte <= data.len() as u64, "byte {byte} of {}", data.len());
    }
}

/// Rows that any program writes are read back as they were.
pub fn saved_rows(data: &[u8]) {
    let rows = rows_of(data);
    for (number, writer) in WRITERS.iter().enumerate() {
        let content = writer(&rows);
        match saved::read_for_fuzzing(&content) {
            Ok(read) => assert!(read == rows, "writer {number}: {}", String::from_utf8_lossy(&content)),
            // A file without rows says nothing in some formats.
            Err(byte) => {
                assert!(rows.is_empty(), "writer {number}, {byte}: {}", String::from_utf8_lossy(&content));
            }
        }
    }
}

/// Rows of one query, 8 bytes a row: no two of one day, client and URI.
fn rows_of(data: &[u8]) -> UsageTable {
    let (chunks, _) = data.as_chunks::<8>();
    let row = |[day, client, uri, high, low, limited, first, second]: [u8; 8]| {
        // Past the 12th every date shows which of its numbers is the month.
        let key = (13 + day % 15, client % 8, uri % 8);
        let requests = u64::from(low) << (high % 50);
        // What ends a value in none of the formats: a blank at an end, a control character, what PowerShell puts
        // between two.
        let name = [first, second].map(|byte| char::from(byte.clamp(b'#', b'z'))).iter().collect::<String>();
        let record = UsageRecord {
            date: Some(format!("2026-10-{}", key.0)),
            client_id: Some(format!("client-{client}", client = key.1)),
            client_name: Some(format!("x{name}ö")),
            user_id: (limited % 2 == 0).then(|| "user".into()),
            template_uri: Some(format!("api/v2/{}", key.2)),
            requests: Some(requests),
            status429: (limited > 100).then_some(limited.into()),
            ..UsageRecord::default()
        };
        (key, record)
    };
    chunks.iter().map(|chunk| row(*chunk)).collect::<BTreeMap<_, _>>().into_values().collect()
}

/// The file of a day is read or refused, whatever is in it. Its checksum is made to match, as anyone can. Returns the
/// number of its rows.
#[cfg(feature = "parquet")]
pub fn history_file(data: &[u8]) -> Option<usize> {
    use usage_core::{Date, TableBuilder};

    use crate::dataset::{Needs, Partition, seal};

    let mut bytes = data.to_vec();
    seal(&mut bytes);
    let day = "2026-01-01".parse::<Date>().ok()?;
    let partition = Partition::open(&bytes.into(), "acme", day).ok()?;
    let (columns, reading) = (partition.columns(&Needs::all()).ok()?, partition.reading().ok()?);
    let mut table = TableBuilder::default();
    columns.add_to(&mut table, day, None);
    let rows = table.finish().len();
    assert_eq!((rows, rows as u64), (columns.rows, reading.rows));
    Some(rows)
}

/// Writes a history of one organization for a benchmark: `days` days from the first of 2026 on, each with `rows` rows.
///
/// # Panics
///
/// Panics if it cannot be written.
#[cfg(feature = "parquet")]
pub fn write_history(directory: &std::path::Path, days: u16, rows: u64) {
    use usage_core::model::Granularity;
    use usage_core::{Date, Scope, ScopeQuery, Timestamp};

    use crate::dataset::{History, Kind};

    let first: Date = "2026-01-01".parse().expect("it is a day");
    let kind = Kind { family: "organization".into(), group_by: vec!["OAuthClientId".into()] };
    let history = History::begin(directory, &kind).expect("it can be begun");
    let mut organization = history.organization("acme").expect("it is a name");
    organization.collect_from("a benchmark").expect("it can be written");
    for day in 0..days {
        let date = first.plus_days(day.into());
        let record = |row: u64| {
            // Any mixture that has each client with some of the users and URIs.
            let mixed = (row + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
            let (client, count) = (mixed % 30, mixed / 7 % 5_000 + u64::from(day));
            UsageRecord {
                date: Some(date.to_string()),
                client_id: Some(format!("{client:08x}-4f9b-4f45-af45-72f4a14037cc")),
                client_name: Some(format!("Client number {client}")),
                user_id: Some(format!("{:08x}-1111-4222-8333-444455556666", mixed / 30 % 200)),
                template_uri: Some(format!("api/v2/area{}/things/{{thingId}}", mixed / 6_000 % 400)),
                http_method: Some(
                    ["GET", "POST", "PUT", "PATCH", "DELETE"][(mixed / 11 % 5) as usize].into(),
                ),
                requests: Some(count),
                status200: Some(count - count / 50),
                status300: Some(0),
                status400: Some(count / 50),
                status429: Some(count / 500),
                status500: Some(0),
                ..UsageRecord::default()
            }
        };
        let query = ScopeQuery::new(format!("{date}/{date}").parse().expect("it is an interval"));
        let scope = Scope::new("organization", Timestamp::from_unix_millis(1_800_000_000_000));
        let query = query.with_granularity(Some(Granularity::Day)).with_group_by(&kind.group_by);
        let scope = scope.with_query(query);
        organization.store(date, (0..rows).map(record).collect(), &scope, 0).expect("it can be written");
    }
    organization.save().expect("it can be written");
}
