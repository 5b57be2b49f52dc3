//! Error responses of the service.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::failures::foreign::{content_type, words};
use crate::failures::{ErrorBody, ErrorDetail, ForeignAnswer, OAuthErrorBody, excerpt};
use crate::rate_budget::{LONGEST_WINDOW, RESET, number};
use crate::retry_after::{MAX_RETRY_AFTER, RetryAfter};
use crate::secret::REDACTED;
use crate::time::Timestamp;

/// The number of bytes of an error response's body that are kept; the rest is discarded.
pub const MAX_ERROR_BODY: usize = 64 * 1024;

/// The number of characters shown of a body that is not an error document.
const EXCERPT: usize = 200;

/// The number of details and inner errors shown of an error document.
const INNER: usize = 3;

/// An error response: any status but 2xx. It is created from any response and never fails to parse.
///
/// `{}` writes only the status, because [`Error`](crate::Error) and [`ResponseError`](crate::error::ResponseError),
/// whose source this is, already contain the rest. `{:#}` writes the whole sentence.
///
/// ```
/// # use http::{HeaderMap, StatusCode};
/// # use usage_core::error::ApiError;
/// let body = br#"{"code":"too.many.requests","message":"slow down"}"#;
/// let error = ApiError::from_response(StatusCode::TOO_MANY_REQUESTS, &HeaderMap::new(), body);
/// assert_eq!(error.to_string(), "HTTP 429 Too Many Requests");
/// assert_eq!(format!("{error:#}"), "the service answered 429 (too.many.requests): slow down");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ApiError {
    /// The HTTP status.
    pub status: StatusCode,
    /// The correlation id of the `ININ-Correlation-Id` header or of the body. The vendor's support asks for it.
    pub correlation_id: Option<Box<str>>,
    /// The `Retry-After` header. See [`next_try`](Self::next_try).
    pub retry_after: Option<RetryAfter>,
    /// The time until the window of the rate limit ends, from the header `inin-ratelimit-reset`.
    pub(crate) window: Option<Duration>,
    /// The content type without its parameters, if the response has one.
    pub content_type: Option<Box<str>>,
    /// The body.
    pub payload: ErrorPayload,
}

/// The body of an [`ApiError`], parsed as far as possible.
///
/// ```
/// use http::{HeaderMap, StatusCode};
/// use usage_core::error::{ApiError, ErrorPayload};
///
/// let read = |body: &[u8]| ApiError::from_response(StatusCode::BAD_GATEWAY, &HeaderMap::new(), body).payload;
/// assert!(matches!(read(br#"{"code":"internal.server.error"}"#), ErrorPayload::Standard(_)));
/// assert!(matches!(read(br#"{"error":"invalid_client"}"#), ErrorPayload::OAuth(_)));
/// assert!(matches!(read(b"<h1>Bad Gateway</h1>"), ErrorPayload::NotJson(_)));
/// assert_eq!(read(b""), ErrorPayload::Empty);
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum ErrorPayload {
    /// An error document of the service.
    Standard(Box<ErrorBody>),
    /// An error document of the login host.
    OAuth(Box<OAuthErrorBody>),
    /// Any other JSON value.
    Json(Value),
    /// A body that is not JSON, usually a gateway's HTML page; at most [`MAX_ERROR_BODY`] bytes of it.
    NotJson(Box<[u8]>),
    /// An empty body.
    Empty,
}

