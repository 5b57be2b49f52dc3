//! The extent of a set of rows: what was asked, and how much of it arrived.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::date::Date;
use crate::interval::Interval;
use crate::model::Granularity;
use crate::open_enum::open_enum;
use crate::time::Timestamp;

/// The extent of a set of rows: the query, the time it was asked, the last day with data, and whether all rows arrived.
///
/// Rows do not contain this information: the date of a row does not tell whether it is a day, a week or a month, and a
/// day without rows either had no requests or was not asked for. [`UsageQuery::scope`](crate::UsageQuery::scope) and
/// [`Execution::scope`](crate::Execution::scope) return the scope, documents store it beside their rows, and reports
/// (the crate `usage-report`) take it.
///
/// It serializes as an object with the members `family`, `query`, `askedAt` (RFC 3339), `dataUntil` (`yyyy-MM-dd`),
/// `complete` and `missing`. Unknown values are omitted. Unrecognized members are skipped when it is deserialized.
///
/// ```
/// use usage_core::model::Granularity;
/// use usage_core::query::OrganizationQuery;
/// use usage_core::{Scope, Timestamp, UsageQuery};
///
/// let query = OrganizationQuery::new("2026-06-01/2026-06-30".parse()?).with_granularity(Granularity::Day);
/// let scope = query.scope(Timestamp::from_unix_millis(1_782_864_000_000)); // 2026-07-01T00:00:00Z
/// assert_eq!(scope.data_until.unwrap().to_string(), "2026-06-30");
///
/// let json = serde_json::to_string(&scope)?;
/// assert!(json.contains(r#""askedAt":"2026-07-01T00:00:00Z""#));
/// assert_eq!(serde_json::from_str::<Scope>(&json)?, scope);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Scope {
    /// The query family, as in [`UsageQuery::FAMILY`](crate::UsageQuery::FAMILY).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// The query. `None` if it is unknown, for example after attaching to an execution that was submitted elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<ScopeQuery>,
    /// The time at which the query was submitted. Serialization truncates it to seconds.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339")]
    pub asked_at: Option<Timestamp>,
    /// The last day for which the service could have data: the UTC day before `asked_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_until: Option<Date>,
    /// Whether all rows of the answer are there. See [`is_complete`](Self::is_complete).
    #[serde(default)]
    pub complete: bool,
    /// The reasons why rows are missing.
    #[serde(default)]
    pub missing: Vec<Gap>,
    /// The number of rows that arrived and were left out on purpose. See
    /// [`with_rows_left_out`](Self::with_rows_left_out).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rows_left_out: u64,
    /// The filters of some of the rows, by name, if [`query`](Self::query) cannot express them because the query of the
    /// other rows differs or is unknown. See [`filter_names`](Self::filter_names).
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub filtered_by: BTreeSet<String>,
}

/// The query that produced a set of rows.
///
/// ```
/// use usage_core::ScopeQuery;
/// use usage_core::model::{Dimension, Granularity};
///
/// let query = ScopeQuery::new("2026-06-01/2026-06-30".parse()?)
///     .with_granularity(Some(Granularity::Day))
///     .with_group_by([Dimension::OAuthClientId])
///     .with_filter("httpMethods", ["GET"]);
/// assert_eq!(query.group_by, ["OAuthClientId"]);
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ScopeQuery {
    /// The interval, both ends included.
    pub interval: Interval,
    /// The time bucket of a row. `None` if the query had none: each row is then a total over the whole interval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granularity: Option<Granularity>,
    /// The dimensions, as the API spells them. Empty if the query named none, and the service applied its default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_by: Vec<String>,
    /// The counters, as the API spells them. Empty if the query named none, and the service returned all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<String>,
    /// The values of each filter, by the name of its member in the API. A row matches one of the values of every
    /// filter.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub filters: BTreeMap<String, Vec<String>>,
}

open_enum! {
    /// A reason why rows of a result are missing.
    ///
    /// ```
    /// use usage_core::{Gap, Scope, Timestamp};
    ///
    /// let scope = Scope::new("simple-search", Timestamp::from_unix_millis(0)).with_gap(Gap::RowLimit);
    /// assert!(!scope.is_complete());
    /// let why = scope.missing[0].description();
    /// assert_eq!(why, "the result reached the service's limit on the rows of one query");
    /// ```
    pub enum Gap {
        /// The result reached the service's limit on the rows of one query.
        RowLimit = "rowLimit",
        /// A page did not arrive.
        Pages = "pages",
        /// The deadline passed before the last page.
        Deadline = "deadline",
        /// A page had no list of rows.
        Lists = "lists",
        /// A page named itself as the next one, so that reading stopped there.
        RepeatedCursor = "repeatedCursor",
        /// Rows arrived and were left out on purpose: by a filter or a limit of the program that wrote them.
        LeftOut = "leftOut",
    }
}

