//! Pages as a stream.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use usage_core::{Error, UsageQuery, UsageTable};

use crate::futures::{Driver, Handle};

/// The pages of an execution that are yet to come. It ends after the first error.
///
/// A page is delivered when the next one is asked for. The handle is free again when this is dropped: its snapshot then
/// points at the last page that was yielded, unless that is [acknowledged](Handle::acknowledge).
#[must_use = "streams do nothing unless they are polled"]
pub struct Pages<'a>(BoxStream<'a, Result<UsageTable, Error>>);

impl<'a> Pages<'a> {
    pub(super) fn new<Q: UsageQuery, D: Driver>(handle: &'a mut Handle<Q, D>) -> Self {
        let pages = stream::try_unfold(handle, |handle| async {
            let page = handle.next_page().await?;
            Ok::<_, Error>(page.map(|page| (page, handle)))
        });
        Self(pages.boxed())
    }

    /// Returns the next page, for callers without an extension of [`Stream`] at hand. Dropping the future loses no page.
    pub async fn next(&mut self) -> Option<Result<UsageTable, Error>> {
        self.0.next().await
    }
}

impl Stream for Pages<'_> {
    type Item = Result<UsageTable, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}

impl fmt::Debug for Pages<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").finish_non_exhaustive()
    }
}
