//! The options of every command that runs a query.

use std::path::PathBuf;

use clap::Args;
use usage_core::ExecutionId;

use crate::connection::credentials::CredentialArgs;
use crate::connection::organizations::{AllProfilesArgs, Organizations};
use crate::connection::{TargetArgs, TimingArgs};
use crate::output::OutputArgs;
use crate::problem::Problem;
use crate::run::dry_run::DryRun;
use crate::run::selection::Selection;

/// The options of every command that runs a query.
#[derive(Debug, Args)]
pub(crate) struct CommonArgs {
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
    #[command(flatten)]
    pub(crate) credentials: CredentialArgs,
    #[command(flatten)]
    pub(crate) selection: Selection,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Where the service is and how to talk to it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Service")]
pub(crate) struct ServiceArgs {
    #[command(flatten)]
    pub(crate) target: TargetArgs,

    /// Resume an execution that was submitted before, by its id. The period is not needed then
    #[arg(long, value_name = "EXECUTION_ID", conflicts_with = "simulate")]
    pub(crate) attach: Option<ExecutionId>,

    /// Keep the state of the run in this file. After any end, even a kill, 'genesys-usage resume FILE' continues it
    ///
    /// The file must not exist yet; it is removed when the result is written. It holds the query and the hosts, no
    /// credential and no row.
    #[arg(long, value_name = "FILE", conflicts_with = "simulate")]
    pub(crate) state: Option<PathBuf>,

    /// Show the request in place of sending it, as text or as a curl command, without the token
    #[arg(
        long,
        value_name = "FORM",
        value_enum,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "text",
        conflicts_with_all = ["simulate", "state"]
    )]
    pub(crate) dry_run: Option<DryRun>,

    /// Also ask for the names of users, OAuth clients and the organization
    ///
    /// Each is asked for only if the rows need it: GET /api/v2/users, GET /api/v2/oauth/clients (permission
    /// oauth:client:view), GET /api/v2/organizations/me. What may not be read stays an id, with a warning.
    #[arg(long)]
    pub(crate) names: bool,

    #[command(flatten)]
    pub(crate) timing: TimingArgs,

    #[command(flatten)]
    pub(crate) all: AllProfilesArgs,
}

impl ServiceArgs {
    /// Returns the organizations that the options name if they name several.
    pub(crate) fn several<'a>(
        &'a self,
        credentials: &'a CredentialArgs,
    ) -> Result<Option<Organizations<'a>>, Problem> {
        let several = Organizations::several(&self.target, &self.timing, credentials, &self.all)?;
        let alone = [(self.attach.is_some(), "--attach"), (self.state.is_some(), "--state")];
        match alone.iter().find(|(is_given, _)| *is_given) {
            Some((_, option)) if several.is_some() => Err(Problem::usage(format!(
                "{option} is for one organization, and there are several profiles"
            ))
            .with_hint("name one profile")),
            _ => Ok(several),
        }
    }
}
