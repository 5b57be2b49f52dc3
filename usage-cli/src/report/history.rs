//! A report of a history, made from sums: of however many rows, it needs no more memory than its result.

use usage_core::Date;
use usage_core::model::Granularity;
use usage_report::{Period, Report, ReportOptions, Sums};

use crate::dataset::{Selected, Summing};
use crate::problem::Problem;

/// Reports on the days of `selected` that are `given`, or on all; and compares them with the days before, if it `compares`.
pub(crate) fn report(
    selected: &Selected,
    given: Option<Period>,
    compares: bool,
    options: ReportOptions,
) -> Result<Report, Problem> {
    let all = selected.period();
    let covered = given.map_or(all, |given| given.until(all.last_day()).unwrap_or(given));
    let (previous, current) = if compares { compared(all, given, covered)? } else { (None, covered) };
    let pairs = options.drilldown.clone();
    let sums = |period| -> Result<_, Problem> {
        let mut summing = Summing::new(&pairs);
        let scope = selected.each(period, |columns, date, name| summing.add(columns, date, name))?;
        Ok((summing.finish(), scope))
    };
    let (now, scope) = sums(current)?;
    let earlier: Option<(Sums, Period)> = match previous {
        Some(period) => Some((sums(period)?.0, period)),
        None => None,
    };
    let mut options = options
        .with_granularity(Granularity::Day)
        .with_period(given.unwrap_or(current))
        .with_data_until(all.last_day())
        .with_scope(scope);
    options.months = given;
    if let Some(before) = Period::new(all.first_day(), current.first_day().plus_days(-1)) {
        options = options.with_history(&selected.daily_totals(before), before);
    }
    Ok(Report::of_sums(&now, earlier.as_ref().map(|(sums, period)| (sums, *period)), &options))
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
    let day = |date: Date| date.to_string();
    Err(Problem::usage(format!(
        "the history does not have all days from {} to {}, the days to compare with",
        day(previous.first_day()),
        day(previous.last_day())
    ))
    .with_hint("genesys-usage collect --since DATE collects earlier ones"))
}
