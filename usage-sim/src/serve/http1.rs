//! The part of HTTP/1.1 that a server needs: reading a request, writing an answer.

use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, HeaderName, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, Version};

use crate::simulator::MAX_REQUEST_BODY;

const MAX_HEAD: usize = 32 * 1024;
pub(super) const MAX_HEADERS: usize = 100;
/// Maximum length of a chunk size line or a trailer line, in bytes.
const MAX_LINE: usize = 4 * 1024;
const MAX_TRAILERS: usize = 100;

/// The incoming side of a connection, with the bytes read ahead.
#[derive(Debug)]
pub(super) struct Incoming<S> {
    stream: S,
    buffer: Vec<u8>,
    /// The time by which the head that is being read must be complete. Without it, there is no limit.
    head_until: Option<Instant>,
}

/// The reason that no request could be read.
#[derive(Debug)]
pub(super) enum ReadError {
    /// The client closed the connection or went silent, or the server stops. No answer is sent.
    Gone,
    /// The bytes are not a request that this server accepts.
    Refused(StatusCode),
}

impl From<io::Error> for ReadError {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

/// A request, and whether its connection can be reused.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) request: Request<Vec<u8>>,
    /// Whether another request may follow on this connection.
    pub(super) keep_alive: bool,
}

impl<S: Read + Write> Incoming<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::new(), head_until: None }
    }

    /// Limits the time until the next head is complete.
    pub(super) fn expect_head(&mut self, within: Duration) {
        self.head_until = Instant::now().checked_add(within);
    }

    pub(super) fn stream(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Reads the next request with its body. A body over the limit is cut one byte after it, so that the simulator
    /// refuses the request; the connection is then closed.
    pub(super) fn read_request(&mut self) -> Result<Received, ReadError> {
        let (mut request, mut keep_alive) = self.read_head()?;
        let framing = Framing::of(request.headers())?;
        // Clients of HTTP/1.0 do not know interim responses (RFC 9110, 10.1.1).
        let may_continue = request.version() == Version::HTTP_11 && expects_continue(request.headers());
        if framing != Framing::Empty && self.buffer.is_empty() && may_continue {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        let complete = match framing {
            Framing::Empty => true,
            Framing::Length(length) => self.read_sized(length, request.body_mut())?,
            Framing::Chunked => self.read_chunked(request.body_mut())?,
        };
        keep_alive &= complete;
        Ok(Received { request, keep_alive })
    }

    fn read_head(&mut self) -> Result<(Request<Vec<u8>>, bool), ReadError> {
        loop {
            let parsed = parse_head(&self.buffer)?;
            if parsed.as_ref().map_or(self.buffer.len(), |(length, ..)| *length) > MAX_HEAD {
                return Err(ReadError::Refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
            }
            if let Some((length, request, keep_alive)) = parsed {
                self.buffer.drain(..length);
                return Ok((request, keep_alive));
            }
            if self.head_until.is_some_and(|until| until <= Instant::now()) {
                return Err(ReadError::Gone);
            }
            self.fill()?;
        }
    }

    /// Reads the body, and returns whether it was read to its end.
    fn read_sized(&mut self, length: u64, body: &mut Vec<u8>) -> Result<bool, ReadError> {
        let limit = MAX_REQUEST_BODY + 1;
        let wanted = usize::try_from(length).unwrap_or(usize::MAX).min(limit);
        self.take(wanted, body)?;
        Ok(wanted < limit)
    }

    fn read_chunked(&mut self, body: &mut Vec<u8>) -> Result<bool, ReadError> {
        loop {
            let line = self.read_line()?;
            // httparse takes a line without a digit for a size of 0.
            let has_digit = line.first().is_some_and(u8::is_ascii_hexdigit);
            let (true, Ok(httparse::Status::Complete((_, size)))) =
                (has_digit, httparse::parse_chunk_size(&line))
            else {
                return Err(ReadError::Refused(StatusCode::BAD_REQUEST));
            };
            if size == 0 {
                return self.skip_trailers().map(|()| true);
            }
            let room = (MAX_REQUEST_BODY + 1).saturating_sub(body.len());
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            self.take(size.min(room), body)?;
            if size >= room {
                return Ok(false);
            }
            if self.read_line()? != b"\r\n" {
                return Err(ReadError::Refused(StatusCode::BAD_REQUEST));
            }
        }
    }

    fn skip_trailers(&mut self) -> Result<(), ReadError> {
        for _ in 0..=MAX_TRAILERS {
            let line = self.read_line()?;
            if line == b"\r\n" {
                return Ok(());
            }
            if !is_field(&line) {
                return Err(ReadError::Refused(StatusCode::BAD_REQUEST));
            }
        }
        Err(ReadError::Refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE))
    }

    /// Reads a line, including its line break.
    fn read_line(&mut self) -> Result<Vec<u8>, ReadError> {
        loop {
            let line = self.buffer.iter().take(MAX_LINE).position(|&byte| byte == b'\n');
            if let Some(end) = line {
                return Ok(self.buffer.drain(..=end).collect());
            }
            if self.buffer.len() >= MAX_LINE {
                return Err(ReadError::Refused(StatusCode::BAD_REQUEST));
            }
            self.fill()?;
        }
    }

    fn take(&mut self, mut wanted: usize, body: &mut Vec<u8>) -> Result<(), ReadError> {
        while wanted > 0 {
            if self.buffer.is_empty() {
                self.fill()?;
            }
            let part = wanted.min(self.buffer.len());
            body.extend(self.buffer.drain(..part));
            wanted -= part;
        }
        Ok(())
    }

    fn fill(&mut self) -> Result<(), ReadError> {
        let mut chunk = [0; 8 * 1024];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(ReadError::Gone),
                Ok(read) => {
                    self.buffer.extend_from_slice(&chunk[..read]);
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(ReadError::Gone),
            }
        }
    }
}

