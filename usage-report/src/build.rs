//! How a report is made from rows.

use usage_core::{Date, UsageTable};

use crate::allowance::AllowanceUse;
use crate::comparison::{Arrivals, Comparison};
use crate::counts::Counts;
use crate::coverage::Coverage;
use crate::cross::CrossTable;
use crate::days::Days;
use crate::finding::Finding;
use crate::heat_map::HeatMap;
use crate::limitation::Limitation;
use crate::months::Months;
use crate::options::ReportOptions;
use crate::period::Period;
use crate::report::{Report, Totals};
use crate::rules::{Facts, findings};
use crate::subject::Subject;
use crate::sums::{Rows, Sums};
use crate::tally::tally;
use crate::top::TopList;
use crate::weekday_levels::TREND_DAYS;

impl Report {
    /// Reports what `table` says.
    pub fn new(table: &UsageTable, options: &ReportOptions) -> Self {
        Builder::new(Rows::All(&options.selection().select(table)), None, options).build()
    }

    /// Reports what the rows say whose sums these are, and with the sums of an `earlier` period, if its days are known,
    /// what is different. The filter of the options is not applied: sums tell only one thing at a time.
    pub fn of_sums(sums: &Sums, earlier: Option<(&Sums, Option<Period>)>, options: &ReportOptions) -> Self {
        let earlier = earlier.map(|(sums, period)| Earlier { rows: Rows::Sums(sums), period });
        Builder::new(Rows::Sums(sums), earlier, options).build()
    }

    /// Reports what `table` says, and what is different from `previous`: the rows of an earlier period, which is
    /// `previous_period` if that is known.
    pub fn compared(
        table: &UsageTable,
        previous: &UsageTable,
        previous_period: Option<Period>,
        options: &ReportOptions,
    ) -> Self {
        let selection = options.selection();
        let (table, previous) = (selection.select(table), selection.select(previous));
        let earlier = Earlier { rows: Rows::All(&previous), period: previous_period };
        Builder::new(Rows::All(&table), Some(earlier), options).build()
    }
}

/// What a report is made from.
struct Builder<'a> {
    rows: Rows<'a>,
    earlier: Option<Earlier<'a>>,
    options: &'a ReportOptions,
    coverage: Coverage,
    days: Days,
    counts: Counts,
}

/// The rows of an earlier period.
#[derive(Clone, Copy)]
struct Earlier<'a> {
    rows: Rows<'a>,
    /// Its days, if they are known.
    period: Option<Period>,
}

impl<'a> Builder<'a> {
    fn new(rows: Rows<'a>, earlier: Option<Earlier<'a>>, options: &'a ReportOptions) -> Self {
        let table = rows.by(Subject::Client);
        let coverage = options.coverage();
        let days = Days::of(table, coverage.granularity.clone(), coverage.asked);
        let mut counts = Counts::default();
        table.iter().for_each(|row| counts.add(row));
        Self { rows, earlier, options, coverage, days, counts }
    }

    fn build(self) -> Report {
        let Self { rows, options, days, counts, .. } = &self;
        let by_client = |earlier: Earlier<'a>| earlier.rows.by(Subject::Client);
        let earlier = self
            .earlier
            .map(|earlier| Days::of(by_client(earlier), days.granularity.clone(), earlier.period));
        let allowance = self.allowance(earlier.as_ref());
        let clients = self.list(Subject::Client);
        let mut report = Report {
            totals: Totals {
                counts: *counts,
                period: days.period,
                undated: days.undated,
                unclear: days.unclear,
            },
            busiest: days.busiest(options.top),
            users: self.list(Subject::User),
            uris: self.list(Subject::Uri),
            methods: self.list(Subject::Method),
            platforms: self.list(Subject::Platform),
            organizations: self.list(Subject::Organization),
            weekdays: HeatMap::of(rows.by(Subject::Client), &clients, days),
            arrivals: self
                .arrivals(&clients, earlier.as_ref())
                .map(|arrivals| arrivals.named(&options.names)),
            comparison: self.comparison(earlier.as_ref()).map(|comparison| comparison.named(&options.names)),
            limitations: Limitation::of(counts, days, &self.coverage, allowance.is_some()),
            allowance,
            scope: options.scope.clone(),
            granularity: days.granularity.clone(),
            days: days.buckets.clone(),
            findings: Vec::new(),
            drilldown: Vec::new(),
            filter: options.filter.clone(),
            clients,
        };
        report.findings = self.findings(&report);
        if let Some(comparison) = &mut report.comparison {
            comparison.clients.truncate(options.top);
            comparison.uris.truncate(options.top);
        }
        let cross = |(one, other): &(Subject, Subject)| {
            CrossTable::of(rows.by_pair(*one, *other), report.top(*one), report.top(*other))
        };
        report.drilldown = options.drilldown.iter().filter_map(cross).collect();
        report
    }

