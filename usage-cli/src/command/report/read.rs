//! Reports on saved rows: of files, or of a history.

use std::collections::BTreeSet;
use std::path::Path;
#[cfg(feature = "parquet")]
use std::rc::Rc;

use usage_core::Scope;
use usage_core::model::Granularity;
use usage_report::{Allowance, Names, Organizations, Period, Report, ReportOptions};

use super::ReportArgs;
#[cfg(feature = "parquet")]
use crate::dataset::{Organization, Selected, Selection};
use crate::output::organizations::Answer;
use crate::problem::Problem;
use crate::report::about::About;
#[cfg(feature = "parquet")]
use crate::report::history::{self, Against};
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
    let saved = match &args.files[..] {
        [directory] if directory.is_dir() => return of_history(directory, given, args),
        files if files.iter().any(|file| file.is_dir()) => {
            return Err(Problem::usage("the directory of a history is read alone, without other files"));
        }
        files if args.organization.is_empty() => saved::read_all(files, &args.saved, granularity)?,
        _ => return Err(Problem::usage("--organization selects from a history, and these are files")),
    };
    let before = before(args)?;
    let names = names(&saved, before.as_ref());
    let mut options = args.options().with_names(names.clone());
    let mut about = About::now().with_names(&names);
    match several(&saved, before.as_ref(), given, &options, args)? {
        Some(several) => about = about.of_several(several),
        None => options.allowance = args.content.allowance.of(&args.credentials.profile, false)?,
    }
    warn(&saved, given, &options, args);
    let report = report(&saved, before.as_ref(), given, options, args)?;
    args.output.write(&report, &about, args.content.by)
}

/// Returns the report of each organization of rows of several; `None` for rows of one. Each has an allowance of its own.
fn several(
    saved: &Saved,
    before: Option<&Saved>,
    given: Option<Period>,
    options: &ReportOptions,
    args: &ReportArgs,
) -> Result<Option<Several>, Problem> {
    let organizations: BTreeSet<&str> = saved.table.iter().filter_map(|row| row.organization_id()).collect();
    if organizations.len() < 2 {
        return Ok(None);
    }
    let (mut reports, mut missing) = (Vec::new(), Vec::new());
    for name in organizations {
        let mut options = options.clone().with_drilldown(&[]);
        options.allowance = allowance_of(args, name)?;
        let before = before.map(|before| before.of_organization(name));
        match report(&saved.of_organization(name), before.as_ref(), given, options, args) {
            Ok(report) => reports.push((name.to_owned(), report)),
            Err(problem) => missing.push(Answer::missing(name, &problem)),
        }
    }
    Ok(Some(Several { organizations: Organizations::new(reports), missing }))
}

/// Warns of what the report of `saved` rows leaves out.
fn warn(saved: &Saved, given: Option<Period>, options: &ReportOptions, args: &ReportArgs) {
    let days = SavedDays::of(&saved.table, saved.scope.as_ref(), given, args.query.granularity.as_ref());
    days.warn_of_unknown_end();
    days.warn_of_cuts();
    selection::warn_of_unmatched(&saved.table, options);
}

/// Returns the names that the files have; those of `saved` take precedence.
fn names(saved: &Saved, before: Option<&Saved>) -> Names {
    let mut names = before.map_or_else(Names::default, |before| before.names.clone());
    names.merge(saved.names.clone());
    names
}

/// Returns the rows to compare with.
fn before(args: &ReportArgs) -> Result<Option<Saved>, Problem> {
    let files = &args.content.compare_with[..];
    let read = || saved::read_all(files, &args.saved, args.query.granularity.as_ref());
    (!files.is_empty()).then(read).transpose()
}

