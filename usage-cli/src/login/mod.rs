//! What `genesys-usage login` stores, and how it is used and renewed.
//!
//! # The file
//!
//! `~/.config/genesys-usage/login.json`, or `login-PROFILE.json` for a profile: one line of JSON with mode 0600,
//! replaced as a whole. Members of version 1:
//!
//! | member | meaning |
//! |---|---|
//! | `format`, `version` | `"genesys-usage login"`, `1` |
//! | `apiUrl`, `loginUrl` | the hosts; the tokens are sent to no others |
//! | `clientId` | the OAuth client |
//! | `secretCommand`, `secretFile` | where the client's secret comes from, if it has one; never the secret itself |
//! | `accessToken`, `expiresAt` | the token, and when it expires in Unix milliseconds |
//! | `refreshToken` | the refresh token, if the service issued one |
//!
//! Later versions of this program read the files of this version. A member that readers may ignore can be added to
//! version 1; any other change needs a new version, which older programs refuse.
//!
//! # Renewal
//!
//! A token that expires within [`RENEW_AHEAD`] is renewed before a command starts, by one process at a time: the
//! others wait for `login.json.lock` and then find the new token. Where the service rotates refresh tokens, renewing
//! invalidates the old one, so the program first proves that the file has room for a new one. A new token is lost
//! only if the process is killed between the service's response and the write a few system calls later; the user then
//! logs in again.
//!
//! A token that is renewed during a command, because it was refused or because it expired, is written back at once,
//! whether the command succeeds or not. This renewal takes no lock: of two commands that renew at the same moment,
//! the second may be refused and asks the user to log in. When it is run again, it finds the token of the first.

mod keeper;
pub(crate) mod listener;
mod page;
pub(crate) mod redirect_uri;
mod store;

use std::time::{Duration, SystemTime};

use usage_core::auth::{AccessToken, Grant, OAuthClient};
use usage_core::error::Failure;
use usage_core::{Policy, Secret, Session, Timestamp};
use usage_driver::ClientBuilder;

pub(crate) use keeper::Keeper;
pub(crate) use page::Page;
pub(crate) use store::{Login, Store};

use crate::problem::{Code, Problem};
use crate::service::Service;
use crate::service::USER_AGENT;
use crate::service::advice;
use crate::service::failure;
use crate::service::route::Route;
use crate::text::secrets;

/// How long before its expiry a token is renewed when a command starts.
const RENEW_AHEAD: Duration = Duration::from_secs(5 * 60);

impl Login {
    /// Returns the grant that commands use: the token, and what renews it.
    pub(crate) fn grant(&self) -> Result<Grant, Problem> {
        let token = AccessToken::parse(self.access_token.expose()).map_err(Problem::build)?;
        Ok(Grant::issued(token, self.expires_at, self.renewal()?))
    }

    fn renewal(&self) -> Result<Option<Grant>, Problem> {
        let Some(refresh_token) = &self.refresh_token else { return Ok(None) };
        let client = match &self.secret {
            None => OAuthClient::public(&self.client_id),
            Some(secret) => {
                let secret = secret.read()?;
                secrets::know_client(&self.client_id, secret.expose());
                OAuthClient::confidential(&self.client_id, secret)
            }
        };
        let grant = client.and_then(|client| Grant::refresh_token(client, refresh_token.clone()));
        grant.map(Some).map_err(Problem::build)
    }

    /// Takes over the token of `session`. Returns `false` if it is already known.
    pub(crate) fn take(&mut self, session: &Session) -> bool {
        let Some(token) = session.access_token() else { return false };
        let refresh_token = session.refresh_token();
        let is_known = token.expose() == self.access_token.expose()
            && refresh_token.map(Secret::expose) == self.refresh_token.as_ref().map(Secret::expose);
        if is_known {
            return false;
        }
        self.access_token = token.expose().to_owned().into();
        self.expires_at = session.access_token_expires_at();
        self.refresh_token = refresh_token.cloned();
        true
    }

    fn ends_within(&self, time: Duration) -> bool {
        let now = Timestamp::from(SystemTime::now());
        self.expires_at.is_some_and(|end| end <= now.saturating_add(time))
    }
}

/// Returns `login`, as read from `store`, with a token that does not expire soon. Renews the token if necessary.
pub(crate) fn fresh(store: &Store, login: Login, policy: Policy, route: &Route) -> Result<Login, Problem> {
    if !login.ends_within(RENEW_AHEAD) {
        return Ok(login);
    }
    if login.refresh_token.is_none() {
        // Without a refresh token, the token is used until it expires.
        return if login.ends_within(Duration::ZERO) { Err(expired()) } else { Ok(login) };
    }
    let lock = store.lock()?;
    // Another process may have renewed it meanwhile.
    let mut login = store.read()?.ok_or_else(expired)?;
    let Some(renewal) = login.renewal()?.filter(|_| login.ends_within(RENEW_AHEAD)) else { return Ok(login) };
    // Where the service rotates refresh tokens, a new one that cannot be stored is lost.
    store.prove(&login, &lock)?;
    let builder = ClientBuilder::<usage_blocking::Client>::new()
        .api_url(login.api_url.clone())
        .login_url(login.login_url.clone())
        .grant(renewal)
        .policy(policy)
        .user_agent(USER_AGENT);
    let client = route.build(builder).map_err(Problem::build)?;
    client.log_in().map_err(|error| {
        // An error page of a proxy says nothing about the log-in.
        if matches!(error.failure(), Failure::Unauthorized(_)) && advice::foreign(&error).is_none() {
            return expired().with_hints([error.to_string()]);
        }
        let service = Service { api_url: login.api_url.clone(), login_url: login.login_url.clone() };
        failure::of_call(&error, &service, &[])
    })?;
    login.take(&client.session());
    store.write(&login, &lock)?;
    Ok(login)
}

fn expired() -> Problem {
    Problem::new(Code::Unauthorized, "the log-in has expired").with_hint("log in again: genesys-usage login")
}
