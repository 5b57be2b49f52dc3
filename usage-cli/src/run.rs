//! What every command that runs a query does: settle, run, write.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::SystemTime;

use usage_core::{Execution, Policy, Snapshot, UsageQuery};

use crate::args::CommonArgs;
use crate::connect::{Connection, PaceArgs};
use crate::exit::{self, Lasting, Problem};
use crate::halt::Halt;
use crate::interrupt::Interrupt;
use crate::merge::Merge;
use crate::observer::Observer;
use crate::output::OutputArgs;
use crate::progress::Progress;
use crate::state::{self, Document, Recorder};
use crate::transport::fetch;
use crate::way_on::WayOn;

/// Runs `query` and writes its rows where they belong.
pub(crate) fn run<Q: UsageQuery + Send + 'static>(query: Q, args: &CommonArgs) -> Result<(), Problem> {
    run_parts(vec![query], Merge::default(), args)
}

/// Runs `queries`, the parts of one, and writes the whole of their rows where they belong.
pub(crate) fn run_parts<Q: UsageQuery + Send + 'static>(
    queries: Vec<Q>,
    merge: Merge,
    args: &CommonArgs,
) -> Result<(), Problem> {
    // What is wrong with the input is said before anything is sent.
    let now = SystemTime::now().into();
    let attach = args.service.attach.as_ref();
    for query in &queries {
        if attach.is_none() {
            query.check(now).map_err(Problem::build)?;
        }
        query.body().map_err(Problem::build)?;
    }
    args.output.check()?;
    let connection = Connection::open(&args.service, &args.credentials)?;

    let start = |query| match attach {
        None => Execution::new(query, Policy::default(), seed(), now).snapshot(),
        Some(id) => Execution::attach(query, id.clone(), Policy::default(), seed(), now).snapshot(),
    };
    let parts: Vec<_> = queries.into_iter().map(start).collect();
    let recorder = match &args.service.state {
        None => None,
        Some(path) => {
            let document = Document::new(
                Q::FAMILY,
                connection.service(),
                connection.transport,
                args.output.destination()?,
                merge.clone(),
                parts.iter().map(state::part).collect::<Result<_, _>>()?,
            );
            Some(Recorder::create(path, document)?)
        }
    };
    Run { connection, parts, merge, recorder, output: &args.output, pace: &args.service.pace }.go()
}

/// A run of which everything is settled.
pub(crate) struct Run<'a, Q> {
    pub(crate) connection: Connection,
    pub(crate) parts: Vec<Snapshot<Q>>,
    pub(crate) merge: Merge,
    pub(crate) recorder: Option<Recorder>,
    pub(crate) output: &'a OutputArgs,
    pub(crate) pace: &'a PaceArgs,
}

impl<Q: UsageQuery + Send + 'static> Run<'_, Q> {
    pub(crate) fn go(self) -> Result<(), Problem> {
        let Self { connection, parts, merge, recorder, output, pace } = self;
        let first = parts.first().and_then(Snapshot::execution_id);
        let progress = Progress::start(output.quiet, output.verbose, parts.len(), first);
        let halt = Halt::at(pace.halt_at);
        let guide =
            Guide { recorder: recorder.clone(), lasting: connection.lasting(), several: parts.len() > 1 };
        let interrupt = Interrupt::watch(progress.clone(), {
            let guide = guide.clone();
            move || guide.way_on()
        })?;
        progress.tell(2, || connection.describe());
        let observer = Observer {
            progress: progress.clone(),
            recorder: recorder.clone(),
            verbosity: output.verbose,
            halt: halt.clone(),
        };
        let tables = fetch(&connection, parts, &observer);
        progress.finish();

        let tables = tables.map_err(|stopped| {
            if let (Some(recorder), Some(_), false) =
                (&recorder, stopped.error.execution_id(), stopped.error.can_resume())
            {
                recorder.over(stopped.part);
            }
            exit::problem::<Q>(&stopped.error, &guide.way_on())
        })?;
        let table = merge.whole(tables);
        halt.point("before writing the result");
        let write = || {
            match output.file() {
                Some(file) => output.write_file(file, &table)?,
                None => output.write_stdout(&table)?,
            }
            halt.point("after writing the result");
            recorder.as_ref().map_or(Ok(()), Recorder::remove)
        };
        let written = if output.file().is_some() { interrupt.held_off_for_good(write) } else { write() };
        written.map_err(|problem| problem.with_hints(guide.way_on().hint(progress.execution_id().as_ref())))
    }
}

/// Who knows how a run that stopped can be gone on with.
#[derive(Clone, Debug)]
struct Guide {
    recorder: Option<Recorder>,
    lasting: Lasting,
    several: bool,
}

impl Guide {
    /// To be asked when it has stopped.
    fn way_on(&self) -> WayOn {
        match (&self.recorder, self.lasting) {
            (Some(recorder), _) => recorder.leave(),
            (None, Lasting::Program) => WayOn::Program,
            (None, Lasting::Service) if self.several => WayOn::Parts,
            (None, Lasting::Service) => WayOn::Attach,
        }
    }
}

/// Jitter wants no two executions alike; the standard library's hash keys are random enough for that.
pub(crate) fn seed() -> u64 {
    RandomState::new().hash_one(())
}
