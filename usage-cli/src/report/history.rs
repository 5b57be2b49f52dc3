//! A report of a history, made from sums: of however many rows, it needs no more memory than its result.

use std::rc::Rc;

use usage_core::model::Granularity;
use usage_core::{Date, Scope, UsageTable};
use usage_report::{Names, Period, Report, ReportOptions, Sums};

use crate::dataset::{Columns, DayFilter, Needs, Organization, Selected, Summing, join, sums_of};
use crate::problem::Problem;
use crate::report::selection;
use crate::saved::{self, Saved};

/// The days with which a report is compared.
pub(crate) enum Against {
    Nothing,
    /// The days before, in the same history.
    Before,
    /// The rows of other files.
    Rows(Box<Saved>),
}

impl Against {
    /// Returns what one of several organizations is compared with.
    pub(crate) fn of_organization(&self, name: &str) -> Self {
        match self {
            Self::Nothing => Self::Nothing,
            Self::Before => Self::Before,
            Self::Rows(saved) => Self::Rows(Box::new(saved.of_organization(name))),
        }
    }
}

/// Warns of patterns of the options' filter that no row of the history matches, and reports like [`report`].
pub(crate) fn checked_report(
    selected: &Selected,
    given: Option<Period>,
    against: &Against,
    options: ReportOptions,
) -> Result<Report, Problem> {
    let (report, options, seen) = made(selected, given, against, options)?;
    warn_of_unmatched(&seen, &options);
    Ok(report)
}

/// Reports on the days of `selected` that are `given`, or on all, compared with what `against` says. Days become the
/// weeks or months of the options' granularity. The rows of one day are in memory at a time.
pub(crate) fn report(
    selected: &Selected,
    given: Option<Period>,
    against: &Against,
    options: ReportOptions,
) -> Result<Report, Problem> {
    made(selected, given, against, options).map(|(report, ..)| report)
}

/// Reports like [`checked_report`] on all organizations, and passes the report on each of them to `each`: alone, with the
/// selection and the options of `alone`. Each day is read once.
pub(crate) fn several(
    selected: &Selected,
    given: Option<Period>,
    against: &Against,
    options: ReportOptions,
    alone: impl Fn(&Rc<Organization>) -> Result<(Result<Selected, Problem>, ReportOptions), Problem>,
    mut each: impl FnMut(&str, Result<Report, Problem>),
) -> Result<Report, Problem> {
    let mut total = Pending::new(selected, given, against, options)?;
    let mut filter = total.filter()?;
    for organization in selected.organizations() {
        let name = organization.name();
        let (own, options) = alone(organization)?;
        let own_against = against.of_organization(name);
        let own = own.as_ref().map_err(Problem::clone);
        let mut own = own.and_then(|own| Pending::new(own, given, &own_against, options));
        let mut periods = total.periods();
        periods.extend(own.iter().flat_map(Pending::periods));
        organization.each_day(&periods, &Needs::all(), |mut columns, date, scope| {
            filter.apply(&mut columns, Some(name));
            if let Ok(own) = &mut own {
                own.add(&columns, date, &scope, None);
            }
            total.add(&columns, date, &scope, Some(name));
        })?;
        each(name, own.and_then(Pending::finish).map(|(report, _)| report));
    }
    let (report, options) = total.finish()?;
    warn_of_unmatched(&filter.seen(), &options);
    Ok(report)
}

/// Returns the report, its options, and what the rows have of the subjects of the filter.
fn made(
    selected: &Selected,
    given: Option<Period>,
    against: &Against,
    options: ReportOptions,
) -> Result<(Report, ReportOptions, UsageTable), Problem> {
    let mut pending = Pending::new(selected, given, against, options)?;
    let mut filter = pending.filter()?;
    for organization in selected.organizations() {
        let name = selected.name_of(organization);
        organization.each_day(&pending.periods(), &Needs::all(), |mut columns, date, scope| {
            filter.apply(&mut columns, name);
            pending.add(&columns, date, &scope, name);
        })?;
    }
    let (report, options) = pending.finish()?;
    Ok((report, options, filter.seen()))
}

fn warn_of_unmatched(seen: &UsageTable, options: &ReportOptions) {
    if !options.filter.is_empty() {
        selection::warn_of_unmatched(seen, options);
    }
}

