//! What the tests need of the runtime.

use std::time::Duration;

use futures_util::{Stream, StreamExt};

/// Runs a test. Every future of the driver that it awaits has to be `Send`.
pub(crate) fn run<F: Future + Send>(test: F) -> F::Output {
    block_on(test)
}

/// Runs a future of whose parts nobody knows whether they are `Send`.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    async_std::task::block_on(future)
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
    async_std::future::timeout(limit, work).await.ok()
}

/// Other tests of the workspace may have switched tokio's features on: here no thread has entered its runtime, and its
/// own threads are not there.
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
