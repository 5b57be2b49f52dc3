//! The command line, as far as it is common to several commands.

use clap::{Args, Parser};

use crate::command::Command;
use crate::connect::ServiceArgs;
use crate::credentials::CredentialArgs;
use crate::output::OutputArgs;

/// Who is burning the API allowance of a Genesys Cloud organisation?
///
/// Asks the Genesys Cloud Usage API which OAuth clients called what and how often: submits a query, waits until the
/// service has run it, and reads all rows of its result.
#[derive(Debug, Parser)]
#[command(name = "genesys-usage", version, max_term_width = 100, after_help = EXAMPLES, after_long_help = LONG_EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  genesys-usage query --simulate --last 7d               try it, without an account
  genesys-usage query --last 7d --group-by client,uri    who called what in the last week

'genesys-usage --help' lists the exit codes, 'genesys-usage query --help' the options of a command.";

const LONG_EXAMPLES: &str = "\
Examples:
  genesys-usage query --simulate --last 7d               try it, without an account
  genesys-usage query --last 7d --group-by client,uri    who called what in the last week
  genesys-usage login --client-id ID --open              ask as yourself, with a browser
  genesys-usage doctor                                   what stands between here and the rows
  genesys-usage aggregate --last 200d --group-by platform --state run.json
  genesys-usage query --month 2026-10 --format csv --output october.csv

Exit codes:
  0    done
  1    the service refused the query, or it failed there; doctor: a check failed
  2    wrong usage or configuration, or the result could not be written
  3    not authorised: the credential is not accepted, or lacks a permission
  4    the deadline passed; go on with --attach, or after --state with resume
  5    the service could not be reached or broke the protocol
  6    watch: a threshold is crossed
  130  interrupted";

/// What every command that runs a query takes.
#[derive(Debug, Args)]
pub(crate) struct CommonArgs {
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
    #[command(flatten)]
    pub(crate) credentials: CredentialArgs,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
