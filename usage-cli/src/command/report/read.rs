//! Reports on saved rows: of files, or of a history.

use std::path::Path;

use usage_core::model::Granularity;
use usage_report::{Allowance, Organizations, Period, Report, ReportOptions};

use super::ReportArgs;
#[cfg(feature = "parquet")]
use crate::dataset::Selection;
#[cfg(feature = "parquet")]
use crate::output::organizations::Answer;
use crate::problem::Problem;
use crate::report::about::About;
#[cfg(feature = "parquet")]
use crate::report::history;
#[cfg(feature = "parquet")]
use crate::report::lookback;
use crate::report::selection;
use crate::report::several::Several;
use crate::saved::days::SavedDays;
use crate::saved::{self, Saved};

/// Reports on saved rows.
pub(super) fn read(args: &ReportArgs) -> Result<(), Problem> {
    let granularity = args.query.granularity.as_ref();
    let given: Option<Period> = args.period.given()?.map(|interval| (&interval).into());
    if write_of_sums(args, given)? {
        return Ok(());
    }
    let (saved, organizations) = match &args.files[..] {
        [directory] if directory.is_dir() => of_history(directory, given, args)?,
        files if files.iter().any(|file| file.is_dir()) => {
            return Err(Problem::usage("the directory of a history is read alone, without other files"));
        }
        files if args.organization.is_empty() => {
            (saved::read_all(files, &args.saved, granularity)?, Vec::new())
        }
        _ => return Err(Problem::usage("--organization selects from a history, and these are files")),
    };
    let before = match &args.content.compare_with[..] {
        [] => None,
        files => Some(saved::read_all(files, &args.saved, granularity)?),
    };
    let allowance = |name: Option<&String>| match name {
        Some(name) => allowance_of(args, name),
        None => args.content.allowance.of(&args.credentials.profile, false),
    };
    let about = About::now();
    if organizations.len() < 2 {
        let mut options = args.options();
        options.allowance = allowance(organizations.first())?;
        let about = organizations.first().map_or(about.clone(), |name| about.of_organization(name));
        let report = report(&saved, before.as_ref(), given, options, args, true)?;
        return args.output.write(&report, &about, args.content.by);
    }
    let whole = report(&saved, before.as_ref(), given, args.options(), args, true)?;
    let mut reports = Vec::new();
    for name in organizations {
        let mut options = args.options().with_drilldown([]);
        options.allowance = allowance(Some(&name))?;
        let of_one = |saved: &Saved| {
            let mut one = Saved { table: saved.table.clone(), scope: saved.scope.clone() };
            one.table.retain(|row| row.organization_id() == Some(&name));
            one
        };
        let before = before.as_ref().map(of_one);
        let report = report(&of_one(&saved), before.as_ref(), given, options, args, false)?;
        reports.push((name, report));
    }
    let several = Several { organizations: Organizations::new(reports), missing: Vec::new() };
    args.output.write(&whole, &about.of_several(several), args.content.by)
}

/// Returns the report of `saved` rows, or of those against the rows `before`. `warns` says whether to tell what is odd.
fn report(
    saved: &Saved,
    before: Option<&Saved>,
    given: Option<Period>,
    options: ReportOptions,
    args: &ReportArgs,
    warns: bool,
) -> Result<Report, Problem> {
    let Saved { table, scope } = saved;
    let granularity = args.query.granularity.as_ref();
    let days = SavedDays::of(table, scope.as_ref(), given, granularity);
    days.check(args.content.compare)?;
    if warns {
        days.warn_of_unknown_end();
        days.warn_of_cuts();
    }
    let mut options = options.with_data_until(days.until);
    options.granularity.clone_from(&args.query.granularity);
    let compared = args.content.compare.then(|| days.compared()).transpose()?;
    options.period = days.covered(compared.map(|(_, current)| current));
    let granularity_known = granularity.or_else(|| scope.as_ref()?.query.as_ref()?.granularity.as_ref());
    let are_days = granularity_known == Some(&Granularity::Day);
    if let Some((rows, period)) = days.history(table).filter(|_| are_days) {
        options = options.with_history(&rows, period);
    }
    options.scope.clone_from(scope);
    // Weeks that the period cuts reach into other months, of which they do not have all days.
    options.months = given;
    if warns {
        selection::warn_of_unmatched(table, &options);
    }
    Ok(if let Some(before) = before {
        options.scope = saved::with_gaps_of(options.scope, before.scope.as_ref());
        Report::compared(&*days.selected(table)?, &before.table, None, &options)
    } else if let Some((previous, current)) = compared {
        let before = days.rows_of(table, previous);
        Report::compared(&days.rows_of(table, current), &before, Some(previous), &options)
    } else {
        Report::new(&*days.selected(table)?, &options)
    })
}

