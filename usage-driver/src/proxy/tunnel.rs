//! A tunnel through a proxy (`CONNECT`), without the I/O.

use std::error::Error as StdError;
use std::io;

use http::{StatusCode, Uri};

use crate::error::{ProxyError, ProxyProblem};
use crate::proxy::Proxy;

/// The maximum length of the head of a proxy's response, in bytes.
const MAX_HEAD: usize = 64 * 1024;

/// A tunnel (`CONNECT`) that is being opened through a proxy, without the I/O: connect to the proxy, write
/// [`request`](Self::request), and pass the bytes that arrive to [`is_open`](Self::is_open) until it returns true.
///
/// ```
/// use usage_driver::Proxy;
///
/// let proxy: Proxy = "http://proxy.example:3128".parse()?;
/// let mut tunnel = proxy.tunnel(&"https://api.mypurecloud.de/api/v2".parse().unwrap()).unwrap();
/// assert!(tunnel.request().starts_with(b"CONNECT api.mypurecloud.de:443 HTTP/1.1\r\n"));
/// assert!(!tunnel.is_open(b"HTTP/1.1 200 Conn").unwrap());
/// assert!(tunnel.is_open(b"ection established\r\n\r\n").unwrap());
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
pub struct Tunnel {
    /// `host:port`.
    proxy: Box<str>,
    target: Box<str>,
    request: Box<[u8]>,
    with_credentials: bool,
    /// The part of the response's head that has arrived.
    head: Vec<u8>,
}

