use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// For drivers: connects to the first of `addresses` that answers, one after the other by `connect`, which is given an
/// equal share of `limit` for each.
///
/// # Errors
///
/// The first error, if none answers.
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
