use std::time::Duration;

use http::Response;
use serde::{Deserialize, Deserializer};

use crate::auth::AccessToken;
use crate::decode::{JsonDecoder, ResponseDecoder};
use crate::error::{ApiError, BuildError, ResponseError};
use crate::secret::Secret;

/// The login host's answer to a token request.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct TokenAnswer {
    /// The token, not yet checked for use in a header.
    #[serde(deserialize_with = "secret")]
    pub access_token: Secret<String>,
    /// `bearer`; a token of another type is not used.
    pub token_type: Option<String>,
    /// How long the token lives, in seconds. The service documents 300 to 172,800.
    pub expires_in: Option<u64>,
    /// What renews the token, for the grants of a user. It may be another one with every answer.
    #[serde(default, deserialize_with = "maybe_secret")]
    pub refresh_token: Option<Secret<String>>,
}

impl TokenAnswer {
    /// Reads the answer to a [token request](super::Grant::token_request). Any status but 2xx is an
    /// [`ApiError`], with the login host's code (`invalid_client`, `invalid_grant`) and words.
    pub fn from_response(response: &Response<&[u8]>) -> Result<Self, ResponseError> {
        let status = response.status();
        if !status.is_success() {
            let error = ApiError::from_response(status, response.headers(), response.body());
            return Err(ResponseError::Api(Box::new(error)));
        }
        let mut decoder = JsonDecoder::default();
        decoder.push(response.body())?;
        Ok(decoder.finish()?)
    }

    /// The token, if it is one that goes into an `Authorization: Bearer` header.
    pub(crate) fn bearer(&self) -> Result<AccessToken, BuildError> {
        if self.token_type.as_ref().is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err(BuildError::Secret {
                what: "access token",
                problem: "is of a type other than bearer",
            });
        }
        AccessToken::parse(self.access_token.expose())
    }

    /// How long the token lives, if the login host says so. A token that is said to be over on arrival says nothing:
    /// to believe that would be to fetch without end.
    pub(super) fn life(&self) -> Option<Duration> {
        self.expires_in.filter(|seconds| *seconds > 0).map(Duration::from_secs)
    }
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret<String>, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

fn maybe_secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret<String>>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> Result<TokenAnswer, ResponseError> {
        TokenAnswer::from_response(&Response::builder().status(status).body(body.as_bytes()).unwrap())
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
        for (kind, usable) in [("bearer", true), ("Bearer", true), ("mac", false), ("", false)] {
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
            r#"{"access_token":"t","refresh_token":{"x":"hunter2"}}"#,
            r#"{"access_token":"hunter2","expires_in":"hunter2"}"#,
        ] {
            let error = read(200, body).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
