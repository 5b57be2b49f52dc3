//! Where the credential comes from: files and commands named by options, the environment, the configuration, or a
//! log-in. It is never an argument.

use std::path::PathBuf;

use clap::Args;
use usage_core::auth::{AccessToken, Grant};

use crate::arguments::value_parsers::command;
use crate::config::secret_source::SecretFrom;
use crate::config::{Config, ProfileArgs, Said, Settings};
use crate::login::{Login, Store};
use crate::problem::Problem;
use crate::process::variables::{Variables, variable};
use crate::text::secrets;

pub(crate) const CLIENT_ID: &str = "GENESYSCLOUD_OAUTHCLIENT_ID";
pub(crate) const CLIENT_SECRET: &str = "GENESYSCLOUD_OAUTHCLIENT_SECRET";
pub(crate) const ACCESS_TOKEN: &str = "GENESYSCLOUD_ACCESS_TOKEN";

/// The options for the credential: an access token, or an OAuth client with the client-credentials grant.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Credentials")]
pub(crate) struct CredentialArgs {
    /// Log in as this OAuth client (client-credentials grant) [env: GENESYSCLOUD_OAUTHCLIENT_ID]
    #[arg(long, value_name = "ID")]
    oauth_client_id: Option<String>,

    /// Read that client's secret from this file, instead of the environment's GENESYSCLOUD_OAUTHCLIENT_SECRET
    #[arg(long, value_name = "FILE")]
    oauth_client_secret_file: Option<PathBuf>,

    /// Run this command, which prints that client's secret: 'pass show genesys/usage'
    #[arg(long, value_name = "COMMAND", value_parser = command, conflicts_with = "oauth_client_secret_file")]
    secret_command: Option<String>,

    /// Read an access token from this file, instead of the environment's GENESYSCLOUD_ACCESS_TOKEN
    ///
    /// The first of these sources is used: this file, the OAuth client of the options above,
    /// GENESYSCLOUD_ACCESS_TOKEN, the OAuth client of the environment, the configuration, the log-in stored by
    /// 'genesys-usage login'. 'genesys-usage config show' prints which one it is.
    #[arg(long, value_name = "FILE")]
    access_token_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) profile: ProfileArgs,
}

/// The source of the credential. No secret has been read yet.
#[derive(Debug)]
pub(crate) enum Source {
    AccessToken(Said<SecretFrom>),
    Client { id: Said<String>, secret: Said<SecretFrom> },
    Login(Box<Login>, Store),
}

impl Source {
    /// Reads the secrets and returns the grant.
    pub(crate) fn grant(&self) -> Result<Grant, Problem> {
        match self {
            Self::AccessToken(token) => {
                let text = token.read()?;
                let token = bare_token(text.expose());
                secrets::know(token);
                AccessToken::parse(token).map(Grant::StaticToken).map_err(Problem::build)
            }
            Self::Client { id, secret } => {
                let secret = secret.read()?;
                secrets::know_client(&id.value, secret.expose());
                Grant::client_credentials(&id.value, secret).map_err(Problem::build)
            }
            Self::Login(login, _) => login.grant(),
        }
    }
}

/// Returns the token of a header that was pasted, with or without its name: `Authorization: Bearer abc`.
fn bare_token(text: &str) -> &str {
    let without = |text, prefix: &str| match str::split_at_checked(text, prefix.len()) {
        Some((head, rest)) if head.eq_ignore_ascii_case(prefix) => rest.trim_start(),
        _ => text,
    };
    without(without(text, "authorization:"), "bearer ")
}

impl CredentialArgs {
    /// Returns the arguments for the credential of `profile`.
    pub(crate) fn of_profile(profile: ProfileArgs) -> Self {
        Self { profile, ..Self::default() }
    }

    /// Returns whether an option names a credential.
    pub(crate) fn is_given(&self) -> bool {
        self.oauth_client_id.is_some()
            || self.oauth_client_secret_file.is_some()
            || self.secret_command.is_some()
            || self.access_token_file.is_some()
    }

    /// Returns the credential of the first source that has one.
    pub(crate) fn source(&self, variables: Variables<'_>, config: &Config) -> Result<Source, Problem> {
        if let Some(file) = &self.access_token_file {
            return Ok(Source::AccessToken(Said::new(SecretFrom::File(file.clone()), "--access-token-file")));
        }
        let token = variable(variables, ACCESS_TOKEN)?;
        let is_client_named = self.oauth_client_id.is_some()
            || self.oauth_client_secret_file.is_some()
            || self.secret_command.is_some();
        if let (Some(token), false) = (token, is_client_named) {
            return Ok(Source::AccessToken(Said::new(SecretFrom::Value(token.into()), ACCESS_TOKEN)));
        }
        let (id, secret) = (self.id(variables)?, self.secret(variables)?);
        if id.is_some() || secret.is_some() {
            return completed(id, secret, config);
        }
        for settings in config.places() {
            if let Some(source) = of_settings(settings?) {
                return Ok(source);
            }
        }
        if let Some(store) = Store::of(config.profile())
            && let Some(login) = store.read()?
        {
            return Ok(Source::Login(Box::new(login), store));
        }
        Err(no_credential(config))
    }

    /// Returns the client id of the options or the environment.
    fn id(&self, variables: Variables<'_>) -> Result<Option<Said<String>>, Problem> {
        match &self.oauth_client_id {
            Some(id) => Ok(Some(Said::new(id.clone(), "--oauth-client-id"))),
            None => Ok(variable(variables, CLIENT_ID)?.map(|id| Said::new(id, CLIENT_ID))),
        }
    }

