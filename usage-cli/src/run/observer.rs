//! Observes every step of a run, for the progress and the state file.

use usage_core::{Event, Execution, Snapshot, UsageQuery};

use crate::problem::Problem;
use crate::run::divide::Divisible;
use crate::run::failpoint::Failpoint;
use crate::run::progress::Progress;
use crate::run::state::Recorder;

/// Handles every step of a run before the next one begins. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Observer {
    pub(crate) progress: Progress,
    pub(crate) recorder: Option<Recorder>,
    pub(crate) failpoint: Failpoint,
}

impl Observer {
    /// Returns an observer of an execution beside the run, which is not kept.
    pub(crate) fn aside(&self) -> Self {
        Self { progress: self.progress.aside(), recorder: None, failpoint: Failpoint::default() }
    }

    /// The result of `query`, the part at `index`, reached the service's limit: its `halves` take its place.
    pub(crate) fn divided<Q: Divisible>(&self, index: usize, query: &Q, halves: &[Snapshot<Q>; 2]) {
        self.progress.divided(index, || {
            let [first, second] = halves.each_ref().map(|half| half.query().extent());
            let rows = Q::MAX_ROWS.unwrap_or_default();
            format!("{} reaches the limit of {rows} rows, divided into {first} and {second}", query.extent())
        });
        if let Some(recorder) = &self.recorder {
            recorder.divide(index, halves);
        }
    }

    /// Handles a step of the part at `index`. Returns an error if its state must be kept and cannot be written.
    pub(crate) fn event<Q: UsageQuery>(
        &self,
        index: usize,
        execution: &Execution<Q>,
        event: Event,
    ) -> Result<(), Problem> {
        self.progress.event(index, execution, event);
        let Some(recorder) = &self.recorder else { return Ok(()) };
        if let Event::Moved(moved) = event {
            self.failpoint.reach(&format!("before keeping {moved}"));
        }
        recorder.step(index, execution, event)?;
        if let Event::Moved(moved) = event {
            self.failpoint.reach(&format!("after keeping {moved}"));
        }
        Ok(())
    }
}
