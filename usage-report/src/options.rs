//! The options of a report.

use usage_core::model::Granularity;
use usage_core::{Date, Scope, UsageTable};

use crate::allowance::Allowance;
use crate::coverage::Coverage;
use crate::days::Days;
use crate::filter::RowFilter;
use crate::names::Names;
use crate::period::Period;
use crate::subject::Subject;
use crate::weekday_levels::TREND_DAYS;

/// What is known about the rows beside the rows, and what the report has.
///
/// ```
/// use usage_core::Timestamp;
/// use usage_core::UsageQuery;
/// use usage_core::query::OrganizationQuery;
/// use usage_report::{Allowance, DRILLDOWN, ReportOptions};
///
/// let query = OrganizationQuery::new("2026-07-01/2026-07-31".parse()?);
/// let asked_at = Timestamp::from_unix_millis(1_785_600_000_000);
/// let options = ReportOptions::default()
///     .with_scope(query.scope(asked_at)) // period, granularity, and the end of the data
///     .with_allowance(Allowance::requests(4_400_000))
///     .with_drilldown(DRILLDOWN)
///     .with_top(20);
/// assert_eq!(options.top, 20);
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReportOptions {
    /// The largest number of entries of a list.
    pub top: usize,
    /// The days of the query. One of them without a row had no requests. Without a period and without a scope, no month is
    /// projected.
    pub period: Option<Period>,
    /// The time bucket of the rows. Without it and without a scope, rows count as days only if their dates can be nothing
    /// else.
    pub granularity: Option<Granularity>,
    /// The last day that can be in the data, usually yesterday. A longer period ends there; rows of later days belong
    /// to days that are not over.
    pub data_until: Option<Date>,
    /// The allowance that months are held against.
    pub allowance: Option<Allowance>,
    /// What the rows cover. The granularity of the options takes precedence over that of the scope; of two periods or
    /// ends of the data, their common days count.
    pub scope: Option<Scope>,
    /// The rows that the report is about, of those that it is made from; all of them if it is empty.
    pub filter: RowFilter,
    /// The pairs of subjects that are counted together. None by default.
    pub drilldown: Vec<(Subject, Subject)>,
    /// The months that are held against the allowance: those that have days of this period. All by default.
    pub months: Option<Period>,
    /// Names for ids that rows do not name.
    pub names: Names,
    /// The requests of earlier days, in order.
    pub(crate) history: Vec<(Date, u64)>,
}

impl Default for ReportOptions {
    /// Returns options with ten entries a list, and nothing known about the rows.
    fn default() -> Self {
        Self {
            top: 10,
            period: None,
            granularity: None,
            data_until: None,
            allowance: None,
            scope: None,
            filter: RowFilter::new(),
            drilldown: Vec::new(),
            months: None,
            names: Names::default(),
            history: Vec::new(),
        }
    }
}

impl ReportOptions {
    /// Sets the largest number of entries of a list.
    #[must_use]
    pub fn with_top(mut self, top: usize) -> Self {
        self.top = top;
        self
    }

    /// Sets the days of the query.
    #[must_use]
    pub fn with_period(mut self, period: Period) -> Self {
        self.period = Some(period);
        self
    }

    /// Sets the time bucket of the rows.
    #[must_use]
    pub fn with_granularity(mut self, granularity: Granularity) -> Self {
        self.granularity = Some(granularity);
        self
    }

    /// Sets the last day that can be in the data.
    #[must_use]
    pub fn with_data_until(mut self, last: Date) -> Self {
        self.data_until = Some(last);
        self
    }

    /// Sets what the rows cover. Period, granularity and end of the data follow from it where they are not set.
    #[must_use]
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// Sets rows by day of earlier days, which are all days of `period`, for the projection alone: no sum and no list has
    /// them. A projection uses four weeks for the level of each weekday, and up to sixteen for a trend.
    ///
    /// Days before the first one with requests are left out, because usage may have begun then. If a row has no day or
    /// no number of requests, none of the rows is used. A report with a [filter](Self::filter) ignores the history,
    /// which is of all requests.
    #[must_use]
    pub fn with_history(mut self, rows: &UsageTable, period: Period) -> Self {
        let days = Days::of(rows, Some(Granularity::Day), Some(period));
        let is_known = days.undated == 0 && days.buckets.iter().all(|day| day.counts.has_all_requests());
        let last_days = if is_known { days.last_days(period, TREND_DAYS) } else { Vec::new() };
        self.history = last_days.into_iter().skip_while(|(_, requests)| *requests == 0).collect();
        self
    }

    /// Selects the rows that the report is about, also by the names of [`with_names`](Self::with_names).
    ///
    /// Its sums are then lower than those that the allowance is for, as
    /// [`Limitation::Filter`](crate::Limitation::Filter) says.
    #[must_use]
    pub fn with_filter(mut self, filter: RowFilter) -> Self {
        self.filter = filter;
        self
    }

    /// Sets the pairs of subjects that are counted together, as in [`DRILLDOWN`](crate::DRILLDOWN): a table for each
    /// pair about which the rows say something.
    #[must_use]
    pub fn with_drilldown(mut self, pairs: &[(Subject, Subject)]) -> Self {
        self.drilldown = pairs.to_vec();
        self
    }

    /// Sets names for ids that rows do not name: users, organizations, and OAuth clients of some families.
    #[must_use]
    pub fn with_names(mut self, names: Names) -> Self {
        self.names = names;
        self
    }

    /// Holds only the months against the allowance that have days of `period`.
    #[must_use]
    pub fn with_months(mut self, period: Period) -> Self {
        self.months = Some(period);
        self
    }

    /// Sets the allowance that months are held against.
    #[must_use]
    pub fn with_allowance(mut self, allowance: impl Into<Allowance>) -> Self {
        self.allowance = Some(allowance.into());
        self
    }

    /// Returns the filter, in which the known names stand for their ids.
    pub(crate) fn selection(&self) -> RowFilter {
        self.filter.resolved(&self.names)
    }

    /// Returns what these options and the scope say about the rows.
    pub(crate) fn coverage(&self) -> Coverage {
        let scope = self.scope.as_ref();
        let query = scope.and_then(|scope| scope.query.as_ref());
        let of_scope = query.map(|query| Period::from(&query.interval));
        let asked = match (self.period, of_scope) {
            (Some(period), Some(of_scope)) => period.common(of_scope),
            (period, of_scope) => period.or(of_scope),
        };
        let until = [self.data_until, scope.and_then(|scope| scope.data_until)].into_iter().flatten().min();
        let known = asked.and_then(|asked| until.map_or(Some(asked), |until| asked.until(until)));
        Coverage {
            granularity: self
                .granularity
                .clone()
                .or_else(|| query.and_then(|query| query.granularity.clone())),
            asked: known.or(asked).or(self.period),
            known,
            until,
            days_to_come: asked.zip(until).map_or(0, |(asked, until)| asked.days_after(until)),
            has_gaps: scope.is_some_and(|scope| !scope.is_complete()),
            is_filtered: !self.filter.is_empty()
                || scope.is_some_and(|scope| !scope.filter_names().is_empty()),
        }
    }
}
