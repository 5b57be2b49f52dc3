//! The login host: its token endpoint, its authorization page, and the tokens that it issued.

mod authorize;
mod form;
mod grant;
mod pkce;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Response, StatusCode};
use serde_json::json;
use usage_core::Timestamp;

use crate::config::{Redacted, SimulatorConfig};
use crate::reply::{self, Problem};
use crate::seed::{self, Purpose};
use authorize::Codes;
use grant::{Refresh, RefreshTokens};

/// Maximum number of tokens kept before expired ones, and then the oldest, are dropped.
const MAX_TOKENS: usize = 10_000;

/// The length of the prefix that all access tokens of an organization share.
const PREFIX_LEN: usize = 12;

/// The client that can log in, and its tokens and codes.
#[derive(Clone)]
pub(crate) struct Tokens {
    seed: u64,
    client_id: String,
    client_secret: Redacted,
    lifetime: Duration,
    issued: u64,
    live: BTreeMap<String, Token>,
    redirect_uris: Option<BTreeSet<String>>,
    organization_name: String,
    codes: Codes,
    refresh: RefreshTokens,
}

#[derive(Clone, Copy, Debug)]
struct Token {
    number: u64,
    expires: Timestamp,
}

impl Tokens {
    pub(crate) fn new(config: &SimulatorConfig) -> Self {
        Self {
            seed: config.seed,
            client_id: config.client_id(),
            client_secret: Redacted(config.client_secret()),
            lifetime: config.token_lifetime,
            issued: 0,
            live: BTreeMap::new(),
            redirect_uris: config.redirect_uris.clone(),
            organization_name: config.organization_name.clone(),
            codes: Codes::default(),
            refresh: RefreshTokens::default(),
        }
    }

    pub(crate) fn client_id(&self) -> &str {
        &self.client_id
    }

    pub(crate) fn client_secret(&self) -> &str {
        &self.client_secret.0
    }

    /// Handles `POST /oauth/token`.
    pub(crate) fn grant(&mut self, now: Timestamp, headers: &HeaderMap, body: &[u8]) -> Response<Vec<u8>> {
        match self.check(now, headers, body) {
            Ok(refresh) => {
                let access_token = self.issue(now);
                let expires_in = self.lifetime.as_secs();
                let mut body =
                    json!({"access_token": access_token, "token_type": "bearer", "expires_in": expires_in});
                if refresh == Refresh::With {
                    body["refresh_token"] = self.refresh.give_out(self.seed).into();
                }
                let mut response = reply::json_response(body.to_string().into_bytes());
                reply::insert(&mut response, http::header::CACHE_CONTROL, "no-store");
                response
            }
            Err(problem) => {
                let mut response = problem.into_response();
                if problem.status == StatusCode::UNAUTHORIZED {
                    reply::insert(&mut response, http::header::WWW_AUTHENTICATE, "Basic");
                }
                response
            }
        }
    }

    /// Issues a token that is valid from `now` for the configured time.
    pub(crate) fn issue(&mut self, now: Timestamp) -> String {
        if self.live.len() >= MAX_TOKENS {
            self.live.retain(|_, token| now < token.expires);
        }
        if self.live.len() >= MAX_TOKENS {
            let oldest = self.issued.saturating_sub(MAX_TOKENS as u64 / 2);
            self.live.retain(|_, token| token.number > oldest);
        }
        self.issued += 1;
        let secret = seed::secret_text(self.seed, Purpose::Token, self.issued, 86 - PREFIX_LEN);
        let text = self.prefix() + &secret;
        let lifetime = Duration::from_secs(self.lifetime.as_secs());
        self.live.insert(text.clone(), Token { number: self.issued, expires: now.saturating_add(lifetime) });
        text
    }

    /// Returns the prefix of every access token, which distinguishes the organizations of one host.
    pub(crate) fn prefix(&self) -> String {
        seed::secret_text(self.seed, Purpose::TokenPrefix, 0, PREFIX_LEN)
    }

