//! What the tests need of the runtime.

use std::time::Duration;

/// Runs a test. Every future of the driver that it awaits has to be `Send`.
pub(crate) fn run<F: Future + Send>(test: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

/// What `work` brings; it is dropped when it takes longer than `limit`.
pub(crate) async fn timeout<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, work).await.ok()
}
