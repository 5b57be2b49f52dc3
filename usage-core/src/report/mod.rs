//! What rows of usage say about an organisation: who makes the requests, what grows, what fails, what is rate limited,
//! and whether the month ends above the allowance. Pure arithmetic over a [`UsageTable`].
//!
//! ```
//! use usage_core::model::Granularity;
//! use usage_core::report::{Allowance, Period, Report, ReportOptions};
//! use usage_core::{UsageRecord, UsageTable};
//!
//! let row = |date: &str, client: &str, requests| UsageRecord {
//!     date: Some(date.into()),
//!     client_name: Some(client.into()),
//!     requests: Some(requests),
//!     ..UsageRecord::default()
//! };
//! let table: UsageTable =
//!     [row("2026-07-01", "Nightly Export", 60), row("2026-07-02", "Nightly Export", 30), row("2026-07-02", "Bot", 10)]
//!         .into_iter()
//!         .collect();
//! let options = ReportOptions::default()
//!     .with_granularity(Granularity::Day)
//!     .with_period(Period::new("2026-07-01".parse()?, "2026-07-31".parse()?).unwrap())
//!     .with_data_until("2026-07-02".parse()?)
//!     .with_allowance(Allowance::requests(1_000));
//! let report = Report::new(&table, &options);
//!
//! assert_eq!(report.totals.counts.requests, Some(100));
//! let clients = &report.clients.entries;
//! assert_eq!((clients[0].label(), clients[0].share), (Some("Nightly Export"), Some(0.9)));
//! assert_eq!(clients[1].series, [None, Some(10)]);
//! // 60 on the Wednesday, 40 on the Thursday, and the mean of both on other weekdays.
//! let month = report.allowance.as_ref().and_then(|allowance| allowance.latest()).unwrap();
//! assert_eq!((month.used, month.projected, month.projected_over), (100, 1_550, 550));
//! # Ok::<(), usage_core::error::BuildError>(())
//! ```
//!
//! # What is known beside the rows
//!
//! Rows do not say what their dates are (days, weeks or months), nor which days were asked for. What follows from that
//! is in a report only if it is known: from the [`Scope`] of the rows, or from [`ReportOptions`]. [`Report::limitations`]
//! says what is not known. No date is guessed at for a projection.
//!
//! # What the numbers are not
//!
//! The service's data is up to 24 hours old and does not have the current day; its days are UTC days. The older
//! queries leave out the platform's own clients, the jobs count every request; neither counts the billable requests
//! alone, so that no sum here is the invoice's. [`CAVEAT`] says so in a sentence.

mod allowance;
mod by_symbol;
mod comparison;
mod counts;
mod coverage;
mod days;
mod heat_map;
mod license;
mod months;
mod period;
mod projection;
mod subject;
mod tally;
mod top;

pub use allowance::{Allowance, AllowanceUse, MonthUse};
pub use comparison::{Arrival, Arrivals, Change, Comparison, Mover};
pub use counts::Counts;
pub use coverage::Limitation;
pub use days::{Bucket, MAX_EMPTY_DAYS};
pub use heat_map::{HeatLine, HeatMap};
pub use license::{License, LicenseError, Licenses};
pub use period::Period;
pub use subject::Subject;
pub use top::{Entry, Others, TopList};

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::date::Date;
use crate::model::Granularity;
use crate::report::coverage::Coverage;
use crate::report::days::Days;
use crate::report::months::Months;
use crate::report::tally::tally;
use crate::scope::Scope;
use crate::table::UsageTable;

/// What every reader of a report must know.
pub const CAVEAT: &str = "The service's data is up to 24 hours old and does not have the current day. Its days are \
     UTC days. Not all requests are billable, and the service does not say which: this is not the bill.";

/// What is known beside the rows, and how much is wanted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReportOptions {
    /// How many entries a list has at most.
    pub top: usize,
    /// The days that were asked for. A day of them without a row had no requests. Without it and without a scope, no
    /// month is projected.
    pub period: Option<Period>,
    /// What the rows are bucketed by. Without it and without a scope, rows are taken for days only if their dates can be
    /// nothing else.
    pub granularity: Option<Granularity>,
    /// The last day that can be in the data, usually yesterday. A period that goes on after it ends there; rows of later
    /// days are of days that are not over.
    pub data_until: Option<Date>,
    /// What the requests are held against.
    pub allowance: Option<Allowance>,
    /// What the rows cover. A granularity above takes precedence; of two periods or ends of the data, what both have
    /// counts.
    pub scope: Option<Scope>,
    /// The requests of earlier days, in order.
    history: Vec<(Date, u64)>,
}

impl Default for ReportOptions {
    /// Ten entries a list; nothing else is known.
    fn default() -> Self {
        Self {
            top: 10,
            period: None,
            granularity: None,
            data_until: None,
            allowance: None,
            scope: None,
            history: Vec::new(),
        }
    }
}

