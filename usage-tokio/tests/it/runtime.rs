//! What the tests need of the runtime.

use std::sync::LazyLock;
use std::time::Duration;

use futures_util::{Stream, StreamExt};

use tokio::runtime::{Builder, Runtime};

/// One for all tests: connections outlive the futures that made them.
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());

/// Runs a test. Every future of the driver that it awaits has to be `Send`.
pub(crate) fn run<F: Future + Send>(test: F) -> F::Output {
    block_on(test)
}

/// Runs a future of whose parts nobody knows whether they are `Send`.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    RUNTIME.block_on(future)
}

/// All that `stream` yields.
pub(crate) fn collect<T: Send>(stream: impl Stream<Item = T> + Send) -> Vec<T> {
    run(stream.collect())
}

/// The first that `stream` yields; it is dropped then.
pub(crate) fn first<T: Send>(mut stream: impl Stream<Item = T> + Send + Unpin) -> T {
    run(stream.next()).unwrap()
}

/// What `work` brings; it is dropped when it takes longer than `limit`.
pub(crate) async fn timeout<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, work).await.ok()
}
