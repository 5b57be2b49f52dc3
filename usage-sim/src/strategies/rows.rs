//! Rows and scopes.

use std::ops::Range;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use usage_core::model::Granularity;
use usage_core::{Date, Gap, Interval, Scope, ScopeQuery, Timestamp, UsageRecord, UsageTable};

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE"];

/// The families of queries, by their names in a [`Scope`].
const FAMILIES: &[&str] =
    &["organization", "client", "client-summary", "simple-search", "organization-job", "client-job"];

/// Returns tables whose number of rows is in `size`. Texts repeat, as those of the service do.
///
/// ```
/// use proptest::prelude::*;
/// use usage_core::Column;
/// use usage_sim::strategies::rows;
///
/// proptest!(|(rows in rows(0..20))| {
///     prop_assert!(rows.group_by(&[Column::ClientId]).len() <= rows.len());
/// });
/// ```
pub fn rows(size: Range<usize>) -> impl Strategy<Value = UsageTable> {
    vec(record(), size).prop_map(UsageTable::from_iter)
}

/// Returns rows as the service counts them: of any day of 2026 or without a date; texts present or absent; counts
/// absent, small, or up to the largest of the service. The classes add up to `requests` if all are present, and
/// rate-limited requests are part of class 4xx.
pub fn record() -> impl Strategy<Value = UsageRecord> {
    let text = |pattern: &'static str| option::weighted(0.9, pattern);
    let texts = (
        option::weighted(0.9, 0i64..365),
        text("client-[a-e]"),
        text("(Nightly Export|Dashboard|Café \u{1f600}|a \"quoted\" name)"),
        text("user-[a-e]"),
        text("api/v2/(users|routing/queues)(/\\{[a-z]{1,6}Id\\})?"),
        option::weighted(0.9, select(METHODS)),
        option::weighted(0.2, select(&["api", "web", "mobile"][..])),
    );
    let count = || prop_oneof![1 => Just(0), 8 => 0u64..10_000, 1 => 0..UsageRecord::MAX_COUNT / 8];
    let counts = (option::weighted(0.95, [count(), count(), count(), count()]), 0u64..=100);
    (texts, counts).prop_map(|(texts, (counts, percent_limited))| {
        let (day, client_id, client_name, user_id, template_uri, http_method, platform) = texts;
        UsageRecord {
            date: day.map(|day| first_day().plus_days(day).to_string()),
            client_id,
            client_name,
            user_id,
            template_uri,
            http_method: http_method.map(str::to_owned),
            platform: platform.map(str::to_owned),
            requests: counts.map(|counts| counts.iter().sum()),
            status200: counts.map(|counts| counts[0]),
            status300: counts.map(|counts| counts[1]),
            status400: counts.map(|counts| counts[2]),
            status429: counts.map(|counts| counts[2] / 100 * percent_limited),
            status500: counts.map(|counts| counts[3]),
            ..UsageRecord::default()
        }
    })
}

/// Returns scopes of every family, with and without a query, complete or with the reasons why rows are missing.
pub fn scope() -> impl Strategy<Value = Scope> {
    let granularities = [None, Some(Granularity::Day), Some(Granularity::Week), Some(Granularity::Month)];
    let query = (
        (0i64..365, 0i64..60),
        select(granularities.to_vec()),
        subsequence(&["OAuthClientId", "TemplateUri", "HttpMethod", "UserId"][..], 0..=4),
        option::of("user-[a-e]"),
    )
        .prop_map(|((first, days), granularity, group_by, user)| {
            let first = first_day().plus_days(first);
            // The last day is not before the first.
            let interval = Interval::from_days(first, first.plus_days(days))
                .unwrap_or_else(|_| Interval::month_of(first));
            ScopeQuery::new(interval)
                .with_granularity(granularity)
                .with_group_by(group_by)
                .with_filter("userId", user)
        });
    let gaps = vec![Gap::RowLimit, Gap::Pages, Gap::Deadline, Gap::Lists, Gap::RepeatedCursor];
    (select(FAMILIES), 0u64..31_536_000, option::weighted(0.9, query), subsequence(gaps, 0..=2)).prop_map(
        |(family, second, query, gaps)| {
            let asked_at = first_day().start().as_unix_millis() + second * 1000;
            let mut scope = Scope::new(family, Timestamp::from_unix_millis(asked_at));
            scope.query = query;
            gaps.into_iter().fold(scope, Scope::with_gap)
        },
    )
}

/// 2026-01-01.
fn first_day() -> Date {
    Date::of(Timestamp::from_unix_millis(1_767_225_600_000))
}
