//! Time limits, and the waits of a driver's loop.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{BoxFuture, Either, select};

use usage_core::{Timestamp, WaitReason};

use crate::futures::Clock;
use crate::session::SharedSession;
use crate::task::Task;

/// For drivers: returns the output of `work`, or `None` if `limit` completes first.
pub async fn timeout<T>(limit: impl Future + Unpin, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), limit).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

/// Completes when an exchange has taken too long: after `connect_within` if there is no connection by then,
/// and after `timeout` otherwise. `timer` creates timers.
#[cfg(feature = "hyper")]
pub(crate) async fn exchange_limit<T: Future>(
    timer: impl Fn(Duration) -> T,
    connect_within: Duration,
    timeout: Duration,
    is_connected: impl Fn() -> bool,
) {
    timer(connect_within).await;
    if is_connected() {
        timer(timeout.saturating_sub(connect_within)).await;
    }
}

/// For drivers: waits as [`Next::WaitUntil`](usage_core::Next::WaitUntil) asks: until `until` by `clock`, or until the
/// token exchange in flight has ended, for which `timer` measures the limit.
pub fn wait<'a, M, T: Future + Send + 'a>(
    clock: &'a dyn Clock,
    session: &SharedSession,
    task: &Task<M>,
    until: Timestamp,
    why: WaitReason,
    timer: impl FnOnce(Duration) -> T,
) -> BoxFuture<'a, ()> {
    if why != WaitReason::Token {
        return clock.sleep_until(until);
    }
    let limit = until.saturating_since(clock.now());
    let (mut token, timer) = (task.token_wait(session), timer(limit));
    Box::pin(async move {
        if timeout(pin!(timer), &mut token).await.is_none() {
            token.overdue(limit);
        }
    })
}
