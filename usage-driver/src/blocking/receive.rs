//! Passes a response to a machine while it is read.

use std::io::{ErrorKind, Read};

use http::Response;

use usage_core::Machine;
use usage_core::error::TransportFailure;
use usage_core::machine::{Progress, Ticket};

use crate::blocking::Clock;
use crate::session::SharedSession;

/// The largest chunk of a body, in bytes.
const CHUNK: usize = 16 * 1024;

/// For drivers: passes the response to a request, or its error, to `machine`. The body is read in chunks. `failure` maps a
/// transport's error to a failure.
pub fn receive<M: Machine, E>(
    machine: &mut M,
    (clock, session): (&dyn Clock, &SharedSession),
    ticket: Ticket,
    answer: Result<Response<impl Read>, E>,
    failure: impl Fn(E) -> TransportFailure,
) -> Progress<M::Output>
where
    E: From<std::io::Error>,
{
    let (head, mut body) = match answer {
        Ok(answer) => answer.into_parts(),
        Err(error) => return machine.on_failure(clock.now(), ticket, failure(error), &mut session.lock()),
    };
    let mut reader = machine.on_head(clock.now(), ticket, &head, &mut session.lock());
    let mut chunk = vec![0; CHUNK];
    loop {
        match body.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) if reader.push(&chunk[..length]).is_break() => break,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // The status of an error counts without its body.
            Err(_) if reader.is_error() => break,
            Err(error) => {
                let failure = failure(error.into());
                return machine.on_failure(clock.now(), reader, failure, &mut session.lock());
            }
        }
    }
    let reader = reader.ended();
    machine.on_end(clock.now(), reader, &mut session.lock())
}
