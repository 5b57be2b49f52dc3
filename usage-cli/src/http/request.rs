//! The requests of browsers and scrapers to this program's own sockets: small, and read with little trust.

use std::io::{self, ErrorKind, Read as _};
use std::net::TcpStream;
use std::time::Instant;

use httparse::{EMPTY_HEADER, Header, Status};

/// The longest request that is read: a token of the implicit grant fits in.
const MAX_REQUEST: usize = 64 * 1024;

/// The most headers; browsers send about twenty.
const MAX_HEADERS: usize = 100;

/// A request, whole.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    /// The header `Host`, if there is exactly one.
    pub(crate) host: Option<String>,
    pub(crate) body: String,
}

impl Request {
    /// Reads one request to its end, no longer than until `deadline`.
    pub(crate) fn read(stream: &mut TcpStream, deadline: Instant) -> io::Result<Self> {
        let mut bytes = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            if let Some(request) = parse(&bytes)? {
                return Ok(request);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || bytes.len() > MAX_REQUEST {
                return Err(ErrorKind::TimedOut.into());
            }
            stream.set_read_timeout(Some(left))?;
            match stream.read(&mut chunk)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                length => bytes.extend_from_slice(chunk.get(..length).unwrap_or_default()),
            }
        }
    }

    /// The path without the query.
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// The request, if it is all there.
fn parse(bytes: &[u8]) -> io::Result<Option<Request>> {
    let wrong = || io::Error::from(ErrorKind::InvalidData);
    let mut headers = [EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let Status::Complete(length) = head.parse(bytes).map_err(|_| wrong())? else { return Ok(None) };
    let (Some(method), Some(target)) = (head.method, head.path) else { return Err(wrong()) };
    if !target.starts_with('/') {
        return Err(wrong());
    }
    let body = bytes.get(length..).unwrap_or_default();
    let Some(body) = body.get(..body_length(head.headers).ok_or_else(wrong)?) else { return Ok(None) };
    Ok(Some(Request {
        method: method.to_owned(),
        target: target.to_owned(),
        host: one(head.headers, "host").map(str::to_owned),
        body: std::str::from_utf8(body).map_err(|_| wrong())?.to_owned(),
    }))
}

/// `None` if where the body ends is not certain.
fn body_length(headers: &[Header<'_>]) -> Option<usize> {
    let is_named = |name: &str| headers.iter().any(|header| header.name.eq_ignore_ascii_case(name));
    if is_named("transfer-encoding") {
        return None;
    }
    if !is_named("content-length") {
        return Some(0);
    }
    let length = one(headers, "content-length")?;
    length.bytes().all(|byte| byte.is_ascii_digit()).then(|| length.parse().ok()).flatten()
}

/// The value of the header `name`, if there is exactly one.
fn one<'a>(headers: &'a [Header<'_>], name: &str) -> Option<&'a str> {
    let mut values = headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
    match (values.next(), values.next()) {
        (Some(header), None) => std::str::from_utf8(header.value).ok().map(str::trim),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_request_is_read_when_it_is_whole() {
        let text = "POST /callback?x=y HTTP/1.1\r\nHost: localhost:1 \r\nContent-Length: 3\r\n\r\na=b";
        for end in 0..text.len() {
            assert!(parse(&text.as_bytes()[..end]).unwrap().is_none(), "{end}");
        }
        let request = parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!((&*request.method, request.path(), &*request.body), ("POST", "/callback", "a=b"));
        assert_eq!((&*request.target, request.host.as_deref()), ("/callback?x=y", Some("localhost:1")));
        for text in [
            "GET /\r\n\r\n",
            "GET x HTTP/1.1\r\n\r\n",
            "GET / FTP/1\r\n\r\n",
            "\u{0}\r\n\r\n",
            "GET / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
            "GET / HTTP/1.1\r\ncontent-length: +1\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
            "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        for hosts in ["", "Host: a\r\nHost: b\r\n", "Host: a\r\nhost: a\r\n"] {
            let request = parse(format!("GET / HTTP/1.1\r\n{hosts}\r\n").as_bytes()).unwrap().unwrap();
            assert_eq!(request.host, None, "{hosts:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..200), head in any::<bool>()) {
            let bytes = if head { [b"GET / HTTP/1.1\r\n", &bytes[..], b"\r\n\r\n"].concat() } else { bytes };
            if let Ok(Some(request)) = parse(&bytes) {
                prop_assert!(request.target.starts_with('/'));
            }
        }
    }
}