impl ApiError {
    /// Creates the error of a response; `body` may be anything.
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
            window: number(headers, &RESET).map(Duration::from_secs),
            content_type: content_type(headers),
            payload,
        }
    }

    /// Returns the response as a [`ForeignAnswer`] if it does not look like the service's: if its body is not JSON, or
    /// empty and without a correlation id. A proxy, a captive portal or a load balancer may have sent it.
    pub fn foreign(&self) -> Option<ForeignAnswer> {
        let words = match &self.payload {
            ErrorPayload::NotJson(body) => words(body),
            ErrorPayload::Empty if self.correlation_id.is_none() => String::new(),
            _ => return None,
        };
        let content_type = self.content_type.clone();
        Some(ForeignAnswer { status: self.status, content_type, words: words.into() })
    }

    /// Hides everything that may be a token, for a response to a token request: of JSON that is not an error document,
    /// all of it.
    pub(crate) fn without_token(mut self) -> Self {
        let foreign = self.foreign().map(ForeignAnswer::without_token);
        self.payload = match (self.payload, foreign) {
            (ErrorPayload::Json(_), _) => ErrorPayload::Json(REDACTED.into()),
            (ErrorPayload::NotJson(_), Some(page)) => ErrorPayload::NotJson(page.words.into_boxed_bytes()),
            (payload, _) => payload,
        };
        self
    }

    /// Returns the error code of the service (`too.many.requests`) or of the login host (`invalid_client`).
    pub fn code(&self) -> Option<&str> {
        match &self.payload {
            ErrorPayload::Standard(body) => body.code.as_deref(),
            ErrorPayload::OAuth(body) => body.error.as_deref(),
            _ => None,
        }
    }

    /// Returns the time at which the service allows the next attempt, or `None` if the response does not state it.
    ///
    /// `Retry-After` takes precedence, limited to [`MAX_RETRY_AFTER`] from `now`. Without it, a 429 uses the end of the
    /// rate limit's window (`inin-ratelimit-reset`), or else the number of seconds in its message.
    pub fn next_try(&self, now: Timestamp) -> Option<Timestamp> {
        let throttled = self.status == StatusCode::TOO_MANY_REQUESTS;
        let window = || self.window.filter(|_| throttled).map(|window| window.min(LONGEST_WINDOW));
        let named = || self.named_seconds().filter(|_| throttled).map(Duration::from_secs);
        let delay = || window().or_else(named).map(RetryAfter::Delay);
        self.retry_after.or_else(delay).map(|wait| wait.earliest(now))
    }

    /// Returns the number of seconds in the message: `Retry the request in [42] seconds`.
    fn named_seconds(&self) -> Option<u64> {
        let in_message = self.message().and_then(|message| whole_seconds(wait_in(message)?));
        in_message.or_else(|| {
            let ErrorPayload::Standard(body) = &self.payload else { return None };
            let params = body.message_params.as_ref()?;
            let template = body.message_with_params.as_deref().and_then(wait_in);
            let name = template.map_or("seconds", |name| name.trim_matches(['{', '}', ' ']));
            match params.get(name).or_else(|| params.get("seconds"))? {
                Value::String(text) => whole_seconds(text),
                Value::Number(number) => whole_seconds(&number.to_string()),
                _ => None,
            }
        })
    }

    /// Returns the service's message.
    pub fn message(&self) -> Option<&str> {
        match &self.payload {
            ErrorPayload::Standard(body) => body.message.as_deref(),
            ErrorPayload::OAuth(body) => body.description.as_deref().or(body.error_description.as_deref()),
            _ => None,
        }
    }
}

/// Returns the text between `Retry the request in` and `seconds`, without brackets.
fn wait_in(message: &str) -> Option<&str> {
    let (_, behind) = message.split_once("etry the request in ")?;
    let (wait, _) = behind.split_once(" second")?;
    Some(wait.trim_matches(['[', ']', ' ']))
}

