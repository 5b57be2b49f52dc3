//! Rows as a stream.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{self, BoxStream, Stream, StreamExt, TryStreamExt};

use usage_core::{Error, UsageQuery, UsageRecord};

use crate::futures::{Driver, Handle};

/// The rows of an execution, fetched page by page. It ends after the first error.
pub struct Rows(BoxStream<'static, Result<UsageRecord, Error>>);

impl Rows {
    pub(super) fn new<Q: UsageQuery, D: Driver>(handle: Handle<Q, D>) -> Self {
        let pages = stream::try_unfold(handle, |mut handle| async {
            let page = handle.next_page().await?;
            Ok::<_, Error>(page.map(|page| (stream::iter(page).map(Ok), handle)))
        });
        Self(pages.try_flatten().boxed())
    }

    /// Returns the next row, for callers without an extension of [`Stream`] at hand. Dropping the future loses no row.
    pub async fn next(&mut self) -> Option<Result<UsageRecord, Error>> {
        self.0.next().await
    }
}

impl Stream for Rows {
    type Item = Result<UsageRecord, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").finish_non_exhaustive()
    }
}