impl Gap {
    /// Returns the reason as the end of a sentence that starts with "rows are missing: ".
    pub fn description(&self) -> &str {
        match self {
            Self::RowLimit => "the result reached the service's limit on the rows of one query",
            Self::Pages => "a page of the result did not arrive",
            Self::Deadline => "the deadline passed before the last page arrived",
            Self::Lists => "a page of the result had no list of rows",
            Self::RepeatedCursor => {
                "the service's pages repeat: the last one names a page that was there before"
            }
            Self::LeftOut => "rows were left out on purpose when they were written",
            Self::Unknown(text) => text,
        }
    }
}

impl Scope {
    /// Creates the scope of a complete result of `family` whose query is unknown.
    pub fn new(family: &str, asked_at: Timestamp) -> Self {
        Self {
            family: Some(family.to_owned()),
            query: None,
            asked_at: Some(asked_at),
            data_until: Some(Date::of(asked_at).plus_days(-1)),
            complete: true,
            missing: Vec::new(),
            rows_left_out: 0,
            filtered_by: BTreeSet::new(),
        }
    }

    /// Sets the query.
    #[must_use]
    pub fn with_query(mut self, query: ScopeQuery) -> Self {
        self.query = Some(query);
        self
    }

    /// Adds a reason why rows are missing. The scope is no longer complete.
    #[must_use]
    pub fn with_gap(mut self, gap: Gap) -> Self {
        self.complete = false;
        if !self.missing.contains(&gap) {
            self.missing.push(gap);
        }
        self
    }

    /// Adds a number of rows that arrived and were left out on purpose, by a filter or a limit of the caller. Unless it is
    /// 0, the scope is no longer complete ([`Gap::LeftOut`]).
    ///
    /// ```
    /// use usage_core::{Gap, Scope, Timestamp};
    ///
    /// let scope = Scope::new("organization", Timestamp::UNIX_EPOCH).with_rows_left_out(2_307);
    /// assert_eq!((scope.is_complete(), &scope.missing[..]), (false, &[Gap::LeftOut][..]));
    /// ```
    #[must_use]
    pub fn with_rows_left_out(mut self, rows: u64) -> Self {
        if rows == 0 {
            return self;
        }
        self.rows_left_out = self.rows_left_out.saturating_add(rows);
        self.with_gap(Gap::LeftOut)
    }

    /// Returns the scope of an execution that was submitted elsewhere: its query and its time are unknown.
    #[must_use]
    pub fn attached(self) -> Self {
        Self { query: None, asked_at: None, data_until: None, ..self }
    }

    /// Returns the scope of the rows dated `date`: the days of that bucket within the interval of the query.
    #[must_use]
    pub fn of_bucket(&self, date: Date) -> Self {
        let days = |query: &ScopeQuery| {
            let granularity = query.granularity.as_ref()?;
            let (first, last) = (query.interval.first_day(), query.interval.last_day());
            Interval::from_days(first.max(date), last.min(granularity.last_day(date)?)).ok()
        };
        let mut scope = self.clone();
        if let Some(query) = &mut scope.query
            && let Some(interval) = days(query)
        {
            query.interval = interval;
        }
        scope
    }

    /// Returns whether all rows of the result arrived.
    pub fn is_complete(&self) -> bool {
        self.complete && self.missing.is_empty()
    }

    /// Returns the names of all filters that apply to any of the rows, as the API spells them. Empty if no filter is
    /// known.
    pub fn filter_names(&self) -> BTreeSet<&str> {
        let of_query = self.query.iter().flat_map(|query| query.filters.keys());
        of_query.chain(&self.filtered_by).map(String::as_str).collect()
    }

    /// Returns the scope of the rows of `self` and `other` together, for the parts of one query.
    ///
    /// The query is kept if the intervals overlap or adjoin and everything else is equal; otherwise it is unknown.
    /// `data_until` is the earlier of both days, but that of a scope whose interval it covers does not limit the other one.
    /// Gaps and filters of both are kept.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let query = self.query.as_ref().zip(other.query.as_ref()).and_then(|(one, two)| one.join(two));
        let names = self.filter_names().into_iter().chain(other.filter_names()).map(str::to_owned);
        let names = names.filter(|name| query.as_ref().is_none_or(|query| !query.filters.contains_key(name)));
        let joined = Self {
            filtered_by: names.collect(),
            query,
            asked_at: self.asked_at.zip(other.asked_at).map(|(one, two)| one.min(two)),
            data_until: self.joined_until(&other),
            complete: self.complete && other.complete,
            family: self.family.filter(|family| other.family.as_ref() == Some(family)),
            missing: self.missing,
            rows_left_out: self.rows_left_out.saturating_add(other.rows_left_out),
        };
        let complete = joined.complete;
        let joined = other.missing.into_iter().fold(joined, Self::with_gap);
        Self { complete, ..joined }
    }

    /// Returns the last day that the data of both scopes can contain.
    fn joined_until(&self, other: &Self) -> Option<Date> {
        let (one, two) = self.data_until.zip(other.data_until)?;
        let covers = |scope: &Self, until| {
            scope.query.as_ref().is_some_and(|query| query.interval.last_day() <= until)
        };
        Some(match (covers(self, one), covers(other, two)) {
            (true, true) => one.max(two),
            (true, false) => two,
            (false, true) => one,
            (false, false) => one.min(two),
        })
    }
}

