use std::fmt;

use usage_core::decode::RowVisitor;
use usage_core::execution::Visiting;
use usage_core::{
    Canceller, Error, Execution, IntoIter, Notice, Snapshot, Transition, UsageQuery, UsageRecord, UsageTable,
};

use crate::client::Client;

type Observer<Q> = Box<dyn FnMut(&Execution<Q>, Notice) + Send>;

/// An execution that is being driven.
pub struct Handle<Q> {
    client: Client,
    execution: Execution<Q>,
    observer: Option<Observer<Q>>,
    canceller: Canceller,
}

impl<Q: UsageQuery> Handle<Q> {
    pub(crate) fn new(client: Client, execution: Execution<Q>) -> Self {
        Self { client, execution, observer: None, canceller: Canceller::default() }
    }

    pub(crate) fn cancelled_by(self, canceller: Canceller) -> Self {
        Self { canceller, ..self }
    }

    /// Tells `observer` of every transition and every wait.
    #[must_use]
    pub fn observe(mut self, observer: impl FnMut(&Execution<Q>, Notice) + Send + 'static) -> Self {
        self.observer = Some(Box::new(observer));
        self
    }

    /// Goes on until the next page of rows arrived; `None` when there are no more. After an error, look at
    /// [`Error::can_resume`].
    pub fn next_page(&mut self) -> Result<Option<UsageTable>, Error> {
        let observer = &mut self.observer;
        self.client.advance(&mut self.execution, &self.canceller, &mut |execution, notice| {
            if let Some(observer) = observer {
                observer(execution, notice);
            }
        })
    }

    /// Goes on to the end and returns the rows of all pages that are yet to come.
    pub fn finish(mut self) -> Result<UsageTable, Error> {
        let mut table = UsageTable::new();
        while let Some(page) = self.next_page()? {
            table.absorb(page);
        }
        Ok(table)
    }

    /// Goes on to the end and shows `visitor` each row that is yet to come, once, as it arrives. None is kept, however
    /// many there are. See [`Visiting`] for what happens when a page breaks off.
    pub fn for_each_row(self, visitor: impl RowVisitor + Send) -> Result<(), Error> {
        let Self { client, execution, mut observer, canceller } = self;
        let mut visiting = Visiting::new(execution, visitor);
        let mut notify = |visiting: &Visiting<Q, _>, notice| {
            if let Some(observer) = &mut observer {
                observer(visiting.execution(), notice);
            }
        };
        while client.advance(&mut visiting, &canceller, &mut notify)?.is_some() {}
        Ok(())
    }

    /// The rows one by one; pages are fetched as they are needed.
    pub fn rows(self) -> Rows<Q> {
        Rows { handle: Some(self), page: UsageTable::new().into_iter() }
    }

    /// The execution: phase, id, counters.
    pub fn execution(&self) -> &Execution<Q> {
        &self.execution
    }

    /// How far it got, to be saved.
    pub fn snapshot(&self) -> Snapshot<Q> {
        self.execution.snapshot()
    }

    /// What cancels it from another thread, also while it is being driven: it ends when it is waiting, or when the
    /// exchange that is under way is over.
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
#[derive(Debug)]
pub struct Rows<Q> {
    handle: Option<Handle<Q>>,
    page: IntoIter,
}

impl<Q: UsageQuery> Iterator for Rows<Q> {
    type Item = Result<UsageRecord, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(record) = self.page.next() {
                return Some(Ok(record));
            }
            match self.handle.as_mut()?.next_page() {
                Ok(Some(page)) => self.page = page.into_iter(),
                Ok(None) => {
                    self.handle = None;
                    return None;
                }
                Err(error) => {
                    self.handle = None;
                    return Some(Err(error));
                }
            }
        }
    }
}
