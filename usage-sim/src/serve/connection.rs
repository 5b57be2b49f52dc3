//! One connection: reads requests, writes responses, plays wire faults.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use http::{Method, Response, StatusCode};
use socket2::SockRef;

use super::Shared;
use super::framing::{framed, interim};
use super::http1::{Incoming, ReadError, chunk, pad_head, write_chunked_head, write_head};
use crate::reply::{Problem, Reply, insert_date};
use crate::wire_fault::{Framing, WireFault};

/// Real time until the head of the first request must be complete.
const FIRST_HEAD: Duration = Duration::from_secs(10);

/// Real time that a rejected client may take to send its request.
const TURNED_AWAY: Duration = Duration::from_secs(1);

/// Real time that a connection stays open after the last answer, so that the client can read it.
const LINGER: Duration = Duration::from_secs(1);

/// Whether the connection may carry another request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    GoOn,
    Close,
    Reset,
}

/// A connection whose end can be announced.
pub(super) trait Connection: Read + Write {
    /// Announces that nothing more is sent.
    fn announce_end(&mut self) {}
}

impl Connection for TcpStream {}

/// How a connection is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// Every request is answered.
    Full,
    /// The first request is answered 503, since too many connections are open.
    TurnAway,
}

impl Service {
    /// Returns the time that the head of the first request may take.
    fn first_head(self, shared: &Shared) -> Duration {
        match self {
            Self::Full => FIRST_HEAD.min(shared.idle_timeout),
            Self::TurnAway => TURNED_AWAY.min(shared.idle_timeout),
        }
    }
}

/// Serves `socket` until the client closes it, goes silent, a fault ends it, or the server stops.
pub(super) fn run(shared: &Shared, socket: TcpStream, service: Service) {
    let control = socket.try_clone();
    let _ = socket.set_nodelay(true);
    let _ = socket.set_read_timeout(Some(service.first_head(shared)));
    let _ = socket.set_write_timeout(Some(shared.idle_timeout));
    #[cfg(feature = "tls")]
    if let Some(tls) = &shared.tls {
        // Without a handshake there is no request.
        let accepted = tls.accept(socket).map(Incoming::new);
        let served = accepted.map(|mut stream| serve(shared, &mut stream, control.as_ref().ok(), service));
        end(control.ok(), served.unwrap_or(After::Close));
    } else {
        let after = serve(shared, &mut Incoming::new(socket), control.as_ref().ok(), service);
        end(control.ok(), after);
    }
    #[cfg(not(feature = "tls"))]
    {
        let after = serve(shared, &mut Incoming::new(socket), control.as_ref().ok(), service);
        end(control.ok(), after);
    }
}

fn end(socket: Option<TcpStream>, after: After) {
    let Some(socket) = socket else { return };
    if after == After::Reset {
        let _ = SockRef::from(&socket).set_linger(Some(Duration::ZERO));
    } else {
        linger(&socket);
    }
}

/// Serves requests until the connection ends, and returns how.
fn serve<S: Connection>(
    shared: &Shared,
    incoming: &mut Incoming<S>,
    control: Option<&TcpStream>,
    service: Service,
) -> After {
    incoming.expect_head(service.first_head(shared));
    loop {
        let after = match incoming.read_request() {
            Ok(_) if service == Service::TurnAway => {
                refuse(shared, incoming, StatusCode::SERVICE_UNAVAILABLE);
                After::Close
            }
            Ok(received) => {
                let is_head = received.request.method() == Method::HEAD;
                let now = shared.clock.now();
                let reply = shared.organizations.handle(now, received.request);
                let answer = Answer { reply, is_head, keep_alive: received.keep_alive };
                answer.send(shared, incoming.stream())
            }
            Err(ReadError::Gone) => After::Close,
            Err(ReadError::Refused(status)) => {
                refuse(shared, incoming, status);
                After::Close
            }
        };
        if after != After::GoOn || shared.stop.is_set() {
            return after;
        }
        let _ = control.map(|socket| socket.set_read_timeout(Some(shared.idle_timeout)));
        incoming.expect_head(shared.idle_timeout);
    }
}

/// Responds to a request that the simulator never saw.
fn refuse<S: Read + Write>(shared: &Shared, incoming: &mut Incoming<S>, status: StatusCode) {
    let mut response = Problem::of_status(status).into_response("");
    insert_date(&mut response, shared.clock.now());
    let head = write_head(&response, response.body().len(), false);
    let _ = send(incoming.stream(), &[head, response.into_body()].concat());
}

struct Answer {
    reply: Reply,
    is_head: bool,
    keep_alive: bool,
}

