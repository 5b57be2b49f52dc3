//! Which pages were delivered, and where a snapshot points.

use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::FixedState;

use crate::error::Error;
use crate::execution::shown::RowsSeen;
use crate::execution::state::Op;
use crate::execution::{Execution, RareState};
use crate::ids::Cursor;
#[cfg(doc)]
use crate::machine::Machine;
use crate::query::UsageQuery;
use crate::table::UsageTable;

/// The page that named a cursor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    /// Its number.
    pub(super) page: u32,
    /// What its rows add up to, unless it was read in another process.
    pub(super) digest: Option<u64>,
}

/// How a page goes on.
pub(super) enum Follows {
    /// With a page that is not known yet.
    New,
    /// With a page that was there before, behind rows that are new.
    Known,
    /// With a page that was there before, as this very page was.
    Repeated,
}

/// Where a restored execution goes on.
#[derive(Clone, Debug)]
pub(super) struct Position {
    pub(super) op: Op,
    /// How many pages were delivered before it.
    pub(super) pages: u32,
    /// How many rows of its page a visitor has seen.
    pub(super) rows_seen: u64,
    /// Whether a page before it had no list of rows.
    pub(super) lists_missing: bool,
}

impl<Q: UsageQuery> Execution<Q> {
    /// Marks all pages that were handed out as delivered: snapshots point behind them from now on.
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

    /// Begins to collect all pages that are yet to come, for a caller that takes them at once. The pages before are
    /// delivered. Until the end, snapshots point at the first page that is collected.
    pub fn collect_pages(&mut self) {
        self.acknowledge_unless_held();
        self.holds_pages = true;
    }

    /// Ends the collecting of pages because of `error`, and returns that with their `rows`, which are delivered by it,
    /// and with a snapshot that points behind them.
    #[must_use]
    pub fn give_back(&mut self, error: Error, rows: UsageTable) -> Error {
        self.acknowledge();
        error.with_snapshot(&self.snapshot()).with_rows(rows)
    }

    /// The cursor that the last page repeated, if the execution is complete because of that.
    ///
    /// The service named a page that it had named before as the page after the last one. Following it would never end, so
    /// the execution ends as complete with all rows that arrived; rows behind that page, if there are any, are missing, and
    /// the [scope](Self::scope) says so. If the last page is the same as the one that named the cursor first, its rows are
    /// left out; only a visitor has seen them twice.
    pub fn repeated_cursor(&self) -> Option<&Cursor> {
        self.rare.as_ref()?.repeated.as_ref()
    }

    /// The caller asks what is next: what was handed out before is delivered.
    pub(super) fn acknowledge_unless_held(&mut self) {
        if !self.holds_pages {
            self.acknowledge();
        }
    }

    /// The page of `op` is handed out.
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

    /// Where a restored execution goes on if it is not where this one is.
    pub(super) fn unacknowledged(&self) -> Option<&Position> {
        self.rare.as_ref()?.unacknowledged.as_ref()
    }

    /// Takes notice of the cursor to the page after the one that was handed out.
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

    /// From now on rows are shown to a visitor as they arrive; the counter says how many.
    pub(super) fn show_rows(&mut self) -> RowsSeen {
        self.shows_rows = true;
        self.rare.get_or_insert_default().rows_seen.share()
    }
}

impl RareState {
    /// The cursors that were known when `pages` pages had been delivered.
    pub(super) fn cursors_up_to(&self, pages: u32) -> impl Iterator<Item = &Cursor> {
        self.cursors.iter().filter(move |(_, named)| named.page <= pages).map(|(cursor, _)| cursor)
    }
}

fn digest(rows: &UsageTable) -> u64 {
    let mut digest = FixedState::default().build_hasher();
    rows.iter().for_each(|row| row.hash(&mut digest));
    digest.finish()
}