/// Parses a number of seconds and rounds it up, because an attempt that is too early is refused again.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is at least zero, and the cast saturates"
)]
fn whole_seconds(text: &str) -> Option<u64> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let seconds: f64 = text.parse().ok()?;
        (seconds >= 0.0).then(|| seconds.ceil() as u64)
    })
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
        } else if ["message", "messageWithParams", "code", "status", "contextId"].iter().any(|name| has(name))
        {
            serde_json::from_slice(body).map(|body| Self::Standard(Box::new(body)))
        } else {
            return Self::Json(json);
        };
        match document {
            Ok(Self::Standard(body)) if *body == ErrorBody::default() => Self::Json(json),
            document => document.unwrap_or(Self::Json(json)),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !f.alternate() {
            return write!(f, "HTTP {}", self.status);
        }
        write!(f, "the service answered {}", self.status.as_u16())?;
        let has_text = matches!(self.payload, ErrorPayload::Json(_) | ErrorPayload::NotJson(_));
        if !has_text && self.message().is_none() {
            write!(f, " {}", self.status.canonical_reason().unwrap_or("without a message"))?;
        }
        if let Some(code) = self.code() {
            write!(f, " ({})", excerpt(code, EXCERPT))?;
        }
        match (&self.payload, self.message()) {
            (_, Some(message)) => write!(f, ": {}", excerpt(message, 2 * EXCERPT))?,
            (ErrorPayload::Json(json), _) => write!(f, ": {}", excerpt(&json.to_string(), EXCERPT))?,
            (ErrorPayload::NotJson(body), _) => {
                f.write_str(" with a body that is not JSON")?;
                match &self.content_type {
                    Some(content_type) if content_type.contains("json") => write!(f, ", as {content_type}")?,
                    Some(content_type) => write!(f, " but {content_type}")?,
                    None => {}
                }
                let words = words(body);
                if !words.is_empty() {
                    write!(f, ": {words}")?;
                }
            }
            _ => {}
        }
        if let ErrorPayload::Standard(body) = &self.payload {
            write_inner(f, body)?;
        }
        if self.retry_after.is_some_and(RetryAfter::is_cut) {
            let hours = MAX_RETRY_AFTER.as_secs() / 3600;
            write!(f, " (it asks for a longer wait than the {hours} hours that are granted)")?;
        }
        if let Some(id) = &self.correlation_id {
            write!(f, " [correlation id {id}]")?;
        }
        Ok(())
    }
}

/// Writes the first details and inner errors of `body`.
fn write_inner(f: &mut fmt::Formatter<'_>, body: &ErrorBody) -> fmt::Result {
    let detail = |detail: &ErrorDetail| {
        let (field, code) = (detail.field_name.as_deref(), detail.error_code.as_deref());
        match (field, code) {
            (Some(field), Some(code)) => Some(format!("{field}: {code}")),
            (one, other) => one.or(other).map(ToOwned::to_owned),
        }
    };
    let error = |error: &ErrorBody| {
        let (code, message) = (error.code.as_deref(), error.message.as_deref());
        let inner: Vec<_> = error.details.iter().flatten().filter_map(detail).take(INNER).collect();
        let own = match (code, message) {
            (Some(code), Some(message)) => Some(format!("{code}: {message}")),
            (one, other) => one.or(other).map(ToOwned::to_owned),
        };
        own.into_iter().chain(inner).reduce(|one, other| format!("{one}, {other}"))
    };
    let details = body.details.iter().flatten().filter_map(detail);
    let all: Vec<_> = details.chain(body.errors.iter().flatten().filter_map(error)).collect();
    if all.is_empty() {
        return Ok(());
    }
    let shown: Vec<_> = all.iter().take(INNER).map(|text| excerpt(text, EXCERPT)).collect();
    let more = all.len() - shown.len();
    write!(f, " ({}", shown.join("; "))?;
    if more > 0 {
        write!(f, "; and {more} more")?;
    }
    f.write_str(")")
}

impl std::error::Error for ApiError {}

