//! Limits of connections, the same for all drivers.

use std::time::Duration;

use http::Request;

/// For drivers: how long an idle connection is kept. Gateways keep theirs longer.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// For drivers: the maximum number of idle connections for a host. With fewer, many concurrent executions would connect
/// anew for each request.
pub const MAX_IDLE_PER_HOST: usize = 64;

/// For drivers: the size of a connection's read buffer, in bytes, which limits the head of a response too.
pub const READ_BUFFER: usize = 64 * 1024;

/// The maximum number of headers in a response. It is the limit of ureq, which cannot be configured.
#[cfg(feature = "hyper")]
pub(crate) const MAX_HEADERS: usize = 128;

/// For drivers: returns an upper bound of the length of the head of `request` as HTTP/1.1, in bytes.
pub fn head_size<B>(request: &Request<B>) -> usize {
    /// The method, the version, the host, and what an HTTP client adds.
    const REST: usize = 1024;
    let headers = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    headers.sum::<usize>() + request.uri().to_string().len() + REST
}
