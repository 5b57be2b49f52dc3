//! The reader of a response, which takes its body in chunks.

use std::fmt;
use std::ops::ControlFlow;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::de::IgnoredAny;

use crate::auth::TokenResponse;
use crate::decode::{JsonDecoder, ResponseDecoder};
use crate::failures::{
    ApiError, BEGINNING, DecodeError, ForeignAnswer, MAX_ERROR_BODY, ResponseError, excerpt,
};
use crate::machine::exchange::Ticket;
#[cfg(feature = "gzip")]
use crate::machine::gunzip::Gunzip;

/// How many characters of a body `Debug` shows.
const SHOWN: usize = 500;

/// Reads and decodes the body of one response, chunk by chunk.
///
/// With the feature `gzip`, a compressed body is decompressed first. Limits on bodies apply to the decompressed size.
///
/// ```
/// use usage_core::{Machine, Next};
/// # let token = usage_core::auth::AccessToken::parse("a-token")?;
/// # let mut session = usage_core::Session::new(&"eu-central-1".parse()?, usage_core::auth::Grant::StaticToken(token));
/// # let now = usage_core::Timestamp::from_unix_millis(1_782_864_000_000);
/// # let query = usage_core::query::OrganizationQuery::new("2026-06-01/2026-06-30".parse()?);
/// # let mut execution = usage_core::Execution::new(query, usage_core::Policy::default(), 1, now);
///
/// let Next::Send(exchange) = execution.next(now, &mut session).next else { panic!() };
/// let (head, ()) = http::Response::new(()).into_parts();
/// let mut reader = execution.on_head(now, exchange.ticket, &head, &mut session);
/// for chunk in [r#"{"executionId":"#, r#""9f32b7cf"}"#] {
///     if reader.push(chunk.as_bytes()).is_break() {
///         break; // the rest of the body is not needed
///     }
/// }
/// let _ = execution.on_end(now, reader, &mut session);
/// assert_eq!(execution.id().unwrap().as_str(), "9f32b7cf");
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[must_use]
pub struct ResponseReader<D: ResponseDecoder> {
    pub(super) ticket: Ticket,
    content: Content<D>,
}

#[cfg_attr(
    feature = "gzip",
    expect(clippy::large_enum_variant, reason = "a body arrives for longer than it has ended")
)]
enum Content<D: ResponseDecoder> {
    Arriving(Arriving<D>),
    Ended(Arrival<D::Output>),
}

/// A body that is still arriving.
#[derive(Debug)]
struct Arriving<D> {
    head: Head,
    #[cfg(feature = "gzip")]
    gunzip: Option<Gunzip>,
    body: Body<D>,
}

/// The parts of a response's head that matter at the end of its body.
#[derive(Debug)]
struct Head {
    status: StatusCode,
    /// Whether nothing tells a complete body from a truncated one: the end of the connection ends it. In HTTP/2, a server
    /// may end a stream early without an error, which transports take for the end of the body.
    ends_with_connection: bool,
    content_type: Option<HeaderValue>,
    is_for_token: bool,
}

/// The decompressed body.
#[derive(Debug)]
struct Body<D> {
    sink: Sink<D>,
    beginning: Beginning,
    broken: Option<Box<DecodeError>>,
}

/// The first bytes of a body that should be JSON.
enum Beginning {
    /// Only whitespace so far.
    Blank,
    /// An object or an array.
    Json,
    /// Something else: these bytes, which an error names.
    Foreign(Vec<u8>),
}

impl Beginning {
    fn see(&mut self, chunk: &[u8]) {
        match self {
            Self::Json => {}
            Self::Blank => {
                let is_blank = |byte: &u8| b" \t\r\n".contains(byte);
                let Some(start) = chunk.iter().position(|byte| !is_blank(byte)) else { return };
                let begins = &chunk[start..];
                *self = match begins[0] {
                    b'{' | b'[' => Self::Json,
                    _ => Self::Foreign(begins[..begins.len().min(BEGINNING)].to_vec()),
                };
            }
            Self::Foreign(bytes) => {
                let room = BEGINNING.saturating_sub(bytes.len());
                bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
            }
        }
    }

