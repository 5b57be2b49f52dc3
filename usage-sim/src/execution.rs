//! Executions and jobs: submitted, then running, then complete or failed.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use usage_core::Timestamp;

use crate::aggregate::{Plan, aggregate};
use crate::key::Key;
use crate::seed::{self, Purpose};
use crate::world::{Counts, World};

/// Maximum number of executions kept. Older ones are unknown to the service.
const MAX_EXECUTIONS: usize = 5_000;

/// Maximum number of executions whose rows are cached, so that their pages need not be computed again.
const MAX_CACHED: usize = 4;

/// The fraction of its time in which a job is queued: one over this number.
const QUEUED_PART: u32 = 4;

/// An execution's rows, shared with the cache.
pub(crate) type Rows = Arc<[(Key, Counts)]>;

/// The path under which an execution is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    Organization,
    SimpleSearch,
    Client(u16),
    OrganizationJob,
    ClientJob(u16),
}

impl Scope {
    /// Jobs know more states than the older executions.
    pub(crate) fn is_job(&self) -> bool {
        matches!(self, Self::OrganizationJob | Self::ClientJob(_))
    }
}

/// One submitted query.
#[derive(Clone, Debug)]
pub(crate) struct Execution {
    pub(crate) id: String,
    pub(crate) plan: Plan,
    pub(crate) scope: Scope,
    submitted: Timestamp,
    ending: Ending,
}

/// How an execution ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Complete,
    Failed,
    /// Of jobs only.
    Cancelled,
}

/// The state of an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Of jobs only.
    Queued,
    Running,
    Ended(Ending),
}

/// All executions of the service.
#[derive(Clone, Debug)]
pub(crate) struct Executions {
    seed: u64,
    execution_time: Duration,
    started: u64,
    by_id: BTreeMap<String, Execution>,
    oldest_first: VecDeque<String>,
    cache: VecDeque<(String, Rows)>,
}

impl Executions {
    pub(crate) fn new(seed: u64, execution_time: Duration) -> Self {
        Self {
            seed,
            execution_time,
            started: 0,
            by_id: BTreeMap::new(),
            oldest_first: VecDeque::new(),
            cache: VecDeque::new(),
        }
    }

    /// Starts a query and returns its id.
    pub(crate) fn start(&mut self, now: Timestamp, scope: Scope, plan: Plan, ending: Ending) -> String {
        self.started += 1;
        let id = seed::uuid(self.seed, Purpose::Execution, &[self.started]);
        if self.oldest_first.len() >= MAX_EXECUTIONS
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.by_id.remove(&oldest);
        }
        let execution = Execution { id: id.clone(), plan, scope, submitted: now, ending };
        self.oldest_first.push_back(id.clone());
        self.by_id.insert(id.clone(), execution);
        id
    }

    /// Returns the execution `id`, if it was submitted under this path.
    pub(crate) fn find(&self, id: &str, scope: &Scope) -> Option<&Execution> {
        self.by_id.get(id).filter(|execution| execution.scope == *scope)
    }

    /// Changes how the execution ends.
    pub(crate) fn end_as(&mut self, id: &str, ending: Ending) {
        if let Some(execution) = self.by_id.get_mut(id) {
            execution.ending = ending;
        }
    }

    /// Returns the state at `now`. An ending shows when the execution's time is over.
    pub(crate) fn status(&self, execution: &Execution, now: Timestamp) -> Status {
        let dequeued = execution.submitted.saturating_add(self.execution_time / QUEUED_PART);
        if now >= execution.submitted.saturating_add(self.execution_time) {
            Status::Ended(execution.ending)
        } else if execution.scope.is_job() && now < dequeued {
            Status::Queued
        } else {
            Status::Running
        }
    }

    /// Returns the rows of a complete execution.
    pub(crate) fn rows(&mut self, world: &World, execution: &Execution) -> Rows {
        if let Some((_, rows)) = self.cache.iter().find(|(id, _)| *id == execution.id) {
            return Arc::clone(rows);
        }
        let rows: Rows = aggregate(world, &execution.plan).into();
        if self.cache.len() >= MAX_CACHED {
            self.cache.pop_front();
        }
        self.cache.push_back((execution.id.clone(), Arc::clone(&rows)));
        rows
    }
}
