//! `--from DIR`: looks at the organizations of a history.

use std::collections::HashSet;
use std::path::Path;

use usage_core::{Column, Counter, Date, TableBuilder};
use usage_report::thresholds::JUMP_WEEKS;
use usage_report::{Allowance, ClientDays, Period, ReportOptions};

use crate::config::ProfileArgs;
use crate::dataset::{History, Needs, Selected, Selection};
use crate::problem::Problem;
use crate::process::stderr::{self, WARNING};
use crate::report::allowance::AllowanceArgs;
use crate::report::history::{self, Against};
use crate::report::lookback;
use crate::text::quoting::shell_word;
use crate::watch::alert::{Thresholds, knows_weeks_before};
use crate::watch::look::{Clients, Look, Looks};

/// Returns the names of the organizations in `directory`, or those of `wanted` if it names some.
///
/// # Errors
///
/// Returns a problem if there is no history, or if it has no organization.
fn organizations(directory: &Path, wanted: &[String]) -> Result<Vec<String>, Problem> {
    let there = History::open(directory)?.organizations()?;
    if there.is_empty() {
        return Err(Problem::usage(format!("{} has no organization yet", directory.display()))
            .with_hint(format!("genesys-usage collect --into {}", shell_word(directory))));
    }
    if wanted.is_empty() {
        return Ok(there);
    }
    // One that is named twice is looked at once.
    let mut seen = HashSet::new();
    Ok(wanted.iter().filter(|name| seen.insert(*name)).cloned().collect())
}

/// The part of a history that is read.
pub(crate) struct Wanted<'a> {
    pub(crate) month: Period,
    /// These organizations; all if none is named.
    pub(crate) organizations: &'a [String],
    pub(crate) allowance: &'a AllowanceArgs,
    pub(crate) profile: &'a ProfileArgs,
    pub(crate) thresholds: &'a Thresholds,
}

/// Looks at the days that `directory` has of each organization that is `wanted`.
///
/// # Errors
///
/// Returns a problem if there is no history, if it has no organization, or if the look at its only one failed.
pub(crate) fn looks(directory: &Path, wanted: &Wanted<'_>) -> Result<Looks, Problem> {
    let Wanted { month, organizations: named, allowance, profile, thresholds } = *wanted;
    let mut looks = Looks::default();
    for name in organizations(directory, named)? {
        let look = allowance.of_organization(profile, &name).and_then(|allowance| {
            thresholds.check_allowance(allowance.as_ref())?;
            look(directory, &name, month, allowance, thresholds.need_clients())
        });
        let clients = look.as_ref().ok().and_then(|look| look.clients.as_ref());
        if thresholds.new_clients && clients.is_some_and(|clients| !knows_weeks_before(clients)) {
            let text = format!("{name}: fewer than 4 weeks before the month are known, so no client is new");
            stderr::labelled("warning", WARNING, text);
        }
        looks.add(name, look);
    }
    looks.checked()
}

/// Looks at the days of `month` that `directory` has of `organization`, with the days of each client if it
/// `needs_clients`.
///
/// # Errors
///
/// Returns a problem if there are no such days, or if a file cannot be read.
fn look(
    directory: &Path,
    organization: &str,
    month: Period,
    allowance: Option<Allowance>,
    needs_clients: bool,
) -> Result<Look, Problem> {
    let organizations = vec![organization.to_owned()];
    let selection = Selection { organizations, period: Some(month), days_before: lookback::DAYS };
    let selected = selection.select(directory)?;
    let mut options = ReportOptions::default();
    options.allowance = allowance;
    let report = history::report(&selected, Some(month), &Against::Nothing, options)?;
    let clients = if needs_clients { clients(&selected, month)? } else { None };
    Ok(Look { organization: Some(organization.to_owned()), report, clients })
}

/// Reads the days of each client of `month` and the weeks before; `None` if the history has no day of the month. One day
/// of rows is in memory at a time. Days before a gap are left out: a day that is missing is not a day without requests.
fn clients(selected: &Selected, month: Period) -> Result<Option<Clients>, Problem> {
    let all = selected.unbroken();
    let weeks = i64::try_from(JUMP_WEEKS).unwrap_or(i64::MAX);
    let first = all.first_day().max(month.first_day().plus_days(-7 * weeks));
    let (Some(known), Some(month)) = (Period::new(first, all.last_day()), month.until(all.last_day())) else {
        return Ok(None);
    };
    let mut days = ClientDays::new(known);
    let needs = Needs::only(&[Column::ClientId, Column::ClientName], &[Counter::Requests]);
    selected.each(known, &needs, |columns, date: Date, name| {
        let mut table = TableBuilder::default();
        columns.add_to(&mut table, date, name);
        days.add(&table.finish());
    })?;
    Ok(Some(Clients { days, known, month }))
}