impl ReportOptions {
    /// With at most `top` entries a list.
    #[must_use]
    pub fn with_top(mut self, top: usize) -> Self {
        self.top = top;
        self
    }

    /// With rows that are about these days.
    #[must_use]
    pub fn with_period(mut self, period: Period) -> Self {
        self.period = Some(period);
        self
    }

    /// With rows that are bucketed so.
    #[must_use]
    pub fn with_granularity(mut self, granularity: Granularity) -> Self {
        self.granularity = Some(granularity);
        self
    }

    /// With no data behind this day.
    #[must_use]
    pub fn with_data_until(mut self, last: Date) -> Self {
        self.data_until = Some(last);
        self
    }

    /// Sets what the rows cover: period, granularity and end of the data follow from it where they are not set.
    #[must_use]
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Sets rows by day of earlier days, all days of `period`, for the projection alone: it needs four weeks for the
    /// level of each weekday, and up to sixteen for a trend. No sum and no list has them.
    ///
    /// Days before the first one with requests are left out: usage may have begun then. Rows without a day or without a
    /// number of requests tell nothing of their days, so that none of the rows is used.
    #[must_use]
    pub fn with_history(mut self, rows: &UsageTable, period: Period) -> Self {
        let days = Days::of(rows, &Coverage::bucketed(Some(Granularity::Day), Some(period)));
        let is_known = days.undated == 0 && days.buckets.iter().all(|day| day.counts.has_all_requests());
        let last_days = if is_known { days.last_days(period, projection::TREND_DAYS) } else { Vec::new() };
        self.history = last_days.into_iter().skip_while(|(_, requests)| *requests == 0).collect();
        self
    }

    /// With an allowance to hold the requests against.
    #[must_use]
    pub fn with_allowance(mut self, allowance: impl Into<Allowance>) -> Self {
        self.allowance = Some(allowance.into());
        self
    }
}

/// What some rows say. The order of the rows makes no difference.
///
/// Serialized, it is one object: `scope`, `limitations`, `totals`, `granularity`, `days`, `busiestDays`, `topClients`, `topUsers`, `topUris`,
/// `topMethods`, `topPlatforms`, `topOrganizations`, `others` (of each list that is not complete), and if they are there
/// `weekdays`, `arrivals`, `comparison`, `allowance`; last the `caveat`. What is absent is left out.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Report {
    /// What all rows add up to, and which days they are about.
    pub totals: Totals,
    /// What the rows cover, if that is known.
    pub scope: Option<Scope>,
    /// What is not known, so that the report leaves out what follows from it.
    pub limitations: Vec<Limitation>,
    /// What the buckets of `days` are, if that is known.
    pub granularity: Option<Granularity>,
    /// The buckets in order. By day, every day of the period is there, those without rows too, up to
    /// [`MAX_EMPTY_DAYS`]. Rows without a date are in none.
    pub days: Vec<Bucket>,
    /// The buckets with the most requests, the largest first.
    pub busiest: Vec<Bucket>,
    /// The largest clients.
    pub clients: TopList,
    /// The largest users.
    pub users: TopList,
    /// The most called URIs.
    pub uris: TopList,
    /// The methods.
    pub methods: TopList,
    /// The platforms.
    pub platforms: TopList,
    /// The organisations that made the requests.
    pub organizations: TopList,
    /// Requests by weekday and client, of rows by day.
    pub weekdays: Option<HeatMap>,
    /// Clients that appeared or vanished: against the earlier period, or else in the second half against the first.
    pub arrivals: Option<Arrivals>,
    /// This period against an earlier one.
    pub comparison: Option<Comparison>,
    /// Each month against the allowance.
    pub allowance: Option<AllowanceUse>,
}

/// What all rows add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// The sums.
    pub counts: Counts,
    /// The days that they are about, if that is known.
    pub period: Option<Period>,
    /// How many rows are in no bucket: they have no date, or one that is no day.
    pub undated: u64,
    /// How many of these have a date that is no day, or that is not understood.
    pub unclear: u64,
}

impl Report {
    /// What `table` says.
    pub fn new(table: &UsageTable, options: &ReportOptions) -> Self {
        Self::build(table, None, options)
    }

    /// What `table` says, and what is different from `previous`, the rows of an earlier period: of `previous_period` if
    /// that is known.
    pub fn compared(
        table: &UsageTable,
        previous: &UsageTable,
        previous_period: Option<Period>,
        options: &ReportOptions,
    ) -> Self {
        Self::build(table, Some((previous, previous_period)), options)
    }

    /// The list of `subject`.
    pub fn top(&self, subject: Subject) -> &TopList {
        match subject {
            Subject::Client => &self.clients,
            Subject::User => &self.users,
            Subject::Uri => &self.uris,
            Subject::Method => &self.methods,
            Subject::Platform => &self.platforms,
            Subject::Organization => &self.organizations,
        }
    }

