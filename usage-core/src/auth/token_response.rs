//! The response to a token request.

use std::time::Duration;

use http::{HeaderMap, Response, StatusCode};
use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny};

use crate::auth::AccessToken;
use crate::auth::token_document::{Life, TokenDocument};
use crate::decode::{JsonDecoder, ResponseDecoder, parse_json};
use crate::failures::{ApiError, BuildError, ResponseError};
use crate::secret::Secret;

/// The longest accepted lifetime of a token in seconds: 136 years.
const LONGEST_LIFE: u64 = u32::MAX as u64;

/// The login host's response to a token request.
///
/// Members other than the access token are optional: one that cannot be parsed is left out, so that neither the token
/// nor its refresh token is lost.
///
/// ```
/// use std::time::Duration;
/// use usage_core::auth::TokenResponse;
///
/// let body = br#"{"access_token":"a-token","token_type":"bearer","expires_in":86399}"#;
/// let token = TokenResponse::from_response(&http::Response::new(&body[..]))?;
/// assert_eq!(token.access_token.expose(), "a-token");
/// assert_eq!(token.expires_in, Some(86_399));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokenResponse {
    /// The token. It is not yet checked for use in a header.
    pub access_token: Secret<String>,
    /// The token type. Only `bearer` is used.
    pub token_type: Option<String>,
    /// The lifetime of the token in whole seconds. The service documents 300 to 172,800. A number in quotation marks is
    /// accepted; anything else, and a negative number, is left out.
    pub expires_in: Option<u64>,
    /// The token that renews the access token, for grants of a user. Each response may bring a new one.
    pub refresh_token: Option<Secret<String>>,
}

impl TokenResponse {
    /// Parses the response to a [token request](super::Grant::token_request).
    ///
    /// # Errors
    ///
    /// [`ResponseError::Api`] for any status but 2xx and for an error document with status 2xx, with the login host's
    /// code (`invalid_client`, `invalid_grant`) and message. [`ResponseError::Decode`] for a body that is not a token
    /// response.
    pub fn from_response(response: &Response<&[u8]>) -> Result<Self, ResponseError> {
        let status = response.status();
        if !status.is_success() {
            let error = ApiError::from_response(status, response.headers(), response.body());
            return Err(ResponseError::Api(Box::new(error.without_token())));
        }
        let mut decoder = JsonDecoder::<IgnoredAny>::default();
        decoder.push(response.body())?;
        Self::read(status, decoder)
    }

    /// Parses the body of a response with status 2xx.
    pub(crate) fn read(status: StatusCode, body: JsonDecoder<IgnoredAny>) -> Result<Self, ResponseError> {
        let body = body.into_body();
        let document = parse_json::<TokenDocument<Life>>(&body).or_else(|error| {
            // A number in JSON may fit no type. Without its lifetime, the token is still usable.
            let lifeless = parse_json::<TokenDocument<IgnoredAny>>(&body);
            lifeless.map(TokenDocument::without_life).map_err(|_| error)
        })?;
        let has_token = document.access_token.as_ref().is_some_and(|token| !token.expose().trim().is_empty());
        if let (false, Some(error)) = (has_token, document.error_json()) {
            let error = ApiError::from_response(status, &HeaderMap::new(), error.as_bytes());
            return Err(ResponseError::Api(Box::new(error)));
        }
        match Self::new(document) {
            Some(answer) => Ok(answer),
            // Names the place where the token is missing.
            None => Ok(parse_json(&body)?),
        }
    }

    fn new(document: TokenDocument<Life>) -> Option<Self> {
        Some(Self {
            access_token: document.access_token?,
            token_type: document.token_type,
            expires_in: document.life.0,
            refresh_token: document.refresh_token,
        })
    }

    /// Returns the token if it can be sent in an `Authorization: Bearer` header.
    pub(crate) fn bearer(&self) -> Result<AccessToken, BuildError> {
        if self.token_type.as_ref().is_some_and(|kind| !kind.trim().eq_ignore_ascii_case("bearer")) {
            return Err(BuildError::Secret {
                what: "access token",
                problem: "is of a type other than bearer",
            });
        }
        AccessToken::parse(self.access_token.expose())
    }