    /// Returns whether more bytes are needed to name the body, so that the error does not depend on the chunks.
    fn is_short(&self) -> bool {
        matches!(self, Self::Foreign(bytes) if bytes.len() < BEGINNING)
    }

    /// Returns the bytes, if the body is not JSON.
    fn foreign(&self) -> Option<&[u8]> {
        match self {
            Self::Json => None,
            Self::Blank => Some(&[]),
            Self::Foreign(bytes) => Some(bytes),
        }
    }
}

/// The consumer of a body.
enum Sink<D> {
    /// The response to an operation.
    Answer(D),
    /// The response to a token request.
    Token(JsonDecoder<IgnoredAny>),
    /// Any status but 2xx: the beginning of the body is kept as it is.
    Error { headers: Box<HeaderMap>, body: Vec<u8>, is_for_token: bool },
}

/// A decoded response.
enum Arrival<T> {
    Answer(Result<T, ResponseError>),
    Token(Result<TokenResponse, ResponseError>),
}

impl<D: ResponseDecoder> ResponseReader<D> {
    pub(super) fn new(ticket: Ticket, head: &Parts, decoder: impl FnOnce() -> D) -> Self {
        let encoding = Encoding::of(&head.headers);
        let problem = match (&encoding, foreign_transfer_coding(&head.headers)) {
            _ if !head.status.is_success() => None,
            (_, Some(name)) => {
                Some(format!("the body has the transfer coding {name}, which was not asked for"))
            }
            (Encoding::Foreign(name), _) => {
                Some(format!("the body is encoded as {name}, which was not asked for"))
            }
            _ => None,
        };
        let broken = problem.map(|problem| Box::new(DecodeError::new("$", 0, problem)));
        let is_for_token = ticket.is_for_token();
        let content = Content::Arriving(Arriving {
            head: Head {
                status: head.status,
                ends_with_connection: head.status != StatusCode::NO_CONTENT
                    && !head.headers.contains_key(CONTENT_LENGTH)
                    && !head.headers.contains_key(TRANSFER_ENCODING),
                content_type: head.headers.get(CONTENT_TYPE).cloned(),
                is_for_token,
            },
            #[cfg(feature = "gzip")]
            gunzip: matches!(encoding, Encoding::Gzip).then(Gunzip::new),
            body: Body {
                sink: match (head.status.is_success(), is_for_token) {
                    (false, _) => Sink::Error {
                        headers: Box::new(head.headers.clone()),
                        body: Vec::new(),
                        is_for_token,
                    },
                    (true, false) => Sink::Answer(decoder()),
                    (true, true) => Sink::Token(JsonDecoder::default()),
                },
                // The bytes of an unknown encoding say nothing about the document.
                beginning: if broken.is_some() { Beginning::Json } else { Beginning::Blank },
                broken,
            },
        });
        Self { ticket, content }
    }

    /// Reads the next chunk. `Break` means that the rest of the body is not needed: stop reading and call
    /// [`on_end`](crate::Machine::on_end).
    pub fn push(&mut self, chunk: &[u8]) -> ControlFlow<()> {
        match &mut self.content {
            Content::Arriving(arriving) => arriving.push(chunk),
            Content::Ended(_) => ControlFlow::Break(()),
        }
    }

    /// Returns whether this is an error response: any status but 2xx. Its body only explains the status, so call
    /// [`on_end`](crate::Machine::on_end) for it even if the body breaks off.
    pub fn is_error(&self) -> bool {
        matches!(
            &self.content,
            Content::Arriving(Arriving { body: Body { sink: Sink::Error { .. }, .. }, .. })
        )
    }

    /// Ends the body and decodes the rest of it. Later chunks are ignored.
    ///
    /// [`on_end`](crate::Machine::on_end) does the same. A driver whose session is behind a lock calls this first, without
    /// the lock: decoding may take long, and may call a visitor.
    pub fn ended(self) -> Self {
        Self { ticket: Ticket(self.ticket.0), content: Content::Ended(self.finish()) }
    }

