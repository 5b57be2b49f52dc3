//! The program `genesys-usage`: who is burning the API allowance of a Genesys Cloud organization.
//!
//! The only function of this library is [`main`].
//!
//! # Layers
//!
//! The modules, lowest first. A module imports only from those above it in this list.
//!
//! | module | what it is for |
//! |---|---|
//! | `text` | text for people: what is printable, redacted, quoted, grouped in thousands |
//! | `problem` | why the program ends without its result, and the exit codes |
//! | `process` | the environment, the standard streams, child processes |
//! | `files` | files written completely or not at all, locks, and trust in files |
//! | `http` | a small HTTP server for this machine |
//! | `arguments` | parts of the command line: values, the period |
//! | `config` | settings from files and the environment, each with its source |
//! | `service` | hosts, transports and certificates, and the meaning of failures |
//! | `login` | the log-in with a browser |
//! | `connection` | hosts, credential and timing of this run |
//! | `names` | the names of ids, fetched from the service |
//! | `output` | rows and lists in every format, to standard output and files |
//! | `dataset` | a history of days, and its missing days |
//! | `run` | executions: fetched, divided, merged, resumed |
//! | `collect` | missing days of a history, fetched and stored |
//! | `saved` | rows of saved files |
//! | `chart` | charts, in terminals and as SVG |
//! | `report` | a report in every format |
//! | `watch` | thresholds, alerts, and the state between polls |
//! | `command` | the commands, one file each |
//! | `cli` | the command line as a whole |

mod arguments;
mod chart;
mod cli;
#[cfg(feature = "parquet")]
mod collect;
mod command;
mod config;
mod connection;
#[cfg(feature = "parquet")]
mod dataset;
mod files;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod login;
mod names;
mod output;
mod problem;
mod process;
mod report;
mod run;
mod saved;
mod service;
mod text;
mod watch;

use std::env;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
#[cfg(unix)]
use std::sync::{Arc, atomic::AtomicBool};

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, Parser};

use crate::arguments::completion;
use crate::cli::Cli;
use crate::problem::{Code, Problem};

/// The program: reads the command line of this process, does what it says, and tells how it went.
pub fn main() -> ExitCode {
    if let Some(code) = completion::answer(Cli::command) {
        return code;
    }
    report_file_size_limit();
    if env::args_os().len() <= 1 && io::stdout().is_terminal() {
        return ended(command::start::run(), 0);
    }
    let Cli { command, color } = Cli::try_parse().unwrap_or_else(|error| refuse(&error));
    color.apply();
    let verbosity = command.verbosity();
    ended(command.run(Cli::command), verbosity)
}

/// Reports how the program ended.
fn ended(result: Result<(), Problem>, verbosity: u8) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            process::stderr::problem(&problem, verbosity);
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
        // The value may contain a password, so the message leaves it out.
        Some(ContextValue::String(value)) if value.contains('@') || value.contains("://") => {
            said = said.replace(value, "…");
        }
        _ if is_shown => {
            let is_lost = error.print().is_err_and(|problem| problem.kind() != io::ErrorKind::BrokenPipe);
            std::process::exit(if is_lost { Code::Usage as i32 } else { error.exit_code() });
        }
        _ => {}
    }
    said.lines().for_each(process::stderr::line);
    std::process::exit(error.exit_code())
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
