use std::pin::pin;
use std::time::Duration;

use futures_util::future::{BoxFuture, Either, select};

use usage_core::{Timestamp, WaitReason};

use crate::futures::Clock;
use crate::session::SharedSession;
use crate::task::Task;

/// What `work` brings, unless `limit` is over first.
pub async fn timeout<T>(limit: impl Future + Unpin, work: impl Future<Output = T>) -> Option<T> {
    match select(pin!(work), limit).await {
        Either::Left((done, _)) => Some(done),
        Either::Right(_) => None,
    }
}

/// For drivers: ends when an exchange has taken too long, which is after `connect_within` if there is no connection
/// then, and after `timeout` otherwise. `timer` makes timers.
pub async fn exchange_limit<T: Future>(
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

/// Waits as a driver does for `Next::WaitUntil(until, why)`: until then by `clock`, or until the token exchange of
/// `session` that is out has ended. `timer` measures the limit of that.
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