/// A report whose days are being read.
struct Pending<'a> {
    selected: &'a Selected,
    given: Option<Period>,
    against: &'a Against,
    options: ReportOptions,
    granularity: Granularity,
    names: Names,
    previous: Option<Period>,
    current: Period,
    /// The sums of the previous and of the current days.
    sums: [Summing; 2],
    /// What the current rows cover.
    scope: Option<Scope>,
}

impl<'a> Pending<'a> {
    fn new(
        selected: &'a Selected,
        given: Option<Period>,
        against: &'a Against,
        options: ReportOptions,
    ) -> Result<Self, Problem> {
        let all = selected.period();
        let covered = given.map_or(all, |given| given.until(all.last_day()).unwrap_or(given));
        let (previous, current) = match against {
            Against::Before => compared(all, given, covered)?,
            _ => (None, covered),
        };
        let granularity = options.granularity.clone().unwrap_or(Granularity::Day);
        let sums = [(); 2].map(|()| Summing::new(&options.drilldown));
        let names = selected.names_of_ids();
        Ok(Self {
            selected,
            given,
            against,
            options,
            granularity,
            names,
            previous,
            current,
            sums,
            scope: None,
        })
    }

    /// Returns the days to read.
    fn periods(&self) -> Vec<Period> {
        self.previous.into_iter().chain([self.current]).collect()
    }

    fn filter(&self) -> Result<DayFilter, Problem> {
        DayFilter::new(&self.options.filter, &self.names, self.selected, &self.periods())
    }

    /// Adds the rows of `date`, if it is one of the days; with the name of the organization for its id, if there are
    /// several.
    fn add(&mut self, columns: &Columns, date: Date, scope: &Scope, name: Option<&str>) {
        let [before, now] = &mut self.sums;
        let bucket = bucket(&self.granularity, date);
        if self.current.contains(date) {
            now.add(columns, bucket, name);
            join(&mut self.scope, scope.clone());
        } else if self.previous.is_some_and(|previous| previous.contains(date)) {
            before.add(columns, bucket, name);
        }
    }

    fn finish(self) -> Result<(Report, ReportOptions), Problem> {
        let Self { selected, given, against, options, granularity, names, previous, current, .. } = self;
        let [before, now] = self.sums.map(Summing::finish);
        let earlier: Option<(Sums, Option<Period>)> = match (previous, against) {
            (Some(period), _) => Some((before, Some(period))),
            (None, Against::Rows(saved)) => {
                let filter = options.filter.resolved(&names);
                Some((sums_of(&filter.select(&saved.table), &options.drilldown), saved.covered()))
            }
            (None, _) => None,
        };
        let mut scope = selected.scope(current, self.scope)?;
        if let Some(query) = &mut scope.query {
            query.granularity = Some(granularity.clone());
        }
        let all = selected.period();
        let mut options = options
            .with_granularity(granularity.clone())
            .with_period(given.unwrap_or(current))
            .with_data_until(all.last_day())
            .with_scope(scope)
            .with_names(names);
        if let Against::Rows(saved) = against {
            options.scope = saved::with_gaps_of(options.scope, saved.scope.as_ref());
        }
        options.months = given;
        if granularity == Granularity::Day
            && let Some(before) = Period::new(all.first_day(), current.first_day().plus_days(-1))
        {
            options = options.with_history(&selected.daily_totals(before), before);
        }
        let earlier = earlier.as_ref().map(|(sums, period)| (sums, *period));
        Ok((Report::of_sums(&now, earlier, &options), options))
    }
}

/// Returns the first day of the bucket that `date` is in, a Monday or the first of a month, as the service dates it.
fn bucket(granularity: &Granularity, date: Date) -> Date {
    match granularity {
        Granularity::Week => date.plus_days(1 - i64::from(date.weekday())),
        Granularity::Month => date.first_of_month(),
        _ => date,
    }
}

/// The earlier and the later days to compare, of a history of the days `all`.
fn compared(
    all: Period,
    given: Option<Period>,
    covered: Period,
) -> Result<(Option<Period>, Period), Problem> {
    if given.is_none() {
        let halves = all.halves().map(|(one, two)| (Some(one), two));
        return halves.ok_or_else(|| Problem::usage("there are fewer than two days to compare"));
    }
    let previous = covered.previous();
    if all.common(previous) == Some(previous) {
        return Ok((Some(previous), covered));
    }
    Err(Problem::usage(format!(
        "the history does not have all days from {} to {}, the days to compare with",
        previous.first_day(),
        previous.last_day()
    ))
    .with_hint("genesys-usage collect --since DATE collects earlier ones"))
}
