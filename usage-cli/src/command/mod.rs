//! The commands, one file each.

mod query;
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
    Simulate(simulate::SimulateArgs),
}

impl Command {
    pub(crate) fn run(self) -> Result<(), Problem> {
        match self {
            Self::Query(args) => query::run(*args),
            Self::Summary(args) => summary::run(*args),
            Self::Search(args) => search::run(*args),
            Self::Simulate(args) => simulate::run(&args),
        }
    }

    /// How much to tell on stderr: the number of `-v`.
    pub(crate) fn verbosity(&self) -> u8 {
        match self {
            Self::Query(args) => args.common.output.verbose,
            Self::Summary(args) => args.common.output.verbose,
            Self::Search(args) => args.common.output.verbose,
            Self::Simulate(_) => 0,
        }
    }
}
