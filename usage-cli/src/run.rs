//! What every command that runs a query does: settle, run, write.

use usage_core::UsageQuery;

use crate::args::CommonArgs;
use crate::connect::Connection;
use crate::exit::{self, Lasting, Problem};
use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::transport::fetch;

/// Runs `query` and writes its rows where they belong.
pub(crate) fn run<Q: UsageQuery + Send + 'static>(query: Q, args: &CommonArgs) -> Result<(), Problem> {
    // What is wrong with the input is said before anything is sent.
    query.body().map_err(Problem::build)?;
    args.output.check()?;
    let connection = Connection::open(&args.service, &args.credentials)?;

    let progress = Progress::start(args.output.quiet, args.output.verbose, args.service.attach.as_ref());
    let interrupt = Interrupt::watch(progress.clone(), connection.lasting())?;
    progress.tell(2, || connection.describe());
    let observer = progress.clone();
    let table = fetch(&connection, query, args.service.attach.clone(), move |execution, notice| {
        observer.notice(execution, notice);
    });
    progress.finish();

    let table = table.map_err(|error| exit::problem::<Q>(&error, connection.lasting()))?;
    let written = match args.output.file() {
        Some(file) => interrupt.held_off_for_good(|| args.output.write_file(file, &table)),
        None => args.output.write_stdout(&table),
    };
    written.map_err(|problem| match (progress.execution_id(), connection.lasting()) {
        (Some(id), Lasting::Service) => problem.with_hint(exit::attach(id)),
        _ => problem,
    })
}
