//! The runtime of the tests.

use std::sync::LazyLock;
use std::time::Duration;

use futures_util::{Stream, StreamExt};

use tokio::runtime::{Builder, Runtime};

/// One runtime for all tests, because connections outlive the futures that made them.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());

/// Runs a test, whose futures are `Send`.
pub(crate) fn run<F: Future + Send>(test: F) -> F::Output {
    block_on(test)
}

/// Runs a future that need not be `Send`.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    RUNTIME.block_on(future)
}

/// Returns all items of `stream`.
pub(crate) fn collect<T: Send>(stream: impl Stream<Item = T> + Send) -> Vec<T> {
    run(stream.collect())
}

/// Returns the first item of `stream`, which is then dropped.
pub(crate) fn first<T: Send>(mut stream: impl Stream<Item = T> + Send + Unpin) -> T {
    run(stream.next()).unwrap()
}

/// Returns the output of `work`, or `None` after `limit`, when it is dropped.
pub(crate) async fn timeout<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, work).await.ok()
}