impl ScopeQuery {
    /// Creates a query for totals over `interval`, without filters.
    pub fn new(interval: Interval) -> Self {
        Self {
            interval,
            granularity: None,
            group_by: Vec::new(),
            metrics: Vec::new(),
            filters: BTreeMap::new(),
        }
    }

    /// Sets the time bucket.
    #[must_use]
    pub fn with_granularity(mut self, granularity: Option<Granularity>) -> Self {
        self.granularity = granularity;
        self
    }

    /// Sets the dimensions.
    #[must_use]
    pub fn with_group_by(mut self, names: impl IntoIterator<Item = impl fmt::Display>) -> Self {
        self.group_by = names.into_iter().map(|name| name.to_string()).collect();
        self
    }

    /// Sets the counters.
    #[must_use]
    pub fn with_metrics(mut self, names: impl IntoIterator<Item = impl fmt::Display>) -> Self {
        self.metrics = names.into_iter().map(|name| name.to_string()).collect();
        self
    }

    /// Adds the filter `name`, unless `values` is empty.
    #[must_use]
    pub fn with_filter(mut self, name: &str, values: impl IntoIterator<Item = impl fmt::Display>) -> Self {
        let values: Vec<_> = values.into_iter().map(|value| value.to_string()).collect();
        if !values.is_empty() {
            self.filters.insert(name.to_owned(), values);
        }
        self
    }

