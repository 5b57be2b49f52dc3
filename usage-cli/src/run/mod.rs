//! What every command that runs a query does: settle, run, write.

pub(crate) mod args;
pub(crate) mod body;
pub(crate) mod divide;
pub(crate) mod dry_run;
pub(crate) mod failpoint;
pub(crate) mod failure;
pub(crate) mod fetch;
pub(crate) mod filter;
pub(crate) mod interrupt;
mod member;
pub(crate) mod merge;
pub(crate) mod observer;
pub(crate) mod organizations;
pub(crate) mod progress;
pub(crate) mod recovery;
pub(crate) mod selection;
pub(crate) mod several;
pub(crate) mod sort;
pub(crate) mod state;
pub(crate) mod with_names;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::SystemTime;

use usage_core::{
    Date, Execution, ExecutionId, Gap, Policy, Scope, Snapshot, Timestamp, UsageQuery, UsageTable,
};

use crate::config;
use crate::connection::caller::Caller;
use crate::connection::credentials::CredentialArgs;
use crate::connection::{Connection, Lasting, TimingArgs};
use crate::names;
use crate::output::{Content, OutputArgs, Rows, Shape};
use crate::problem::{Code, Problem};
use crate::process::stdout;
use crate::run::args::{CommonArgs, ServiceArgs};
use crate::run::divide::Divisible;
use crate::run::dry_run::DryRun;
use crate::run::failpoint::Failpoint;
use crate::run::fetch::{Fetch, Fetched, Stopped};
use crate::run::interrupt::Interrupt;
use crate::run::merge::Merge;
use crate::run::observer::Observer;
use crate::run::progress::Progress;
use crate::run::recovery::Recovery;
use crate::run::selection::Selection;
use crate::run::state::{Document, Recorder};
use crate::run::with_names::{Naming, WithNames};
use crate::text::number::grouped;

/// Runs `query` and writes its rows where they belong.
pub(crate) fn run<Q: Divisible>(query: Q, args: &CommonArgs) -> Result<(), Problem> {
    run_parts(vec![query], Merge::default(), args)
}

/// Runs `queries`, the parts of one, and writes the whole of their rows where they belong.
pub(crate) fn run_parts<Q: Divisible>(
    queries: Vec<Q>,
    merge: Merge,
    args: &CommonArgs,
) -> Result<(), Problem> {
    let merge = Merge { selection: args.selection.clone(), ..merge };
    let several = args.service.several(&args.credentials)?;
    match (several, args.service.dry_run) {
        (None, Some(form)) => return show(form, queries, &args.service, &args.credentials),
        (Some(several), Some(form)) => {
            return several.profiles().iter().try_for_each(|profile| {
                let name = profile.name().unwrap_or_default();
                stdout::write(None, |to| writeln!(to, "# {name}"))?;
                let credentials = CredentialArgs::of_profile(profile.clone());
                show(form, queries.clone(), &args.service, &credentials)
            });
        }
        (Some(several), None) => return several::run(&queries, &merge, args, &several),
        (None, None) => {}
    }
    prepare(queries, merge, &args.service, &args.credentials, &args.output)?.go()
}

/// Shows the requests that begin the executions of `queries`, and sends none.
pub(crate) fn show<Q: UsageQuery>(
    form: DryRun,
    queries: Vec<Q>,
    service: &ServiceArgs,
    credentials: &CredentialArgs,
) -> Result<(), Problem> {
    let now = SystemTime::now().into();
    check(&queries, service.attach.as_ref(), now)?;
    queries.into_iter().try_for_each(|query| {
        let execution = match &service.attach {
            None => Execution::new(query, Policy::default(), seed(), now),
            Some(id) => Execution::attach(query, id.clone(), Policy::default(), seed(), now),
        };
        form.show(execution, &service.target.hosts, &service.timing.roots, credentials)
    })
}

/// Validates the input before anything is sent.
pub(crate) fn check<Q: UsageQuery>(
    queries: &[Q],
    attach: Option<&ExecutionId>,
    now: Timestamp,
) -> Result<(), Problem> {
    for query in queries {
        if attach.is_none() {
            query.check(now).map_err(Problem::build)?;
        }
        query.body().map_err(Problem::build)?;
    }
    Ok(())
}

