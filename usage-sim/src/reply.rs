//! Replies: bodies of success, and the two kinds of error body of the service.

use std::io::Write;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use usage_core::Timestamp;

use crate::wire_fault::WireFault;

/// The response to a request, and the fault of the network that strikes it.
///
/// ```
/// use http::Response;
/// use usage_sim::{Reply, WireFault};
///
/// let mut reply = Reply::from(Response::new(b"{}".to_vec()));
/// assert_eq!(reply.fault, None);
/// reply.fault = Some(WireFault::CloseMidBody);
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reply {
    /// The complete response.
    pub response: Response<Vec<u8>>,
    /// The injected fault of the network, if any. The listener plays it on the socket; the clients in memory turn it
    /// into the transport failure that a client would see.
    pub fault: Option<WireFault>,
}

impl From<Response<Vec<u8>>> for Reply {
    /// Returns a reply without a fault.
    fn from(response: Response<Vec<u8>>) -> Self {
        Self { response, fault: None }
    }
}

/// Returns a successful response with a JSON body.
pub(crate) fn json_response(body: Vec<u8>) -> Response<Vec<u8>> {
    response(StatusCode::OK, "application/json", body)
}

pub(crate) fn response(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Response<Vec<u8>> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Appends blanks until the body has `bytes`.
pub(crate) fn pad(response: &mut Response<Vec<u8>>, bytes: usize) {
    let length = bytes.max(response.body().len());
    response.body_mut().resize(length, b' ');
}

/// Encodes the body with gzip.
pub(crate) fn gzip(response: &mut Response<Vec<u8>>) {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    if encoder.write_all(response.body()).is_ok()
        && let Ok(encoded) = encoder.finish()
    {
        *response.body_mut() = encoded;
        insert(response, CONTENT_ENCODING, "gzip");
    }
}

/// A refusal in the platform's `ErrorBody`.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    /// The message, with `{name}` in place of a parameter's value.
    template: &'static str,
    extras: Box<Extras>,
}

/// Members that only some refusals have.
#[derive(Clone, Debug, Default)]
struct Extras {
    parameters: Vec<(&'static str, String)>,
    details: Vec<Detail>,
    limit: Option<Limit>,
    headers: Vec<(HeaderName, String)>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    error_code: &'static str,
    field_name: &'static str,
}

#[derive(Clone, Debug, Serialize)]
struct Limit {
    key: &'static str,
    namespace: &'static str,
    value: u32,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, template: &'static str) -> Self {
        Self { status, code, template, extras: Box::default() }
    }

    pub(crate) fn bad_request(template: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad.request", template)
    }

