//! `GET /oauth/authorize`: the browser's part of a log-in. The simulated user always consents.

use std::collections::{BTreeSet, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use http::header::LOCATION;
use http::{Response, StatusCode, Uri};
use usage_core::Timestamp;

use super::Tokens;
use super::form::{Form, invalid_request};
use super::pkce;
use crate::reply::{self, OAuthProblem};
use crate::seed::{self, Purpose};

/// The time within which a code must be exchanged.
const CODE_LIFETIME: Duration = Duration::from_secs(5 * 60);

/// Maximum number of codes kept. Older ones are unknown to the service.
const MAX_CODES: usize = 1_000;

/// The codes that were issued and not exchanged yet, oldest first.
#[derive(Clone, Default)]
pub(super) struct Codes {
    given_out: u64,
    live: VecDeque<(String, Code)>,
}

/// The request for which a code was issued.
#[derive(Clone)]
pub(super) struct Code {
    pub(super) redirect_uri: String,
    /// The PKCE challenge, if there was one.
    pub(super) challenge: Option<String>,
    expires: Timestamp,
}

impl Codes {
    fn give_out(&mut self, seed: u64, code: Code) -> String {
        self.given_out += 1;
        let text = seed::secret_text(seed, Purpose::AuthorizationCode, self.given_out, 43);
        if self.live.len() >= MAX_CODES {
            self.live.pop_front();
        }
        self.live.push_back((text.clone(), code));
        text
    }

    /// Removes and returns the code with this text, unless it has expired.
    pub(super) fn take(&mut self, now: Timestamp, text: &str) -> Option<Code> {
        let index = self.live.iter().position(|(known, _)| known == text)?;
        let (_, code) = self.live.remove(index)?;
        Some(code).filter(|code| now < code.expires)
    }

    pub(super) fn clear(&mut self) {
        self.live.clear();
    }
}

impl Tokens {
    /// Redirects the browser with a code, a token or an error. Without a valid client and redirect URI, there is no
    /// redirect.
    pub(crate) fn authorize(&mut self, now: Timestamp, query: &str) -> Response<Vec<u8>> {
        let form = Form::parse(query.as_bytes());
        let redirect_uri = match self.redirect_uri(&form) {
            Ok(uri) => uri,
            Err(problem) => return problem.into_response(),
        };
        let in_fragment = matches!(form.value("response_type"), Ok(Some("token")));
        let mut answer = match self.answer(now, &form, redirect_uri) {
            Ok(answer) => answer,
            Err(problem) => {
                vec![("error", problem.error.into()), ("error_description", problem.description.into())]
            }
        };
        if let Ok(Some(state)) = form.value("state") {
            answer.push(("state", state.into()));
        }
        let mut response = reply::response(StatusCode::FOUND, "text/html", Vec::new());
        reply::insert(&mut response, LOCATION, &location(redirect_uri, in_fragment, &answer));
        reply::insert(&mut response, http::header::CACHE_CONTROL, "no-store");
        response
    }

    fn redirect_uri<'a>(&self, form: &'a Form) -> Result<&'a str, OAuthProblem> {
        let client_id = form.needed("client_id", "client_id is missing")?;
        if client_id != self.client_id {
            return Err(OAuthProblem::client_not_found());
        }
        let uri = form.needed("redirect_uri", "redirect_uri is missing")?;
        if !is_allowed(uri, self.redirect_uris.as_ref()) {
            return Err(invalid_request("redirect_uri is not registered"));
        }
        Ok(uri)
    }

    /// Returns the parameters of the redirect.
    fn answer(
        &mut self,
        now: Timestamp,
        form: &Form,
        redirect_uri: &str,
    ) -> Result<Vec<(&'static str, String)>, OAuthProblem> {
        form.value("state")?;
        match form.needed("response_type", "response_type is missing")? {
            "code" => {
                let code = Code {
                    redirect_uri: redirect_uri.into(),
                    challenge: challenge(form)?,
                    expires: now.saturating_add(CODE_LIFETIME),
                };
                Ok(vec![("code", self.codes.give_out(self.seed, code))])
            }
            "token" => Ok(vec![
                ("access_token", self.issue(now)),
                ("expires_in", self.lifetime.as_secs().to_string()),
                ("token_type", "bearer".into()),
            ]),
            _ => Err(OAuthProblem::new(
                StatusCode::BAD_REQUEST,
                "unsupported_response_type",
                "response type is not supported",
            )),
        }
    }
}

fn challenge(form: &Form) -> Result<Option<String>, OAuthProblem> {
    let method = form.value("code_challenge_method")?;
    match (form.value("code_challenge")?, method) {
        (None, None) => Ok(None),
        (Some(challenge), Some("S256")) if pkce::is_challenge(challenge) => Ok(Some(challenge.into())),
        (Some(_), Some("S256")) => Err(invalid_request("code_challenge is no SHA-256 in base64url")),
        (Some(_), _) => Err(invalid_request("code_challenge_method must be S256")),
        (None, Some(_)) => Err(invalid_request("code_challenge is missing")),
    }
}

/// Returns whether `uri` is one of the registered URIs; if none are configured, any `http` URI on this machine. It must
/// have no fragment, and no character that a header cannot contain.
fn is_allowed(uri: &str, registered: Option<&BTreeSet<String>>) -> bool {
    let is_plain = uri.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    is_plain && registered.map_or_else(|| is_loopback(uri), |registered| registered.contains(uri))
}

fn is_loopback(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let host = uri.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let is_local =
        host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback());
    let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    uri.scheme_str() == Some("http") && is_local && !has_user
}

fn location(redirect_uri: &str, in_fragment: bool, answer: &[(&str, String)]) -> String {
    let mut answered = form_urlencoded::Serializer::new(String::new());
    answered.extend_pairs(answer);
    let separator = match (in_fragment, redirect_uri.contains('?')) {
        (true, _) => '#',
        (false, true) => '&',
        (false, false) => '?',
    };
    format!("{redirect_uri}{separator}{}", answered.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_go_to_loopback_unless_others_are_registered() {
        for uri in [
            "http://localhost:8085/callback",
            "http://127.0.0.1",
            "http://127.8.9.1:1/x?y=z",
            "http://[::1]:9/",
        ] {
            assert!(is_allowed(uri, None), "{uri}");
        }
        for uri in [
            "https://localhost/",
            "http://elsewhere.example/",
            "http://localhost@elsewhere.example/",
            "http://localhost.elsewhere.example/",
            "http://me@localhost/",
            "http://localhost/#x",
            "http://localhost/ä",
            "http://localhost/\n",
            "localhost:80",
            "/x",
            "",
            "http://",
        ] {
            assert!(!is_allowed(uri, None), "{uri}");
        }
        let registered = BTreeSet::from(["https://app.example/back".to_string()]);
        assert!(is_allowed("https://app.example/back", Some(&registered)));
        assert!(!is_allowed("https://app.example/back/", Some(&registered)));
        assert!(!is_allowed("http://localhost/", Some(&registered)));
    }

    #[test]
    fn the_number_of_codes_is_limited() {
        let mut codes = Codes::default();
        let code = Code { redirect_uri: String::new(), challenge: None, expires: Timestamp::UNIX_EPOCH };
        let first = codes.give_out(1, code.clone());
        for _ in 0..MAX_CODES {
            codes.give_out(1, code.clone());
        }
        assert!(codes.take(Timestamp::UNIX_EPOCH, &first).is_none());
        assert_eq!(codes.live.len(), MAX_CODES);
    }
}