/// Prepares a run of `queries`, the parts of one query, as far as no request is needed.
pub(crate) fn prepare<'a, Q: Divisible>(
    queries: Vec<Q>,
    merge: Merge,
    service: &'a ServiceArgs,
    credentials: &CredentialArgs,
    output: &'a OutputArgs,
) -> Result<Run<'a, Q>, Problem> {
    let now = SystemTime::now().into();
    let attach = service.attach.as_ref();
    check(&queries, attach, now)?;
    output.check()?;
    if let Some(path) = &service.state {
        output.check_apart(path)?;
        Recorder::check(path)?;
    }
    let connection = Connection::open(&service.target, &service.timing, credentials)?;
    let first = queries.first().ok_or_else(|| Problem::usage("there is nothing to ask for"))?;
    let shape = Shape::of(first, connection.service().api_url);
    output.check_whole(merge.selection.may_leave_out())?;
    output.check_shape(&shape)?;

    let start = |query| match attach {
        None => Execution::new(query, Policy::default(), seed(), now).snapshot(),
        Some(id) => Execution::attach(query, id.clone(), Policy::default(), seed(), now).snapshot(),
    };
    let parts: Vec<_> = queries.into_iter().map(start).collect();
    let recorder = match &service.state {
        None => None,
        Some(path) => {
            let mut document = Document::new(
                Q::FAMILY,
                connection.service(),
                connection.transport,
                output.destination()?,
                merge.clone(),
                parts.iter().map(state::part).collect::<Result<_, _>>()?,
            );
            document.attached = attach.is_some();
            Some(Recorder::create(path, document)?)
        }
    };
    Ok(Run {
        connection,
        parts,
        aside: None,
        divides: attach.is_none(),
        shape,
        merge,
        names: Naming::of(service.names || config::names(&credentials.profile, service.target.simulate)?),
        recorder,
        output,
        timing: &service.timing,
    })
}

/// A prepared run.
pub(crate) struct Run<'a, Q> {
    pub(crate) connection: Connection,
    pub(crate) parts: Vec<Snapshot<Q>>,
    /// An execution beside the parts, which is not kept in the state.
    pub(crate) aside: Option<Snapshot<Q>>,
    /// Whether a part whose result reaches the service's limit of rows may be divided.
    pub(crate) divides: bool,
    /// The kind of its rows.
    pub(crate) shape: Shape,
    pub(crate) merge: Merge,
    pub(crate) names: Naming,
    pub(crate) recorder: Option<Recorder>,
    pub(crate) output: &'a OutputArgs,
    pub(crate) timing: &'a TimingArgs,
}

impl<Q: Divisible> Run<'_, Q> {
    /// Asks for the rows of `query` as well, after all others. No state keeps it: a resumed run writes rows,
    /// and its rows are none of them.
    pub(crate) fn with_aside(mut self, query: Option<Q>) -> Self {
        let now = SystemTime::now().into();
        self.aside = query.map(|query| Execution::new(query, Policy::default(), seed(), now).snapshot());
        self
    }

    /// Runs it and writes its rows where they belong. An error if they are not all that the service has.
    pub(crate) fn go(self) -> Result<(), Problem> {
        let (output, merge, scope) = (self.output, self.merge.clone(), scope_of(self.parts.iter()));
        let shape = self.shape.clone();
        // Ctrl-C in a pager is the pager's.
        let cut_off = self.go_with(output.file().is_some() || output.may_be_paged(), |fetched| {
            let names = fetched.names.clone();
            let (table, scope, cut_off) = whole(fetched, scope, &merge);
            let (table, scope) = selected(table, scope, &merge.selection, output);
            if output.is_partitioned() {
                let rows = Rows { table: &table, scope: &scope, cut_off: &cut_off, shape: &shape };
                output.write_partitions(None, rows)?;
            } else {
                output.write(Content { table: &table, scope: &scope, organizations: None, names: &names })?;
            }
            Ok(cut_off)
        })?;
        if cut_off.is_empty() { Ok(()) } else { Err(incomplete::<Q>(&cut_off)) }
    }

    /// Runs it and hands the rows of each part to `finish`, which is not interrupted if it is `whole`.
    pub(crate) fn go_with<T>(
        self,
        whole: bool,
        finish: impl FnOnce(Fetched) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let Self { connection, parts, aside, divides, shape: _, merge: _, names, recorder, output, timing } =
            self;
        let first = parts.first().and_then(Snapshot::execution_id);
        let progress = Progress::start(output.quiet, output.verbose, parts.len(), first);
        let failpoint = Failpoint::at(timing.failpoint);
        let guide =
            Guide { recorder: recorder.clone(), lasting: connection.lasting(), several: parts.len() > 1 };
        let interrupt = Interrupt::watch(progress.clone(), {
            let guide = guide.clone();
            move || guide.recovery()
        })?;
        progress.tell(2, || connection.describe());
        let observer =
            Observer { progress: progress.clone(), recorder: recorder.clone(), failpoint: failpoint.clone() };
        let caller = Caller::new(&connection);
        let fetched = caller.map_err(Stopped::from).and_then(|caller| {
            let keeper = caller.keeper();
            let fetch = Fetch { parts, divides, aside, keeper, observer: &observer };
            caller.run(WithNames { fetch, names })
        });
        progress.finish();

        let fetched = fetched.map_err(|stopped| {
            if let (Some(recorder), Some(_), false) =
                (&recorder, stopped.error.execution_id(), stopped.error.can_resume())
            {
                recorder.over(stopped.part);
            }
            failure::problem::<Q>(&stopped.error, &connection.service(), &guide.recovery())
        })?;
        failpoint.reach("before writing the result");
        let write = || {
            let finished = finish(fetched)?;
            failpoint.reach("after writing the result");
            recorder.as_ref().map_or(Ok(()), Recorder::remove)?;
            Ok(finished)
        };
        let written: Result<T, Problem> = if whole { interrupt.held_off_for_good(write) } else { write() };
        written.map_err(|problem| problem.with_hints(guide.recovery().hint(progress.execution_id().as_ref())))
    }
}

