//! `genesys-usage` without arguments on a terminal: what to do next.

use std::env;

use crate::config::{Config, ProfileArgs};
use crate::connection::credentials::{CredentialArgs, Source};
use crate::connection::hosts::HostArgs;
use crate::problem::Problem;
use crate::process::stdout;
use crate::process::variables::Variables;
use crate::text::one_line;
use crate::text::secrets::redacted;

/// The first commands of an organization that can be asked.
const ASK: &str = "
  genesys-usage report --last 30d               who uses the API, what grows, what fails
  genesys-usage query --last 7d                 the requests of each OAuth client
  genesys-usage collect --into lake             keep a history of every day
  genesys-usage doctor                          check the log-in and the permissions
";

/// The first commands without a credential.
const SET_UP: &str = "
  genesys-usage report --last 30d --simulate    try it, without an account
  genesys-usage login --client-id ID --open     log in with a browser
  genesys-usage doctor                          what is set up, what is missing
";

const HELP: &str = "
genesys-usage --help lists the commands; each has its own --help with examples.";

/// Writes what can be done next, with what is configured.
pub(crate) fn run() -> Result<(), Problem> {
    let (standing, commands) = match configured() {
        Ok(standing) => (standing, ASK),
        Err(problem) => (format!("Not ready to ask an organization: {problem}."), SET_UP),
    };
    let standing = redacted(&standing).into_owned();
    stdout::write(None, |to| writeln!(to, "{}\n{commands}{HELP}", one_line(&standing)))
}

/// Returns in a sentence which service is asked, and by which credential. No secret is read.
fn configured() -> Result<String, Problem> {
    let variables: Variables<'_> = &|name| env::var_os(name);
    let config = Config::load(&ProfileArgs::default(), variables)?;
    let source = CredentialArgs::default().source(variables, &config)?;
    let service = HostArgs::default().service(&source, variables, &config)?;
    let who = match &source {
        Source::AccessToken(_) => "the bearer of an access token".to_owned(),
        Source::Client { id, .. } => format!("OAuth client {}", id.value),
        Source::Login(login, _) => format!("the user of a log-in with OAuth client {}", login.client_id),
    };
    Ok(format!("Ready to ask {} as {who}.", service.api_url))
}
