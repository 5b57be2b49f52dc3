//! What a client receives of a reply: the response, or the failure that a fault of the network causes.

use std::time::Duration;

use usage_core::Machine;
use usage_core::Timestamp;
use usage_core::error::{Sent, TransportFailure, TransportKind};
use usage_core::machine::{Progress, Ticket};
use usage_driver::SharedSession;

use crate::reply::Reply;
use crate::wire_fault::{Framing, WireFault};

/// The approximate length of the longest head that a client accepts, in bytes.
const MAX_HEAD: usize = 64 * 1024;

/// The part of an endless body that is passed on before the timeout, in bytes.
const ENOUGH: usize = 64 * 1024 * 1024;

/// A request that was sent.
pub(crate) struct Sending {
    pub(crate) ticket: Ticket,
    /// The timeout of the exchange.
    pub(crate) timeout: Duration,
}

/// Passes the reply to `machine` as it would arrive.
pub(crate) fn arrive<M: Machine>(
    machine: &mut M,
    (now, session): (&dyn Fn() -> Timestamp, &SharedSession),
    Sending { ticket, timeout }: Sending,
    reply: Result<Reply, TransportFailure>,
) -> Progress<M::Output> {
    let Reply { response, fault } = match reply {
        Ok(reply) => reply,
        Err(failure) => return machine.on_failure(now(), ticket, failure, &mut session.lock()),
    };
    let (mut head, body) = response.into_parts();
    // As the listener does.
    head.headers.insert(http::header::CONTENT_LENGTH, body.len().into());
    let outcome = Outcome::of(fault.as_ref(), &body, timeout);
    if let Outcome::NoHead(failure) = outcome {
        return machine.on_failure(now(), ticket, failure, &mut session.lock());
    }
    let mut reader = machine.on_head(now(), ticket, &head, &mut session.lock());
    let failure = match outcome {
        Outcome::Whole | Outcome::NoHead(_) => {
            // Whether the reader wants more does not matter: there is no more.
            let _ = reader.push(if has_no_body(head.status) { &[] } else { &body });
            None
        }
        Outcome::HalfIsAll => {
            let _ = reader.push(&body[..body.len() / 2]);
            None
        }
        Outcome::Half(failure) => reader.push(&body[..body.len() / 2]).is_continue().then_some(failure),
        Outcome::Endless => {
            let mut flow = reader.push(&body);
            let blanks = [b' '; 16 * 1024];
            for _ in 0..ENOUGH / blanks.len() {
                if flow.is_continue() {
                    flow = reader.push(&blanks);
                }
            }
            flow.is_continue().then(late)
        }
    };
    match failure {
        Some(failure) if !reader.is_error() => {
            machine.on_failure(now(), reader, failure, &mut session.lock())
        }
        _ => machine.on_end(now(), reader.ended(), &mut session.lock()),
    }
}

/// The part of a response that arrives.
enum Outcome {
    Whole,
    /// No valid head.
    NoHead(TransportFailure),
    /// The head and half of the body.
    Half(TransportFailure),
    /// The head, and half of the body as if it were complete.
    HalfIsAll,
    /// The whole response, and blanks.
    Endless,
}

impl Outcome {
    fn of(fault: Option<&WireFault>, body: &[u8], timeout: Duration) -> Self {
        match fault {
            None
            | Some(
                WireFault::CloseAfterReply
                | WireFault::Chunked { .. }
                | WireFault::Interim(_)
                | WireFault::Followed(_),
            ) => Self::Whole,
            Some(WireFault::Framed(framing)) => match framing {
                Framing::HalfLength => Self::HalfIsAll,
                Framing::HalfUntilClose | Framing::ChunksWithoutEnd => Self::Half(broken()),
                Framing::TwoLengths | Framing::NoNumber => Self::NoHead(broken()),
                _ => Self::Whole,
            },
            Some(WireFault::OversizedHead { bytes }) if *bytes < MAX_HEAD => Self::Whole,
            Some(
                WireFault::Garbage(_)
                | WireFault::CloseBeforeReply
                | WireFault::CloseMidHead
                | WireFault::OversizedHead { .. },
            ) => Self::NoHead(broken()),
            Some(WireFault::CloseMidBody | WireFault::GarbageMidBody | WireFault::ResetMidBody) => {
                Self::Half(broken())
            }
            Some(WireFault::Hang) => Self::NoHead(late()),
            Some(WireFault::HangMidBody) => Self::Half(late()),
            Some(WireFault::EndlessBody) => Self::Endless,
            Some(WireFault::Drip { interval, bytes }) => {
                let writes = u32::try_from(body.len() / (*bytes).max(1)).unwrap_or(u32::MAX);
                if interval.saturating_mul(writes) > timeout { Self::NoHead(late()) } else { Self::Whole }
            }
        }
    }
}

fn broken() -> TransportFailure {
    TransportFailure::new(TransportKind::Reset, Sent::Maybe, "")
}

fn late() -> TransportFailure {
    TransportFailure::new(TransportKind::Timeout, Sent::Maybe, "")
}

fn has_no_body(status: http::StatusCode) -> bool {
    status == http::StatusCode::NO_CONTENT
}
