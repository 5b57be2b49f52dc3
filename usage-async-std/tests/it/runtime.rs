//! The runtime of the tests.

use std::time::Duration;

use futures_util::{Stream, StreamExt};

/// Runs a test, whose futures are `Send`.
pub(crate) fn run<F: Future + Send>(test: F) -> F::Output {
    block_on(test)
}

/// Runs a future that need not be `Send`.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    async_std::task::block_on(future)
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
    async_std::future::timeout(limit, work).await.ok()
}

/// Other tests of the workspace may enable features of tokio. Here no thread has entered a runtime of tokio, and none of its
/// threads exists.
#[test]
fn no_tokio_runtime_is_needed() {
    use crate::support::{Service, query};

    let service = Service::start();
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let threads = std::sync::Arc::clone(&seen);
    let handle = service.client().start(query()).observe(move |_, _| {
        let outside = tokio::runtime::Handle::try_current().is_err();
        threads.lock().unwrap().push(outside);
    });
    assert!(!run(async_std::task::spawn(handle.finish())).unwrap().is_empty());
    let seen = seen.lock().unwrap();
    assert!(!seen.is_empty() && seen.iter().all(|outside| *outside));
}