    /// Returns the refusal of a value of a field or query parameter.
    pub(crate) fn invalid_value(field: &'static str, value: &str) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid.value",
            "The value [{value}] is not valid for field [{field}]",
        )
        .with("value", excerpt(value))
        .with("field", field)
        .on_field("invalid.value", field)
    }

    pub(crate) fn invalid_interval(value: &str) -> Self {
        let template = "The interval [{value}] is not valid. Use yyyy-MM-ddTHH:mm:ss/yyyy-MM-ddTHH:mm:ss";
        Self::new(StatusCode::BAD_REQUEST, "invalid.date", template)
            .with("value", excerpt(value))
            .on_field("invalid.date", "interval")
    }

    pub(crate) fn interval_starts_too_early(value: &str) -> Self {
        Self::interval_limit("The interval [{value}] must not start more than one year ago", value)
    }

    pub(crate) fn interval_too_long(value: &str) -> Self {
        Self::interval_limit("The interval [{value}] must not end more than 90 days after its start", value)
    }

    fn interval_limit(template: &'static str, value: &str) -> Self {
        Self::bad_request(template).with("value", excerpt(value)).on_field("invalid.value", "interval")
    }

    pub(crate) fn missing_field(field: &'static str) -> Self {
        Self::bad_request("The field [{field}] is required")
            .with("field", field)
            .on_field("bad.request", field)
    }

    pub(crate) fn authentication_required() -> Self {
        let template = "No authentication bearer token specified in authorization header.";
        Self::new(StatusCode::UNAUTHORIZED, "authentication.required", template)
    }

    pub(crate) fn bad_credentials() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "bad.credentials", "Invalid login credentials.")
    }

    pub(crate) fn missing_any_permissions(wanted: &[&str]) -> Self {
        let template = "Unable to perform the requested action. You must have at least one of the following permissions assigned: {permissions}";
        Self::new(StatusCode::FORBIDDEN, "missing.any.permissions", template)
            .with("permissions", format!("[{}]", wanted.join(", ")))
    }

    pub(crate) fn missing_permissions(wanted: &[&str]) -> Self {
        let template = "Unable to perform the requested action. You are missing the following permission(s): {permissions}";
        Self::new(StatusCode::FORBIDDEN, "missing.permissions", template)
            .with("permissions", wanted.join(", "))
    }

    pub(crate) fn not_found(what: &'static str, id: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not.found", "{what} [{id}] was not found")
            .with("what", what)
            .with("id", excerpt(id))
    }

    pub(crate) fn no_such_path(path: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not.found", "HTTP 404 Not Found: {path}")
            .with("path", excerpt(path))
    }

    pub(crate) fn method_not_allowed(allowed: &str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method.not.allowed", "HTTP 405 Method Not Allowed")
            .header(http::header::ALLOW, allowed)
    }

    pub(crate) fn too_large(maximum: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "request.entity.too.large", "Maximum bytes: {maximum}")
            .with("maximum", maximum.to_string())
    }

    pub(crate) fn unsupported_media_type() -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported.media.type",
            "Use Content-Type: application/json",
        )
    }

    /// Returns the refusal of a request over the limit of `allowed` a minute. `retry_after` is the value of the header,
    /// and part of the message.
    pub(crate) fn too_many_requests(allowed: u32, retry_after: Option<&str>) -> Self {
        let template = "Rate limit exceeded the maximum. Retry the request in [{seconds}] seconds";
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too.many.requests", template)
            .with("seconds", retry_after.unwrap_or("60"));
        problem.extras.limit = Some(Limit {
            key: "client.credentials.token.rate.per.minute",
            namespace: "platform.api",
            value: allowed,
        });
        match retry_after {
            Some(value) => problem.header(http::header::RETRY_AFTER, value),
            None => problem,
        }
    }

    /// Returns the platform's usual body of an error `status`.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let (code, template) = match status.as_u16() {
            400 => {
                ("bad.request", "The request could not be understood by the server due to malformed syntax.")
            }
            401 => ("bad.credentials", "Invalid login credentials."),
            403 => ("not.authorized", "You are not authorized to perform the requested action."),
            404 => ("not.found", "The requested resource was not found."),
            408 => {
                ("request.timeout", "The client did not produce a request within the server timeout limit.")
            }
            409 => ("conflict", "The request conflicts with the current state of the target resource."),
            413 => ("request.entity.too.large", "The request is over the size limit."),
            415 => ("unsupported.media.type", "Unsupported Media Type"),
            429 => ("too.many.requests", "Rate limit exceeded the maximum."),
            503 => ("service.unavailable", "Service Unavailable - The server is currently unavailable."),
            504 => ("request.timeout", "The request timed out."),
            _ => ("internal.server.error", "The server encountered an unexpected condition."),
        };
        Self::new(status, code, template)
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.extras.parameters.push((name, value.into()));
        self
    }

    fn on_field(mut self, error_code: &'static str, field_name: &'static str) -> Self {
        self.extras.details.push(Detail { error_code, field_name });
        self
    }

    fn header(mut self, name: HeaderName, value: &str) -> Self {
        self.extras.headers.push((name, value.into()));
        self
    }

    #[cfg(test)]
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the response, with the request's correlation id in its body.
    pub(crate) fn into_response(self, correlation_id: &str) -> Response<Vec<u8>> {
        let body = self.body(correlation_id).to_string().into_bytes();
        let mut response = response(self.status, "application/json", body);
        for (name, value) in self.extras.headers {
            insert(&mut response, name, &value);
        }
        response
    }

    /// Returns the `ErrorBody`.
    pub(crate) fn body(&self, correlation_id: &str) -> Value {
        let Extras { parameters, details, limit, .. } = &*self.extras;
        let message = fill(self.template, parameters);
        let parameters: serde_json::Map<_, _> =
            parameters.iter().map(|(name, value)| ((*name).into(), value.as_str().into())).collect();
        let mut body = json!({
            "message": message,
            "code": self.code,
            "status": self.status.as_u16(),
            "messageWithParams": self.template,
            "messageParams": parameters,
            "contextId": correlation_id,
            "details": details,
            "errors": [],
        });
        if let Some(limit) = limit {
            body["limit"] = json!(limit);
        }
        body
    }
}

