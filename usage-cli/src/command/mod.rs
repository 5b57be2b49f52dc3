//! The commands, one file each.

mod aggregate;
#[cfg(feature = "parquet")]
mod collect;
mod completions;
mod config;
mod doctor;
mod events;
mod login;
mod man;
mod query;
mod report;
mod resume;
mod search;
mod simulate;
pub(crate) mod start;
mod summary;
mod watch;

use clap::Subcommand;

use crate::arguments::deferred::Deferred;
use crate::problem::Problem;

/// The commands. The lines here are shown in the program's own help; each command's file has the rest. A command with
/// subcommands is not deferred, because completions of 'help' would miss them.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Query the usage of the organization or of one OAuth client, grouped, in total or by day
    Query(Deferred<query::QueryArgs>),
    /// Query what one OAuth client called in the last days
    Summary(Deferred<summary::SummaryArgs>),
    /// Search usage by day, client name, method and URI
    Search(Deferred<search::SearchArgs>),
    /// Query all requests of the organization or of one OAuth client, up to a year back
    Aggregate(Deferred<aggregate::AggregateArgs>),
    /// Report findings, totals, the largest callers, days, comparison and allowance
    Report(Deferred<report::ReportArgs>),
    /// Continue a run that was started with --state and has no result yet
    Resume(Deferred<resume::ResumeArgs>),
    /// Keep a history of usage by day, for one organization or for many
    #[cfg(feature = "parquet")]
    Collect(Deferred<collect::CollectArgs>),
    /// Says which feature the command needs
    #[cfg(not(feature = "parquet"))]
    #[command(hide = true, disable_help_flag = true)]
    Collect {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<std::ffi::OsString>,
    },
    /// Follow the month's requests on a schedule, and alert when a threshold is crossed
    Watch(Deferred<watch::WatchArgs>),
    Events(Box<events::EventsArgs>),
    /// Log in with a browser, and store the log-in for the other commands
    Login(Deferred<login::LoginArgs>),
    /// Remove the log-in stored by 'genesys-usage login'
    Logout(Deferred<login::LogoutArgs>),
    Config(Box<config::ConfigArgs>),
    /// Check configuration, network and permissions, and print what to fix
    Doctor(Deferred<doctor::DoctorArgs>),
    /// Run a simulated Genesys Cloud Usage API on a loopback port
    Simulate(Deferred<simulate::SimulateArgs>),
    /// Write a shell's completions for this program to standard output
    Completions(Deferred<completions::CompletionsArgs>),
    /// Write the manual pages: one for the program, and one for each command
    Man(Deferred<man::ManArgs>),
}

impl Command {
    /// Runs the command. `program` defines the whole command line.
    pub(crate) fn run(self, program: fn() -> clap::Command) -> Result<(), Problem> {
        match self {
            Self::Query(args) => query::run(args.into_inner()),
            Self::Summary(args) => summary::run(args.into_inner()),
            Self::Search(args) => search::run(args.into_inner()),
            Self::Aggregate(args) => aggregate::run(args.into_inner()),
            Self::Report(args) => report::run(&args),
            Self::Resume(args) => resume::run(args.into_inner()),
            #[cfg(feature = "parquet")]
            Self::Collect(args) => collect::run(&args),
            #[cfg(not(feature = "parquet"))]
            Self::Collect { .. } => Err(crate::output::format::of_another_build("keep a history", "parquet")),
            Self::Watch(args) => watch::run(&args),
            Self::Events(args) => events::run(*args),
            Self::Login(args) => login::run(&args),
            Self::Logout(args) => login::log_out(&args),
            Self::Config(args) => config::run(&args),
            Self::Doctor(args) => doctor::run(&args),
            Self::Simulate(args) => simulate::run(&args),
            Self::Completions(args) => completions::run(&args),
            Self::Man(args) => man::run(&args, program()),
        }
    }

    /// Returns the verbosity on stderr: the number of `-v`.
    pub(crate) fn verbosity(&self) -> u8 {
        match self {
            Self::Query(args) => args.common.output.verbose,
            Self::Summary(args) => args.common.output.verbose,
            Self::Search(args) => args.common.output.verbose,
            Self::Aggregate(args) => args.common.output.verbose,
            Self::Report(args) => args.verbosity(),
            Self::Resume(args) => args.output.verbose,
            #[cfg(feature = "parquet")]
            Self::Collect(args) => args.verbose,
            #[cfg(not(feature = "parquet"))]
            Self::Collect { .. } => 0,
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