impl Answer {
    fn send<S: Connection>(self, shared: &Shared, stream: &mut S) -> After {
        let Reply { response, fault } = self.reply;
        let wire = |length| {
            let body = if self.is_head || has_no_body(&response) { &[] } else { response.body().as_slice() };
            (write_head(&response, length, self.keep_alive), body)
        };
        let (head, body) = wire(response.body().len());
        let sent = match fault {
            None => send(stream, &head).and_then(|()| send(stream, body)),
            Some(WireFault::Garbage(bytes)) => send(stream, &bytes).and(Err(After::Close)),
            Some(WireFault::CloseBeforeReply) => Err(After::Close),
            Some(WireFault::CloseMidHead) => send(stream, &head[..head.len() / 2]).and(Err(After::Close)),
            Some(WireFault::CloseMidBody) => {
                let (head, body) = wire(response.body().len() + 1);
                let half = &body[..body.len() / 2];
                send(stream, &head).and_then(|()| send(stream, half)).and(Err(After::Close))
            }
            Some(WireFault::ResetMidBody) => {
                let cut = framed(&response, body, Framing::HalfUntilClose);
                send(stream, &cut).and(Err(After::Reset))
            }
            Some(WireFault::CloseAfterReply) => {
                send(stream, &head).and_then(|()| send(stream, body)).and(Err(After::Close))
            }
            Some(WireFault::Hang) => {
                wait_for_the_end(shared, stream);
                Err(After::Close)
            }
            Some(WireFault::HangMidBody) => {
                let sent = send(stream, &head).and_then(|()| send(stream, &body[..body.len() / 2]));
                wait_for_the_end(shared, stream);
                sent.and(Err(After::Close))
            }
            Some(WireFault::Chunked { bytes }) => {
                send(stream, &write_chunked_head(&response, self.keep_alive))
                    .and_then(|()| body.chunks(bytes.max(1)).try_for_each(|part| send(stream, &chunk(part))))
                    .and_then(|()| send(stream, &chunk(b"")))
            }
            Some(WireFault::GarbageMidBody) => {
                let half = chunk(&body[..body.len() / 2]);
                let parts = [write_chunked_head(&response, self.keep_alive), half, b"what?\r\n".to_vec()];
                parts.iter().try_for_each(|part| send(stream, part)).and(Err(After::Close))
            }
            Some(WireFault::OversizedHead { bytes }) => {
                send(stream, &pad_head(head, bytes)).and_then(|()| send(stream, body))
            }
            Some(WireFault::EndlessBody) => {
                let blanks = chunk(&[b' '; 16 * 1024]);
                let mut sent = send(stream, &write_chunked_head(&response, false));
                sent = sent.and_then(|()| send(stream, &chunk(body)));
                while sent.is_ok() && !shared.stop.is_set() {
                    sent = send(stream, &blanks);
                }
                Err(After::Close)
            }
            Some(WireFault::Interim(statuses)) => {
                let parts = [interim(&statuses).as_slice(), &head, body].concat();
                send(stream, &parts)
            }
            Some(WireFault::Framed(framing)) => {
                let sent = send(stream, &framed(&response, body, framing));
                if framing == Framing::UntilClose {
                    stream.announce_end();
                }
                sent.and(Err(After::Close))
            }
            Some(WireFault::Followed(bytes)) => send(stream, &[&head, body, &bytes].concat()),
            Some(WireFault::Drip { interval, bytes }) => {
                let whole = [head.as_slice(), body].concat();
                whole.chunks(bytes.max(1)).try_for_each(|part| {
                    if shared.stop.wait(interval) { Err(After::Close) } else { send(stream, part) }
                })
            }
        };
        match sent {
            Ok(()) if self.keep_alive => After::GoOn,
            Ok(()) => After::Close,
            Err(after) => after,
        }
    }
}

/// Returns whether a response has no body, whatever `Content-Length` says.
fn has_no_body(response: &Response<Vec<u8>>) -> bool {
    let status = response.status();
    status.is_informational() || status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED
}

fn send(stream: &mut impl Write, bytes: &[u8]) -> Result<(), After> {
    stream.write_all(bytes).and_then(|()| stream.flush()).map_err(|_| After::Close)
}

/// Reads until the client closes the connection. A stopping server shuts the socket down, which ends the read.
fn wait_for_the_end(shared: &Shared, stream: &mut impl Read) {
    let mut ignored = [0; 1024];
    while !shared.stop.is_set() {
        match stream.read(&mut ignored) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if is_timeout(&error) => {}
            Err(_) => return,
        }
    }
}

/// Announces the end and reads what the client still sends. Closing a socket with unread bytes would reset the
/// connection, and the client might lose the answer.
fn linger(mut socket: &TcpStream) {
    if socket.shutdown(Shutdown::Write).is_err() || socket.set_read_timeout(Some(LINGER)).is_err() {
        return;
    }
    let start = Instant::now();
    let mut ignored = [0; 8 * 1024];
    while start.elapsed() < LINGER && matches!(socket.read(&mut ignored), Ok(1..)) {}
}

fn is_timeout(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}
