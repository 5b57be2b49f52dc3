//! Executions over the driver that a connection names.

use std::collections::VecDeque;
use std::time::{Instant, SystemTime};

use usage_core::error::{BuildError, Error};
use usage_core::{Column, Date, Event, Execution, Gap, Policy, Snapshot, UsageTable};
use usage_report::Names;

use crate::connection::caller::Job;
use crate::connection::client::{ServiceClient, keep_token};
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

/// The executions of a run, one after the other in one session. They share one deadline, which begins when the job runs.
pub(crate) struct Fetch<'a, Q> {
    /// The executions to continue, whose rows are all read.
    pub(crate) parts: Vec<Snapshot<Q>>,
    /// Whether a part whose result reaches the service's limit of rows is replaced by two of half its days.
    pub(crate) divides: bool,
    /// An execution beside the parts, after all others and with what is left of the deadline. Its failure stops nothing.
    pub(crate) aside: Option<Snapshot<Q>>,
    pub(crate) keeper: Option<&'a Keeper>,
    pub(crate) observer: &'a Observer,
}

impl<Q: Divisible> Job for Fetch<'_, Q> {
    type Output = Result<Fetched, Stopped>;

    async fn run<C: ServiceClient>(self, client: &C) -> Self::Output {
        let Self { parts, divides, aside, keeper, observer } = self;
        let mut queue = Queue::new(parts, divides, aside, observer);
        while let Some(Present { part, snapshot, observer }) = queue.next() {
            let in_time = client.clone().with_policy(queue.policy(client.policy()));
            let mut table = UsageTable::new();
            let progress = observer.progress.clone();
            let add = |page: UsageTable| {
                progress.rows(page.len());
                table.absorb(page);
            };
            match in_time.read(snapshot, of_part(keeper, &observer, part, client), add).await {
                Ok((query, scope)) => queue.arrived(&query, scope.missing, table),
                Err(error) => queue.stopped(error)?,
            }
        }
        Ok(queue.fetched)
    }
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
    fn arrived(&mut self, query: &Q, gaps: Vec<Gap>, mut table: UsageTable) {
        // Rows are written for others to read, too.
        for &column in Column::ALL {
            table.replace_texts(column, 0, secrets::redacted_cell);
        }
        if self.is_aside {
            let missing = gaps.first().map(|gap| gap.description().to_owned());
            self.fetched.aside = Some(missing.map_or(Ok(table), Err));
            return;
        }
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
pub(crate) fn of_part<Q: Divisible, C: ServiceClient>(
    keeper: Option<&Keeper>,
    observer: &Observer,
    part: usize,
    client: &C,
) -> impl FnMut(&Execution<Q>, Event) -> Result<(), Problem> + Send + 'static {
    let (observer, keeper, client) = (observer.clone(), keeper.cloned(), client.clone());
    move |execution, event| {
        // Before anything else: the old token may be spent, and the new one may be in what is said next.
        if let Event::Moved(_) = event {
            keep_token(&client, keeper.as_ref());
        }
        observer.event(part, execution, event)
    }
}
