//! The journal: each request and its response, so that tests can check what a client did.

use std::borrow::Cow;

use http::header::{AUTHORIZATION, HOST};
use http::{HeaderMap, Method, StatusCode, request};
use usage_core::Timestamp;

use crate::fault::Fault;
use crate::route::Operation;

/// Maximum number of entries kept. When it is exceeded, the older half is dropped.
const MAX_ENTRIES: usize = 20_000;

/// Maximum number of bytes kept of a body.
const MAX_BODY: usize = 64 * 1024;

/// Form fields that hold a secret, by their names in RFC 6749, 7522 and 7636.
const SECRET_FIELDS: &[&str] =
    &["client_secret", "refresh_token", "assertion", "code", "code_verifier", "password", "access_token"];

/// A request and its outcome.
///
/// ```
/// use usage_core::Timestamp;
/// use usage_sim::{Authorization, Operation, Simulator, SimulatorConfig};
///
/// let mut service = Simulator::new(SimulatorConfig::default());
/// service.handle(Timestamp::UNIX_EPOCH, http::Request::get("/api/v2/users?pageSize=5").body(vec![])?);
/// let entry = &service.journal()[0];
/// assert_eq!((entry.operation, &*entry.target), (Some(Operation::Users), "/api/v2/users?pageSize=5"));
/// assert_eq!((entry.authorization, entry.status.as_u16()), (Authorization::Absent, 401));
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Entry {
    /// The time at which the request was handled.
    pub at: Timestamp,
    /// The request's method.
    pub method: Method,
    /// The host that the request was sent to: that of the URI if it is absolute, otherwise of the `Host` header; empty
    /// without either.
    pub host: String,
    /// The request's path and query. Secrets are replaced by `[redacted]`.
    pub target: String,
    /// The kind of credential in the `Authorization` header, never the credential itself.
    pub authorization: Authorization,
    /// The request's `Content-Type`, if it had one.
    pub content_type: Option<String>,
    /// The first 64 KiB of the request's body. In a form for the login host, secrets are replaced by `[redacted]`.
    pub body: Vec<u8>,
    /// The operation that method and path name, if there is one.
    pub operation: Option<Operation>,
    /// The injected fault that struck the request.
    pub fault: Option<Fault>,
    /// The id of the execution or job that the request started.
    pub started: Option<String>,
    /// The status of the response. With a wire fault, the response may not have reached the client.
    pub status: StatusCode,
    /// The `ININ-Correlation-Id` of the response.
    pub correlation_id: String,
}

/// The kind of a request's `Authorization` header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Authorization {
    /// No such header.
    Absent,
    /// `Basic`: a client's id and secret.
    Basic,
    /// `Bearer`: an access token.
    Bearer,
    /// Another scheme, or a header that cannot be read.
    Other,
}

impl Authorization {
    fn of(headers: &HeaderMap) -> Self {
        let Some(value) = headers.get(AUTHORIZATION) else { return Self::Absent };
        let scheme = value.as_bytes().split(|&byte| byte == b' ').next().unwrap_or_default();
        if scheme.eq_ignore_ascii_case(b"basic") {
            Self::Basic
        } else if scheme.eq_ignore_ascii_case(b"bearer") {
            Self::Bearer
        } else {
            Self::Other
        }
    }
}

/// Returns the entry of a request that is about to be handled. Its status is set afterwards.
pub(crate) fn entry(
    at: Timestamp,
    head: &request::Parts,
    body: &[u8],
    operation: Option<Operation>,
    correlation_id: String,
) -> Entry {
    let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_string);
    let host = head.uri.authority().map(ToString::to_string).or_else(|| text(HOST));
    let for_login = operation.is_some_and(Operation::is_login) || head.uri.path().starts_with("/oauth/");
    // Secrets are searched in the whole form. A new vector has no more capacity than it needs.
    let redacted = if for_login { without_secrets(body) } else { Cow::Borrowed(body) };
    let body = redacted[..redacted.len().min(MAX_BODY)].to_vec();
    Entry {
        at,
        method: head.method.clone(),
        host: host.unwrap_or_default(),
        target: target(head),
        authorization: Authorization::of(&head.headers),
        content_type: text(http::header::CONTENT_TYPE),
        body,
        operation,
        fault: None,
        started: None,
        status: StatusCode::OK,
        correlation_id,
    }
}