    fn list(&self, subject: Subject) -> TopList {
        let table = self.rows.by(subject);
        let tallies = tally(table, subject);
        TopList::new(subject, table, &tallies, &self.counts, &self.days, self.options.top)
            .named(&self.options.names)
    }

    fn arrivals(&self, clients: &TopList, earlier: Option<&Days>) -> Option<Arrivals> {
        // Rows of a client that seems to come or go may be among those that are missing.
        if self.coverage.has_gaps {
            return None;
        }
        let days = &self.days;
        if let Some(Earlier { rows, .. }) = self.earlier {
            let before = earlier.and_then(|days| days.period);
            let table = |rows: Rows<'a>| rows.by(Subject::Client);
            return Some(Arrivals::against(table(rows), before, table(self.rows), days.period));
        }
        let by_day = days.period.filter(|_| days.are_days() && days.undated == 0);
        by_day
            .filter(|_| clients.count > 0)
            .and_then(|period| Arrivals::within(self.rows.by(Subject::Client), period))
    }

    /// Returns every change; the lists of a report have the largest ones.
    fn comparison(&self, earlier: Option<&Days>) -> Option<Comparison> {
        let period = earlier.and_then(|days| days.period);
        let mut comparison = Comparison::of(self.rows, &self.counts, self.earlier?.rows, period);
        comparison.days = earlier.map(|earlier| self.days.places_in(earlier)).unwrap_or_default();
        Some(comparison)
    }

    fn allowance(&self, earlier: Option<&Days>) -> Option<AllowanceUse> {
        let Self { options, coverage, days, counts, .. } = self;
        let allowance = options.allowance.as_ref()?;
        let history = coverage.counted_history(self.history(earlier));
        let mut months = Months::new(allowance, days, coverage, counts, &history).all();
        if let Some(period) = options.months {
            let is_wanted = |first: Date| Period::new(first, first.last_of_month())?.common(period);
            months.retain(|month| month.month.is_none_or(|first| is_wanted(first).is_some()));
        }
        Some(AllowanceUse { months, allowance: allowance.clone() })
    }

    /// Returns the requests of earlier days: those of the options, or else those of the earlier period, if it is known
    /// which days it has.
    ///
    /// The history of the options is of all requests, which tells nothing of the selected ones.
    fn history(&self, earlier: Option<&Days>) -> Vec<(Date, u64)> {
        let period = self.earlier.and_then(|earlier| earlier.period).filter(|_| self.days.are_days());
        let of_options = if self.options.filter.is_empty() { &self.options.history[..] } else { &[] };
        match period.zip(earlier) {
            Some((period, earlier)) if of_options.is_empty() => earlier.last_days(period, TREND_DAYS),
            _ => of_options.to_vec(),
        }
    }

    fn findings(&self, report: &Report) -> Vec<Finding> {
        let are_days = self.days.are_days() && self.days.undated == 0 && !self.coverage.has_gaps;
        let counted =
            self.coverage.counted(&self.days).or(self.days.period.filter(|_| self.coverage.known.is_none()));
        let facts = Facts {
            report,
            rows: self.rows,
            previous: self.earlier.and_then(|earlier| Some((earlier.rows, earlier.period?))),
            by_day: counted.filter(|_| are_days),
            data_ends: self.coverage.until.map(|until| (until, self.coverage.days_to_come)),
        };
        findings(&facts)
    }
}
