//! A report of a history, made from sums: of however many rows, it needs no more memory than its result.

use usage_core::model::Granularity;
use usage_core::{Date, UsageTable};
use usage_report::{Period, Report, ReportOptions, Sums};

use crate::dataset::{DayFilter, Needs, Selected, Summing, sums_of};
use crate::problem::Problem;
use crate::report::selection;
use crate::saved::{self, Saved};

/// What the days are compared with.
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
            Self::Rows(saved) => {
                let mut table = saved.table.clone();
                table.retain(|row| row.organization_id() == Some(name));
                Self::Rows(Box::new(Saved { table, scope: saved.scope.clone() }))
            }
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
    if !options.filter.is_empty() {
        selection::warn_of_unmatched(&seen, &options);
    }
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

/// Returns the report, its options, and what the rows have of the subjects of the filter.
fn made(
    selected: &Selected,
    given: Option<Period>,
    against: &Against,
    options: ReportOptions,
) -> Result<(Report, ReportOptions, UsageTable), Problem> {
    let all = selected.period();
    let covered = given.map_or(all, |given| given.until(all.last_day()).unwrap_or(given));
    let (previous, current) = match against {
        Against::Before => compared(all, given, covered)?,
        _ => (None, covered),
    };
    let names = selected.names_of_ids();
    let filter = options.filter.resolved(&names);
    let periods: Vec<Period> = previous.into_iter().chain([current]).collect();
    let mut days = DayFilter::new(&options.filter, &names, selected, &periods)?;
    let granularity = options.granularity.clone().unwrap_or(Granularity::Day);
    let pairs = options.drilldown.clone();
    let mut sums = |period: Period| -> Result<_, Problem> {
        let mut summing = Summing::new(&pairs);
        let scope = selected.each(period, &Needs::all(), |mut columns, date, name| {
            days.apply(&mut columns, name);
            summing.add(&columns, bucket(&granularity, date), name);
        })?;
        Ok((summing.finish(), scope))
    };
    let (now, mut scope) = sums(current)?;
    let earlier: Option<(Sums, Option<Period>)> = match (previous, against) {
        (Some(period), _) => Some((sums(period)?.0, Some(period))),
        (None, Against::Rows(saved)) => Some((sums_of(&filter.select(&saved.table), &pairs), None)),
        (None, _) => None,
    };
    if let Some(query) = &mut scope.query {
        query.granularity = Some(granularity.clone());
    }
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
    let report = Report::of_sums(&now, earlier.as_ref().map(|(sums, period)| (sums, *period)), &options);
    Ok((report, options, days.seen()))
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