    pub(crate) fn revoke(&mut self, access_token: &str) -> bool {
        self.live.remove(access_token).is_some()
    }

    pub(crate) fn revoke_all(&mut self) {
        self.live.clear();
    }

    pub(crate) fn revoke_all_refresh_tokens(&mut self) {
        self.refresh.clear();
        self.codes.clear();
    }

    /// Returns the number of the request's bearer token.
    pub(crate) fn authenticate(&self, now: Timestamp, headers: &HeaderMap) -> Result<u64, Problem> {
        let text = credentials(headers, "bearer").ok_or_else(Problem::authentication_required)?;
        let token = self.live.get(text).filter(|token| now < token.expires);
        token.map(|token| token.number).ok_or_else(Problem::bad_credentials)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let live = self.live.len();
        f.debug_struct("Tokens")
            .field("client_id", &self.client_id)
            .field("live", &live)
            .finish_non_exhaustive()
    }
}

/// Returns the media type without its parameters.
pub(crate) fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// Returns the prefix of the request's bearer token.
pub(crate) fn bearer_prefix(headers: &HeaderMap) -> Option<&str> {
    let token = credentials(headers, "bearer")?;
    Some(token.get(..PREFIX_LEN).unwrap_or(token))
}

/// Returns the client id that a request of the login host names: by basic authentication, in its form, or in its query.
pub(crate) fn client_id(request: &Request<Vec<u8>>) -> Option<String> {
    let named = |form: &[u8]| {
        form_urlencoded::parse(form).find(|(name, _)| name == "client_id").map(|(_, id)| id.into_owned())
    };
    basic(request.headers())
        .map(|(id, _)| id)
        .or_else(|| named(request.body()))
        .or_else(|| named(request.uri().query().unwrap_or_default().as_bytes()))
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let decoded = STANDARD.decode(credentials(headers, "basic")?).ok()?;
    let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((id.into(), secret.into()))
}

/// Returns the credentials after `scheme` in the `Authorization` header.
fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let (found, credentials) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let credentials = credentials.trim();
    (found.eq_ignore_ascii_case(scheme) && !credentials.is_empty()).then_some(credentials)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens() -> Tokens {
        let config = SimulatorConfig::default().with_client("id", "se:cret");
        Tokens::new(&config.with_token_lifetime(Duration::from_secs(60)))
    }

    fn headers(authorization: &str, content_type: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, authorization.parse().unwrap());
        headers.insert(http::header::CONTENT_TYPE, content_type.parse().unwrap());
        headers
    }

    #[test]
    fn tokens_expire_and_can_be_revoked() {
        let mut tokens = tokens();
        let start = Timestamp::from_unix_millis(1_000);
        let (first, second) = (tokens.issue(start), tokens.issue(start));
        let ask = |tokens: &Tokens, text: &str, now| {
            tokens
                .authenticate(now, &headers(&format!("bearer {text}"), "x/y"))
                .map_err(|problem| problem.status().as_u16())
        };
        assert_eq!(ask(&tokens, &first, start), Ok(1));
        assert_eq!(ask(&tokens, &first, start.saturating_add(Duration::from_secs(60))), Err(401));
        assert!(tokens.revoke(&first) && !tokens.revoke(&first));
        assert_eq!((ask(&tokens, &first, start), ask(&tokens, &second, start)), (Err(401), Ok(2)));
        tokens.revoke_all();
        assert_eq!(ask(&tokens, &second, start), Err(401));
        assert!(!format!("{tokens:?}").contains("cret"));
    }

    #[test]
    fn the_number_of_tokens_is_limited() {
        let mut tokens = tokens();
        for _ in 0..MAX_TOKENS + 10 {
            tokens.issue(Timestamp::UNIX_EPOCH);
        }
        assert!(tokens.live.len() <= MAX_TOKENS);
        assert!(!tokens.live.is_empty());
    }
}