    fn secret(&self, variables: Variables<'_>) -> Result<Option<Said<SecretFrom>>, Problem> {
        if let Some(file) = &self.oauth_client_secret_file {
            return Ok(Some(Said::new(SecretFrom::File(file.clone()), "--oauth-client-secret-file")));
        }
        if let Some(command) = &self.secret_command {
            return Ok(Some(Said::new(SecretFrom::Command(command.clone()), "--secret-command")));
        }
        let secret = variable(variables, CLIENT_SECRET)?;
        Ok(secret.map(|secret| Said::new(SecretFrom::Value(secret.into()), CLIENT_SECRET)))
    }
}

/// Returns the client of the options and the environment. This program's own configuration provides the half that
/// they lack.
fn completed(
    id: Option<Said<String>>,
    secret: Option<Said<SecretFrom>>,
    config: &Config,
) -> Result<Source, Problem> {
    let id =
        id.or_else(|| config.own(|settings| settings.client_id.clone()).map(|(id, at)| Said::new(id, at)));
    let secret = secret.or_else(|| config.own(secret_of).map(|(secret, at)| Said::new(secret, at)));
    match (id, secret) {
        (Some(id), Some(secret)) => Ok(Source::Client { id, secret }),
        (Some(_), None) => {
            Err(Problem::usage("the OAuth client has an id, but no secret").with_hint(format!(
                "set {CLIENT_SECRET}, or give --oauth-client-secret-file FILE or --secret-command COMMAND"
            )))
        }
        _ => Err(Problem::usage("the OAuth client has a secret, but no id")
            .with_hint(format!("set {CLIENT_ID}, or give --oauth-client-id ID"))),
    }
}

/// Returns the credential of one source, if it has a complete one. An id without a secret is for `genesys-usage
/// login`.
fn of_settings(settings: &Settings) -> Option<Source> {
    let token = settings.access_token_file.clone().map(SecretFrom::File);
    let token = token.or_else(|| settings.access_token.clone().map(SecretFrom::Value));
    if let Some(token) = token {
        return Some(Source::AccessToken(Said::new(token, &*settings.place)));
    }
    let (id, secret) = (settings.client_id.clone()?, secret_of(settings)?);
    let place = || settings.place.clone();
    Some(Source::Client { id: Said::new(id, place()), secret: Said::new(secret, place()) })
}

fn secret_of(settings: &Settings) -> Option<SecretFrom> {
    let command = settings.secret_command.clone().map(SecretFrom::Command);
    command
        .or_else(|| settings.client_secret_file.clone().map(SecretFrom::File))
        .or_else(|| settings.client_secret.clone().map(SecretFrom::Value))
}

fn no_credential(config: &Config) -> Problem {
    if let Some(profile) = config.profile() {
        return Problem::usage(format!("the profile '{profile}' has no credentials")).with_hint(format!(
            "give it oauth-client-id and secret-command (genesys-usage config path says where), \
             or log in with a browser: genesys-usage login --profile {profile}"
        ));
    }
    let problem = Problem::usage("no credentials");
    let problem = match config.profiles() {
        [] => problem,
        names => problem.with_hint(format!("name a profile with --profile: there are {}", names.join(", "))),
    };
    problem
        .with_hint(format!(
            "set {CLIENT_ID} and {CLIENT_SECRET} (or {ACCESS_TOKEN}), and GENESYSCLOUD_REGION, to ask your organization; \
             or log in with a browser: genesys-usage login --client-id ID"
        ))
        .with_hint("or add --simulate to try it against a built-in simulator, without an account")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the credential chosen from these options and these environment variables.
    fn who(client_id: Option<&str>, environment: &[(&str, &str)]) -> Result<String, String> {
        let args = CredentialArgs { oauth_client_id: client_id.map(Into::into), ..CredentialArgs::default() };
        let find = |name: &str| environment.iter().find(|(known, _)| *known == name);
        let source = args.source(&|name| find(name).map(|(_, value)| value.into()), &Config::nowhere());
        match source.and_then(|source| source.grant()) {
            Ok(Grant::StaticToken(token)) => Ok(token.expose().to_owned()),
            Ok(Grant::ClientCredentials { client_id, client_secret }) => {
                Ok(format!("{client_id}:{}", client_secret.expose()))
            }
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn a_token_wins_unless_an_option_names_a_client() {
        let (id, secret, token) = ((CLIENT_ID, "id"), (CLIENT_SECRET, "secret"), (ACCESS_TOKEN, "token"));
        assert_eq!(who(None, &[id, secret, token]).unwrap(), "token");
        assert_eq!(who(None, &[id, secret, (ACCESS_TOKEN, "")]).unwrap(), "id:secret");
        assert_eq!(who(Some("other"), &[id, secret, token]).unwrap(), "other:secret");
        // Whitespace that clipboards and files add is removed.
        assert_eq!(who(None, &[(CLIENT_ID, "id\n"), (CLIENT_SECRET, " s3cret\r\n")]).unwrap(), "id:s3cret");
        assert_eq!(who(None, &[(CLIENT_ID, "id"), (CLIENT_SECRET, "\u{feff}s3cret")]).unwrap(), "id:s3cret");
        for pasted in
            ["token\r\n", "Bearer token", "bearer  token ", "Authorization: Bearer token", "BEARER token"]
        {
            assert_eq!(who(None, &[(ACCESS_TOKEN, pasted)]).unwrap(), "token", "{pasted:?}");
        }
        for environment in [&[id][..], &[secret], &[id, (CLIENT_SECRET, "")], &[id, (CLIENT_SECRET, " \r\n")]]
        {
            let problem = who(None, environment).unwrap_err();
            assert!(!problem.contains("\"secret\""), "{problem}");
        }
    }
}