type Head = (usize, Request<Vec<u8>>, bool);

/// Returns the head at the start of `buffer` and its length, or `None` if it is not complete.
fn parse_head(buffer: &[u8]) -> Result<Option<Head>, ReadError> {
    let bad = || ReadError::Refused(StatusCode::BAD_REQUEST);
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let length = match head.parse(buffer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(ReadError::Refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
        }
        Err(_) => return Err(bad()),
    };
    let mut request = Request::new(Vec::new());
    *request.method_mut() = head.method.unwrap_or_default().parse::<Method>().map_err(|_| bad())?;
    *request.uri_mut() = head.path.unwrap_or_default().parse::<Uri>().map_err(|_| bad())?;
    *request.version_mut() = if head.version == Some(0) { Version::HTTP_10 } else { Version::HTTP_11 };
    for header in head.headers.iter() {
        let name: HeaderName = header.name.parse().map_err(|_| bad())?;
        let value = HeaderValue::from_bytes(header.value).map_err(|_| bad())?;
        request.headers_mut().append(name, value);
    }
    if request.version() == Version::HTTP_11 && request.headers().get_all(HOST).iter().count() != 1 {
        return Err(bad());
    }
    let keep_alive = match request.version() {
        Version::HTTP_10 => has_token(request.headers(), &CONNECTION, "keep-alive"),
        _ => !has_token(request.headers(), &CONNECTION, "close"),
    };
    Ok(Some((length, request, keep_alive)))
}

/// How the end of a request's body is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Empty,
    Length(u64),
    Chunked,
}

impl Framing {
    /// Refuses contradictory framing, which would allow request smuggling.
    fn of(headers: &HeaderMap) -> Result<Self, ReadError> {
        let refused = ReadError::Refused(StatusCode::BAD_REQUEST);
        let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
        let mut encodings = headers.get_all(TRANSFER_ENCODING).iter();
        match (lengths.next(), lengths.next(), encodings.next(), encodings.next()) {
            (None, _, None, _) => Ok(Self::Empty),
            (Some(length), None, None, _) => {
                let digits =
                    length.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
                match digits.and_then(|text| text.parse().ok()) {
                    Some(0) => Ok(Self::Empty),
                    Some(length) => Ok(Self::Length(length)),
                    None => Err(refused),
                }
            }
            (None, _, Some(encoding), None) if encoding.as_bytes().eq_ignore_ascii_case(b"chunked") => {
                Ok(Self::Chunked)
            }
            _ => Err(refused),
        }
    }
}

/// Returns whether `line` is a field: a name, a colon and a value.
fn is_field(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|&byte| byte == b':') else { return false };
    let value = line[colon + 1..].strip_suffix(b"\r\n").unwrap_or(&line[colon..]);
    HeaderName::from_bytes(&line[..colon]).is_ok() && HeaderValue::from_bytes(value).is_ok()
}

