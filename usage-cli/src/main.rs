//! `genesys-usage`: who is burning the API allowance of a Genesys Cloud organisation.

mod args;
mod command;
mod connect;
mod credentials;
mod exit;
mod halt;
mod interrupt;
mod merge;
mod observer;
mod output;
mod paths;
mod period;
mod progress;
mod run;
mod sort;
mod state;
mod stderr;
mod transport;
mod way_on;
mod words;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Cli;

fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    let verbosity = command.verbosity();
    match command.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            problem.report(verbosity);
            problem.code().into()
        }
    }
}
