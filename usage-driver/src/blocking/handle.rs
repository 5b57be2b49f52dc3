//! An execution that is driven by blocking calls.

use std::fmt;

use usage_core::decode::RowVisitor;
#[cfg(doc)]
use usage_core::execution::StreamingExecution;
use usage_core::{Error, Event, Execution, Snapshot, Transition, UsageQuery, UsageTable};

use crate::blocking::{Client, Driver, Pages, Rows};
use crate::canceller::Canceller;
use crate::task::Task;

/// An execution that is being driven.
///
/// ```
/// use usage_core::Error;
/// use usage_core::query::SimpleSearch;
/// use usage_driver::blocking::{Driver, Handle};
///
/// /// Reads page by page, and continues after a deadline.
/// fn count<D: Driver>(mut handle: Handle<SimpleSearch, D>) -> Result<usize, Error> {
///     let mut rows = 0;
///     loop {
///         match handle.next_page() {
///             Ok(Some(page)) => rows += page.len(),
///             Ok(None) => return Ok(rows),
///             Err(error) if error.can_resume() => handle.resume(),
///             Err(error) => return Err(error),
///         }
///     }
/// }
/// ```
pub struct Handle<Q, D> {
    client: Client<D>,
    task: Task<Execution<Q>>,
}

impl<Q: UsageQuery, D: Driver> Handle<Q, D> {
    pub(super) fn new(client: &Client<D>, execution: Execution<Q>) -> Self {
        Self { client: client.clone(), task: Task::new(execution) }
    }

    pub(super) fn cancelled_by(mut self, canceller: Canceller) -> Self {
        self.task.canceller = canceller;
        self
    }

    /// Calls `observer` at every transition and every wait, in place of any earlier observer.
    #[must_use]
    pub fn observe(mut self, observer: impl FnMut(&Execution<Q>, Event) + Send + 'static) -> Self {
        self.task.observe(observer);
        self
    }

    /// Calls `observer` at every transition and every wait, in place of any earlier observer. An error of it ends the run
    /// as [`Failure::Observer`](usage_core::error::Failure::Observer) before the next request is sent, for programs that
    /// cannot save the snapshot. A page that had arrived is handed out first. [`resume`](Self::resume) continues.
    #[must_use]
    pub fn try_observe<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        mut self,
        observer: impl FnMut(&Execution<Q>, Event) -> Result<(), E> + Send + 'static,
    ) -> Self {
        self.task.try_observe(observer);
        self
    }

    /// Returns the next page of rows when it has arrived; `None` when there are no more. It marks the page before as
    /// delivered.
    ///
    /// # Errors
    ///
    /// Returns the failure of the execution. If it [can be resumed](Error::can_resume), [`resume`](Self::resume) and ask
    /// again.
    pub fn next_page(&mut self) -> Result<Option<UsageTable>, Error> {
        self.client.advance(&mut self.task)
    }

    /// Runs the execution to its end and returns the rows of all pages that are yet to come. Snapshots that an observer
    /// takes meanwhile point at the first of these pages.
    ///
    /// # Errors
    ///
    /// Returns the failure of the execution. Rows that had arrived are [in the error](Error::rows), and the execution
    /// continues behind them from the [snapshot in it](Error::snapshot).
    pub fn finish(mut self) -> Result<UsageTable, Error> {
        let mut table = UsageTable::new();
        self.task.machine.collect_pages();
        loop {
            match self.next_page() {
                Ok(Some(page)) => table.absorb(page),
                Ok(None) => return Ok(table),
                Err(error) => return Err(self.task.machine.give_back(error, table)),
            }
        }
    }

    /// Runs the execution to its end and shows `visitor` each row that is yet to come, once, as it arrives. No row is
    /// kept. See [`StreamingExecution`] for what happens when a page breaks off.
    ///
    /// # Errors
    ///
    /// Returns the failure of the execution.
    pub fn for_each_row(self, visitor: impl RowVisitor + Send) -> Result<(), Error> {
        let mut streaming = self.task.streaming(visitor);
        while self.client.advance(&mut streaming)?.is_some() {}
        Ok(())
    }

    /// Returns the pages that are yet to come, as an iterator. The handle can be used again afterwards.
    pub fn pages(&mut self) -> Pages<'_> {
        Pages::new(self)
    }

    /// Returns the rows one by one. Pages are fetched as they are needed.
    pub fn rows(self) -> Rows {
        Rows::new(self)
    }

    /// Returns the execution: phase, id, counters.
    pub fn execution(&self) -> &Execution<Q> {
        &self.task.machine
    }

    /// Returns how far the execution got, to be saved. The snapshot points at the page that was handed out last, until
    /// the next one is asked for or [`acknowledge`](Self::acknowledge) is called.
    pub fn snapshot(&self) -> Snapshot<Q> {
        self.task.machine.snapshot()
    }

    /// Marks the page that was handed out last as delivered: snapshots point behind it from now on. Asking for the next
    /// page does the same. Call this to save the snapshot together with the page, in one transaction.
    pub fn acknowledge(&mut self) {
        self.task.machine.acknowledge();
    }

    /// Leaves pages unacknowledged until [`acknowledge`](Self::acknowledge) is called: snapshots point at the first of
    /// them, for callers who store all pages together.
    #[must_use]
    pub fn hold_pages(mut self) -> Self {
        self.task.machine.hold_pages(true);
        self
    }

    /// Prepares the execution to continue where it stopped, with a deadline of its own: after an error that
    /// [can be resumed](Error::can_resume), or after it was cancelled. A page that was handed out and not
    /// [acknowledged](Self::acknowledge) comes again. A submit whose fate is unknown is not sent again. An earlier
    /// [canceller](Self::canceller) has no effect any more.
    pub fn resume(&mut self) {
        self.task.machine = self.client.resumed(&self.task.machine);
        self.task.canceller = Canceller::default();
        self.task.go_on();
    }

    /// Returns a [`Canceller`], which cancels the execution from another thread, also while it is being driven: at once
    /// if it waits, and after the exchange otherwise.
    pub fn canceller(&self) -> Canceller {
        self.task.canceller.clone()
    }

    /// Cancels the execution. The query continues at the service, which has no request to cancel one. Returns `None` if
    /// the execution had ended before.
    pub fn cancel(&mut self) -> Option<Transition> {
        self.task.machine.cancel()
    }
}

impl<Q: fmt::Debug, D> fmt::Debug for Handle<Q, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("execution", &self.task.machine).finish_non_exhaustive()
    }
}
