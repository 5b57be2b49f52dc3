//! The commands, one file each.

mod aggregate;
mod query;
mod resume;
mod search;
mod simulate;
mod summary;

use clap::Subcommand;

use crate::exit::Problem;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Query(Box<query::QueryArgs>),
    Summary(Box<summary::SummaryArgs>),
    Search(Box<search::SearchArgs>),
    Aggregate(Box<aggregate::AggregateArgs>),
    Resume(Box<resume::ResumeArgs>),
    Simulate(simulate::SimulateArgs),
}

impl Command {
    pub(crate) fn run(self) -> Result<(), Problem> {
        match self {
            Self::Query(args) => query::run(*args),
            Self::Summary(args) => summary::run(*args),
            Self::Search(args) => search::run(*args),
            Self::Aggregate(args) => aggregate::run(*args),
            Self::Resume(args) => resume::run(*args),
            Self::Simulate(args) => simulate::run(&args),
        }
    }

    /// How much to tell on stderr: the number of `-v`.
    pub(crate) fn verbosity(&self) -> u8 {
        match self {
            Self::Query(args) => args.common.output.verbose,
            Self::Summary(args) => args.common.output.verbose,
            Self::Search(args) => args.common.output.verbose,
            Self::Aggregate(args) => args.common.output.verbose,
            Self::Resume(args) => args.output.verbose,
            Self::Simulate(_) => 0,
        }
    }
}
