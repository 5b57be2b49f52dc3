//! A query that several organizations answer.

use std::time::SystemTime;

use usage_core::{Column, Counter, Execution, Policy, Scope, Snapshot, TableBuilder, UsageTable};
use usage_driver::futures::Driver;
use usage_report::Names;

use crate::config;
use crate::connection::caller::Job;
use crate::connection::organizations::{Organizations, Participant};
use crate::output::organizations::{Answer, joined_scope};
use crate::output::{Content, Rows, Shape};
use crate::problem::Problem;
use crate::run::args::CommonArgs;
use crate::run::divide::Divisible;
use crate::run::failpoint::Failpoint;
use crate::run::failure;
use crate::run::fetch::{Fetch, Fetched};
use crate::run::interrupt::Interrupt;
use crate::run::merge::Merge;
use crate::run::observer::Observer;
use crate::run::organizations::{Failures, Organization, Work, for_each};
use crate::run::progress::Progress;
use crate::run::recovery::Recovery;
use crate::run::with_names::{Naming, WithNames};
use crate::run::{check, incomplete, scope_of, seed, selected, whole};

/// Asks each of `organizations` for the rows of `queries`, the parts of one query, and writes all of them where they
/// belong.
///
/// # Errors
///
/// If organizations failed, what the others answered is written, and the problem has the code
/// [`Partial`](crate::problem::Code::Partial).
pub(super) fn run<Q: Divisible>(
    queries: &[Q],
    merge: &Merge,
    args: &CommonArgs,
    organizations: &Organizations<'_>,
) -> Result<(), Problem> {
    let (output, now) = (&args.output, SystemTime::now().into());
    check(queries, None, now)?;
    output.check()?;
    output.check_whole(merge.selection.may_leave_out())?;
    let first = queries.first().ok_or_else(|| Problem::usage("there is nothing to ask for"))?;
    let participants = organizations.connect();
    let mut shapes = Vec::new();
    for Participant { name, connection, .. } in &participants {
        let shape = connection.as_ref().ok().map(|one| Shape::of(first, one.service().api_url));
        shape.as_ref().map_or(Ok(()), |shape| output.check_shape_of(name, shape))?;
        shapes.push(shape);
    }
    let progress = Progress::start(output.quiet, output.verbose, 1, None);
    let interrupt = Interrupt::watch(progress.clone(), || Recovery::Again)?;
    let asking =
        Asking { queries, aside: &|_| None, names: Naming::of(args.service.names), progress: &progress };
    let answered = asking.all(participants)?;
    progress.finish();

    let number = answered.len();
    let scope = scope_of_queries(queries.iter());
    let (mut failures, mut answers, mut parts) = (Failures::default(), Vec::new(), Vec::new());
    let mut names = Names::default();
    for ((name, answer), shape) in answered.into_iter().zip(shapes) {
        match answer {
            Ok(fetched) => {
                names.merge(fetched.names.clone());
                let (table, scope, cut_off) = whole(fetched, scope.clone(), merge);
                answers.push(Answer::of(&name, scope.clone()));
                parts.push((name, table, scope, cut_off, shape));
            }
            Err(problem) => {
                failures.add(&name, &problem, output.verbose);
                answers.push(Answer::missing(&name, &problem));
            }
        }
    }
    let Some(scope) = joined_scope(&answers) else {
        return failures.end(number, "nothing is written");
    };
    let write = || {
        if output.is_partitioned() {
            return parts.iter().try_for_each(|(name, table, scope, cut_off, shape)| {
                let Some(shape) = shape else { return Ok(()) };
                output.write_partitions(Some(name), Rows { table, scope, cut_off, shape })
            });
        }
        let table = joined(parts.iter().map(|(name, table, ..)| (&**name, table)));
        let (table, scope) = selected(table, scope, &merge.selection, output);
        output.write(Content { table: &table, scope: &scope, organizations: Some(&answers), names: &names })
    };
    let is_whole = output.file().is_some() || output.may_be_paged();
    if is_whole { interrupt.held_off_for_good(write) } else { write() }?;
    failures.end(number, "the rows of the others are written")?;
    let cut_off: Vec<_> = parts.iter().flat_map(|(_, _, _, cut_off, _)| cut_off).copied().collect();
    if cut_off.is_empty() { Ok(()) } else { Err(incomplete::<Q>(&cut_off)) }
}