    fn join(&self, other: &Self) -> Option<Self> {
        let same = Self { interval: self.interval.clone(), ..other.clone() };
        if *self != same {
            return None;
        }
        let (one, two) = (&self.interval, &other.interval);
        let (first, last) = (one.first_day().min(two.first_day()), one.last_day().max(two.last_day()));
        let overlap_starts = one.first_day().max(two.first_day());
        let adjoins = overlap_starts <= one.last_day().min(two.last_day()).plus_days(1);
        let interval = Interval::from_days(first, last).ok().filter(|_| adjoins)?;
        Some(Self { interval, ..self.clone() })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Serializes a [`Timestamp`] as RFC 3339 text with second precision.
mod rfc3339 {
    use serde::de::{Deserialize, Deserializer, Error};
    use serde::ser::Serializer;

    use crate::time::Timestamp;

    #[expect(clippy::ref_option, reason = "serde hands over a reference")]
    pub(super) fn serialize<S: Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => to.collect_str(at),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
        let at: jiff::Timestamp = text.parse().map_err(D::Error::custom)?;
        let millis = u64::try_from(at.as_millisecond()).map_err(D::Error::custom)?;
        Ok(Some(Timestamp::from_unix_millis(millis)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: Timestamp = Timestamp::from_unix_millis(1_782_864_000_000);

    fn scope(interval: &str) -> Scope {
        let query = ScopeQuery::new(interval.parse().unwrap())
            .with_granularity(Some(Granularity::Day))
            .with_filter("httpMethods", ["GET"])
            .with_filter("userIds", [""; 0]);
        Scope::new("organization-job", ASKED).with_query(query)
    }

    #[test]
    fn the_document_has_the_names_of_the_api() {
        let json = serde_json::to_value(scope("2026-06/2026-06").with_gap(Gap::RowLimit)).unwrap();
        let wanted = serde_json::json!({
            "family": "organization-job",
            "query": {"interval": "2026-06/2026-06", "granularity": "Day", "filters": {"httpMethods": ["GET"]}},
            "askedAt": "2026-07-01T00:00:00Z",
            "dataUntil": "2026-06-30",
            "complete": false,
            "missing": ["rowLimit"],
        });
        assert_eq!(json, wanted);
    }

    #[test]
    fn later_members_and_gaps_are_read_and_a_scope_that_does_not_say_so_is_not_complete() {
        let read: Scope =
            serde_json::from_str(r#"{"complete":true,"missing":["flood"],"later":1,"family":null}"#).unwrap();
        assert!(!read.is_complete() && read.missing == [Gap::from("flood")]);
        let read: Scope = serde_json::from_str("{}").unwrap();
        assert!(!read.is_complete() && read.query.is_none());
        for wrong in
            [r#"{"askedAt":"soon"}"#, r#"{"dataUntil":"2026-02-30"}"#, r#"{"query":{"interval":"x"}}"#]
        {
            assert!(serde_json::from_str::<Scope>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn parts_that_adjoin_are_one_and_others_are_not() {
        let interval = |one: &str, other: &str| {
            let whole = scope(one).join(scope(other));
            whole.query.map(|query| query.interval.to_string())
        };
        let whole = Some("2026-05-01/2026-06-30".to_owned());
        assert_eq!(interval("2026-05/2026-05", "2026-06-01/2026-06-30"), whole);
        assert_eq!(interval("2026-06-01/2026-06-30", "2026-05/2026-05"), whole);
        assert_eq!(interval("2026-05-01/2026-06-10", "2026-06-01/2026-06-30"), whole);
        assert_eq!(interval("2026-05-01/2026-05-30", "2026-06-01/2026-06-30"), None);
        let mut other = scope("2026-06/2026-06");
        other.query.as_mut().unwrap().granularity = None;
        assert_eq!(scope("2026-05/2026-05").join(other).query, None);
    }

    #[test]
    fn a_part_whose_days_are_all_there_does_not_end_the_data_of_the_other() {
        let until = |(one, first): (&str, &str), (other, second): (&str, &str)| {
            let scope = |interval: &str, until: &str| {
                let mut scope = scope(interval);
                scope.data_until = Some(until.parse().unwrap());
                scope
            };
            let joined = scope(one, first).join(scope(other, second)).data_until;
            assert_eq!(joined, scope(other, second).join(scope(one, first)).data_until);
            joined.unwrap().to_string()
        };
        let halves = ("2026-06-01/2026-06-15", "2026-06-16/2026-06-30");
        assert_eq!(until((halves.0, "2026-06-15"), (halves.1, "2026-07-04")), "2026-07-04");
        assert_eq!(until((halves.0, "2026-06-15"), (halves.1, "2026-06-20")), "2026-06-20");
        assert_eq!(until((halves.0, "2026-06-10"), (halves.1, "2026-07-04")), "2026-06-10");
        assert_eq!(until(("2026-06/2026-06", "2026-06-20"), ("2026-06/2026-06", "2026-06-21")), "2026-06-20");
    }

    #[test]
    fn a_bucket_covers_its_days_that_were_asked_for() {
        let of_bucket = |granularity: Option<Granularity>, date: &str| {
            let mut scope = scope("2026-06-03/2026-06-30");
            scope.query.as_mut().unwrap().granularity = granularity;
            scope.of_bucket(date.parse().unwrap()).query.unwrap().interval.to_string()
        };
        assert_eq!(of_bucket(Some(Granularity::Day), "2026-06-10"), "2026-06-10/2026-06-10");
        assert_eq!(of_bucket(Some(Granularity::Week), "2026-06-01"), "2026-06-03/2026-06-07");
        assert_eq!(of_bucket(Some(Granularity::Month), "2026-06-01"), "2026-06-03/2026-06-30");
        assert_eq!(of_bucket(None, "2026-06-10"), "2026-06-03/2026-06-30");
        assert_eq!(of_bucket(Some("Year".into()), "2026-06-10"), "2026-06-03/2026-06-30");
        assert_eq!(of_bucket(Some(Granularity::Day), "2027-01-01"), "2026-06-03/2026-06-30");
    }

    #[test]
    fn what_either_lacks_is_missing() {
        let joined = scope("2026-05/2026-05")
            .with_gap(Gap::Lists)
            .join(scope("2026-06/2026-06").with_gap(Gap::Lists).with_gap(Gap::RowLimit));
        assert_eq!((joined.is_complete(), joined.missing), (false, vec![Gap::Lists, Gap::RowLimit]));
        let joined = scope("2026-05/2026-05").join(scope("2026-06/2026-06").attached());
        assert_eq!((joined.asked_at, joined.data_until, joined.query), (None, None, None));
        assert_eq!(joined.family.as_deref(), Some("organization-job"));
        let joined = scope("2026-05/2026-05")
            .with_rows_left_out(3)
            .join(scope("2026-06/2026-06").with_rows_left_out(4));
        assert_eq!((joined.rows_left_out, &joined.missing[..]), (7, &[Gap::LeftOut][..]));
        let read: Scope = serde_json::from_str(&serde_json::to_string(&joined).unwrap()).unwrap();
        assert_eq!(read, joined);
        assert!(scope("2026-05/2026-05").with_rows_left_out(0).is_complete());
    }
}
