use std::fmt;
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex, PoisonError};

use crate::canceller::Canceller;
use crate::driver::blocking::{Client, Drive};
use crate::error::Error;
use crate::query::UsageQuery;
use crate::table::UsageTable;

/// The results of many executions, each with its place among the queries, as they are there.
///
/// When this is dropped, executions that wait end at once, and those with a request out when that is over.
pub struct RunAll {
    results: Receiver<(usize, Result<UsageTable, Error>)>,
    /// One for each thread.
    cancellers: Vec<Canceller>,
}

impl RunAll {
    pub(super) fn new<Q: UsageQuery, D: Drive>(
        client: &Client<D>,
        queries: impl Iterator<Item = Q> + Send + 'static,
        at_once: usize,
    ) -> Self {
        // A result waits in its thread until it is asked for: nothing piles up.
        let (sender, results) = mpsc::sync_channel(0);
        let wanted = queries.size_hint().1.map_or(at_once, |queries| queries.min(at_once)).max(1);
        let queries = Arc::new(Mutex::new(queries.enumerate()));
        let cancellers: Vec<_> = (0..wanted).map(|_| Canceller::default()).collect();
        for canceller in cancellers.clone() {
            let (client, queries, sender) = (client.clone(), Arc::clone(&queries), sender.clone());
            D::spawn(move || {
                let next = || queries.lock().unwrap_or_else(PoisonError::into_inner).next();
                while let Some((place, query)) = next() {
                    let result = client.start(query).cancelled_by(canceller.clone()).finish();
                    if sender.send((place, result)).is_err() {
                        break;
                    }
                }
            });
        }
        Self { results, cancellers }
    }
}

impl Iterator for RunAll {
    type Item = (usize, Result<UsageTable, Error>);

    fn next(&mut self) -> Option<Self::Item> {
        self.results.recv().ok()
    }
}

impl Drop for RunAll {
    fn drop(&mut self) {
        self.cancellers.iter().for_each(Canceller::cancel);
    }
}

impl fmt::Debug for RunAll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunAll").field("threads", &self.cancellers.len()).finish_non_exhaustive()
    }
}
