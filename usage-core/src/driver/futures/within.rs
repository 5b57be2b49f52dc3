use std::pin::pin;

use futures_util::future::{Either, select};

/// What `work` brings, unless `limit` is over first.
pub async fn before<T>(limit: impl Future + Unpin, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), limit).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}
