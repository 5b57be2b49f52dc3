//! Rows as an iterator.

use std::fmt;
use std::iter;

use usage_core::{Error, UsageQuery, UsageRecord, UsageTable};

use crate::blocking::{Driver, Handle};

/// The rows of an execution, fetched page by page. It ends after the first error.
#[must_use = "iterators do nothing unless they are advanced"]
pub struct Rows(Box<dyn Iterator<Item = Result<UsageRecord, Error>> + Send>);

impl Rows {
    pub(super) fn new<Q: UsageQuery, D: Driver>(handle: Handle<Q, D>) -> Self {
        let (mut handle, mut page) = (Some(handle), UsageTable::new().into_iter());
        Self(Box::new(iter::from_fn(move || {
            loop {
                if let Some(row) = page.next() {
                    return Some(Ok(row));
                }
                match handle.as_mut()?.next_page() {
                    Ok(Some(next)) => page = next.into_iter(),
                    Ok(None) => handle = None,
                    Err(error) => {
                        handle = None;
                        return Some(Err(error));
                    }
                }
            }
        })))
    }
}

impl Iterator for Rows {
    type Item = Result<UsageRecord, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").finish_non_exhaustive()
    }
}
