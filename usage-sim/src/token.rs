//! The token endpoint and the access tokens that it gave out.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Response, StatusCode};
use serde_json::json;
use usage_core::Timestamp;

use crate::config::{Redacted, SimulatorConfig};
use crate::reply::{self, OAuthProblem, Problem};
use crate::seed::{self, Purpose};

/// Tokens kept before expired ones, and then the oldest, are dropped.
const MAX_TOKENS: usize = 10_000;

const FORM: &str = "application/x-www-form-urlencoded";

/// The client that may log in, and the tokens it got.
#[derive(Clone)]
pub(crate) struct Tokens {
    seed: u64,
    client_id: String,
    client_secret: Redacted,
    lifetime: Duration,
    issued: u64,
    live: BTreeMap<String, Token>,
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
        }
    }

    pub(crate) fn client_id(&self) -> &str {
        &self.client_id
    }

    pub(crate) fn client_secret(&self) -> &str {
        &self.client_secret.0
    }

    /// `POST /oauth/token`.
    pub(crate) fn grant(&mut self, now: Timestamp, headers: &HeaderMap, body: &[u8]) -> Response<Vec<u8>> {
        match self.check(headers, body) {
            Ok(()) => {
                let access_token = self.issue(now);
                let expires_in = self.lifetime.as_secs();
                let body =
                    json!({"access_token": access_token, "token_type": "bearer", "expires_in": expires_in});
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

    /// A new token, good from `now` for the configured time.
    pub(crate) fn issue(&mut self, now: Timestamp) -> String {
        if self.live.len() >= MAX_TOKENS {
            self.live.retain(|_, token| now < token.expires);
        }
        if self.live.len() >= MAX_TOKENS {
            let oldest = self.issued.saturating_sub(MAX_TOKENS as u64 / 2);
            self.live.retain(|_, token| token.number > oldest);
        }
        self.issued += 1;
        let text = seed::secret_text(self.seed, Purpose::Token, self.issued, 86);
        let lifetime = Duration::from_secs(self.lifetime.as_secs());
        self.live.insert(text.clone(), Token { number: self.issued, expires: now.saturating_add(lifetime) });
        text
    }

    pub(crate) fn revoke(&mut self, access_token: &str) -> bool {
        self.live.remove(access_token).is_some()
    }

    pub(crate) fn revoke_all(&mut self) {
        self.live.clear();
    }

    /// The number of the bearer token that came with a request.
    pub(crate) fn authenticate(&self, now: Timestamp, headers: &HeaderMap) -> Result<u64, Problem> {
        let text = credentials(headers, "bearer").ok_or_else(Problem::authentication_required)?;
        let token = self.live.get(text).filter(|token| now < token.expires);
        token.map(|token| token.number).ok_or_else(Problem::bad_credentials)
    }

    fn check(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), OAuthProblem> {
        let refuse = |status, error, description| Err(OAuthProblem::new(status, error, description));
        let content_type =
            headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !essence(content_type).eq_ignore_ascii_case(FORM) {
            return refuse(StatusCode::BAD_REQUEST, "invalid_request", "content type must be a form");
        }
        let mut grants = form_urlencoded::parse(body).filter(|(name, _)| name == "grant_type");
        let (Some((_, grant)), None) = (grants.next(), grants.next()) else {
            return refuse(StatusCode::BAD_REQUEST, "invalid_request", "exactly one grant_type is needed");
        };
        if grant != "client_credentials" {
            return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type", "grant type is not supported");
        }
        let Some((id, secret)) = basic(headers) else {
            return refuse(StatusCode::UNAUTHORIZED, "invalid_client", "client credentials are missing");
        };
        if id != self.client_id {
            return refuse(StatusCode::BAD_REQUEST, "invalid_client", "client not found");
        }
        if secret != self.client_secret.0 {
            return refuse(StatusCode::UNAUTHORIZED, "invalid_client", "authentication failed");
        }
        Ok(())
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

/// The media type without its parameters.
pub(crate) fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let decoded = STANDARD.decode(credentials(headers, "basic")?).ok()?;
    let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some((id.into(), secret.into()))
}

/// What follows `scheme` in the `Authorization` header.
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
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        headers
    }

    fn refused(authorization: &str, content_type: &str, form: &str) -> (u16, &'static str, &'static str) {
        let problem = tokens().check(&headers(authorization, content_type), form.as_bytes()).unwrap_err();
        (problem.status.as_u16(), problem.error, problem.description)
    }

    #[test]
    fn refusals_of_the_token_endpoint() {
        let right = format!("Basic {}", STANDARD.encode("id:se:cret"));
        let wrong_secret = format!("Basic {}", STANDARD.encode("id:secret"));
        let wrong_id = format!("Basic {}", STANDARD.encode("di:se:cret"));
        let form = "grant_type=client_credentials";
        assert!(
            tokens()
                .check(&headers(&right, "Application/x-www-form-urlencoded; charset=utf-8"), form.as_bytes())
                .is_ok()
        );
        assert_eq!(refused(&wrong_id, FORM, form), (400, "invalid_client", "client not found"));
        assert_eq!(refused(&wrong_secret, FORM, form), (401, "invalid_client", "authentication failed"));
        assert_eq!(refused("Basic %%%", FORM, form).0, 401);
        assert_eq!(refused("Bearer x", FORM, form).0, 401);
        assert_eq!(refused(&right, "application/json", form).1, "invalid_request");
        assert_eq!(refused(&right, FORM, "").1, "invalid_request");
        assert_eq!(refused(&right, FORM, "grant_type=a&grant_type=b").1, "invalid_request");
        assert_eq!(refused(&right, FORM, "grant_type=password").1, "unsupported_grant_type");
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
    fn tokens_do_not_pile_up() {
        let mut tokens = tokens();
        for _ in 0..MAX_TOKENS + 10 {
            tokens.issue(Timestamp::UNIX_EPOCH);
        }
        assert!(tokens.live.len() <= MAX_TOKENS);
        assert!(!tokens.live.is_empty());
    }
}
