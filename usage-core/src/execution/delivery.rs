//! Delivery of pages, and the position that a snapshot points at.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::FixedState;

use crate::execution::shown::RowsSeen;
use crate::execution::state::Op;
use crate::execution::{Execution, RareState};
use crate::ids::Cursor;
#[cfg(doc)]
use crate::machine::Machine;
use crate::query::UsageQuery;
use crate::report::Error;
use crate::table::UsageTable;

/// The page that contained a cursor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    /// The number of the page.
    pub(super) page: u32,
    /// A hash of its rows, unless the page was read in another process.
    pub(super) digest: Option<u64>,
}

/// The page that follows a page.
pub(super) enum Follows {
    /// A new page.
    New,
    /// A page that was read before; the rows of the present page are new.
    Known,
    /// A page that was read before, and so was the present page.
    Repeated,
}

/// The position at which a restored execution continues.
#[derive(Clone, Debug)]
pub(super) struct Position {
    pub(super) op: Op,
    /// The number of pages that were delivered before.
    pub(super) pages: u32,
    /// The number of rows of its page that a visitor has seen.
    pub(super) rows_seen: u64,
    /// Whether an earlier page had no list of rows.
    pub(super) lists_missing: bool,
}

impl<Q: UsageQuery> Execution<Q> {
    /// Marks all pages that were returned as delivered: later snapshots point behind them.
    ///
    /// The next call of [`next`](Machine::next) does the same, unless [`hold_pages`](Self::hold_pages) is set. Call this
    /// to save a snapshot together with the rows of a page, in one transaction.
    ///
    /// ```
    /// # use usage_core::auth::{AccessToken, Grant};
    /// # use usage_core::query::OrganizationQuery;
    /// # use usage_core::{Execution, Machine, Next, Policy, Session, Timestamp};
    /// # let query = OrganizationQuery::new("2026-06-01/2026-06-30".parse()?);
    /// # let mut session = Session::new(&"eu-central-1".parse()?, Grant::StaticToken(AccessToken::parse("a-token")?));
    /// # let now = Timestamp::from_unix_millis(1_782_864_000_000);
    /// let mut execution = Execution::attach(query, "9f32b7cf".parse()?, Policy::default(), 1, now);
    /// let Next::Send(exchange) = execution.next(now, &mut session).next else { panic!() };
    /// let answer = http::Response::new(&br#"{"queryStatus":"Complete","results":[{"requests":42}]}"#[..]);
    /// let page = execution.on_response(now, exchange.ticket, answer, &mut session).output;
    /// // The rows are not stored yet: a restored execution asks for them again.
    /// assert!(page.is_some() && !execution.snapshot().is_complete());
    /// execution.acknowledge();
    /// assert!(execution.snapshot().is_complete());
    /// # Ok::<(), usage_core::error::BuildError>(())
    /// ```
    pub fn acknowledge(&mut self) {
        if let Some(rare) = &mut self.rare {
            rare.unacknowledged = None;
        }
    }

    /// Leaves pages unacknowledged until [`acknowledge`](Self::acknowledge) is called: snapshots point at the first of
    /// them, for callers who store all pages together.
    pub fn hold_pages(&mut self, hold: bool) {
        self.holds_pages = hold;
    }

    /// Marks earlier pages as delivered and leaves all further ones unacknowledged, for a caller that collects them.
    /// Snapshots then point at the first collected page.
    pub fn collect_pages(&mut self) {
        self.acknowledge_unless_held();
        self.holds_pages = true;
    }

    /// Ends the collecting of pages because of `error`. Returns the error with the collected `rows`, which are thereby
    /// delivered, and with a snapshot that points behind them.
    #[must_use]
    pub fn give_back(&mut self, error: Error, rows: UsageTable) -> Error {
        self.acknowledge();
        error.with_snapshot_json(self.snapshot().to_json()).with_rows(rows)
    }

    /// Returns the cursor that the last page repeated, if the execution is complete because of that.
    ///
    /// Following a repeated cursor would never end. So the execution is complete with the rows that arrived; further
    /// rows, if there are any, are missing, and the [scope](Self::scope) says so. If the last page equals the page that
    /// contained the cursor first, its rows are left out; only a visitor has seen them twice.
    pub fn repeated_cursor(&self) -> Option<&Cursor> {
        self.rare.as_ref()?.repeated.as_ref()
    }

    /// Acknowledges the pages that were returned, unless the caller does that.
    pub(super) fn acknowledge_unless_held(&mut self) {
        if !self.holds_pages {
            self.acknowledge();
        }
    }

    /// Records that the page of `op` is returned.
    pub(super) fn hand_out(&mut self, op: &Op) {
        let pages = self.pages;
        let rare = self.rare.get_or_insert_default();
        let (rows_seen, lists_missing) = (rare.rows_seen.get(), rare.lists_missing);
        rare.rows_seen.set(0);
        rare.unacknowledged.get_or_insert_with(|| Position {
            op: op.clone(),
            pages,
            rows_seen,
            lists_missing,
        });
        self.pages = self.pages.saturating_add(1);
    }

    /// Returns the position of the first unacknowledged page, if there is one.
    pub(super) fn unacknowledged(&self) -> Option<&Position> {
        self.rare.as_ref()?.unacknowledged.as_ref()
    }

    /// Records the cursor of the page after the one that was returned.
    pub(super) fn follow(&mut self, cursor: &Cursor, rows: &UsageTable) -> Follows {
        let named = Named { page: self.pages, digest: Some(digest(rows)) };
        let rare = self.rare.get_or_insert_default();
        let Some(before) = rare.cursors.get(cursor) else {
            rare.cursors.insert(cursor.clone(), named);
            return Follows::New;
        };
        rare.repeated = Some(cursor.clone());
        if before.digest == named.digest { Follows::Repeated } else { Follows::Known }
    }

    pub(super) fn rows_seen(&self) -> u64 {
        self.rare.as_ref().map_or(0, |rare| rare.rows_seen.get())
    }

    /// Marks the rows as shown to a visitor as they arrive. The returned counter is set to how many were shown.
    pub(super) fn show_rows(&mut self) -> RowsSeen {
        self.shows_rows = true;
        self.rare.get_or_insert_default().rows_seen.share()
    }
}

impl RareState {
    /// Returns the cursors that were known after `pages` pages.
    pub(super) fn cursors_up_to(&self, pages: u32) -> impl Iterator<Item = &Cursor> {
        self.cursors.iter().filter(move |(_, named)| named.page <= pages).map(|(cursor, _)| cursor)
    }
}

fn digest(rows: &UsageTable) -> u64 {
    let mut digest = FixedState::default().build_hasher();
    rows.iter().for_each(|row| row.hash(&mut digest));
    digest.finish()
}