/// Returns the rows of all parts as one table, what they cover, and the days that reached the service's limit of rows.
fn whole(fetched: Fetched, scope: Scope, merge: &Merge) -> (UsageTable, Scope, Vec<Option<Date>>) {
    let Fetched { tables, cut_off, gaps, names, .. } = fetched;
    let row_limit = (!cut_off.is_empty()).then_some(Gap::RowLimit);
    let scope = gaps.into_iter().chain(row_limit).fold(scope, Scope::with_gap);
    let table = merge.whole(tables);
    let table = names::fill_clients(&table, &names).unwrap_or(table);
    (table, scope, cut_off)
}

/// Returns the rows of `table` that are written, and what they cover.
fn selected(
    table: UsageTable,
    scope: Scope,
    selection: &Selection,
    output: &OutputArgs,
) -> (UsageTable, Scope) {
    selection.warn_of_absent(&table);
    let (table, left_out) = selection.applied(table);
    let scope = scope.with_rows_left_out(left_out);
    output.note_left_out(&table, &scope);
    (table, scope)
}

/// The rows are written, and more may exist of the days `cut_off`, which have as many as the service gives.
fn incomplete<Q: Divisible>(cut_off: &[Option<Date>]) -> Problem {
    let rows = grouped(Q::MAX_ROWS.unwrap_or_default().into());
    let days: Vec<_> = cut_off.iter().flatten().map(ToString::to_string).collect();
    let of = if days.is_empty() { "the execution has".into() } else { format!("{} has", days.join(", ")) };
    let problem = Problem::new(
        Code::Incomplete,
        format!("rows are missing: {of} {rows} rows, which is as many as the service gives of one search"),
    );
    problem.with_hint(if days.is_empty() {
        "without --attach, a search of a period is divided until all rows arrive"
    } else {
        "what arrived is written; for the rest, search by --method, --uri or --client-name, one after the other"
    })
}

/// Returns what the rows of `parts` cover once they are complete.
pub(crate) fn scope_of<'a, Q: UsageQuery>(parts: impl Iterator<Item = &'a Snapshot<Q>>) -> Scope {
    let now = Timestamp::from(SystemTime::now());
    let scope = |part: &Snapshot<Q>| {
        let scope = part.query().scope(part.submitted_at().unwrap_or(now));
        let was_attached_to = part.execution_id().is_some() && part.submitted_at().is_none();
        if was_attached_to { scope.attached() } else { scope }
    };
    parts.map(scope).reduce(Scope::join).unwrap_or_else(|| Scope::new(Q::FAMILY, now))
}

/// Knows how a stopped run can be resumed.
#[derive(Clone, Debug)]
struct Guide {
    recorder: Option<Recorder>,
    lasting: Lasting,
    several: bool,
}

impl Guide {
    /// Returns how to resume the run, after it has stopped.
    fn recovery(&self) -> Recovery {
        match (&self.recorder, self.lasting) {
            (Some(recorder), _) => recorder.leave(),
            (None, Lasting::Program) => Recovery::Program,
            (None, Lasting::Service) if self.several => Recovery::Parts,
            (None, Lasting::Service) => Recovery::Attach,
        }
    }
}

/// Returns a seed for jitter. The standard library's hash keys are random enough.
pub(crate) fn seed() -> u64 {
    RandomState::new().hash_one(())
}