fn target(head: &request::Parts) -> String {
    let path = head.uri.path();
    let Some(query) = head.uri.query() else { return path.into() };
    let query = without_secrets(query.as_bytes());
    format!("{path}?{}", String::from_utf8_lossy(&query))
}

/// The entries, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal(Vec<Entry>);

impl Journal {
    pub(crate) fn write(&mut self, entry: Entry) {
        if self.0.len() >= MAX_ENTRIES {
            self.0.drain(..MAX_ENTRIES / 2);
        }
        self.0.push(entry);
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.0
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Returns the form unchanged if it holds no secret, otherwise a copy with redacted values.
fn without_secrets(form: &[u8]) -> Cow<'_, [u8]> {
    let is_secret = |name: &str| SECRET_FIELDS.contains(&name);
    let mut fields = form_urlencoded::parse(form);
    if !fields.any(|(name, _)| is_secret(&name)) {
        return form.into();
    }
    let mut rewritten = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(form) {
        rewritten.append_pair(&name, if is_secret(&name) { "[redacted]" } else { &value });
    }
    rewritten.finish().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_a_form_are_left_out() {
        assert_eq!(&*without_secrets(b"grant_type=client_credentials"), b"grant_type=client_credentials");
        let form = without_secrets(b"grant_type=refresh_token&refresh%5Ftoken=hunter2&x=1");
        let form = String::from_utf8(form.into_owned()).unwrap();
        assert_eq!(form, "grant_type=refresh_token&refresh_token=%5Bredacted%5D&x=1");
    }

    #[test]
    fn secrets_of_a_target_are_left_out() {
        let target = |uri: &str| target(&http::Request::get(uri).body(()).unwrap().into_parts().0);
        assert_eq!(target("/x?code=hunter2&y=1"), "/x?code=%5Bredacted%5D&y=1");
        assert_eq!(target("http://h/x?after=%2B&&="), "/x?after=%2B&&=");
        assert_eq!((target("*"), target("http://h")), ("*".into(), "/".into()));
    }

    #[test]
    fn keeps_no_more_of_a_body_than_it_says() {
        let large = vec![b'x'; 1024 * 1024];
        let form = [b"client_secret=hunter2&x=".as_slice(), &large].concat();
        for (path, body) in
            [("/x", large.as_slice()), ("/oauth/token", &large), ("/oauth/token", &form), ("/x", b"")]
        {
            let (head, ()) = http::Request::post(path).body(()).unwrap().into_parts();
            let kept = entry(Timestamp::UNIX_EPOCH, &head, body, None, String::new()).body;
            assert_eq!(kept.len(), body.len().min(MAX_BODY), "{path}");
            assert!(kept.capacity() <= MAX_BODY, "{path}: room for {} bytes", kept.capacity());
            assert!(!kept.windows(7).any(|text| text == b"hunter2"));
        }
    }

    #[test]
    fn keeps_the_newest_entries() {
        let (head, ()) =
            http::Request::get("/x?y=1").header("Authorization", "bearer t").body(()).unwrap().into_parts();
        let mut journal = Journal::default();
        for n in 0..=MAX_ENTRIES as u64 {
            journal.write(entry(Timestamp::from_unix_millis(n), &head, b"", None, String::new()));
        }
        let last = journal.entries().last().unwrap();
        assert_eq!(journal.entries().len(), MAX_ENTRIES / 2 + 1);
        assert_eq!((last.at.as_unix_millis(), &*last.target), (MAX_ENTRIES as u64, "/x?y=1"));
        assert_eq!(last.authorization, Authorization::Bearer);
        journal.clear();
        assert!(journal.entries().is_empty());
    }
}