/// A refusal of the login host, whose bodies differ.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OAuthProblem {
    pub(crate) status: StatusCode,
    pub(crate) error: &'static str,
    pub(crate) description: &'static str,
}

impl OAuthProblem {
    pub(crate) const fn new(status: StatusCode, error: &'static str, description: &'static str) -> Self {
        Self { status, error, description }
    }

    pub(crate) const fn client_not_found() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_client", "client not found")
    }

    /// Returns the login host's body of an injected error `status`.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status.as_u16() {
            400 => Self::new(status, "invalid_client", "client not found"),
            401 => Self::new(status, "invalid_client", "authentication failed"),
            402..500 => Self::new(status, "invalid_request", "the request was refused"),
            503 => Self::new(status, "temporarily_unavailable", "the server is unavailable"),
            _ => Self::new(status, "server_error", "the server failed"),
        }
    }

    pub(crate) fn into_response(self) -> Response<Vec<u8>> {
        let body = json!({
            "error": self.error,
            "description": self.description,
            "error_description": self.description,
        });
        response(self.status, "application/json", body.to_string().into_bytes())
    }
}

/// Sets members of the body's object to these JSON texts; an empty text removes the member.
pub(crate) fn amend(response: &mut Response<Vec<u8>>, members: &[(String, String)]) {
    let Ok(mut document) = serde_json::from_slice::<serde_json::Map<String, Value>>(response.body()) else {
        return;
    };
    for (name, json) in members {
        match serde_json::from_str(json) {
            Ok(value) => drop(document.insert(name.clone(), value)),
            Err(_) => drop(document.remove(name)),
        }
    }
    *response.body_mut() = Value::Object(document).to_string().into_bytes();
}

/// Sets `Date` to the service's time, in whole seconds.
pub(crate) fn insert_date(response: &mut Response<Vec<u8>>, now: Timestamp) {
    // httpdate can only write years up to 9999.
    const LATEST: u64 = 253_402_300_799;
    let seconds = (now.as_unix_millis() / 1000).min(LATEST);
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    insert(response, http::header::DATE, &httpdate::fmt_http_date(date));
}

/// Sets a header; an invalid value is left out.
pub(crate) fn insert(response: &mut Response<Vec<u8>>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Returns `template` with each `{name}` replaced by that parameter's value, which is not expanded again.
fn fill(template: &str, parameters: &[(&str, String)]) -> String {
    let mut parts = template.split('{');
    let mut message = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        let value = parameters.iter().find(|(known, _)| *known == name);
        message.push_str(value.map_or("", |(_, value)| value));
        message.push_str(rest);
    }
    message
}

/// Returns the start of a text of the request, so that an error body does not repeat megabytes.
fn excerpt(text: &str) -> String {
    text.chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_body_has_every_field() {
        let response =
            Problem::too_many_requests(300, Some("7")).into_response("f3ac4404-283d-4d98-8b70-b75c4891d2ef");
        assert_eq!(response.headers()["retry-after"], "7");
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(
            body,
            json!({
                "message": "Rate limit exceeded the maximum. Retry the request in [7] seconds",
                "code": "too.many.requests",
                "status": 429,
                "messageWithParams": "Rate limit exceeded the maximum. Retry the request in [{seconds}] seconds",
                "messageParams": {"seconds": "7"},
                "contextId": "f3ac4404-283d-4d98-8b70-b75c4891d2ef",
                "details": [],
                "errors": [],
                "limit": {"key": "client.credentials.token.rate.per.minute", "namespace": "platform.api", "value": 300},
            })
        );
    }

    #[test]
    fn a_value_is_inserted_once_and_not_expanded() {
        let response = Problem::invalid_value("groupBy", "{field}").into_response("");
        let body: Value = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(body["details"][0]["fieldName"], "groupBy");
        assert_eq!(body["message"], "The value [{field}] is not valid for field [groupBy]");
    }
}