fn expects_continue(headers: &HeaderMap) -> bool {
    has_token(headers, &EXPECT, "100-continue")
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|part| part.trim().eq_ignore_ascii_case(token))
}

/// Writes the head of an answer whose body has `length` bytes.
pub(super) fn write_head(response: &Response<Vec<u8>>, length: usize, keep_alive: bool) -> Vec<u8> {
    write_framed(response, &format!("Content-Length: {length}\r\n"), keep_alive)
}

/// Writes the head of an answer whose body is sent in [`chunk`]s.
pub(super) fn write_chunked_head(response: &Response<Vec<u8>>, keep_alive: bool) -> Vec<u8> {
    write_framed(response, "Transfer-Encoding: chunked\r\n", keep_alive)
}

/// Returns one chunk of a body. An empty chunk is the last one.
pub(super) fn chunk(part: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat()
}

/// Adds a header to `head`, so that it has at least `bytes` bytes.
pub(super) fn pad_head(mut head: Vec<u8>, bytes: usize) -> Vec<u8> {
    const NAME: &[u8] = b"X-Padding: ";
    const END: &[u8] = b"\r\n";
    let padding = vec![b'x'; bytes.saturating_sub(head.len() + NAME.len() + END.len())];
    head.truncate(head.len() - END.len());
    [head.as_slice(), NAME, &padding, END, END].concat()
}

