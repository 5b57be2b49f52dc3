//! Sums of rows that are too many to keep.

use std::collections::BTreeMap;

use usage_core::UsageTable;

use crate::subject::Subject;

/// What many rows add up to by day and subject: all that a report takes of rows.
///
/// A reader of a year's rows keeps these sums in place of the rows: their size depends on how many clients, users and URIs
/// there are, and not on how many rows. [`Report::of_sums`](crate::Report::of_sums) takes them. The numbers of rows in that
/// report are those of the sums.
///
/// ```
/// use usage_core::{UsageRecord, UsageTable};
/// use usage_report::{Report, ReportOptions, Subject, Sums};
///
/// let row = |client: Option<&str>, uri: Option<&str>, requests| UsageRecord {
///     date: Some("2026-10-01".into()),
///     client_name: client.map(Into::into),
///     template_uri: uri.map(Into::into),
///     requests: Some(requests),
///     ..UsageRecord::default()
/// };
/// let table = |rows: &[UsageRecord]| rows.iter().cloned().collect::<UsageTable>();
/// let sums = Sums::new(table(&[row(Some("Export"), None, 30), row(Some("Bot"), None, 12)]))
///     .with(Subject::Uri, table(&[row(None, Some("api/v2/users"), 42)]));
/// let report = Report::of_sums(&sums, None, &ReportOptions::default());
/// assert_eq!((report.clients.entries.len(), report.totals.counts.requests), (2, Some(42)));
/// ```
#[derive(Clone, Debug)]
pub struct Sums {
    clients: UsageTable,
    subjects: BTreeMap<Subject, UsageTable>,
    pairs: BTreeMap<(Subject, Subject), UsageTable>,
    none: UsageTable,
}

impl Sums {
    /// Creates sums from those by day and client: rows with the date, id and name of a client, and counts.
    pub fn new(clients: UsageTable) -> Self {
        Self { clients, subjects: BTreeMap::new(), pairs: BTreeMap::new(), none: UsageTable::new() }
    }

    /// Adds the sums by day and `subject`. A report has no list of a subject without sums.
    #[must_use]
    pub fn with(mut self, subject: Subject, table: UsageTable) -> Self {
        self.subjects.insert(subject, table);
        self
    }

    /// Adds the sums by two subjects, which need no date: for a drill-down, and for the URI on which a client is rate
    /// limited. For that one, sums of the rows with 429 are enough.
    #[must_use]
    pub fn with_pair(mut self, one: Subject, other: Subject, table: UsageTable) -> Self {
        self.pairs.insert((one, other), table);
        self
    }
}

/// Rows, or their sums.
#[derive(Clone, Copy)]
pub(crate) enum Rows<'a> {
    All(&'a UsageTable),
    Sums(&'a Sums),
}

impl<'a> Rows<'a> {
    /// Returns rows that tell what each client, user, … did on each day.
    pub(crate) fn by(self, subject: Subject) -> &'a UsageTable {
        match self {
            Self::All(table) => table,
            Self::Sums(sums) if subject == Subject::Client => &sums.clients,
            Self::Sums(sums) => sums.subjects.get(&subject).unwrap_or(&sums.none),
        }
    }

    /// Returns rows that tell what of `one` was of `other`.
    pub(crate) fn by_pair(self, one: Subject, other: Subject) -> &'a UsageTable {
        match self {
            Self::All(table) => table,
            Self::Sums(sums) => sums.pairs.get(&(one, other)).unwrap_or(&sums.none),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;
    use serde_json::Value;
    use usage_core::model::Granularity;
    use usage_core::{Column, Date, UsageRecord};

    use super::*;
    use crate::{Allowance, DRILLDOWN, Period, Report, ReportOptions};

    fn columns(subject: Subject) -> Vec<Column> {
        match subject {
            Subject::Client => vec![Column::ClientId, Column::ClientName],
            other => vec![other.column()],
        }
    }

    fn sums(table: &UsageTable) -> Sums {
        let by = |subject| table.group_by(&[vec![Column::Date], columns(subject)].concat());
        let sums = Subject::ALL
            .iter()
            .copied()
            .fold(Sums::new(by(Subject::Client)), |sums, subject| sums.with(subject, by(subject)));
        DRILLDOWN.iter().copied().fold(sums, |sums, (one, other)| {
            sums.with_pair(one, other, table.group_by(&[columns(one), columns(other)].concat()))
        })
    }

    /// A report as a document, without the numbers of rows.
    fn document(report: &Report) -> Value {
        fn without_rows(value: &mut Value) {
            match value {
                Value::Object(members) => {
                    members.remove("rows");
                    members.values_mut().for_each(without_rows);
                }
                Value::Array(values) => values.iter_mut().for_each(without_rows),
                _ => {}
            }
        }
        let mut document = serde_json::to_value(report).unwrap();
        without_rows(&mut document);
        document
    }

    fn day(offset: i64) -> Date {
        "2026-09-20".parse::<Date>().unwrap().plus_days(offset)
    }

    fn record() -> impl Strategy<Value = UsageRecord> {
        let text = |pattern: &'static str| option::of(pattern);
        let counts = (0u64..9_000, 0u64..900, 0u64..90);
        (0i64..28, text("[ab]"), text("[uv]"), text("/?[xyz]"), text("GET|PUT"), counts).prop_map(
            |(offset, client, user, uri, method, (requests, errors, limited))| UsageRecord {
                date: Some(day(offset).to_string()),
                client_id: client.clone(),
                client_name: client.map(|id| format!("client {id}")),
                user_id: user,
                template_uri: uri,
                http_method: method,
                requests: Some(requests + errors),
                status200: Some(requests),
                status300: Some(0),
                status400: Some(errors),
                status429: Some(limited.min(errors)),
                status500: Some(0),
                ..UsageRecord::default()
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_report_of_sums_is_that_of_the_rows(rows in proptest::collection::vec(record(), 1..60), compares: bool) {
            let period = |first, last| Period::new(day(first), day(last)).unwrap();
            let split = |is_earlier: bool| {
                let is_wanted = |row: &UsageRecord| !compares || (row.date.as_deref() < Some("2026-10-04")) == is_earlier;
                rows.iter().filter(|row| is_wanted(row)).cloned().collect::<UsageTable>()
            };
            let (now, before) = (split(false), split(true));
            let whole = if compares { period(14, 27) } else { period(0, 27) };
            let options = ReportOptions::default()
                .with_granularity(Granularity::Day)
                .with_period(whole)
                .with_data_until(day(27))
                .with_allowance(Allowance::requests(50_000))
                .with_drilldown(DRILLDOWN);
            let (of_rows, of_sums) = if compares {
                let earlier = period(0, 13);
                (
                    Report::compared(&now, &before, Some(earlier), &options),
                    Report::of_sums(&sums(&now), Some((&sums(&before), Some(earlier))), &options),
                )
            } else {
                (Report::new(&now, &options), Report::of_sums(&sums(&now), None, &options))
            };
            prop_assert_eq!(document(&of_sums), document(&of_rows));
        }
    }
}
