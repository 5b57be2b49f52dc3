//! What must hold for the listener, whatever a client sends.

use http::{HeaderMap, Method, Uri};

use super::http1::{Incoming, MAX_HEADERS, ReadError};
use super::pieces::Pieces;
use crate::simulator::MAX_REQUEST_BODY;

/// The most that is read of one input: all of it, but for requests that are empty.
const MAX_REQUESTS: usize = 50;

/// The requests of a connection are the same however the bytes are cut, and bounded.
///
/// # Panics
///
/// If they are not.
pub fn requests(data: &[u8]) {
    let whole = read(data, usize::MAX);
    // A head is looked at anew with every piece: long input comes in larger ones.
    for size in [1 + data.len() / 64, 61] {
        assert_eq!(read(data, size), whole, "in pieces of {size} bytes");
    }
}

type Request = (Method, Uri, HeaderMap, Vec<u8>, bool);

/// What is read, and whether there was a refusal in the end. Which it is may depend on how far was read when it came.
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
