//! Which rows of a page a visitor has seen.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::FixedState;

use crate::decode::RowVisitor;
use crate::table::{UsageRow, UsageTable};

/// How many rows of the current page a visitor has seen. Whatever shows the rows writes it, the execution reads it; a
/// cloned execution has a counter of its own.
#[derive(Debug, Default)]
pub(super) struct RowsSeen(Arc<AtomicU64>);

impl RowsSeen {
    pub(super) fn new(rows: u64) -> Self {
        Self(Arc::new(rows.into()))
    }

    /// The same counter.
    pub(super) fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, rows: u64) {
        self.0.store(rows, Ordering::Relaxed);
    }
}

impl Clone for RowsSeen {
    fn clone(&self) -> Self {
        Self::new(self.get())
    }
}

/// One answer that brings the page. The rows of an answer that was given up are not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempt(u64);

impl Attempt {
    pub(super) const TOO_LATE: Self = Self(0);
}

/// The visitor, and which rows of the current page it has seen.
pub(super) struct Rows<V> {
    visitor: V,
    /// Whether rows have to wait, because the session is locked; and those that wait.
    held: bool,
    waiting: UsageTable,
    /// The answer that is arriving.
    attempt: Attempt,
    /// Whether its query is done, once that is known; and the rows that came before that.
    is_done: Option<bool>,
    undecided: UsageTable,
    /// How many rows of this page were shown, and what they add up to, unless that was in another process.
    shown: RowsSeen,
    shown_digest: Option<u64>,
    /// The same of the attempt that is arriving.
    read: u64,
    digest: Digest,
    /// A row that was shown is another one now.
    pub(super) changed: bool,
}

impl<V: RowVisitor> Rows<V> {
    pub(super) fn new(visitor: V, shown: RowsSeen) -> Self {
        Self {
            visitor,
            held: false,
            waiting: UsageTable::new(),
            attempt: Attempt::TOO_LATE,
            is_done: None,
            undecided: UsageTable::new(),
            shown,
            shown_digest: None,
            read: 0,
            digest: digest(),
            changed: false,
        }
    }

    /// The page begins, for the first time or again.
    pub(super) fn begin(&mut self) -> Attempt {
        self.give_up();
        self.is_done = None;
        self.read = 0;
        self.digest = digest();
        self.attempt
    }

    /// The answer that is arriving shows no more rows.
    pub(super) fn give_up(&mut self) {
        self.attempt.0 += 1;
        self.undecided = UsageTable::new();
    }

    /// The page is read to its end: the next row is of another page.
    pub(super) fn end_page(&mut self) {
        self.give_up();
        self.shown.set(0);
        self.shown_digest = None;
    }

    /// Whether fewer rows arrived than were shown before.
    pub(super) fn is_shorter(&self) -> bool {
        self.read < self.shown.get()
    }

    /// Lets rows wait until [`show_held`](Self::show_held), or no more.
    pub(super) fn hold(&mut self, hold: bool) {
        self.held = hold;
    }

    pub(super) fn show_held(&mut self) {
        for row in &std::mem::take(&mut self.waiting) {
            self.visitor.visit(row);
        }
    }

    /// It is known whether the query of the page is done. If it is not, what was read as rows is dropped.
    pub(super) fn decide(&mut self, attempt: Attempt, is_done: bool) {
        if attempt != self.attempt || self.is_done.is_some() {
            return;
        }
        self.is_done = Some(is_done);
        for row in &std::mem::take(&mut self.undecided) {
            self.take(attempt, row);
        }
    }

    fn take(&mut self, attempt: Attempt, row: UsageRow<'_>) {
        if attempt != self.attempt || self.changed {
            return;
        }
        match self.is_done {
            Some(true) => self.take_decided(row),
            Some(false) => {}
            None => self.undecided.push_row(row),
        }
    }

    fn take_decided(&mut self, row: UsageRow<'_>) {
        row.hash(&mut self.digest);
        self.read += 1;
        let digest = self.digest.finish();
        if self.read > self.shown.get() {
            self.show(row);
            self.shown.set(self.read);
            self.shown_digest = Some(digest);
        } else if self.read == self.shown.get() {
            self.changed = self.shown_digest.is_some_and(|shown| shown != digest);
        }
    }

    fn show(&mut self, row: UsageRow<'_>) {
        if self.held {
            self.waiting.push_row(row);
        } else {
            self.visitor.visit(row);
        }
    }
}

type Digest = <FixedState as BuildHasher>::Hasher;

fn digest() -> Digest {
    FixedState::default().build_hasher()
}

/// The end of the rows that a decoder has.
pub(super) struct Shown<V> {
    pub(super) rows: Arc<Mutex<Rows<V>>>,
    pub(super) attempt: Attempt,
}

impl<V: RowVisitor> RowVisitor for Shown<V> {
    fn visit(&mut self, row: UsageRow<'_>) {
        lock(&self.rows).take(self.attempt, row);
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
