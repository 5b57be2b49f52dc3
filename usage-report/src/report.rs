//! The report: everything that some rows say.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use usage_core::model::Granularity;
use usage_core::{Scope, UsageTable};

use crate::allowance::AllowanceUse;
use crate::comparison::{Arrivals, Comparison};
use crate::counts::Counts;
use crate::days::{Bucket, Days};
use crate::heat_map::HeatMap;
use crate::limitation::Limitation;
use crate::months::Months;
use crate::options::ReportOptions;
use crate::period::Period;
use crate::projection::TREND_DAYS;
use crate::subject::Subject;
use crate::tally::tally;
use crate::top::TopList;

/// What every reader of a report must know.
pub const CAVEAT: &str = "The service's data is up to 24 hours old and does not have the current day. Its days are \
     UTC days. Not all requests are billable, and the service does not say which: this is not the bill.";

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
        let coverage = options.coverage();
        let days = Days::of(table, coverage.granularity.clone(), coverage.asked);
        let mut counts = Counts::default();
        table.iter().for_each(|row| counts.add(row));
        let top = |subject| TopList::new(subject, table, &tally(table, subject), &counts, &days, options.top);
        let clients = top(Subject::Client);
        let earlier = previous.map(|(rows, period)| Days::of(rows, days.granularity.clone(), period));
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
            Some((period, earlier)) if options.history.is_empty() => earlier.last_days(period, TREND_DAYS),
            _ => options.history.clone(),
        };
        let history = coverage.counted_history(history);
        let allowance = options.allowance.as_ref().map(|allowance| AllowanceUse {
            months: Months::new(allowance, &days, &coverage, &counts, &history).all(),
            allowance: allowance.clone(),
        });
        Self {
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
            limitations: Limitation::of(&counts, &days, &coverage, allowance.is_some()),
            allowance,
            scope: options.scope.clone(),
            granularity: days.granularity,
            days: days.buckets,
            clients,
        }
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
