//! Many queries at once, as a stream of results.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use usage_core::{Error, UsageQuery, UsageTable};

use crate::futures::{Client, Driver};

/// The results of many executions, each with its place among the queries, as they become available.
///
/// It ends when all queries are done. Dropping it gives up the executions that are under way.
///
/// ```
/// use futures_util::StreamExt;
/// use usage_core::Error;
/// use usage_core::query::SimpleSearch;
/// use usage_driver::futures::{Client, Driver};
///
/// async fn counts<D: Driver>(client: &Client<D>, queries: Vec<SimpleSearch>) -> Result<Vec<usize>, Error> {
///     let mut counts = vec![0; queries.len()];
///     let mut results = client.run_all(queries, 4);
///     while let Some((place, rows)) = results.next().await {
///         counts[place] = rows?.len();
///     }
///     Ok(counts)
/// }
/// ```
#[must_use = "streams do nothing unless they are polled"]
pub struct RunAll(BoxStream<'static, (usize, Result<UsageTable, Error>)>);

impl RunAll {
    pub(super) fn new<Q: UsageQuery, D: Driver>(
        client: &Client<D>,
        queries: impl Iterator<Item = Q> + Send + 'static,
        at_once: usize,
    ) -> Self {
        let client = client.clone();
        let runs = stream::iter(queries.enumerate()).map(move |(place, query)| {
            let run = client.start(query).finish();
            async move { (place, run.await) }
        });
        Self(runs.buffer_unordered(at_once.max(1)).boxed())
    }

    /// Returns the next result, for callers without an extension of [`Stream`] at hand. Dropping the future loses no
    /// result.
    pub async fn next(&mut self) -> Option<(usize, Result<UsageTable, Error>)> {
        self.0.next().await
    }
}

impl Stream for RunAll {
    type Item = (usize, Result<UsageTable, Error>);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}

impl fmt::Debug for RunAll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunAll").finish_non_exhaustive()
    }
}
