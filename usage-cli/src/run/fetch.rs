//! Executions over the driver that a connection names.

use std::collections::VecDeque;
use std::time::{Instant, SystemTime};

use usage_core::error::{BuildError, Error};
use usage_core::{Column, Date, Event, Execution, Gap, Policy, Snapshot, UsageTable};
use usage_driver::{SessionGuard, futures};
use usage_report::Names;

use crate::connection::caller::{AnyClient, Caller};
use crate::login::Keeper;
use crate::problem::Problem;
use crate::process::stderr::{self, WARNING};
use crate::run::divide::Divisible;
use crate::run::observer::Observer;
use crate::run::seed;
use crate::text::secrets;

/// The rows of all parts.
#[derive(Debug, Default)]
pub(crate) struct Fetched {
    /// In the order of the parts.
    pub(crate) tables: Vec<UsageTable>,
    /// The days of those parts that reached the service's limit of rows and cannot be divided; `None` stands for days
    /// that are not known.
    pub(crate) cut_off: Vec<Option<Date>>,
    /// Why else rows are missing.
    pub(crate) gaps: Vec<Gap>,
    /// The names behind the ids of all rows, if they were asked for.
    pub(crate) names: Names,
    /// The rows beside those of the parts, or why they are not there; `None` if none were asked for.
    pub(crate) aside: Option<Result<UsageTable, String>>,
}

/// An execution that ended badly.
#[derive(Debug)]
pub(crate) struct Stopped {
    /// Which one, from 0.
    pub(crate) part: usize,
    pub(crate) error: Error,
}

impl From<BuildError> for Stopped {
    fn from(error: BuildError) -> Self {
        Self { part: 0, error: error.into() }
    }
}

/// Continues the executions `parts`, one after the other in the session of `caller`, and reads all rows of each. They share one
/// deadline, which begins now.
///
/// A part whose result reaches the service's limit of rows is replaced by two of half its days, if `divides`.
///
/// `aside` is an execution beside them, after all others and with what is left of the deadline. Its failure stops
/// nothing.
pub(crate) fn fetch<Q: Divisible>(
    caller: &Caller,
    parts: Vec<Snapshot<Q>>,
    divides: bool,
    aside: Option<Snapshot<Q>>,
    observer: &Observer,
) -> Result<Fetched, Stopped> {
    let queue = Queue::new(parts, divides, aside, observer);
    let keeper = caller.keeper();
    match caller.client() {
        AnyClient::Blocking(client) => blocking(client, keeper, queue),
        AnyClient::Tokio(tokio) => tokio.0.block_on(futures(tokio.1.as_generic(), keeper, queue)),
        AnyClient::AsyncStd(client) => async_std::task::block_on(futures(client.as_generic(), keeper, queue)),
    }
}

