//! The rows of a page that a visitor has seen.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::fast::FixedState;

use crate::decode::RowVisitor;
use crate::table::{UsageRow, UsageTable};

/// The problem of a page that does not begin with the rows that a visitor has seen.
pub(super) const OTHER_ROWS: &str =
    "the page has other rows than before it broke off; rows were shown already, so start again";

/// The number of rows of the current page that a visitor has seen. The decoder writes it, the execution reads it; a cloned
/// execution has a counter of its own.
#[derive(Debug, Default)]
pub(super) struct RowsSeen(Arc<AtomicU64>);

impl RowsSeen {
    pub(super) fn new(rows: u64) -> Self {
        Self(Arc::new(rows.into()))
    }

    /// Returns a handle to the same counter.
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

/// An attempt to read the page. The rows of an abandoned attempt are not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Attempt(u64);

impl Attempt {
    pub(super) const TOO_LATE: Self = Self(0);
}

/// A visitor, and the rows of the current page that it has seen.
pub(super) struct Rows<V> {
    visitor: V,
    /// Whether rows are held back because the session is locked, and those rows.
    held: bool,
    waiting: UsageTable,
    /// The attempt in flight.
    attempt: Attempt,
    /// Whether its query is done, once that is known, and the rows that arrived before.
    is_done: Option<bool>,
    undecided: UsageTable,
    /// The number of rows of this page that were shown, and their hash, unless that was in another process.
    shown: RowsSeen,
    shown_digest: Option<u64>,
    /// The same for the attempt in flight.
    read: u64,
    digest: Digest,
    /// Whether a row differs from the one that was shown in its place.
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

    /// Begins an attempt to read the page.
    pub(super) fn begin(&mut self) -> Attempt {
        self.give_up();
        self.is_done = None;
        self.read = 0;
        self.digest = digest();
        self.attempt
    }

    /// Abandons the attempt in flight.
    pub(super) fn give_up(&mut self) {
        self.attempt.0 += 1;
        self.undecided = UsageTable::new();
    }

    /// Ends the page: the next row belongs to another one.
    pub(super) fn end_page(&mut self) {
        self.give_up();
        self.shown.set(0);
        self.shown_digest = None;
    }

    /// Returns whether fewer rows arrived than were shown before.
    pub(super) fn is_shorter(&self) -> bool {
        self.read < self.shown.get()
    }

    /// Sets whether rows are held back until [`show_held`](Self::show_held).
    pub(super) fn hold(&mut self, hold: bool) {
        self.held = hold;
    }

    pub(super) fn show_held(&mut self) {
        for row in &std::mem::take(&mut self.waiting) {
            self.visitor.visit(row);
        }
    }

    /// Sets whether the query of the page is done. The rows of a pending query are dropped.
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

/// The visitor of the decoder, which passes rows on.
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