/// Returns the report of `saved` rows, or of those against the rows `before`.
fn report(
    saved: &Saved,
    before: Option<&Saved>,
    given: Option<Period>,
    options: ReportOptions,
    args: &ReportArgs,
) -> Result<Report, Problem> {
    let Saved { table, scope, .. } = saved;
    let granularity = args.query.granularity.as_ref();
    let days = SavedDays::of(table, scope.as_ref(), given, granularity);
    days.check(args.content.compare)?;
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
    Ok(if let Some(before) = before {
        check_granularity(scope.as_ref(), before.scope.as_ref())?;
        options.scope = saved::with_gaps_of(options.scope, before.scope.as_ref());
        Report::compared(&*days.selected(table)?, &before.table, before.covered(), &options)
    } else if let Some((previous, current)) = compared {
        let before = days.rows_of(table, previous);
        Report::compared(&days.rows_of(table, current), &before, Some(previous), &options)
    } else {
        Report::new(&*days.selected(table)?, &options)
    })
}

/// Refuses rows that are compared with rows of another granularity.
fn check_granularity(scope: Option<&Scope>, before: Option<&Scope>) -> Result<(), Problem> {
    let of = |scope: Option<&Scope>| scope?.query.as_ref()?.granularity.clone();
    match (of(scope), of(before)) {
        (Some(one), Some(other)) if one != other => {
            let (one, other) = (one.as_str().to_lowercase(), other.as_str().to_lowercase());
            let problem = format!("the rows are of one {one}, those of --compare-with of one {other}");
            Err(Problem::usage(problem).with_hint("query both with the same --granularity"))
        }
        _ => Ok(()),
    }
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

/// Reports on the days of a history.
#[cfg(feature = "parquet")]
fn of_history(directory: &Path, given: Option<Period>, args: &ReportArgs) -> Result<(), Problem> {
    let selected = selection(args.organization.clone(), given, args).select(directory)?;
    let against = match before(args)? {
        Some(rows) => Against::Rows(Box::new(rows)),
        None if args.content.compare => Against::Before,
        None => Against::Nothing,
    };
    let (mut options, about, names) = (history_options(args), About::now(), selected.names());
    let (report, about) = if let [name] = &names[..] {
        options.allowance = allowance_of(args, name)?;
        let known = about.clone().with_names(&selected.names_of_ids());
        let about = if known.organization.is_some() { known } else { about.of_organization(name) };
        (history::checked_report(&selected, given, &against, options)?, about)
    } else {
        let (report, several) = of_several(&selected, directory, given, &against, options, args)?;
        (report, about.of_several(several))
    };
    args.output.write(&report, &about, args.content.by)
}

#[cfg(feature = "parquet")]
fn history_options(args: &ReportArgs) -> ReportOptions {
    let mut options = args.options();
    options.granularity.clone_from(&args.query.granularity);
    options
}

/// Returns the report of all organizations, and that of each. One without a day of the period is missing.
#[cfg(feature = "parquet")]
fn of_several(
    selected: &Selected,
    directory: &Path,
    given: Option<Period>,
    against: &Against,
    options: ReportOptions,
    args: &ReportArgs,
) -> Result<(Report, Several), Problem> {
    let selection = selection(Vec::new(), given, args);
    let alone = |organization: &Rc<Organization>| {
        let mut options = history_options(args).with_drilldown(&[]);
        options.allowance = allowance_of(args, organization.name())?;
        Ok((selection.of_one(organization, directory), options))
    };
    let (mut reports, mut missing) = (Vec::new(), Vec::new());
    let report = history::several(selected, given, against, options, alone, |name, report| match report {
        Ok(report) => reports.push((name.to_owned(), report)),
        Err(problem) => missing.push(Answer::missing(name, &problem)),
    })?;
    Ok((report, Several { organizations: Organizations::new(reports), missing }))
}

/// Returns the allowance of one of several organizations.
fn allowance_of(args: &ReportArgs, name: &str) -> Result<Option<Allowance>, Problem> {
    args.content.allowance.of_organization(&args.credentials.profile, name)
}

#[cfg(not(feature = "parquet"))]
fn of_history(_: &Path, _: Option<Period>, _: &ReportArgs) -> Result<(), Problem> {
    Err(crate::output::format::of_another_build("read a history", "parquet"))
}
