//! The commands, one file each.

mod aggregate;
mod config;
mod doctor;
mod events;
mod generate;
mod login;
mod query;
mod report;
mod resume;
mod search;
mod simulate;
mod summary;
mod watch;

use clap::Subcommand;

use crate::exit::Problem;

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Query(Box<query::QueryArgs>),
    Summary(Box<summary::SummaryArgs>),
    Search(Box<search::SearchArgs>),
    Aggregate(Box<aggregate::AggregateArgs>),
    Report(Box<report::ReportArgs>),
    Resume(Box<resume::ResumeArgs>),
    Watch(Box<watch::WatchArgs>),
    Events(Box<events::EventsArgs>),
    Login(Box<login::LoginArgs>),
    Logout(login::LogoutArgs),
    Config(Box<config::ConfigArgs>),
    Doctor(Box<doctor::DoctorArgs>),
    Simulate(simulate::SimulateArgs),
    Completions(generate::CompletionsArgs),
    Man(generate::ManArgs),
}

impl Command {
    pub(crate) fn run(self) -> Result<(), Problem> {
        match self {
            Self::Query(args) => query::run(*args),
            Self::Summary(args) => summary::run(*args),
            Self::Search(args) => search::run(*args),
            Self::Aggregate(args) => aggregate::run(*args),
            Self::Report(args) => report::run(&args),
            Self::Resume(args) => resume::run(*args),
            Self::Watch(args) => watch::run(&args),
            Self::Events(args) => events::run(*args),
            Self::Login(args) => login::run(&args),
            Self::Logout(args) => login::log_out(&args),
            Self::Config(args) => config::run(&args),
            Self::Doctor(args) => doctor::run(&args),
            Self::Simulate(args) => simulate::run(&args),
            Self::Completions(args) => generate::completions(&args),
            Self::Man(args) => generate::man(&args),
        }
    }

    /// How much to tell on stderr: the number of `-v`.
    pub(crate) fn verbosity(&self) -> u8 {
        match self {
            Self::Query(args) => args.common.output.verbose,
            Self::Summary(args) => args.common.output.verbose,
            Self::Search(args) => args.common.output.verbose,
            Self::Aggregate(args) => args.common.output.verbose,
            Self::Report(args) => args.verbosity(),
            Self::Resume(args) => args.output.verbose,
            Self::Watch(args) => args.verbose,
            Self::Events(_)
            | Self::Login(_)
            | Self::Logout(_)
            | Self::Config(_)
            | Self::Doctor(_)
            | Self::Simulate(_)
            | Self::Completions(_)
            | Self::Man(_) => 0,
        }
    }
}
