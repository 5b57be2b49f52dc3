//! Collects the days that the history of one organization lacks.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

use usage_core::error::Error;
use usage_core::{Cause, Column, Date, Event, Interval, Scope, Snapshot, Timestamp, UsageTable};
use usage_driver::futures::{Client, Driver};

use crate::collect::{Daily, Order, Outcome};
use crate::connection::Connection;
use crate::connection::client::unusable;
use crate::dataset::{History, Organization, plan};
use crate::names;
use crate::problem::{Code, Problem};
use crate::run::failpoint::Failpoint;
use crate::run::failure;
use crate::run::fetch::of_part;
use crate::run::observer::Observer;
use crate::run::progress::Progress;
use crate::run::recovery::Recovery;
use crate::text::secrets;

/// Maximum number of days of one query, which is the service's limit for a job. It bounds the memory, and the work that a
/// killed run repeats.
const DAYS: u32 = 90;

/// Maximum age of a query that a killed run left. The service counts once a day.
const MAX_AGE: std::time::Duration = std::time::Duration::from_secs(12 * 3600);

/// The work for one organization.
pub(super) struct One<'a, D> {
    pub(super) history: &'a History,
    pub(super) order: &'a Order,
    pub(super) connection: &'a Connection,
    pub(super) client: &'a Client<D>,
    pub(super) progress: Progress,
    pub(super) failpoint: &'a Failpoint,
}

/// The rows of a query and their scope.
struct Fetched {
    table: UsageTable,
    scope: Scope,
    interval: Interval,
}

