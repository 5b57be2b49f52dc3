//! Where the credential comes from: files named by options, or the environment. Never an argument.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use usage_core::Secret;
use usage_core::auth::{AccessToken, Grant};

use crate::exit::Problem;

const CLIENT_ID: &str = "GENESYSCLOUD_OAUTHCLIENT_ID";
const CLIENT_SECRET: &str = "GENESYSCLOUD_OAUTHCLIENT_SECRET";
const ACCESS_TOKEN: &str = "GENESYSCLOUD_ACCESS_TOKEN";

/// A secret is short; more than this is the wrong file.
const MAX_SECRET: u64 = 64 * 1024;

/// Who asks: an access token, or an OAuth client with the client-credentials grant.
#[derive(Debug, Args)]
#[command(next_help_heading = "Credentials")]
pub(crate) struct CredentialArgs {
    /// The id of the OAuth client to log in as (client-credentials grant) [env: GENESYSCLOUD_OAUTHCLIENT_ID]
    #[arg(long, value_name = "ID")]
    oauth_client_id: Option<String>,

    /// A file with that client's secret, in place of the environment's GENESYSCLOUD_OAUTHCLIENT_SECRET
    #[arg(long, value_name = "FILE")]
    oauth_client_secret_file: Option<PathBuf>,

    /// A file with an access token, in place of the environment's GENESYSCLOUD_ACCESS_TOKEN
    ///
    /// An access token wins over an OAuth client, and options win over the environment: the token of this file, then
    /// the client of the options above, then GENESYSCLOUD_ACCESS_TOKEN, then the client of the environment.
    #[arg(long, value_name = "FILE")]
    access_token_file: Option<PathBuf>,
}

/// How a variable of the environment is read.
pub(crate) type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

impl CredentialArgs {
    /// The credential to use.
    pub(crate) fn grant(&self, variables: Variables<'_>) -> Result<Grant, Problem> {
        if let Some(file) = &self.access_token_file {
            return access_token(&read_secret(file, "access token")?);
        }
        let client_is_named = self.oauth_client_id.is_some() || self.oauth_client_secret_file.is_some();
        match variable(variables, ACCESS_TOKEN)? {
            Some(token) if !client_is_named => access_token(&Secret::new(token)),
            _ => self.client(variables),
        }
    }

    fn client(&self, variables: Variables<'_>) -> Result<Grant, Problem> {
        let id = match &self.oauth_client_id {
            Some(id) => Some(id.clone()),
            None => variable(variables, CLIENT_ID)?,
        };
        let secret = match &self.oauth_client_secret_file {
            Some(file) => Some(read_secret(file, "client secret")?),
            None => variable(variables, CLIENT_SECRET)?.map(Secret::new),
        };
        match (id, secret) {
            (Some(id), Some(secret)) => Grant::client_credentials(&id, secret).map_err(Problem::build),
            (None, None) => Err(no_credential()),
            (Some(_), None) => Err(Problem::usage("the OAuth client has an id, but no secret")
                .with_hint(format!("set {CLIENT_SECRET}, or give --oauth-client-secret-file FILE"))),
            (None, Some(_)) => Err(Problem::usage("the OAuth client has a secret, but no id")
                .with_hint(format!("set {CLIENT_ID}, or give --oauth-client-id ID"))),
        }
    }
}

fn no_credential() -> Problem {
    Problem::usage("no credentials")
        .with_hint(format!(
            "set {CLIENT_ID} and {CLIENT_SECRET} (or {ACCESS_TOKEN}), and GENESYSCLOUD_REGION, to ask your organisation"
        ))
        .with_hint("or add --simulate to try it against a built-in simulator, without an account")
}

fn access_token(token: &Secret<String>) -> Result<Grant, Problem> {
    AccessToken::parse(token.expose()).map(Grant::Manual).map_err(Problem::build)
}

/// The value of `name`; an empty one counts as none.
pub(crate) fn variable(variables: Variables<'_>, name: &str) -> Result<Option<String>, Problem> {
    let value = variables(name).filter(|value| !value.is_empty());
    // The value may be a secret: it is not repeated.
    value
        .map(|value| value.into_string().map_err(|_| Problem::usage(format!("{name} is not UTF-8"))))
        .transpose()
}

/// The whole text of `file`, without white space around it.
fn read_secret(file: &Path, what: &str) -> Result<Secret<String>, Problem> {
    let mut text = String::new();
    let read = File::open(file).and_then(|file| file.take(MAX_SECRET + 1).read_to_string(&mut text));
    let text = Secret::new(text);
    let name = file.display();
    match read {
        Err(error) => Err(Problem::usage(format!("cannot read the {what} from {name}: {error}"))),
        Ok(_) if text.expose().trim().is_empty() => {
            Err(Problem::usage(format!("the file {name} should hold the {what}, but is empty")))
        }
        Ok(length) if length as u64 > MAX_SECRET => {
            Err(Problem::usage(format!("the file {name} should hold the {what}, but is far too long")))
        }
        Ok(_) => Ok(Secret::new(text.expose().trim().to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who asks, given these options and an environment of these variables.
    fn who(client_id: Option<&str>, environment: &[(&str, &str)]) -> Result<String, String> {
        let args = CredentialArgs {
            oauth_client_id: client_id.map(Into::into),
            oauth_client_secret_file: None,
            access_token_file: None,
        };
        let find = |name: &str| environment.iter().find(|(known, _)| *known == name);
        match args.grant(&|name| find(name).map(|(_, value)| value.into())) {
            Ok(Grant::Manual(token)) => Ok(token.expose().to_owned()),
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
        for environment in [&[][..], &[id], &[secret], &[id, (CLIENT_SECRET, "")]] {
            let problem = who(None, environment).unwrap_err();
            assert!(!problem.contains("\"secret\""), "{problem}");
        }
    }
}
