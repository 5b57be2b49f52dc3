//! The grants of `POST /oauth/token`, and their requirements.

use std::collections::VecDeque;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use usage_core::Timestamp;

use super::form::{Form, invalid_grant, invalid_request};
use super::{Tokens, basic, essence, pkce};
use crate::reply::OAuthProblem;
use crate::seed::{self, Purpose};

const FORM: &str = "application/x-www-form-urlencoded";
const SAML2_BEARER: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";

/// Maximum number of refresh tokens kept. Older ones are unknown to the service.
const MAX_REFRESH_TOKENS: usize = 10_000;

const ANY_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
/// The base64 alphabets of assertions.
const BASE64: [GeneralPurpose; 2] = [
    GeneralPurpose::new(&alphabet::STANDARD, ANY_PADDING),
    GeneralPurpose::new(&alphabet::URL_SAFE, ANY_PADDING),
];

/// Whether a refresh token is issued with the access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refresh {
    With,
    Without,
}

/// How a client that exchanges a code authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    /// By its secret.
    Confidential,
    /// By its id alone; it must prove that it requested the code.
    Public,
}

/// The valid refresh tokens, oldest first.
#[derive(Clone, Default)]
pub(super) struct RefreshTokens {
    given_out: u64,
    live: VecDeque<String>,
}

impl RefreshTokens {
    pub(super) fn give_out(&mut self, seed: u64) -> String {
        self.given_out += 1;
        let text = seed::secret_text(seed, Purpose::RefreshToken, self.given_out, 64);
        if self.live.len() >= MAX_REFRESH_TOKENS {
            self.live.pop_front();
        }
        self.live.push_back(text.clone());
        text
    }

    /// Removes the token, and returns whether it was valid.
    fn take(&mut self, text: &str) -> bool {
        let index = self.live.iter().position(|known| known == text);
        index.and_then(|index| self.live.remove(index)).is_some()
    }

    pub(super) fn clear(&mut self) {
        self.live.clear();
    }
}