/// Returns what the rows of `queries` cover once they are complete.
pub(crate) fn scope_of_queries<'a, Q: Divisible>(queries: impl Iterator<Item = &'a Q>) -> Scope {
    scope_of(queries.map(started).collect::<Vec<_>>().iter())
}

/// Returns a new execution of `query`, before its first request.
pub(crate) fn started<Q: Divisible>(query: &Q) -> Snapshot<Q> {
    Execution::new(query.clone(), Policy::default(), seed(), SystemTime::now().into()).snapshot()
}

/// Returns the rows of several organizations as one table, with the name of their own in place of the id of an
/// organization.
pub(crate) fn joined<'a>(parts: impl Iterator<Item = (&'a str, &'a UsageTable)>) -> UsageTable {
    let mut all = TableBuilder::default();
    for (name, table) in parts {
        for row in table {
            for &column in Column::ALL {
                if let Some(text) = row.text(column).filter(|_| column != Column::OrganizationId) {
                    all.set_text(column, text);
                }
            }
            all.set_text(Column::OrganizationId, name);
            for &counter in Counter::ALL {
                if let Some(count) = row.count(counter) {
                    all.set_count(counter, count);
                }
            }
            all.end_row();
        }
    }
    all.finish()
}

/// A query to be asked of each organization.
pub(crate) struct Asking<'a, Q> {
    /// The parts of the query.
    pub(crate) queries: &'a [Q],
    /// Returns a query beside the parts, by the name of the organization. Its failure stops nothing.
    pub(crate) aside: &'a dyn Fn(&str) -> Option<Q>,
    /// Which names are asked for where the profile does not ask for all.
    pub(crate) names: Naming,
    pub(crate) progress: &'a Progress,
}

/// The name of an organization, and what it answered.
pub(crate) type AnswerOf = (String, Result<Fetched, Problem>);

impl<Q: Divisible> Asking<'_, Q> {
    /// Asks all `participants`, and returns what each of them answered, in their order.
    pub(crate) fn all(&self, participants: Vec<Participant>) -> Result<Vec<AnswerOf>, Problem> {
        let names: Vec<_> = participants.iter().map(|participant| participant.name.clone()).collect();
        let mut answered = Vec::new();
        for_each(participants, self, |name, answer| {
            answered.push((name, answer));
            Ok(())
        })?;
        answered.sort_by_key(|(name, _)| names.iter().position(|known| known == name));
        Ok(answered)
    }
}

impl<Q: Divisible> Work for Asking<'_, Q> {
    type Output = Fetched;

    async fn of<D: Driver>(&self, organization: Organization<'_, D>) -> Result<Fetched, Problem> {
        let Organization { name, profile, connection, client } = organization;
        let names = self.names.max(Naming::of(config::names(profile, false)?));
        let progress = self.progress.named(name);
        progress.tell(2, || format!("{name}: {}", connection.describe()));
        let observer = Observer { progress, recorder: None, failpoint: Failpoint::default() };
        let fetch = Fetch {
            parts: self.queries.iter().map(started).collect(),
            divides: true,
            aside: (self.aside)(name).as_ref().map(started),
            keeper: connection.keeper.as_ref(),
            observer: &observer,
        };
        let fetched = WithNames { fetch, names }.run(client).await;
        fetched
            .map_err(|stopped| failure::problem::<Q>(&stopped.error, &connection.service(), &Recovery::Again))
    }
}