    /// Returns the response to a token request, if this is one.
    pub(crate) fn into_token(self) -> Option<Result<TokenResponse, ResponseError>> {
        match self.finish() {
            Arrival::Token(answer) => Some(answer),
            Arrival::Answer(_) => None,
        }
    }

    /// Returns the response to an operation, if this is one.
    pub(super) fn into_answer(self) -> Option<Result<D::Output, ResponseError>> {
        match self.finish() {
            Arrival::Answer(answer) => Some(answer),
            Arrival::Token(_) => None,
        }
    }

    #[cfg_attr(not(feature = "gzip"), expect(unused_mut, reason = "only a compressed body has more to give"))]
    fn finish(mut self) -> Arrival<D::Output> {
        #[cfg(feature = "gzip")]
        if let Content::Arriving(arriving) = &mut self.content {
            arriving.end();
        }
        // One match takes everything apart: each separate move would copy the decoder once more.
        match self.content {
            Content::Arriving(Arriving {
                head,
                body: Body { sink: Sink::Answer(decoder), beginning, broken },
                ..
            }) => Arrival::Answer(match broken {
                Some(error) => Err(head.judge(*error, &beginning)),
                None => decoder.finish().map_err(|error| head.judge(error, &beginning)),
            }),
            Content::Arriving(Arriving {
                head,
                body: Body { sink: Sink::Token(decoder), beginning, broken },
                ..
            }) => Arrival::Token(match broken {
                Some(error) => Err(head.judge(*error, &beginning)),
                None => TokenResponse::read(head.status, decoder).map_err(|error| match error {
                    ResponseError::Decode(error) => head.judge(error, &beginning),
                    error => error,
                }),
            }),
            Content::Arriving(Arriving {
                head,
                body: Body { sink: Sink::Error { headers, body, is_for_token }, .. },
                ..
            }) => {
                let error = ApiError::from_response(head.status, &headers, &body);
                if is_for_token {
                    Arrival::Token(Err(ResponseError::Api(Box::new(error.without_token()))))
                } else {
                    Arrival::Answer(Err(ResponseError::Api(Box::new(error))))
                }
            }
            Content::Ended(arrival) => arrival,
        }
    }
}

impl Head {
    /// Returns the response error for `error`. A document that ends early in a body of declared length is the service's
    /// fault, and a retry would not help.
    #[cold]
    fn judge(&self, error: DecodeError, beginning: &Beginning) -> ResponseError {
        let foreign = beginning.foreign().map(|came| {
            let foreign = ForeignAnswer::new(self.status, self.content_type.as_ref(), came);
            Box::new(if self.is_for_token { foreign.without_token() } else { foreign })
        });
        let ends_early = error.ends_early && self.ends_with_connection;
        ResponseError::Decode(DecodeError { ends_early, foreign, ..error })
    }
}

impl<D: ResponseDecoder> Arriving<D> {
    fn push(&mut self, chunk: &[u8]) -> ControlFlow<()> {
        #[cfg(feature = "gzip")]
        if let Some(gunzip) = &mut self.gunzip {
            let body = &mut self.body;
            return match gunzip.push(chunk, |piece| body.push(piece)) {
                Ok(flow) => flow,
                Err(error) => body.breaks(error),
            };
        }
        self.body.push(chunk)
    }

    /// Decompresses the rest of the body.
    #[cfg(feature = "gzip")]
    fn end(&mut self) {
        if let Some(gunzip) = self.gunzip.as_mut().filter(|_| self.body.wants_more()) {
            let body = &mut self.body;
            if let Err(error) = gunzip.finish(|piece| body.push(piece)) {
                // The error is kept in the body; nothing more is pushed.
                let _ = body.breaks(error);
            }
        }
    }
}

