use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::{self, BoxStream, Stream, StreamExt, TryStreamExt};
use usage_core::decode::RowVisitor;
use usage_core::execution::Visiting;
use usage_core::{
    Canceller, Error, Execution, Notice, Snapshot, Transition, UsageQuery, UsageRecord, UsageTable,
};

use crate::client::Client;

type Observer<Q> = Box<dyn FnMut(&Execution<Q>, Notice) + Send>;

/// An execution that is being driven.
///
/// Its futures may be dropped at any moment. A request that was out then counts as given up: a poll is sent again, a
/// submit is not, unless the policy allows it.
pub struct Handle<Q> {
    client: Client,
    /// On the heap: futures that hold a handle are moved and nested.
    execution: Box<Execution<Q>>,
    observer: Option<Observer<Q>>,
    canceller: Canceller,
}

impl<Q: UsageQuery> Handle<Q> {
    pub(crate) fn new(client: Client, execution: Execution<Q>) -> Self {
        Self { client, execution: Box::new(execution), observer: None, canceller: Canceller::default() }
    }

    /// Tells `observer` of every transition and every wait.
    #[must_use]
    pub fn observe(mut self, observer: impl FnMut(&Execution<Q>, Notice) + Send + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Goes on until the next page of rows arrived; `None` when there are no more. After an error, look at
    /// [`Error::can_resume`].
    pub async fn next_page(&mut self) -> Result<Option<UsageTable>, Error> {
        let observer = &mut self.observer;
        let mut notify = |execution: &Execution<Q>, notice| {
            if let Some(observer) = observer {
                observer(execution, notice);
            }
        };
        self.client.advance(&mut *self.execution, &self.canceller, &mut notify).await
    }

    /// Goes on to the end and returns the rows of all pages that are yet to come.
    pub async fn finish(mut self) -> Result<UsageTable, Error> {
        let mut table = UsageTable::new();
        while let Some(page) = self.next_page().await? {
            table.absorb(page);
        }
        Ok(table)
    }

    /// Goes on to the end and shows `visitor` each row that is yet to come, once, as it arrives. None is kept, however
    /// many there are. See [`Visiting`] for what happens when a page breaks off.
    pub async fn for_each_row(self, visitor: impl RowVisitor + Send) -> Result<(), Error> {
        let Self { client, execution, mut observer, canceller } = self;
        let mut visiting = Visiting::new(*execution, visitor);
        let mut notify = |visiting: &Visiting<Q, _>, notice| {
            if let Some(observer) = &mut observer {
                observer(visiting.execution(), notice);
            }
        };
        while client.advance(&mut visiting, &canceller, &mut notify).await?.is_some() {}
        Ok(())
    }

    /// The rows one by one; pages are fetched as they are needed.
    pub fn rows(self) -> Rows {
        let pages = stream::try_unfold(self, |mut handle| async {
            let page = handle.next_page().await?;
            Ok::<_, Error>(page.map(|page| (stream::iter(page).map(Ok), handle)))
        });
        Rows(pages.try_flatten().boxed())
    }

    /// The execution: phase, id, counters.
    pub fn execution(&self) -> &Execution<Q> {
        &self.execution
    }

    /// How far it got, to be saved.
    pub fn snapshot(&self) -> Snapshot<Q> {
        self.execution.snapshot()
    }

    /// What cancels it from another task or thread, also while it is being driven: it ends at once, waiting or with a request out.
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    /// Ends it here; the query runs on at the service.
    pub fn cancel(&mut self) -> Option<Transition> {
        self.execution.cancel()
    }
}

impl<Q: fmt::Debug> fmt::Debug for Handle<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("execution", &self.execution).finish_non_exhaustive()
    }
}

/// The rows of an execution, fetched page by page. It ends after the first error.
pub struct Rows(BoxStream<'static, Result<UsageRecord, Error>>);

impl Rows {
    /// The next row, for callers who have no extension of [`Stream`] at hand. Dropping the future loses no row.
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
