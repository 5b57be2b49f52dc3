//! Tries the addresses of a host, and returns the first connection.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// For drivers: tries `addresses` in order and returns the first connection. Each attempt of `connect` gets an equal share
/// of `limit`.
///
/// # Errors
///
/// Returns the error of the first address if no connection succeeds.
pub async fn first_connected<S, F: Future<Output = io::Result<S>>>(
    addresses: &[SocketAddr],
    limit: Duration,
    connect: impl Fn(SocketAddr, Duration) -> F,
) -> io::Result<S> {
    let share = limit / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
    let mut first = None;
    for address in addresses {
        match connect(*address, share).await {
            Ok(socket) => return Ok(socket),
            Err(error) => first.get_or_insert(error),
        };
    }
    Err(first.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()))
}
