//! What the command lines of several commands have in common.

use clap::Args;

use crate::connect::ServiceArgs;
use crate::credentials::CredentialArgs;
use crate::output::OutputArgs;

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
