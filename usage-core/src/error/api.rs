use std::fmt;

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::error::{ErrorBody, OAuthErrorBody, excerpt};
use crate::retry_after::RetryAfter;

/// How many bytes of an error's body are kept; the rest is not read.
pub const MAX_ERROR_BODY: usize = 64 * 1024;

/// How many characters of a body that is not an error document are shown.
const EXCERPT: usize = 200;

/// The service refused: an answer with any status but 2xx. Made from whatever came; nothing about it can fail.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status.
    pub status: StatusCode,
    /// The correlation id, from the `ININ-Correlation-Id` header or the body; the vendor's support asks for it.
    pub correlation_id: Option<Box<str>>,
    /// When the service allows another try.
    pub retry_after: Option<RetryAfter>,
    /// The body.
    pub payload: ErrorPayload,
}

/// The body of an [`ApiError`], in the best form that it could be read in.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ErrorPayload {
    /// The service's error document.
    Standard(Box<ErrorBody>),
    /// The login host's error document.
    OAuth(Box<OAuthErrorBody>),
    /// Some other JSON.
    Json(Value),
    /// Not JSON: a gateway's HTML page, mostly. At most [`MAX_ERROR_BODY`] bytes of it.
    NotJson(Box<[u8]>),
    /// Nothing.
    Empty,
}

impl ApiError {
    /// Reads the error out of an answer; `body` may be anything.
    pub fn from_response(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let payload = ErrorPayload::read(body);
        let header = headers.get("inin-correlation-id").and_then(|value| value.to_str().ok());
        let correlation_id = header.or(match &payload {
            ErrorPayload::Standard(body) => body.context_id.as_deref(),
            _ => None,
        });
        Self {
            status,
            correlation_id: correlation_id.map(|id| excerpt(id, EXCERPT).into()),
            retry_after: RetryAfter::from_headers(headers),
            payload,
        }
    }

    /// The service's error code, `too.many.requests`, or the login host's, `invalid_client`.
    pub fn code(&self) -> Option<&str> {
        match &self.payload {
            ErrorPayload::Standard(body) => body.code.as_deref(),
            ErrorPayload::OAuth(body) => body.error.as_deref(),
            _ => None,
        }
    }

    /// What the service said, in its own words.
    pub fn message(&self) -> Option<&str> {
        match &self.payload {
            ErrorPayload::Standard(body) => body.message.as_deref(),
            ErrorPayload::OAuth(body) => body.description.as_deref().or(body.error_description.as_deref()),
            _ => None,
        }
    }
}

impl ErrorPayload {
    fn read(body: &[u8]) -> Self {
        let body = &body[..body.len().min(MAX_ERROR_BODY)];
        if body.trim_ascii().is_empty() {
            return Self::Empty;
        }
        let Ok(json) = serde_json::from_slice::<Value>(body) else {
            return Self::NotJson(body.into());
        };
        let has = |name: &str| json.get(name).is_some_and(|value| !value.is_null());
        let document = if json.get("error").is_some_and(Value::is_string) {
            serde_json::from_slice(body).map(|body| Self::OAuth(Box::new(body)))
        } else if ["message", "code", "status", "contextId"].iter().any(|name| has(name)) {
            serde_json::from_slice(body).map(|body| Self::Standard(Box::new(body)))
        } else {
            return Self::Json(json);
        };
        document.unwrap_or(Self::Json(json))
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the service answered {}", self.status.as_u16())?;
        if let Some(code) = self.code() {
            write!(f, " ({})", excerpt(code, EXCERPT))?;
        }
        match (&self.payload, self.message()) {
            (_, Some(message)) => write!(f, ": {}", excerpt(message, 2 * EXCERPT))?,
            (ErrorPayload::Json(json), _) => write!(f, ": {}", excerpt(&json.to_string(), EXCERPT))?,
            (ErrorPayload::NotJson(body), _) => {
                write!(
                    f,
                    " with a body that is not JSON: {}",
                    excerpt(&String::from_utf8_lossy(body), EXCERPT)
                )?;
            }
            _ => write!(f, " {}", self.status.canonical_reason().unwrap_or("without a word"))?,
        }
        if let Some(id) = &self.correlation_id {
            write!(f, " [correlation id {id}]")?;
        }
        Ok(())
    }
}

impl std::error::Error for ApiError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn api_error(status: u16, headers: &[(&str, &str)], body: &str) -> ApiError {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        ApiError::from_response(StatusCode::from_u16(status).unwrap(), &map, body.as_bytes())
    }

    #[test]
    fn reads_the_services_document() {
        let error = api_error(
            429,
            &[("ININ-Correlation-Id", "abc"), ("Retry-After", "3")],
            r#"{"message":"slow down","code":"too.many.requests","status":429,"contextId":"other"}"#,
        );
        assert_eq!(
            error.to_string(),
            "the service answered 429 (too.many.requests): slow down [correlation id abc]"
        );
        assert_eq!(error.retry_after, Some(RetryAfter::Delay(std::time::Duration::from_secs(3))));
    }

    #[test]
    fn correlation_id_falls_back_to_the_context_id() {
        assert_eq!(api_error(500, &[], r#"{"contextId":"ctx"}"#).correlation_id.as_deref(), Some("ctx"));
    }

    #[test]
    fn reads_the_login_hosts_document() {
        let error =
            api_error(401, &[], r#"{"error":"invalid_client","description":"authentication failed"}"#);
        assert_eq!(error.to_string(), "the service answered 401 (invalid_client): authentication failed");
    }

    #[test]
    fn nothing_is_lost_whatever_came() {
        assert_eq!(api_error(502, &[], "").payload, ErrorPayload::Empty);
        assert_eq!(api_error(502, &[], "[1]").payload, ErrorPayload::Json(serde_json::json!([1])));
        assert!(matches!(api_error(502, &[], r#"{"code":7}"#).payload, ErrorPayload::Json(_)));
        let html = api_error(502, &[], "<html>\r\n<h1>Bad \x1b[31mGateway</h1>");
        assert_eq!(
            html.to_string(),
            "the service answered 502 with a body that is not JSON: <html>  <h1>Bad  [31mGateway</h1>"
        );
        assert_eq!(api_error(404, &[], "").to_string(), "the service answered 404 Not Found");
        assert_eq!(api_error(502, &[], "[1]").to_string(), "the service answered 502: [1]");
        assert_eq!(api_error(599, &[], "").to_string(), "the service answered 599 without a word");
    }
}
