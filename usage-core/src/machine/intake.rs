use std::ops::ControlFlow;

use http::header::CONTENT_ENCODING;
use http::response::Parts;
use http::{HeaderMap, StatusCode};

use crate::auth::TokenAnswer;
use crate::decode::{JsonDecoder, ResponseDecoder};
use crate::error::{ApiError, DecodeError, MAX_ERROR_BODY, ResponseError};
use crate::machine::exchange::{Purpose, Ticket};

/// Takes the body of one answer, chunk by chunk, and decodes it on the way.
#[derive(Debug)]
#[must_use]
pub struct Intake<D> {
    ticket: Ticket,
    status: StatusCode,
    headers: HeaderMap,
    sink: Sink<D>,
    broken: Option<DecodeError>,
}

/// Where the body goes.
#[derive(Debug)]
enum Sink<D> {
    /// The answer that the machine asked for.
    Answer(D),
    /// The answer to a token request.
    Token(JsonDecoder<TokenAnswer>),
    /// Any status but 2xx: the beginning of the body is kept, whatever it is.
    Error(Vec<u8>),
}

/// What an intake took in.
pub(crate) enum Arrival<T> {
    Answer(Result<T, ResponseError>),
    Token(Result<TokenAnswer, ResponseError>),
}

impl<D: ResponseDecoder> Intake<D> {
    pub(super) fn new(ticket: Ticket, head: &Parts, decoder: D) -> Self {
        let sink = match ticket.0 {
            _ if !head.status.is_success() => Sink::Error(Vec::new()),
            Purpose::Operation(_) => Sink::Answer(decoder),
            Purpose::Token(_) => Sink::Token(JsonDecoder::default()),
        };
        let broken = foreign_encoding(&head.headers).filter(|_| head.status.is_success()).map(|encoding| {
            DecodeError::new("$", 0, format!("the body is encoded as {encoding}, which was not asked for"))
        });
        Self { ticket, status: head.status, headers: head.headers.clone(), sink, broken }
    }

    /// Takes the next chunk. `Break` says that no more of the body is wanted: stop reading and call
    /// [`on_end`](crate::Machine::on_end).
    pub fn push(&mut self, chunk: &[u8]) -> ControlFlow<()> {
        if self.broken.is_none() {
            let taken = match &mut self.sink {
                Sink::Answer(decoder) => decoder.push(chunk),
                Sink::Token(decoder) => decoder.push(chunk),
                Sink::Error(body) => {
                    let room = MAX_ERROR_BODY - body.len();
                    body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                    return if chunk.len() > room {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    };
                }
            };
            self.broken = taken.err();
        }
        if self.broken.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    pub(super) fn finish(self) -> (Ticket, Arrival<D::Output>) {
        let purpose = self.ticket.0;
        let broken = self.broken.map(ResponseError::Decode);
        let arrival = match self.sink {
            Sink::Answer(decoder) => Arrival::Answer(broken.map_or_else(|| Ok(decoder.finish()?), Err)),
            Sink::Token(decoder) => Arrival::Token(broken.map_or_else(|| Ok(decoder.finish()?), Err)),
            Sink::Error(body) => {
                let error = ApiError::from_response(self.status, &self.headers, &body);
                let error = ResponseError::Api(Box::new(error));
                match purpose {
                    Purpose::Operation(_) => Arrival::Answer(Err(error)),
                    Purpose::Token(_) => Arrival::Token(Err(error)),
                }
            }
        };
        (self.ticket, arrival)
    }
}

impl<D> From<Intake<D>> for Ticket {
    /// For an answer that broke off: see [`on_failure`](crate::Machine::on_failure).
    fn from(intake: Intake<D>) -> Self {
        intake.ticket
    }
}

fn foreign_encoding(headers: &HeaderMap) -> Option<String> {
    let encoding = String::from_utf8_lossy(headers.get(CONTENT_ENCODING)?.as_bytes()).into_owned();
    (!encoding.eq_ignore_ascii_case("identity")).then(|| crate::error::excerpt(&encoding, 40))
}
