//! `genesys-usage resume`: continues a run that stored its state in a file.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use usage_core::query::{
    ClientJob, ClientQuery, ClientSummary, OrganizationJob, OrganizationQuery, SimpleSearch,
};
use usage_core::{Execution, Policy, Snapshot, UsageQuery};

use crate::config;
use crate::connection::credentials::CredentialArgs;
use crate::connection::{Connection, TimingArgs};
use crate::files::private_file::Held;
use crate::output::{OutputArgs, Shape};
use crate::problem::{Code, Problem};
use crate::run::divide::Divisible;
use crate::run::recovery::resubmit;
use crate::run::state::{Document, Recorder, Stage};
use crate::run::with_names::Naming;
use crate::run::{Run, seed};

/// Continue a run that was started with --state and has no result yet
///
/// It contacts the hosts of the run, submits what was not submitted, continues the executions that were, and reads
/// all rows: the result is the one that the run would have had. The rows are written with the format and to the place
/// that the run was given, unless options say otherwise. The file contains no credentials: give them as for the run.
/// The deadline starts anew.
///
/// If the run ended after a submit and before its response, it is unknown whether the service accepted it. The
/// command then stops with exit code 5, unless --resubmit is given.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ResumeArgs {
    /// The state file of the run
    file: PathBuf,

    /// Submit again executions that may have been submitted, or that ended without a result
    #[arg(long)]
    resubmit: bool,

    #[command(flatten)]
    timing: TimingArgs,
    #[command(flatten)]
    credentials: CredentialArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

const EXAMPLES: &str = "\
Examples:
  genesys-usage aggregate --last 1w --group-by platform --state run.json
  genesys-usage resume run.json
      Goes on after the deadline, Ctrl-C, or a crash of the machine.
  genesys-usage resume run.json --output platforms.csv --deadline 1h
      The same, with more time and another output.";

pub(crate) fn run(args: ResumeArgs) -> Result<(), Problem> {
    let (document, held) = Document::read(&args.file)?;
    match &*document.family {
        OrganizationQuery::FAMILY => go_on::<OrganizationQuery>(document, held, args),
        ClientQuery::FAMILY => go_on::<ClientQuery>(document, held, args),
        ClientSummary::FAMILY => go_on::<ClientSummary>(document, held, args),
        SimpleSearch::FAMILY => go_on::<SimpleSearch>(document, held, args),
        OrganizationJob::FAMILY => go_on::<OrganizationJob>(document, held, args),
        ClientJob::FAMILY => go_on::<ClientJob>(document, held, args),
        family => Err(Problem::usage(format!(
            "the state file {} is of a query family that is not known here: {family}",
            args.file.display()
        ))),
    }
}

fn go_on<Q: Divisible>(mut document: Document, held: Held, args: ResumeArgs) -> Result<(), Problem> {
    let mut parts = document.snapshots::<Q>(&args.file)?;
    if args.resubmit {
        submit_anew(&mut document, &mut parts);
    } else if document.parts.iter().any(|part| part.stage == Stage::InFlight) {
        return Err(ambiguous(&args.file));
    }
    let transport = args.timing.transport.unwrap_or(document.transport);
    let output = args.output.or(document.output.clone());
    output.check()?;
    output.check_apart(&args.file)?;
    let first = parts.first().ok_or_else(|| Problem::usage("the state has no executions"))?;
    let shape = Shape::of(first.query(), document.service.api_url.clone());
    output.check_whole(document.merge.selection.may_leave_out())?;
    output.check_shape(&shape)?;
    document.transport = transport;
    document.output = output.destination()?;
    let connection =
        Connection::reopen(document.service.clone(), &args.credentials, &args.timing, transport)?;
    let (merge, divides) = (document.merge.clone(), !document.attached);
    let recorder = Some(Recorder::reopen(&args.file, held, document));
    let names = Naming::of(config::names(&args.credentials.profile, false)?);
    Run {
        connection,
        parts,
        aside: None,
        divides,
        shape,
        merge,
        names,
        recorder,
        output: &output,
        timing: &args.timing,
    }
    .go()
}

/// Creates new executions for those that ended without a result, and for those that may or may not have been
/// submitted.
fn submit_anew<Q: UsageQuery>(document: &mut Document, parts: &mut [Snapshot<Q>]) {
    for (part, snapshot) in document.parts.iter_mut().zip(parts) {
        if part.over || part.stage == Stage::InFlight {
            let query = snapshot.query().clone();
            let anew = Execution::new(query, Policy::default(), seed(), SystemTime::now().into());
            *snapshot = anew.snapshot();
        }
    }
}

fn ambiguous(file: &Path) -> Problem {
    let message =
        "the run ended after a submit and before its answer: whether the service took it is not known";
    Problem::new(Code::Unreachable, message).with_hint(resubmit(file))
}
