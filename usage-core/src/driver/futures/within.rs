use std::error::Error;
use std::pin::{Pin, pin};

use futures_util::future::{Either, select};

use crate::error::{Sent, TransportFailure, TransportKind};

/// What `work` brings, unless `limit` is over first.
pub async fn before<T>(limit: impl Future + Unpin, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), limit).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

/// The part of an exchange that `work` is: what it brings, or the `failure` that its error is; a timeout if `limit` is
/// over first.
pub async fn within<T, E: Error + 'static>(
    limit: Pin<&mut impl Future>,
    work: impl Future<Output = Result<T, E>>,
    failure: impl FnOnce(&(dyn Error + 'static)) -> TransportFailure,
) -> Result<T, TransportFailure> {
    match before(limit, work).await {
        Some(done) => done.map_err(|error| failure(&error)),
        None => Err(TransportFailure::new(TransportKind::Timeout, Sent::Maybe, "")),
    }
}