    fn build(
        table: &UsageTable,
        previous: Option<(&UsageTable, Option<Period>)>,
        options: &ReportOptions,
    ) -> Self {
        let coverage = Coverage::of(options);
        let days = Days::of(table, &coverage);
        let mut counts = Counts::default();
        table.iter().for_each(|row| counts.add(row));
        let top = |subject| TopList::new(subject, table, &tally(table, subject), &counts, &days, options.top);
        let clients = top(Subject::Client);
        let earlier = previous
            .map(|(rows, period)| Days::of(rows, &Coverage::bucketed(days.granularity.clone(), period)));
        let (arrivals, comparison) = match previous {
            None => {
                let by_day = days.period.filter(|_| days.are_days() && days.undated == 0);
                (
                    by_day.filter(|_| clients.count > 0).and_then(|period| Arrivals::within(table, period)),
                    None,
                )
            }
            Some((previous, _)) => {
                let period = earlier.as_ref().and_then(|days| days.period);
                let comparison = Comparison::of(table, &counts, previous, period, options.top);
                (Some(Arrivals::against(previous, period, table, days.period)), Some(comparison))
            }
        };
        // Rows of the earlier period tell how its weekdays were, if it is known which days it has.
        let previous_period = previous.and_then(|(_, period)| period).filter(|_| days.are_days());
        let history = match previous_period.zip(earlier) {
            Some((period, earlier)) if options.history.is_empty() => {
                earlier.last_days(period, projection::TREND_DAYS)
            }
            _ => options.history.clone(),
        };
        let history = coverage.counted_history(history);
        let allowance = options.allowance.as_ref().map(|allowance| AllowanceUse {
            months: Months::new(allowance, &days, &coverage, &counts, &history).all(),
            allowance: allowance.clone(),
        });
        let mut report = Self {
            totals: Totals { counts, period: days.period, undated: days.undated, unclear: days.unclear },
            busiest: days.busiest(options.top),
            users: top(Subject::User),
            uris: top(Subject::Uri),
            methods: top(Subject::Method),
            platforms: top(Subject::Platform),
            organizations: top(Subject::Organization),
            weekdays: HeatMap::of(table, &clients, &days),
            arrivals,
            comparison,
            allowance,
            scope: options.scope.clone(),
            limitations: Vec::new(),
            granularity: days.granularity,
            days: days.buckets,
            clients,
        };
        report.limitations = Limitation::of(&report, &coverage);
        report
    }
}

impl Serialize for Totals {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.counts.write_to(&mut map)?;
        if let Some(period) = self.period {
            map.serialize_entry("from", &period.first_day())?;
            map.serialize_entry("to", &period.last_day())?;
        }
        let rows = [("rowsWithoutDate", self.undated - self.unclear), ("rowsWithUnclearDate", self.unclear)];
        for (name, rows) in rows.into_iter().filter(|(_, rows)| *rows > 0) {
            map.serialize_entry(name, &rows)?;
        }
        map.end()
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let lists = Subject::ALL.map(|subject| {
            let (list, others) = match subject {
                Subject::Client => ("topClients", "clients"),
                Subject::User => ("topUsers", "users"),
                Subject::Uri => ("topUris", "uris"),
                Subject::Method => ("topMethods", "methods"),
                Subject::Platform => ("topPlatforms", "platforms"),
                Subject::Organization => ("topOrganizations", "organizations"),
            };
            (list, others, self.top(subject))
        });
        let others: std::collections::BTreeMap<_, _> =
            lists.iter().filter_map(|(_, name, list)| Some((*name, list.others?))).collect();

        let mut map = serializer.serialize_map(None)?;
        entry(&mut map, "scope", self.scope.as_ref())?;
        if !self.limitations.is_empty() {
            map.serialize_entry("limitations", &self.limitations)?;
        }
        map.serialize_entry("totals", &self.totals)?;
        entry(&mut map, "granularity", self.granularity.as_ref())?;
        map.serialize_entry("days", &self.days)?;
        map.serialize_entry("busiestDays", &self.busiest)?;
        for (name, _, list) in lists {
            map.serialize_entry(name, &list.entries)?;
        }
        map.serialize_entry("others", &others)?;
        entry(&mut map, "weekdays", self.weekdays.as_ref())?;
        entry(&mut map, "arrivals", self.arrivals.as_ref())?;
        entry(&mut map, "comparison", self.comparison.as_ref())?;
        entry(&mut map, "allowance", self.allowance.as_ref())?;
        map.serialize_entry("caveat", CAVEAT)?;
        map.end()
    }
}

fn entry<M: SerializeMap>(map: &mut M, name: &str, value: Option<&impl Serialize>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, value))
}

#[cfg(test)]
mod history_tests;
#[cfg(test)]
mod tests;
