//! The program `genesys-usage`: who is burning the API allowance of a Genesys Cloud organisation.
//!
//! This library has no interface but [`main`]: the parts of the program are for it alone.

mod advice;
mod args;
mod caller;
mod chart;
mod children;
mod cli;
mod command;
mod config;
mod connect;
mod credentials;
mod divide;
mod draft;
mod dry_run;
mod exit;
mod fetch;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod halt;
mod history;
mod hosts;
mod http_request;
mod http_serve;
mod interrupt;
mod listing;
mod login;
mod merge;
mod observer;
mod output;
mod paths;
mod period;
mod private_file;
mod progress;
mod region;
mod report;
mod roots;
mod run;
mod saved;
mod secret_source;
mod secrets;
mod sort;
mod state;
mod stderr;
mod stdout;
mod text;
mod transport;
mod trust;
mod variables;
mod watch;
mod way_on;
mod words;

use std::env;
use std::process::{self, ExitCode};
#[cfg(unix)]
use std::sync::{Arc, atomic::AtomicBool};

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser};

use crate::cli::Cli;

/// The program: reads the command line of this process, does what it says, and tells how it went.
pub fn main() -> ExitCode {
    report_file_size_limit();
    let Cli { command } = Cli::try_parse().unwrap_or_else(|error| refuse(&error));
    let verbosity = command.verbosity();
    match command.run(Cli::command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            problem.report(verbosity);
            problem.code().into()
        }
    }
}

/// Tells what is wrong with the command line, or shows the help, and ends the program. An argument may be a name that was
/// copied, or that a shell completed: it is shown like any text of others.
fn refuse(error: &clap::Error) -> ! {
    let is_shown = env::args_os().all(|argument| argument.to_string_lossy().chars().all(text::is_printable));
    let mut said = error.render().to_string();
    match error.get(ContextKind::InvalidValue) {
        // It may have a password; what is wrong with it is said without.
        Some(ContextValue::String(value)) if value.contains('@') || value.contains("://") => {
            said = said.replace(value, "…");
        }
        _ if is_shown => error.exit(),
        _ => {}
    }
    said.lines().for_each(stderr::line);
    process::exit(error.exit_code())
}

/// Lets a write beyond the limit for the size of files (`ulimit -f`) fail like one to a full disk, in place of ending the
/// program.
fn report_file_size_limit() {
    #[cfg(unix)]
    {
        let is_exceeded = Arc::new(AtomicBool::new(false));
        // Without the handler the program is ended, as any other.
        drop(signal_hook::flag::register(rustix::process::Signal::XFSZ.as_raw(), is_exceeded));
    }
}

/// The README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
