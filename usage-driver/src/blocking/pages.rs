//! Pages as an iterator.

use std::fmt;
use std::iter;

use usage_core::{Error, UsageQuery, UsageTable};

use crate::blocking::{Driver, Handle};

/// The pages of an execution that are yet to come. It ends after the first error.
///
/// A page is delivered when the next one is asked for. The handle is free again when this is dropped: its snapshot then
/// points at the last page that was yielded, unless that is [acknowledged](Handle::acknowledge).
#[must_use = "iterators do nothing unless they are advanced"]
pub struct Pages<'a>(Box<dyn Iterator<Item = Result<UsageTable, Error>> + Send + 'a>);

impl<'a> Pages<'a> {
    pub(super) fn new<Q: UsageQuery, D: Driver>(handle: &'a mut Handle<Q, D>) -> Self {
        let mut handle = Some(handle);
        Self(Box::new(iter::from_fn(move || {
            let page = handle.as_mut()?.next_page().transpose();
            if !matches!(page, Some(Ok(_))) {
                handle = None;
            }
            page
        })))
    }
}

impl Iterator for Pages<'_> {
    type Item = Result<UsageTable, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next()
    }
}

impl fmt::Debug for Pages<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").finish_non_exhaustive()
    }
}