    pub(crate) fn has_refresh_token(&self) -> bool {
        self.refresh_token.as_ref().is_some_and(|token| !token.expose().is_empty())
    }

    /// Returns the lifetime of the token, if the login host states it. A lifetime of zero is ignored: it would cause
    /// endless token requests.
    pub(super) fn life(&self) -> Option<Duration> {
        let seconds = self.expires_in.filter(|seconds| *seconds > 0)?;
        Some(Duration::from_secs(seconds.min(LONGEST_LIFE)))
    }
}

impl<'de> Deserialize<'de> for TokenResponse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = TokenDocument::deserialize(deserializer)?;
        Self::new(document).ok_or_else(|| D::Error::missing_field("access_token"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> Result<TokenResponse, ResponseError> {
        TokenResponse::from_response(&Response::builder().status(status).body(body.as_bytes()).unwrap())
    }

    #[test]
    fn reads_the_documented_answer_and_does_not_print_it() {
        let body = r#"{"access_token":"hunter2","token_type":"bearer","expires_in":86399,"refresh_token":"hunter3"}"#;
        let answer = read(200, body).unwrap();
        assert_eq!(answer.access_token.expose(), "hunter2");
        assert_eq!(answer.refresh_token.as_ref().unwrap().expose(), "hunter3");
        assert_eq!(answer.life(), Some(Duration::from_secs(86_399)));
        assert!(!format!("{answer:?}").contains("hunter"));
        assert!(read(200, r#"{"access_token":"t","refresh_token":null}"#).unwrap().refresh_token.is_none());
    }

    #[test]
    fn only_bearer_tokens_are_used() {
        for (kind, usable) in [("bearer", true), (" Bearer ", true), ("mac", false), ("", false)] {
            let answer = read(200, &format!(r#"{{"access_token":"t","token_type":"{kind}"}}"#)).unwrap();
            assert_eq!(answer.bearer().is_ok(), usable, "{kind}");
        }
    }

    #[test]
    fn both_forms_of_invalid_client_are_read() {
        for (status, text) in
            [(400, "client not found: invalid_client"), (401, "authentication failed: invalid_client")]
        {
            for body in [
                format!(
                    r#"{{"error":"invalid_client","description":"{text}","error_description":"{text}"}}"#
                ),
                format!(r#"{{"error":"invalid_client","error_description":"{text}"}}"#),
            ] {
                let Err(ResponseError::Api(error)) = read(status, &body) else { panic!() };
                assert_eq!((error.code(), error.message()), (Some("invalid_client"), Some(text)));
                assert_eq!(error.status.as_u16(), status);
            }
        }
    }

    #[test]
    fn unreadable_answers_do_not_show_what_they_hold() {
        for body in [
            r#""hunter2""#,
            r#"{"access_token":["hunter2"]}"#,
            r#"{"access_token":7,"refresh_token":"hunter2"}"#,
            r#"["hunter2","bearer",3600,null]"#,
            r#"{"access_token":"hunter2","access_token":"hunter2"}"#,
            r#"{"token":"hunter2"}"#,
            r#"{"access_token":"hunter2""#,
            r#"{"access_token":"hunter2"} hunter2"#,
        ] {
            let error = read(200, body).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
            for status in [302, 404, 500] {
                let Err(ResponseError::Api(error)) = read(status, body) else { panic!("{body}") };
                let printed = format!("{error} {error:#} {error:?} {:?}", error.foreign());
                assert!(!printed.contains("hunter2"), "{printed}");
            }
        }
    }

    #[test]
    fn a_body_without_token_is_a_refusal_only_with_a_message_and_a_code() {
        assert!(matches!(read(200, r#"{"message":"no","code":"bad.request"}"#), Err(ResponseError::Api(_))));
        for body in [r#"{"message":"no"}"#, r#"{"code":"bad.request"}"#, "[]"] {
            assert!(matches!(read(200, body), Err(ResponseError::Decode(_))), "{body}");
        }
    }

    #[test]
    fn a_token_is_kept_whatever_its_life_is_said_to_be() {
        for (expires_in, wanted) in [
            ("3600", Some(3600)),
            ("\"3600\"", Some(3600)),
            ("\" 3600.5 \"", Some(3600)),
            ("3599.9", Some(3599)),
            ("3.6e3", Some(3600)),
            ("0", None),
            ("0.2", None),
            ("-1", None),
            ("\"-1\"", None),
            ("-1e300", None),
            ("18446744073709551615", Some(LONGEST_LIFE)),
            ("99999999999999999999999", Some(LONGEST_LIFE)),
            ("1e300", Some(LONGEST_LIFE)),
            ("1e999", None),
            ("\"1e999\"", None),
            ("\"NaN\"", None),
            ("\"soon\"", None),
            ("null", None),
            ("true", None),
            ("[3600]", None),
            ("{\"seconds\":3600}", None),
        ] {
            let body = format!(r#"{{"access_token":"t","expires_in":{expires_in},"refresh_token":"r"}}"#);
            let answer = read(200, &body).unwrap_or_else(|error| panic!("{expires_in}: {error}"));
            assert_eq!(answer.life().map(|life| life.as_secs()), wanted, "{expires_in}");
            assert_eq!(answer.refresh_token.unwrap().expose(), "r", "{expires_in}");
        }
    }

    #[test]
    fn a_refresh_token_is_kept_as_long_as_it_is_a_text_or_a_number() {
        for (refresh_token, wanted) in [
            ("\"r r\\n\"", Some("r r\n")),
            ("\"\"", Some("")),
            ("12345", Some("12345")),
            ("null", None),
            ("{\"x\":\"hunter2\"}", None),
            ("[1]", None),
            ("false", None),
        ] {
            let answer = read(200, &format!(r#"{{"access_token":"t","refresh_token":{refresh_token}}}"#));
            let kept = answer.unwrap().refresh_token.map(|token| token.expose().clone());
            assert_eq!(kept.as_deref(), wanted, "{refresh_token}");
        }
    }

    #[test]
    fn an_error_document_is_an_error_whatever_its_status() {
        for (body, code) in [
            (r#"{"error":"invalid_client","description":"d"}"#, "invalid_client"),
            (
                r#"{"error":"invalid_grant","error_description":"d","refresh_token":"hunter2"}"#,
                "invalid_grant",
            ),
            (
                r#"{"error":"invalid_grant","description":7,"error_description":"d","x":"hunter2"}"#,
                "invalid_grant",
            ),
            (r#"{"message":"d","code":"bad.credentials","status":401}"#, "bad.credentials"),
            (r#"{"access_token":null,"error":"server_error","error_description":"d"}"#, "server_error"),
            (r#"{"access_token":" ","error":"invalid_client","description":"d"}"#, "invalid_client"),
            (
                r#"{"error":{"code":"invalid_client","message":"d","status":401,"x":{"code":"hunter2"}}}"#,
                "invalid_client",
            ),
            (
                r#"{"error":{"code":"invalid_client","message":["hunter2"]},"description":"d"}"#,
                "invalid_client",
            ),
            (r#"{"error":{"message":"busy"},"description":"d","access_token":null}"#, "busy"),
        ] {
            for status in [200, 202] {
                let error = read(status, body).unwrap_err();
                assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
                let ResponseError::Api(error) = error else { panic!("{body}: {error}") };
                assert_eq!((error.code(), error.message()), (Some(code), Some("d")), "{body}");
                assert_eq!(error.status.as_u16(), status);
            }
        }
        let body = r#"{"access_token":"t","error":"none","message":"fine","code":"ok"}"#;
        assert_eq!(read(200, body).unwrap().access_token.expose(), "t");
    }
}