fn blocking<Q: Divisible>(
    client: &usage_blocking::Client,
    keeper: Option<&Keeper>,
    mut queue: Queue<'_, Q>,
) -> Result<Fetched, Stopped> {
    while let Some(next) = queue.next() {
        let restored = client.clone().with_policy(queue.policy(client.policy())).restore(next.snapshot);
        let mut handle = restored.map_err(|error| unusable(&error))?.hold_pages().try_observe(of_part(
            keeper,
            &next.observer,
            next.part,
            client,
        ));
        let mut table = UsageTable::new();
        let failed = loop {
            match handle.next_page() {
                Ok(Some(page)) => add_page(&mut table, page, &next.observer),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        match failed {
            None => queue.arrived(handle.execution(), table),
            Some(error) => queue.stopped(error)?,
        }
    }
    Ok(queue.fetched)
}

async fn futures<Q: Divisible, D: futures::Driver>(
    client: &futures::Client<D>,
    keeper: Option<&Keeper>,
    mut queue: Queue<'_, Q>,
) -> Result<Fetched, Stopped> {
    while let Some(next) = queue.next() {
        let restored = client.clone().with_policy(queue.policy(client.policy())).restore(next.snapshot);
        let mut handle = restored.map_err(|error| unusable(&error))?.hold_pages().try_observe(of_part(
            keeper,
            &next.observer,
            next.part,
            client,
        ));
        let mut table = UsageTable::new();
        let failed = loop {
            match handle.next_page().await {
                Ok(Some(page)) => add_page(&mut table, page, &next.observer),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        match failed {
            None => queue.arrived(handle.execution(), table),
            Some(error) => queue.stopped(error)?,
        }
    }
    Ok(queue.fetched)
}

fn add_page(table: &mut UsageTable, page: UsageTable, observer: &Observer) {
    observer.progress.rows(page.len());
    table.absorb(page);
}

pub(crate) fn unusable(error: &usage_core::execution::RestoreError) -> BuildError {
    BuildError::Client { problem: error.to_string().into() }
}

/// Says why rows may be missing of a result that the service calls complete.
fn warn_of(gap: &Gap) {
    let text = match gap {
        Gap::RepeatedCursor => {
            "the service's pages repeat: the last one names a page that was there before, so rows may be missing".into()
        }
        Gap::Lists => {
            "the service calls the result complete and sent no list of rows: it may have none, or rows are missing".into()
        }
        gap => format!("rows may be missing: {}", gap.description()),
    };
    stderr::labelled("warning", WARNING, text);
}

/// The parts that are still to be fetched, and what came of the others.
struct Queue<'a, Q> {
    waiting: VecDeque<Snapshot<Q>>,
    fetched: Fetched,
    divides: bool,
    aside: Option<Snapshot<Q>>,
    /// Whether the execution beside the parts is the present one.
    is_aside: bool,
    began: Instant,
    observer: &'a Observer,
}

/// The execution to continue.
struct Present<Q> {
    part: usize,
    snapshot: Snapshot<Q>,
    observer: Observer,
}

impl<'a, Q: Divisible> Queue<'a, Q> {
    fn new(
        parts: Vec<Snapshot<Q>>,
        divides: bool,
        aside: Option<Snapshot<Q>>,
        observer: &'a Observer,
    ) -> Self {
        let (waiting, fetched, began) = (parts.into(), Fetched::default(), Instant::now());
        Self { waiting, fetched, divides, aside, is_aside: false, began, observer }
    }

    /// The next part, or what is beside all of them.
    fn next(&mut self) -> Option<Present<Q>> {
        let part = self.fetched.tables.len();
        if let Some(snapshot) = self.waiting.pop_front() {
            return Some(Present { part, snapshot, observer: self.observer.clone() });
        }
        self.is_aside = true;
        Some(Present { part, snapshot: self.aside.take()?, observer: self.observer.aside() })
    }

    /// Records that the current execution failed. Returns an error if the others must not continue.
    fn stopped(&mut self, error: Error) -> Result<(), Stopped> {
        if !self.is_aside {
            return Err(Stopped { part: self.fetched.tables.len(), error });
        }
        self.fetched.aside = Some(Err(error.to_string()));
        Ok(())
    }

    /// `policy`, with what is left of its deadline.
    fn policy(&self, policy: Policy) -> Policy {
        policy.with_deadline(policy.deadline.saturating_sub(self.began.elapsed()))
    }

    /// Takes all rows of the part that was the next one.
    fn arrived(&mut self, execution: &Execution<Q>, mut table: UsageTable) {
        // Rows are written for others to read, too.
        for &column in Column::ALL {
            table.replace_texts(column, 0, secrets::redacted_cell);
        }
        let gaps = execution.scope().missing;
        if self.is_aside {
            let missing = gaps.first().map(|gap| gap.description().to_owned());
            self.fetched.aside = Some(missing.map_or(Ok(table), Err));
            return;
        }
        let query = execution.query();
        if Q::may_be_cut_off(table.len()) {
            if let Some(halves) = query.halves().filter(|_| self.divides) {
                let now = SystemTime::now().into();
                let halves =
                    halves.map(|half| Execution::new(half, Policy::default(), seed(), now).snapshot());
                self.observer.divided(self.fetched.tables.len(), query, &halves);
                halves.into_iter().rev().for_each(|half| self.waiting.push_front(half));
                return;
            }
            // The query of an execution that was attached to says nothing of its days.
            self.fetched.cut_off.push(query.single_day().filter(|_| self.divides));
        }
        gaps.iter().for_each(warn_of);
        self.fetched.gaps.extend(gaps);
        self.fetched.tables.push(table);
    }
}

/// Returns the observer of the part numbered `part` of a run: it keeps renewed tokens, and passes every step on.
pub(crate) fn of_part<Q: Divisible, C: HasSession>(
    keeper: Option<&Keeper>,
    observer: &Observer,
    part: usize,
    client: &C,
) -> impl FnMut(&Execution<Q>, Event) -> Result<(), Problem> + Send + 'static {
    let (observer, keeper, client) = (observer.clone(), keeper.cloned(), client.clone());
    move |execution, event| {
        // Before anything else: the old token may be spent, and the new one may be in what is said next.
        if let Event::Moved(_) = event {
            let session = client.session();
            match &keeper {
                Some(keeper) => keeper.look(session),
                None => secrets::know_session(&session),
            }
        }
        observer.event(part, execution, event)
    }
}

/// The clients of all drivers.
pub(crate) trait HasSession: Clone + Send + 'static {
    fn session(&self) -> SessionGuard<'_>;
}

impl HasSession for usage_blocking::Client {
    fn session(&self) -> SessionGuard<'_> {
        self.session()
    }
}

impl<D: futures::Driver> HasSession for futures::Client<D> {
    fn session(&self) -> SessionGuard<'_> {
        self.session()
    }
}