impl<D: Driver> One<'_, D> {
    /// Queries the days that `organization` lacks and stores them, interval by interval.
    pub(super) async fn collect<Q: Daily>(
        &self,
        organization: &mut Organization,
        outcome: &mut Outcome,
    ) -> Result<(), Problem> {
        let now = self.order.now();
        if let reset @ 1.. = organization.reset_future(now) {
            outcome.warn(later_than(now, reset, organization.days().keys().next_back().copied()));
        }
        organization.settle_old(self.order.late_days);
        let first = self.order.first(organization.first_day());
        let wanted = plan::Wanted { first, reach: Q::reach(now), now };
        outcome.out_of_reach = plan::out_of_reach(organization.days(), &wanted);
        let mut due = plan::due(organization.days(), &wanted);
        if let Some(snapshot) = self.left_over::<Q>(organization, &due) {
            match self.fetch(organization, Started::Before(snapshot), outcome).await {
                Ok(fetched) => {
                    let days = fetched.interval.first_day()..=fetched.interval.last_day();
                    self.identify(organization).await?;
                    self.store(organization, fetched, &due, outcome)?;
                    due.retain(|date| !days.contains(date));
                }
                // The service no longer knows it, or it failed there: its days are queried again.
                Err(error) if !error.can_resume() => {}
                Err(error) => return Err(self.problem::<Q>(&error)),
            }
        }
        organization.query_file().remove();
        let mut intervals: VecDeque<_> = plan::intervals(&due, DAYS).into();
        while let Some(interval) = intervals.pop_front() {
            let query = self.order.query::<Q>(interval);
            let fetched = self.fetch(organization, Started::Now(query), outcome).await.map_err(|error| {
                if !error.can_resume() {
                    organization.query_file().remove();
                }
                self.problem::<Q>(&error)
            })?;
            self.identify(organization).await?;
            self.store(organization, fetched, &due, outcome)?;
            organization.query_file().remove();
        }
        Ok(())
    }

    /// Returns the query that a killed run left, if it is recent, equals the one that would be submitted now, and
    /// includes a day that is due.
    fn left_over<Q: Daily>(&self, organization: &Organization, due: &[Date]) -> Option<Snapshot<Q>> {
        let snapshot = organization.query_file().read::<Q>()?;
        let interval = snapshot.query().scope(Timestamp::UNIX_EPOCH).query?.interval;
        let is_same = serde_json::to_value(self.order.query::<Q>(interval.clone())).ok()?
            == serde_json::to_value(snapshot.query()).ok()?;
        // Executions are timed by the system's clock.
        let now = Timestamp::from(std::time::SystemTime::now());
        let is_new = now.saturating_since(snapshot.submitted_at()?) < MAX_AGE;
        let asks = |date: &Date| (interval.first_day()..=interval.last_day()).contains(date);
        (is_same && is_new && due.iter().any(asks)).then_some(snapshot)
    }

    /// Runs a query to its end. Its state is kept in the history from the moment that the service accepts it.
    async fn fetch<Q: Daily>(
        &self,
        organization: &Organization,
        started: Started<Q>,
        outcome: &mut Outcome,
    ) -> Result<Fetched, Error> {
        // At worst the service runs a query twice, and no data is lost.
        let client = self.client.clone().with_policy(self.client.policy().with_resubmit(true));
        let handle = match started {
            Started::Now(query) => client.start(query),
            Started::Before(snapshot) => client.restore(snapshot).map_err(|error| unusable(&error))?,
        };
        let observer =
            Observer { progress: self.progress.clone(), recorder: None, failpoint: self.failpoint.clone() };
        let mut step = of_part(self.connection.keeper.as_ref(), &observer, 0, &client);
        let (file, failpoint) = (organization.query_file(), self.failpoint.clone());
        let mut handle = handle.hold_pages().try_observe(move |execution, event| {
            step(execution, event)?;
            if let Event::Moved(moved) = event
                && moved.cause == Cause::Accepted
            {
                failpoint.reach("before keeping the query");
                file.keep(&execution.snapshot())?;
                failpoint.reach("after keeping the query");
            }
            Ok::<_, Problem>(())
        });
        outcome.queries += 1;
        let mut table = UsageTable::new();
        while let Some(page) = handle.next_page().await? {
            self.progress.rows(page.len());
            table.absorb(page);
        }
        // Other people read these files.
        for &column in Column::ALL {
            table.replace_texts(column, 0, secrets::redacted_cell);
        }
        let mut scope = handle.execution().scope();
        if let Some(now) = self.order.now {
            scope.asked_at = Some(now);
            scope.data_until = Some(Date::of(now).plus_days(-1));
        }
        let interval = scope.query.as_ref().map(|query| query.interval.clone());
        let interval =
            interval.ok_or_else(|| usage_core::error::BuildError::client("the query has no days"))?;
        Ok(Fetched { table, scope, interval })
    }

    /// Checks that the credential is of the organization whose rows are stored, before the first are stored. Nothing is
    /// checked if it may not read that organization.
    async fn identify(&self, organization: &mut Organization) -> Result<(), Problem> {
        if organization.is_identified() {
            return Ok(());
        }
        let (keeper, left) = (self.connection.keeper.as_ref(), self.client.policy().deadline);
        let id = names::organization_id(self.client, keeper, left).await;
        let result = self.history.identify(organization, id.as_deref());
        result.inspect_err(|_| organization.leave())
    }

    /// Stores the rows of each `due` day. The interval may include others, which stay as they are: a settled day is not
    /// replaced by what the service still has of it months later.
    fn store(
        &self,
        organization: &mut Organization,
        fetched: Fetched,
        due: &[Date],
        outcome: &mut Outcome,
    ) -> Result<(), Problem> {
        let Fetched { table, scope, interval } = fetched;
        let mut days = by_day(&table, &interval)?;
        drop(table);
        let asked = interval.first_day()..=interval.last_day();
        for date in due.iter().copied().filter(|date| asked.contains(date)) {
            let rows = days.remove(&date).unwrap_or_default();
            self.failpoint.reach("before storing a day");
            let stored = organization.store(date, rows, &scope.of_bucket(date), self.order.late_days);
            // Days that were stored before are listed even if this one fails.
            let stored = stored.inspect_err(|_| drop(organization.save()))?;
            outcome.stored(date, stored);
        }
        self.failpoint.reach("before listing the days");
        organization.save()?;
        self.failpoint.reach("after listing the days");
        Ok(())
    }

    fn problem<Q: Daily>(&self, error: &Error) -> Problem {
        failure::problem::<Q>(error, &self.connection.service(), &Recovery::Again)
    }
}

/// Describes readings that are later than `now`.
fn later_than(now: Timestamp, number: usize, last: Option<Date>) -> String {
    let today = Date::of(now);
    let mut text = format!(
        "{number} days were read at a time later than now, {today}: a clock was wrong; they are read again"
    );
    if let Some(last) = last.filter(|last| *last >= today) {
        // Writing to memory does not fail.
        let _ = write!(text, ", and the days up to {last} when they are over");
    }
    text
}

/// A query to start, or one that was started before.
enum Started<Q: Daily> {
    Now(Q),
    Before(Snapshot<Q>),
}

/// Splits rows by day.
///
/// # Errors
///
/// Returns a problem if a row has no date, or one outside `interval`: it is no result of the query.
fn by_day(table: &UsageTable, interval: &Interval) -> Result<BTreeMap<Date, UsageTable>, Problem> {
    let mut days: BTreeMap<Date, UsageTable> = BTreeMap::new();
    for row in table {
        let date = row.date().filter(|date| (interval.first_day()..=interval.last_day()).contains(date));
        let date = date.ok_or_else(|| {
            let date =
                row.date_text().map_or_else(|| "no date".to_owned(), |text| format!("the date {text:?}"));
            let problem = format!("the service sent a row with {date} of the days {interval}");
            Problem::new(Code::Unreachable, problem)
        })?;
        days.entry(date).or_default().push_row(row);
    }
    Ok(days)
}