/// Shows an error body as text, unless it may contain a token.
impl<D: fmt::Debug> fmt::Debug for Sink<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(decoder) => f.debug_tuple("Answer").field(decoder).finish(),
            Self::Token(decoder) => f.debug_tuple("Token").field(decoder).finish(),
            Self::Error { body, is_for_token: true, .. } => write!(f, "Error({} bytes)", body.len()),
            Self::Error { body, .. } => {
                let text = excerpt(&String::from_utf8_lossy(body), SHOWN);
                f.debug_tuple("Error").field(&text).finish()
            }
        }
    }
}

impl fmt::Debug for Beginning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => f.write_str("Blank"),
            Self::Json => f.write_str("Json"),
            Self::Foreign(bytes) => write!(f, "Foreign({} bytes)", bytes.len()),
        }
    }
}

impl<D: ResponseDecoder + fmt::Debug> fmt::Debug for ResponseReader<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut reader = f.debug_struct("ResponseReader");
        reader.field("ticket", &self.ticket);
        match &self.content {
            Content::Arriving(arriving) => reader.field("arriving", arriving).finish(),
            Content::Ended(_) => reader.finish_non_exhaustive(),
        }
    }
}

impl<D: ResponseDecoder> Body<D> {
    fn push(&mut self, chunk: &[u8]) -> ControlFlow<()> {
        if self.broken.is_some() {
            self.beginning.see(chunk);
            return self.broken_flow();
        }
        let taken = match &mut self.sink {
            Sink::Answer(decoder) => {
                self.beginning.see(chunk);
                decoder.push(chunk)
            }
            Sink::Token(decoder) => {
                self.beginning.see(chunk);
                decoder.push(chunk)
            }
            Sink::Error { body, .. } => {
                let room = MAX_ERROR_BODY - body.len();
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                return if chunk.len() > room { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
            }
        };
        taken.map_or_else(|error| self.breaks(error), ControlFlow::Continue)
    }

    /// Records why the body cannot be decoded. The first reason is kept.
    fn breaks(&mut self, error: DecodeError) -> ControlFlow<()> {
        self.broken.get_or_insert(error.into());
        self.broken_flow()
    }

    /// Returns whether the rest of the body is needed, by the decoder or to name a foreign body in an error.
    fn wants_more(&self) -> bool {
        self.broken.is_none() || self.beginning.is_short()
    }

    fn broken_flow(&self) -> ControlFlow<()> {
        if self.wants_more() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }
}

impl<D: ResponseDecoder> From<ResponseReader<D>> for Ticket {
    /// Returns the ticket of a response that was cut off: see [`on_failure`](crate::Machine::on_failure).
    fn from(reader: ResponseReader<D>) -> Self {
        reader.ticket
    }
}

/// The content encoding of a body.
enum Encoding {
    None,
    #[cfg(feature = "gzip")]
    Gzip,
    Foreign(String),
}

impl Encoding {
    fn of(headers: &HeaderMap) -> Self {
        match &*codings(headers, &CONTENT_ENCODING, "identity") {
            "" => Self::None,
            #[cfg(feature = "gzip")]
            "gzip" | "x-gzip" => Self::Gzip,
            foreign => Self::Foreign(excerpt(foreign, 40)),
        }
    }
}

/// Returns the transfer codings other than chunks. Transports differ in what they take for the body then.
fn foreign_transfer_coding(headers: &HeaderMap) -> Option<String> {
    let named = codings(headers, &TRANSFER_ENCODING, "chunked");
    (!named.is_empty()).then(|| excerpt(&named, 40))
}

/// Returns the codings in the header `name`, in lower case, without those that are `usual`.
fn codings(headers: &HeaderMap, name: &HeaderName, usual: &str) -> String {
    if !headers.contains_key(name) {
        return String::new();
    }
    let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    let values = values.collect::<Vec<_>>().join(",").to_ascii_lowercase();
    let named = values.split(',').map(str::trim).filter(|name| !name.is_empty() && *name != usual);
    named.collect::<Vec<_>>().join(", ")
}