/// Which days of a history are wanted: with those before the period that a projection and a comparison need.
#[cfg(feature = "parquet")]
fn selection(organizations: Vec<String>, given: Option<Period>, args: &ReportArgs) -> Selection {
    let compared = given
        .filter(|_| args.content.compare)
        .map(|given| given.previous().first_day().days_until(given.first_day()));
    let days_before = lookback::DAYS.max(compared.unwrap_or(0));
    Selection { organizations, period: given, days_before }
}

/// Returns the rows of a history, for what sums do not tell, and the names of its organisations.
#[cfg(feature = "parquet")]
fn of_history(
    directory: &Path,
    given: Option<Period>,
    args: &ReportArgs,
) -> Result<(Saved, Vec<String>), Problem> {
    let selected = selection(args.organization.clone(), given, args).select(directory)?;
    let names = selected.names();
    let rows = selected.rows()?;
    Ok((Saved { table: rows.table, scope: Some(rows.scope) }, names))
}

/// Writes the report of a history from its sums; `false` if the options need the rows.
#[cfg(feature = "parquet")]
fn write_of_sums(args: &ReportArgs, given: Option<Period>) -> Result<bool, Problem> {
    let options = args.options();
    let needs_rows = !options.filter.is_empty()
        || args.query.granularity.is_some()
        || !args.content.compare_with.is_empty();
    let [directory] = &args.files[..] else { return Ok(false) };
    if needs_rows || !directory.is_dir() {
        return Ok(false);
    }
    let compares = args.content.compare;
    let selected = selection(args.organization.clone(), given, args).select(directory)?;
    let about = About::now();
    let (report, about) = match &selected.names()[..] {
        [name] => {
            let mut options = options;
            options.allowance = allowance_of(args, name)?;
            (history::report(&selected, given, compares, options)?, about.of_organization(name))
        }
        names => {
            let several = of_each(directory, names, given, args)?;
            (history::report(&selected, given, compares, options)?, about.of_several(several))
        }
    };
    args.output.write(&report, &about, args.content.by).map(|()| true)
}

/// Returns the report of each organisation of a history. One without a day of the period is missing.
#[cfg(feature = "parquet")]
fn of_each(
    directory: &Path,
    names: &[String],
    given: Option<Period>,
    args: &ReportArgs,
) -> Result<Several, Problem> {
    let (mut reports, mut missing) = (Vec::new(), Vec::new());
    for name in names {
        let mut options = args.options().with_drilldown([]);
        options.allowance = allowance_of(args, name)?;
        let selected = selection(vec![name.clone()], given, args).find(directory);
        match selected.and_then(|selected| history::report(&selected, given, args.content.compare, options)) {
            Ok(report) => reports.push((name.clone(), report)),
            Err(problem) => missing.push(Answer::missing(name, &problem)),
        }
    }
    Ok(Several { organizations: Organizations::new(reports), missing })
}

#[cfg(feature = "parquet")]
fn allowance_of(args: &ReportArgs, name: &str) -> Result<Option<Allowance>, Problem> {
    args.content.allowance.of_organization(&args.credentials.profile, name)
}

#[cfg(not(feature = "parquet"))]
fn allowance_of(args: &ReportArgs, _: &str) -> Result<Option<Allowance>, Problem> {
    args.content.allowance.of(&args.credentials.profile, false)
}

#[cfg(not(feature = "parquet"))]
fn write_of_sums(_: &ReportArgs, _: Option<Period>) -> Result<bool, Problem> {
    Ok(false)
}

#[cfg(not(feature = "parquet"))]
fn of_history(_: &Path, _: Option<Period>, _: &ReportArgs) -> Result<(Saved, Vec<String>), Problem> {
    Err(crate::output::format::of_another_build("parquet"))
}
