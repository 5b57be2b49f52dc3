//! Invariants of the listener for arbitrary input.

use http::{HeaderMap, Method, Uri};

use super::http1::{Incoming, MAX_HEADERS, ReadError};
use super::pieces::Pieces;
use crate::simulator::MAX_REQUEST_BODY;

/// Maximum number of requests read from one input.
const MAX_REQUESTS: usize = 50;

/// Checks that the requests of a connection are bounded, and do not depend on how the bytes are cut.
///
/// # Panics
///
/// Panics if the invariant is violated.
pub fn requests(data: &[u8]) {
    let whole = read(data, usize::MAX);
    // A head is parsed again with every piece, so long input comes in larger pieces.
    for size in [1 + data.len() / 64, 61] {
        assert_eq!(read(data, size), whole, "in pieces of {size} bytes");
    }
}

type Request = (Method, Uri, HeaderMap, Vec<u8>, bool);

/// Returns the requests, and whether the input ended with a refusal. Its kind may depend on how far was read when it
/// occurred.
fn read(data: &[u8], size: usize) -> (Vec<Request>, bool) {
    let mut incoming = Incoming::new(Pieces::new(data, size));
    let mut requests = Vec::new();
    while requests.len() < MAX_REQUESTS {
        let received = match incoming.read_request() {
            Ok(received) => received,
            Err(end) => return (requests, matches!(end, ReadError::Refused(_))),
        };
        let (head, body) = received.request.into_parts();
        assert!(body.len() <= MAX_REQUEST_BODY + 1, "a body of {} bytes", body.len());
        assert!(head.headers.len() <= MAX_HEADERS, "{} headers", head.headers.len());
        requests.push((head.method, head.uri, head.headers, body, received.keep_alive));
        if !received.keep_alive {
            break;
        }
    }
    (requests, false)
}