/// Bodies are shown as text, because they are often a gateway's page.
impl fmt::Debug for ErrorPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard(body) => f.debug_tuple("Standard").field(body).finish(),
            Self::OAuth(body) => f.debug_tuple("OAuth").field(body).finish(),
            Self::Json(json) => f.debug_tuple("Json").field(&format_args!("{json}")).finish(),
            Self::NotJson(body) => {
                let text = excerpt(&String::from_utf8_lossy(body), 5 * EXCERPT);
                f.debug_tuple("NotJson").field(&text).finish()
            }
            Self::Empty => f.write_str("Empty"),
        }
    }
}

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
            format!("{error:#}"),
            "the service answered 429 (too.many.requests): slow down [correlation id abc]"
        );
        assert_eq!(error.retry_after, Some(RetryAfter::Delay(Duration::from_secs(3))));
    }

    #[test]
    fn what_is_wrong_in_particular_is_shown() {
        let shown = |body: &str| format!("{:#}", api_error(400, &[], body));
        assert_eq!(
            shown(
                r#"{"code":"bad.request","message":"no","details":[{"errorCode":"invalid.date","fieldName":"interval"}]}"#
            ),
            "the service answered 400 (bad.request): no (interval: invalid.date)"
        );
        assert_eq!(
            shown(
                r#"{"message":"no","errors":[{"code":"a","message":"first","details":[{"fieldName":"f"}]},{"message":"second"}]}"#
            ),
            "the service answered 400: no (a: first, f; second)"
        );
        assert_eq!(
            shown(
                r#"{"message":"no","details":[{"errorCode":"1"},{"errorCode":"2"},{"errorCode":"3"},{"errorCode":"4"}]}"#
            ),
            "the service answered 400: no (1; 2; 3; and 1 more)"
        );
        assert_eq!(shown(r#"{"message":"no","details":[{}],"errors":[]}"#), "the service answered 400: no");
    }

    #[test]
    fn the_next_try_is_named_in_one_of_four_ways() {
        let now = Timestamp::from_unix_millis(1_782_864_000_000);
        let words = r#"{"message":"Rate limit exceeded the maximum. Retry the request in [42] seconds"}"#;
        let params = r#"{"message":"x","messageWithParams":"Retry the request in [{wait}] seconds","messageParams":{"wait":"43","seconds":1}}"#;
        let (after, reset) = (("retry-after", "3"), ("inin-ratelimit-reset", "6"));
        for (status, headers, body, seconds) in [
            (429, &[after, reset][..], words, Some(3)),
            (429, &[reset], words, Some(6)),
            (429, &[("retry-after", "soon"), reset], words, Some(6)),
            (429, &[], words, Some(42)),
            (429, &[("inin-ratelimit-reset", "x")], words, Some(42)),
            (429, &[], params, Some(43)),
            (429, &[], r#"{"message":"x","messageParams":{"seconds":7}}"#, Some(7)),
            (429, &[], r#"{"message":"x","messageParams":{"seconds":"7"},"status":"429"}"#, Some(7)),
            (
                429,
                &[],
                r#"{"messageWithParams":"Retry the request in [{wait}] seconds","messageParams":{"wait":6.2}}"#,
                Some(7),
            ),
            (429, &[], r#"{"message":"x","messageParams":{"seconds":"6.2"}}"#, Some(7)),
            (429, &[], r#"{"message":"Retry the request in [6.2] seconds"}"#, Some(7)),
            (429, &[], r#"{"message":"retry the request in 7 seconds."}"#, Some(7)),
            (429, &[], r#"{"error":"too_many","description":"Retry the request in [7] seconds"}"#, Some(7)),
            (429, &[], r#"{"message":"Retry the request in [-7] seconds"}"#, None),
            (429, &[], r#"{"message":"Retry the request in [NaN] seconds"}"#, None),
            (
                429,
                &[],
                r#"{"message":"Retry the request in [1e99] seconds"}"#,
                Some(MAX_RETRY_AFTER.as_secs()),
            ),
            (429, &[], r#"{"message":"the maximum [300] requests within [60] seconds"}"#, None),
            (429, &[], r#"{"message":"Retry the request in [a few] seconds"}"#, None),
            (429, &[], "", None),
            // Elsewhere the window is no reason to wait.
            (503, &[reset], words, None),
            (503, &[after, reset], "", Some(3)),
            // However long it says.
            (429, &[("retry-after", "99999999999999")], "", Some(MAX_RETRY_AFTER.as_secs())),
            (429, &[("inin-ratelimit-reset", "99999999999999")], "", Some(LONGEST_WINDOW.as_secs())),
            (
                429,
                &[],
                r#"{"message":"Retry the request in [99999999999999] seconds"}"#,
                Some(MAX_RETRY_AFTER.as_secs()),
            ),
        ] {
            let next = api_error(status, headers, body).next_try(now);
            let waits = next.map(|next| next.saturating_since(now).as_secs());
            assert_eq!(waits, seconds, "{status} {headers:?} {body}");
        }
    }

    #[test]
    fn a_wait_that_is_cut_is_said() {
        let error = api_error(429, &[("retry-after", "99999999999999")], "");
        let text = "the service answered 429 Too Many Requests (it asks for a longer wait than the 24 hours that are granted)";
        assert_eq!(format!("{error:#}"), text);
        assert!(!api_error(429, &[("retry-after", "86400")], "").to_string().contains("longer"));
    }

    #[test]
    fn an_error_without_a_message_is_said_in_order() {
        for (status, body, text) in [
            (400, r#"{"error":"invalid_grant"}"#, "400 Bad Request (invalid_grant)"),
            (404, r#"{"code":"not.found"}"#, "404 Not Found (not.found)"),
            (502, "<html></html>", "502 with a body that is not JSON"),
        ] {
            assert_eq!(format!("{:#}", api_error(status, &[], body)), format!("the service answered {text}"));
        }
    }

    #[test]
    fn correlation_id_falls_back_to_the_context_id() {
        assert_eq!(api_error(500, &[], r#"{"contextId":"ctx"}"#).correlation_id.as_deref(), Some("ctx"));
    }

    #[test]
    fn reads_the_login_hosts_document() {
        let error =
            api_error(401, &[], r#"{"error":"invalid_client","description":"authentication failed"}"#);
        assert_eq!(format!("{error:#}"), "the service answered 401 (invalid_client): authentication failed");
    }

    #[test]
    fn nothing_is_lost_whatever_came() {
        assert_eq!(api_error(502, &[], "").payload, ErrorPayload::Empty);
        assert_eq!(api_error(502, &[], "[1]").payload, ErrorPayload::Json(serde_json::json!([1])));
        assert!(matches!(api_error(502, &[], r#"{"code":7}"#).payload, ErrorPayload::Json(_)));
        let html = api_error(502, &[], "<html>\r\n<h1>Bad \x1b[31mGateway</h1>");
        assert_eq!(
            format!("{html:#}"),
            "the service answered 502 with a body that is not JSON: Bad [31mGateway"
        );
        let html = api_error(403, &[("content-type", "text/html; charset=utf-8")], "<h1>Blocked</h1>");
        assert_eq!(
            format!("{html:#}"),
            "the service answered 403 with a body that is not JSON but text/html: Blocked"
        );
        assert_eq!(html.foreign().unwrap().to_string(), "403 Forbidden with text/html: Blocked");
        assert!(api_error(403, &[], "").foreign().is_some() && api_error(403, &[], "{}").foreign().is_none());
        assert!(api_error(503, &[("ININ-Correlation-Id", "x")], "").foreign().is_none());
        assert_eq!(format!("{:#}", api_error(404, &[], "")), "the service answered 404 Not Found");
        assert_eq!(format!("{:#}", api_error(502, &[], "[1]")), "the service answered 502: [1]");
        assert_eq!(format!("{:#}", api_error(599, &[], "")), "the service answered 599 without a message");
    }

    #[test]
    fn debug_shows_text_as_text_and_no_more_than_a_page_of_it() {
        let html = format!("{:?}", api_error(502, &[], "<html><h1>Bad Gateway\u{e4}</h1>"));
        assert!(html.contains("NotJson(\"<html><h1>Bad Gateway\u{e4}</h1>\")"), "{html}");
        let long = format!("{:?}", api_error(502, &[], &"<p>".repeat(30_000)));
        assert!(long.len() < 2000, "{} bytes", long.len());
        let odd = ErrorPayload::NotJson(Box::new([0xff, b'a', 0, 0x1b]));
        assert_eq!(format!("{odd:?}"), "NotJson(\"\u{fffd}a  \")");
        assert!(format!("{:?}", api_error(400, &[], "[\"text\"]")).contains("Json([\"text\"])"));
        assert!(format!("{:?}", api_error(400, &[], r#"{"code":"c"}"#)).contains("code: Some(\"c\")"));
    }
}