/// Writes the head of an answer with these framing lines, each with its line break.
pub(super) fn write_framed(response: &Response<Vec<u8>>, framing: &str, keep_alive: bool) -> Vec<u8> {
    let status = response.status();
    let reason = status.canonical_reason().unwrap_or("Unknown");
    let mut head = format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).into_bytes();
    for (name, value) in response.headers() {
        if name != CONTENT_LENGTH && name != CONNECTION && name != TRANSFER_ENCODING {
            head.extend_from_slice(wire_name(name).as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
    }
    let connection = if keep_alive { "keep-alive" } else { "close" };
    head.extend_from_slice(format!("{framing}Connection: {connection}\r\n\r\n").as_bytes());
    head
}

/// Returns header names as the service spells them. Some clients compare them case-sensitively.
fn wire_name(name: &HeaderName) -> String {
    match name.as_str() {
        "inin-correlation-id" => "ININ-Correlation-Id".into(),
        other if other.starts_with("inin-") => other.into(),
        other => {
            let capitalized = other.split('-').map(|part| {
                let (first, rest) = part.split_at(part.len().min(1));
                first.to_ascii_uppercase() + rest
            });
            capitalized.collect::<Vec<_>>().join("-")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::serve::pieces::Pieces;

    fn incoming(input: &[u8], size: usize) -> Incoming<Pieces> {
        Incoming::new(Pieces::new(input, size))
    }

    fn refused(input: &[u8]) -> Option<u16> {
        match incoming(input, 1_000_000).read_request() {
            Err(ReadError::Refused(status)) => Some(status.as_u16()),
            _ => None,
        }
    }

    #[test]
    fn two_requests_on_one_connection_in_pieces_of_any_size() {
        let input = b"POST /a?b=c HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc\
            PUT /d HTTP/1.1\r\nhost: h\r\nTransfer-Encoding: Chunked\r\nConnection: x, Close\r\n\r\n2;e=1\r\nde\r\n1\r\nf\r\n0\r\nT: 1\r\n\r\n";
        for size in 1..input.len() {
            let mut incoming = incoming(input, size);
            let first = incoming.read_request().unwrap();
            assert_eq!((first.request.uri().to_string(), first.keep_alive), ("/a?b=c".into(), true));
            assert_eq!(first.request.body(), b"abc");
            let second = incoming.read_request().unwrap();
            assert_eq!((second.request.body().as_slice(), second.keep_alive), (b"def".as_slice(), false));
            assert!(matches!(incoming.read_request(), Err(ReadError::Gone)));
        }
    }

    #[test]
    fn what_is_refused() {
        let bodies = [
            "Content-Length: 1\r\nContent-Length: 1",
            "Content-Length: +1",
            "Content-Length: 99999999999999999999",
            "Content-Length: 1\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: gzip, chunked",
        ];
        for headers in bodies {
            assert_eq!(
                refused(format!("POST / HTTP/1.1\r\nHost: h\r\n{headers}\r\n\r\n").as_bytes()),
                Some(400),
                "{headers}"
            );
        }
        assert_eq!(refused(b"nonsense\r\n\r\n"), Some(400));
        assert_eq!(refused(b"GET / HTTP/2.0\r\n\r\n"), Some(400));
        for host in ["", "X: 1\r\n", "Host: a\r\nHost: b\r\n"] {
            assert_eq!(refused(format!("GET / HTTP/1.1\r\n{host}\r\n").as_bytes()), Some(400), "{host}");
        }
        for host in ["", "Host: a\r\n"] {
            assert_eq!(refused(format!("GET / HTTP/1.0\r\n{host}\r\n").as_bytes()), None, "{host}");
        }
        for chunks in [
            "zz\r\n",
            "\r\n\r\n",
            ";e=1\r\n\r\n",
            " 1\r\nx\r\n0\r\n\r\n",
            "-1\r\nx\r\n",
            "1\r\nxy\r\n0\r\n\r\n",
            "0\r\nno colon\r\n\r\n",
            "0\r\n: no name\r\n\r\n",
            "0\r\nA b: c\r\n\r\n",
            "0\r\nA: \x01\r\n\r\n",
            "0\r\n folded: line\r\n\r\n",
        ] {
            let request = format!("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
            assert_eq!(refused(request.as_bytes()), Some(400), "{chunks:?}");
        }
        assert_eq!(
            refused(&[b"GET / HTTP/1.1\r\nHost: h\r\nA: ".as_slice(), &vec![b'a'; MAX_HEAD]].concat()),
            Some(431)
        );
        let many = format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "A: b\r\n".repeat(MAX_HEADERS + 1));
        assert_eq!(refused(many.as_bytes()), Some(431));
    }

    #[test]
    fn a_body_over_the_limit_is_cut_and_ends_the_connection() {
        let large = vec![b'x'; MAX_REQUEST_BODY + 100];
        let sized =
            format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", large.len()).into_bytes();
        let chunked =
            format!("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n", large.len())
                .into_bytes();
        for head in [sized, chunked] {
            let received = incoming(&[head, large.clone()].concat(), 100_000).read_request().unwrap();
            assert_eq!((received.request.body().len(), received.keep_alive), (MAX_REQUEST_BODY + 1, false));
        }
    }

    #[test]
    fn lines_and_trailers_have_limits_in_pieces_of_any_size() {
        let chunked =
            |rest: &str| format!("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n{rest}");
        let line = |length: usize| chunked(&format!("1;{}\r\nx\r\n0\r\n\r\n", "e".repeat(length - 4)));
        let trailers = |count: usize| chunked(&format!("0\r\n{}\r\n", "A: b\r\n".repeat(count)));
        for size in [1, 1_000, 100_000] {
            let taken = |input: String| incoming(input.as_bytes(), size).read_request().is_ok();
            assert_eq!((taken(line(MAX_LINE)), taken(line(MAX_LINE + 1))), (true, false), "{size}");
            assert_eq!(
                (taken(trailers(MAX_TRAILERS)), taken(trailers(MAX_TRAILERS + 1))),
                (true, false),
                "{size}"
            );
        }
    }

    #[test]
    fn a_waiting_client_is_told_to_continue() {
        let input = b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n";
        let mut waiting = incoming(input, input.len());
        assert!(waiting.read_request().is_err(), "the body does not come");
        assert_eq!(waiting.stream().written, b"HTTP/1.1 100 Continue\r\n\r\n");
        let eager = [input.as_slice(), b"x"].concat();
        let mut eager = incoming(&eager, eager.len());
        assert_eq!(eager.read_request().unwrap().request.body(), b"x");
        assert!(eager.stream().written.is_empty());
        let old = b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n";
        let mut old = incoming(old, old.len());
        assert!(old.read_request().is_err(), "the body does not come");
        assert!(old.stream().written.is_empty());
    }

    #[test]
    fn names_are_spelled_as_the_service_does() {
        let name = |text: &str| wire_name(&text.parse().unwrap());
        assert_eq!(name("inin-correlation-id"), "ININ-Correlation-Id");
        assert_eq!(name("inin-ratelimit-count"), "inin-ratelimit-count");
        assert_eq!(name("retry-after"), "Retry-After");
    }

    proptest! {
        #[test]
        fn no_input_panics(input: Vec<u8>, size in 1usize..64) {
            let _ = incoming(&input, size).read_request();
            let chunked = [b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n".as_slice(), &input].concat();
            let _ = incoming(&chunked, size).read_request();
        }
    }
}