impl Tunnel {
    pub(crate) fn new(proxy: &Proxy, end: &Uri) -> Self {
        let target = end.authority().map_or("", |authority| authority.as_str());
        let mut request = format!("CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n").into_bytes();
        for (name, value) in &proxy.headers() {
            request.extend_from_slice(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        request.extend_from_slice(b"\r\n");
        Self {
            proxy: proxy.address(),
            target: target.into(),
            request: request.into(),
            with_credentials: proxy.credentials().is_some(),
            head: Vec::new(),
        }
    }

    /// Returns the bytes of the `CONNECT` request.
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// Takes `bytes` that the proxy sent, and returns whether the tunnel is open. No bytes mean that the proxy closed the
    /// connection.
    ///
    /// # Errors
    ///
    /// Returns an error if the proxy refuses, closes the connection, or does not respond as an HTTP proxy.
    pub fn is_open(&mut self, bytes: &[u8]) -> Result<bool, ProxyError> {
        self.head.extend_from_slice(bytes);
        while let Some(length) = head_length(&self.head) {
            let status = status(&self.head).ok_or_else(|| self.error(ProxyProblem::NotHttp))?;
            if status.is_success() {
                // Through a tunnel, the client speaks first.
                let is_all = self.head.len() == length;
                return if is_all { Ok(true) } else { Err(self.error(ProxyProblem::NotHttp)) };
            }
            if !status.is_informational() {
                return Err(self.refused(status));
            }
            drop(self.head.drain(..length));
        }
        match status(&self.head) {
            _ if !may_be_http(&self.head) => Err(self.error(ProxyProblem::NotHttp)),
            Some(status) if bytes.is_empty() && !status.is_success() => Err(self.refused(status)),
            _ if bytes.is_empty() => Err(self.error(ProxyProblem::Closed)),
            _ if self.head.len() > MAX_HEAD => Err(self.error(ProxyProblem::TooLong(MAX_HEAD))),
            _ => Ok(false),
        }
    }

    /// Returns the error for a proxy that cannot be connected to, because of `error`.
    pub fn unreachable(&self, error: impl Into<Box<dyn StdError + Send + Sync>>) -> ProxyError {
        self.error(ProxyProblem::Unreachable(error.into()))
    }

    /// Returns the error for a connection to the proxy that broke: the refusal, if one had arrived.
    pub fn broken(&self, error: io::Error) -> ProxyError {
        match status(&self.head) {
            Some(status) if !status.is_success() && !status.is_informational() => self.refused(status),
            _ => self.error(ProxyProblem::Broken(error)),
        }
    }

    fn refused(&self, status: StatusCode) -> ProxyError {
        let (target, with_credentials) = (self.target.clone(), self.with_credentials);
        self.error(ProxyProblem::Refused { status, target, with_credentials })
    }

    fn error(&self, problem: ProxyProblem) -> ProxyError {
        ProxyError::new(&self.proxy, problem)
    }
}

impl std::fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tunnel")
            .field("proxy", &self.proxy)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// Returns the length of the head at the beginning of `bytes`, with the empty line, if it is complete.
fn head_length(bytes: &[u8]) -> Option<usize> {
    let after = |end: &[u8]| bytes.windows(end.len()).position(|part| part == end).map(|at| at + end.len());
    after(b"\n\r\n").into_iter().chain(after(b"\n\n")).min()
}

/// Parses a status line such as `HTTP/1.1 200 Connection established`.
fn status(bytes: &[u8]) -> Option<StatusCode> {
    let line = bytes.split(|byte| *byte == b'\n').next()?.trim_ascii_end();
    let (version, rest) = line.split_at_checked(b"HTTP/1.1 ".len())?;
    if !matches!(version, b"HTTP/1.1 " | b"HTTP/1.0 ") {
        return None;
    }
    let (code, reason) = rest.split_at_checked(3)?;
    if !matches!(reason.first(), None | Some(b' ')) {
        return None;
    }
    StatusCode::from_bytes(code).ok()
}

/// Returns whether the head of an HTTP response may begin with these bytes.
fn may_be_http(bytes: &[u8]) -> bool {
    let begins = bytes.iter().zip(b"HTTP/1.").all(|(is, wanted)| is == wanted);
    begins && (!bytes.contains(&b'\n') || status(bytes).is_some())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::{Reached, classify};
    use usage_core::error::{Sent, TransportFailure, TransportKind};

    fn tunnel(proxy: &str) -> Tunnel {
        let proxy: Proxy = proxy.parse().unwrap();
        proxy.tunnel(&"https://api.example/path".parse().unwrap()).unwrap()
    }

    /// What comes of an answer that arrives in pieces of `size` bytes before the proxy closes.
    fn outcome(proxy: &str, answer: &[u8], size: usize) -> Result<(), TransportFailure> {
        let mut tunnel = tunnel(proxy);
        for piece in answer.chunks(size).chain([&[][..]]) {
            match tunnel.is_open(piece) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(error) => return Err(classify(&error, Reached::NoConnection)),
            }
        }
        panic!("a proxy that closed was waited for");
    }

    #[test]
    fn a_tunnel_sends_credentials_and_does_not_print_them() {
        let tunnel = tunnel("http://reports:hunter2@[::1]:3128");
        let request = String::from_utf8(tunnel.request().to_vec()).unwrap();
        assert_eq!(
            request,
            "CONNECT api.example:443 HTTP/1.1\r\nhost: api.example:443\r\n\
             proxy-authorization: Basic cmVwb3J0czpodW50ZXIy\r\n\r\n"
        );
        let shown = format!("{tunnel:?}");
        assert_eq!(shown, "Tunnel { proxy: \"[::1]:3128\", target: \"api.example:443\", .. }");
    }

    #[test]
    fn every_success_status_opens_a_tunnel() {
        for answer in [
            "HTTP/1.1 200 Connection established\r\n\r\n",
            "HTTP/1.0 200 OK\r\nvia: a\r\ncontent-length: 5\r\n\r\n",
            "HTTP/1.1 204\r\n\r\n",
            "HTTP/1.1 200 \n\n",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        ] {
            for size in 1..=answer.len() {
                let size = if answer.starts_with("HTTP/1.1 100") { 1 } else { size };
                assert_eq!(outcome("http://p.example", answer.as_bytes(), size), Ok(()), "{answer}");
            }
        }
    }

    #[test]
    fn a_refusal_names_proxy_and_status_and_is_permanent_for_4xx() {
        for (status, permanent, advice) in [
            (400, true, ""),
            (401, true, "; check the user and the password in its URL"),
            (403, true, "; its rules do not allow this host"),
            (407, true, "; check the user and the password in its URL"),
            (408, false, ""),
            (429, false, ""),
            (302, false, ""),
            (500, false, ""),
            (502, false, ""),
            (503, false, ""),
            (504, false, ""),
        ] {
            let answer =
                format!("HTTP/1.1 {status} No\r\ncontent-type: text/html\r\n\r\n<html>hunter3</html>");
            let failure = outcome("http://u:hunter2@p.example:3128", answer.as_bytes(), 4096).unwrap_err();
            assert_eq!((failure.kind, failure.sent), (TransportKind::Connect, Sent::No));
            assert_eq!(failure.permanent, permanent, "{status}");
            let wanted = format!(
                "no connection: the proxy p.example:3128 refused to connect to api.example:443 (status {status}){advice}"
            );
            assert_eq!(format!("{failure:#}"), wanted);
        }
        let failure = outcome("http://p.example", b"HTTP/1.1 407 No\r\n\r\n", 9).unwrap_err();
        assert!(
            failure.text.ends_with("(status 407); it wants a user and a password in its URL"),
            "{failure}"
        );
    }

    #[test]
    fn an_invalid_response_of_a_proxy_names_the_proxy() {
        for (answer, wanted) in [
            (&b""[..], "closed the connection instead of answering"),
            (b"HTTP/1.1 ", "closed the connection instead of answering"),
            (b"HTTP/1.1 200 OK\r\n", "closed the connection instead of answering"),
            (b"HTTP/1.0 407 No\r\n", "refused to connect to api.example:443 (status 407)"),
            (b"<html>", "does not answer as an HTTP proxy"),
            (b"SSH-2.0-OpenSSH_9.2\r\n", "does not answer as an HTTP proxy"),
            (b"\x15\x03\x01\x00\x02\x02\x16", "does not answer as an HTTP proxy"),
            (b"HTTP/2 200\r\n\r\n", "does not answer as an HTTP proxy"),
            (b"HTTP/1.1 2000 OK\r\n\r\n", "does not answer as an HTTP proxy"),
            (b"HTTP/1.1 20x OK\r\n\r\n", "does not answer as an HTTP proxy"),
            (b"HTTP/1.1 200 OK\r\n\r\nhello", "does not answer as an HTTP proxy"),
        ] {
            let failure = outcome("http://p.example", answer, 4096).unwrap_err();
            assert_eq!((failure.kind, failure.sent), (TransportKind::Connect, Sent::No));
            assert!(failure.text.contains(&format!("the proxy p.example:80 {wanted}")), "{failure}");
        }
        let endless = [&b"HTTP/1.1 200 OK\r\nx: "[..], &vec![b'x'; 2 * MAX_HEAD]].concat();
        let failure = outcome("http://p.example", &endless, 4096).unwrap_err();
        assert!(failure.text.contains("a head of more than 65536 bytes"), "{failure}");
    }

    #[test]
    fn a_refusal_counts_although_the_connection_breaks_after_it() {
        for (answer, wanted) in [
            ("HTTP/1.1 407 No\r\nproxy-auth", "refused to connect to api.example:443 (status 407)"),
            ("HTTP/1.1 403 No\r\n", "refused to connect to api.example:443 (status 403)"),
            ("HTTP/1.1 200 OK\r\n", "broke the connection off: connection reset"),
            ("HTTP/1.1 100 Continue\r\n", "broke the connection off: connection reset"),
            ("HTTP/1.1 4", "broke the connection off: connection reset"),
            ("", "broke the connection off: connection reset"),
        ] {
            let mut tunnel = tunnel("http://p.example");
            if !answer.is_empty() {
                assert!(!tunnel.is_open(answer.as_bytes()).unwrap());
            }
            let error = tunnel.broken(io::ErrorKind::ConnectionReset.into());
            assert!(error.to_string().starts_with(&format!("the proxy p.example:80 {wanted}")), "{error}");
            assert_eq!(error.is_permanent(), wanted.contains("status"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn no_response_panics_and_its_pieces_do_not_matter(
            answer in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..60),
                "HTTP/1\\.[01] [0-9]{3}[ a-z]{0,5}(\r?\n[a-z: ]{0,8}){0,3}(\r?\n\r?\n)?[a-z]{0,4}".prop_map(String::into_bytes),
            ],
            size in 1usize..8,
        ) {
            let whole = outcome("http://p.example", &answer, 4096);
            let pieces = outcome("http://p.example", &answer, size);
            // Bytes that follow the head of an open tunnel in another piece belong to the tunnel.
            if whole.is_ok() || pieces.is_err() {
                prop_assert_eq!(whole, pieces);
            }
        }
    }
}
