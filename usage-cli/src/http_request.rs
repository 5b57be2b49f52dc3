//! The requests of browsers and scrapers to this program's own sockets: small, and read with little trust.

use std::io::{self, ErrorKind, Read as _};
use std::net::TcpStream;
use std::time::Instant;

/// The longest request that is read: a token of the implicit grant fits in.
const MAX_REQUEST: usize = 64 * 1024;

/// A request, whole.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) body: String,
}

impl Request {
    /// One request, read to its end; no longer than until `deadline`.
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
}

/// The request, if it is all there.
fn parse(bytes: &[u8]) -> io::Result<Option<Request>> {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let wrong = || io::Error::from(ErrorKind::InvalidData);
    let (head, body) = bytes.split_at(end);
    let head = std::str::from_utf8(head).map_err(|_| wrong())?;
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(wrong());
    };
    if !version.starts_with("HTTP/1.") || !target.starts_with('/') {
        return Err(wrong());
    }
    let headers = lines.filter_map(|line| line.split_once(':'));
    let length = headers
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map(|(_, value)| value.trim().parse::<usize>().map_err(|_| wrong()))
        .last();
    let length = length.transpose()?.unwrap_or(0);
    let body = body.get(4..).unwrap_or_default();
    if body.len() < length {
        return Ok(None);
    }
    let body = std::str::from_utf8(body.get(..length).unwrap_or_default()).map_err(|_| wrong())?;
    Ok(Some(Request { method: method.into(), target: target.into(), body: body.into() }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_request_is_read_when_it_is_whole() {
        let text = "POST /callback HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na=b";
        for end in 0..text.len() {
            assert!(parse(&text.as_bytes()[..end]).unwrap().is_none(), "{end}");
        }
        let request = parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!((&*request.method, &*request.target, &*request.body), ("POST", "/callback", "a=b"));
        for text in [
            "GET /\r\n\r\n",
            "GET x HTTP/1.1\r\n\r\n",
            "GET / FTP/1\r\n\r\n",
            "\u{0}\r\n\r\n",
            "GET / HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        ] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
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