impl Tokens {
    /// Checks a token request, and returns whether it yields a refresh token.
    pub(super) fn check(
        &mut self,
        now: Timestamp,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Refresh, OAuthProblem> {
        let content_type =
            headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !essence(content_type).eq_ignore_ascii_case(FORM) {
            return Err(invalid_request("content type must be a form"));
        }
        let form = Form::parse(body);
        let one_grant = || invalid_request("exactly one grant_type is needed");
        let grant = form.value("grant_type").map_err(|_| one_grant())?.ok_or_else(one_grant)?;
        match grant {
            "client_credentials" => self.client_credentials(headers),
            "authorization_code" => self.authorization_code(now, headers, &form),
            "refresh_token" => self.refresh_token(headers, &form),
            SAML2_BEARER => self.saml2_bearer(headers, &form),
            _ => Err(OAuthProblem::new(
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "grant type is not supported",
            )),
        }
    }

    fn client_credentials(&self, headers: &HeaderMap) -> Result<Refresh, OAuthProblem> {
        self.check_secret(headers)?;
        Ok(Refresh::Without)
    }

    /// A code can be tried once: a wrong verifier consumes it as well.
    fn authorization_code(
        &mut self,
        now: Timestamp,
        headers: &HeaderMap,
        form: &Form,
    ) -> Result<Refresh, OAuthProblem> {
        let caller = self.caller(headers, form)?;
        let code = form.needed("code", "code is missing")?;
        let verifier = form.value("code_verifier")?;
        let redirect_uri = form.value("redirect_uri")?;
        let code = self.codes.take(now, code);
        let code = code.ok_or_else(|| invalid_grant("code is unknown, used or expired"))?;
        if redirect_uri != Some(&code.redirect_uri) {
            return Err(invalid_grant("redirect_uri is not the one that the code was sent to"));
        }
        match (code.challenge, verifier) {
            (Some(challenge), Some(verifier)) if pkce::proves(verifier, &challenge) => {}
            (Some(_), Some(_)) => return Err(invalid_grant("code_verifier is wrong")),
            (Some(_), None) => return Err(invalid_grant("code_verifier is missing")),
            (None, Some(_)) => return Err(invalid_grant("code was given out without a code_challenge")),
            (None, None) if caller == Caller::Public => return Err(credentials_missing()),
            (None, None) => {}
        }
        // Only a client with a secret can use a refresh token, so only it gets one.
        Ok(if caller == Caller::Confidential { Refresh::With } else { Refresh::Without })
    }

    fn refresh_token(&mut self, headers: &HeaderMap, form: &Form) -> Result<Refresh, OAuthProblem> {
        self.check_secret(headers)?;
        let token = form.needed("refresh_token", "refresh_token is missing")?;
        if self.refresh.take(token) {
            Ok(Refresh::With)
        } else {
            Err(invalid_grant("refresh token is unknown or used"))
        }
    }

    fn saml2_bearer(&self, headers: &HeaderMap, form: &Form) -> Result<Refresh, OAuthProblem> {
        self.check_secret(headers)?;
        let organization = form.needed("orgName", "orgName is missing")?;
        let assertion = form.needed("assertion", "assertion is missing")?;
        if organization != self.organization_name {
            return Err(invalid_grant("organization not found"));
        }
        if !BASE64.iter().any(|engine| engine.decode(assertion).is_ok()) {
            return Err(invalid_grant("assertion is not base64"));
        }
        Ok(Refresh::Without)
    }

    /// Returns the client that exchanges a code. Some public clients send an empty secret.
    fn caller(&self, headers: &HeaderMap, form: &Form) -> Result<Caller, OAuthProblem> {
        let client_id = form.value("client_id")?;
        let has_verifier = form.value("code_verifier")?.is_some();
        match (basic(headers), client_id) {
            (Some((id, secret)), _) if id == self.client_id && secret.is_empty() && has_verifier => {
                Ok(Caller::Public)
            }
            (None, Some(id)) if !headers.contains_key(AUTHORIZATION) => {
                if id == self.client_id {
                    Ok(Caller::Public)
                } else {
                    Err(OAuthProblem::client_not_found())
                }
            }
            _ => self.check_secret(headers).map(|()| Caller::Confidential),
        }
    }

    fn check_secret(&self, headers: &HeaderMap) -> Result<(), OAuthProblem> {
        let (id, secret) = basic(headers).ok_or_else(credentials_missing)?;
        if id != self.client_id {
            return Err(OAuthProblem::client_not_found());
        }
        if secret != self.client_secret.0 {
            let status = StatusCode::UNAUTHORIZED;
            return Err(OAuthProblem::new(status, "invalid_client", "authentication failed"));
        }
        Ok(())
    }
}

fn credentials_missing() -> OAuthProblem {
    OAuthProblem::new(StatusCode::UNAUTHORIZED, "invalid_client", "client credentials are missing")
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::config::SimulatorConfig;

    fn check(authorization: &str, content_type: &str, form: &str) -> Result<Refresh, OAuthProblem> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, authorization.parse().unwrap());
        headers.insert(CONTENT_TYPE, content_type.parse().unwrap());
        let config = SimulatorConfig::default().with_client("id", "se:cret");
        Tokens::new(&config).check(Timestamp::UNIX_EPOCH, &headers, form.as_bytes())
    }

    fn refused(authorization: &str, content_type: &str, form: &str) -> (u16, &'static str, &'static str) {
        let problem = check(authorization, content_type, form).unwrap_err();
        (problem.status.as_u16(), problem.error, problem.description)
    }

    #[test]
    fn refusals_of_the_token_endpoint() {
        let right = format!("Basic {}", STANDARD.encode("id:se:cret"));
        let wrong_secret = format!("Basic {}", STANDARD.encode("id:secret"));
        let wrong_id = format!("Basic {}", STANDARD.encode("di:se:cret"));
        let form = "grant_type=client_credentials";
        let content_type = "Application/x-www-form-urlencoded; charset=utf-8";
        assert_eq!(check(&right, content_type, form).unwrap(), Refresh::Without);
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
    fn the_number_of_refresh_tokens_is_limited() {
        let mut tokens = RefreshTokens::default();
        let first = tokens.give_out(1);
        let second = tokens.give_out(1);
        assert!(tokens.take(&second) && !tokens.take(&second));
        for _ in 0..MAX_REFRESH_TOKENS {
            tokens.give_out(1);
        }
        assert!(!tokens.take(&first));
    }
}
