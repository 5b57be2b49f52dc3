//! Many queries at once, on threads.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use usage_core::{Error, UsageQuery, UsageTable};

use crate::blocking::{Client, Driver};
use crate::canceller::Canceller;

/// The maximum number of threads of one [`RunAll`], however many queries may run at once.
pub const MAX_THREADS: usize = 1024;

/// The results of many executions, each with its place among the queries, as they become available.
///
/// Dropping it cancels the executions: those that wait end at once, those with a request in flight when that has ended.
///
/// ```
/// use usage_core::Error;
/// use usage_core::query::SimpleSearch;
/// use usage_driver::blocking::{Client, Driver};
///
/// fn counts<D: Driver>(client: &Client<D>, queries: Vec<SimpleSearch>) -> Result<Vec<usize>, Error> {
///     let mut counts = vec![0; queries.len()];
///     for (place, rows) in client.run_all(queries, 4) {
///         counts[place] = rows?.len();
///     }
///     Ok(counts)
/// }
/// ```
pub struct RunAll {
    results: Receiver<Outcome>,
    shared: Arc<Mutex<Threads>>,
}

/// What a thread reports: a result with its place, or a panic of the iterator or of the thread.
type Outcome = Result<(usize, Result<UsageTable, Error>), Box<dyn Any + Send>>;

/// The threads that were started so far.
#[derive(Default)]
struct Threads {
    /// One for each thread.
    cancellers: Vec<Canceller>,
    /// Whether no more work is wanted: the results are dropped, or one of the threads panicked.
    is_over: bool,
}

/// What all threads of one call share.
struct Work<D, I> {
    client: Client<D>,
    queries: Mutex<std::iter::Enumerate<I>>,
    shared: Arc<Mutex<Threads>>,
    results: SyncSender<Outcome>,
    most: usize,
}

impl RunAll {
    pub(super) fn new<Q: UsageQuery, D: Driver>(
        client: &Client<D>,
        queries: impl Iterator<Item = Q> + Send + 'static,
        at_once: usize,
    ) -> Self {
        // A rendezvous: a thread keeps its result until the caller asks for one, so results do not pile up.
        let (sender, results) = mpsc::sync_channel(0);
        let shared = Arc::new(Mutex::new(Threads::default()));
        let work = Work {
            client: client.clone(),
            queries: Mutex::new(queries.enumerate()),
            shared: Arc::clone(&shared),
            results: sender,
            most: at_once.clamp(1, MAX_THREADS),
        };
        Arc::new(work).start_thread();
        Self { results, shared }
    }
}

impl<Q: UsageQuery, D: Driver, I: Iterator<Item = Q> + Send + 'static> Work<D, I> {
    /// Starts another thread, unless there are enough.
    fn start_thread(self: &Arc<Self>) {
        let mut threads = lock(&self.shared);
        if threads.is_over || threads.cancellers.len() >= self.most {
            return;
        }
        let canceller = Canceller::default();
        threads.cancellers.push(canceller.clone());
        drop(threads);
        let work = Arc::clone(self);
        D::spawn(move || {
            let end = catch_unwind(AssertUnwindSafe(|| work.run(&canceller)));
            if let Err(panic) = end {
                lock(&work.shared).end();
                let _ = work.results.send(Err(panic));
            }
        });
    }

    /// Runs queries until there are none left. A thread is started when there is a query for it, not before.
    fn run(self: &Arc<Self>, canceller: &Canceller) {
        while let Some((place, query)) = self.next_query() {
            self.start_thread();
            let result = self.client.start(query).cancelled_by(canceller.clone()).finish();
            if self.results.send(Ok((place, result))).is_err() {
                break;
            }
        }
    }

    fn next_query(&self) -> Option<(usize, Q)> {
        let mut queries = lock(&self.queries);
        if lock(&self.shared).is_over { None } else { queries.next() }
    }
}

impl Threads {
    /// Takes no more queries, and cancels those that run.
    fn end(&mut self) {
        self.is_over = true;
        self.cancellers.iter().for_each(Canceller::cancel);
    }
}

impl Iterator for RunAll {
    type Item = (usize, Result<UsageTable, Error>);

    /// Returns the next result.
    ///
    /// # Panics
    ///
    /// Resumes a panic of the iterator of queries or of a thread.
    fn next(&mut self) -> Option<Self::Item> {
        match self.results.recv().ok()? {
            Ok(result) => Some(result),
            Err(panic) => resume_unwind(panic),
        }
    }
}

impl Drop for RunAll {
    fn drop(&mut self) {
        lock(&self.shared).end();
    }
}

impl fmt::Debug for RunAll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunAll")
            .field("threads", &lock(&self.shared).cancellers.len())
            .finish_non_exhaustive()
    }
}

/// Lock poisoning is ignored: a panic is reported by itself.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
