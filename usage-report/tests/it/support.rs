//! Rows for tests.

use proptest::option;
use proptest::prelude::*;
use usage_core::model::Granularity;
use usage_core::{Date, UsageRecord, UsageTable};
use usage_report::{Period, ReportOptions};

pub(crate) fn date(text: &str) -> Date {
    text.parse().unwrap()
}

pub(crate) fn period(from: &str, to: &str) -> Period {
    Period::new(date(from), date(to)).unwrap()
}

/// Options for rows by day of `period`, whose last day is in the data.
pub(crate) fn by_day(period: Period) -> ReportOptions {
    ReportOptions::default()
        .with_granularity(Granularity::Day)
        .with_period(period)
        .with_data_until(period.last_day())
}

/// A row in which every request succeeded.
pub(crate) fn row(date: Date, client: &str, uri: &str, requests: u64) -> UsageRecord {
    UsageRecord {
        date: Some(date.to_string()),
        client_id: Some(format!("id of {client}")),
        client_name: Some(client.into()),
        template_uri: Some(uri.into()),
        http_method: Some("GET".into()),
        requests: Some(requests),
        status200: Some(requests),
        status300: Some(0),
        status400: Some(0),
        status429: Some(0),
        status500: Some(0),
        ..UsageRecord::default()
    }
}

/// The same row with some of its requests rate limited, and others failed with 404.
pub(crate) fn with_errors(row: UsageRecord, status429: u64, not_found: u64) -> UsageRecord {
    let failed = status429 + not_found;
    UsageRecord {
        status200: row.requests.map(|requests| requests - failed),
        status400: Some(failed),
        status429: Some(status429),
        ..row
    }
}

pub(crate) fn table(rows: impl IntoIterator<Item = UsageRecord>) -> UsageTable {
    rows.into_iter().collect()
}

/// Rows of July 2026 as the service counts them, some without one or the other dimension.
pub(crate) fn records() -> impl Strategy<Value = Vec<UsageRecord>> {
    let text = |texts: &'static str| option::weighted(0.9, texts);
    let record = (
        1u8..=31,
        (text("[a-d]"), text("[a-c]"), text("/?[a-d]"), text("GET|PUT")),
        (0u64..50_000, 0u64..500, 0u64..500, 0u64..100, 0.0..1.0f64),
    )
        .prop_map(|(day, (client, user_id, template_uri, http_method), counts)| {
            let (ok, moved, failed, broken, throttled) = counts;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a part of a small count"
            )]
            let status429 = (failed as f64 * throttled) as u64;
            UsageRecord {
                date: Some(format!("2026-07-{day:02}")),
                client_name: client.as_ref().map(|client| format!("Client {client}")),
                client_id: client,
                user_id,
                template_uri,
                http_method,
                requests: Some(ok + moved + failed + broken),
                status200: Some(ok),
                status300: Some(moved),
                status400: Some(failed),
                status429: Some(status429),
                status500: Some(broken),
                ..UsageRecord::default()
            }
        });
    proptest::collection::vec(record, 0..60)
}
