//! Passes a response to a machine while it arrives.

use std::error::Error;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use bytes::Bytes;
use http::Response;
use http_body::Body;

use usage_core::Machine;
use usage_core::error::TransportFailure;
use usage_core::machine::{Progress, Ticket};

use crate::futures::{Clock, timeout};
use crate::session::SharedSession;

/// For drivers: waits for the response to a request that is being sent, and passes it to `machine`, its body in chunks.
/// `failure` maps a transport's error to a failure, and `None` if `limit` completed first.
pub async fn receive<M: Machine, B, E>(
    machine: &mut M,
    (clock, session): (&dyn Clock, &SharedSession),
    ticket: Ticket,
    sending: impl Future<Output = Result<Response<B>, E>>,
    mut limit: Pin<&mut impl Future>,
    failure: impl Fn(Option<&(dyn Error + 'static)>) -> TransportFailure,
) -> Progress<M::Output>
where
    B: Body<Data = Bytes, Error: Error + 'static> + Unpin,
    E: Error + 'static,
{
    let answer = timeout(limit.as_mut(), sending).await;
    let failed = |answer: Option<E>| failure(answer.as_ref().map(|error| error as _));
    let (head, mut body) = match answer {
        Some(Ok(answer)) => answer.into_parts(),
        Some(Err(error)) => {
            return machine.on_failure(clock.now(), ticket, failed(Some(error)), &mut session.lock());
        }
        None => return machine.on_failure(clock.now(), ticket, failed(None), &mut session.lock()),
    };
    let mut reader = machine.on_head(clock.now(), ticket, &head, &mut session.lock());
    loop {
        // The limit comes first: a body whose chunks arrive as fast as they are decoded would never let it pass.
        let frame = poll_fn(|cx| match limit.as_mut().poll(cx) {
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => Pin::new(&mut body).poll_frame(cx).map(Some),
        });
        match frame.await.map(Option::transpose) {
            Some(Ok(None)) => break,
            Some(Ok(Some(frame))) => {
                if frame.data_ref().is_some_and(|chunk| reader.push(chunk).is_break()) {
                    break;
                }
            }
            // The status of an error counts without its body.
            _ if reader.is_error() => break,
            Some(Err(error)) => {
                let failure = failure(Some(&error));
                return machine.on_failure(clock.now(), reader, failure, &mut session.lock());
            }
            None => return machine.on_failure(clock.now(), reader, failure(None), &mut session.lock()),
        }
    }
    let reader = reader.ended();
    machine.on_end(clock.now(), reader, &mut session.lock())
}
