//! The scope of an execution's rows.

use crate::execution::Execution;
use crate::failures::Failure;
use crate::machine::Machine;
use crate::phase::Phase;
use crate::query::UsageQuery;
use crate::report::Error;
use crate::scope::{Gap, Scope};

impl<Q: UsageQuery> Execution<Q> {
    /// Returns the scope of the rows that were returned so far.
    ///
    /// It is complete once the execution is. An [attached](Self::attach) execution knows neither when it was submitted nor
    /// whether its query is the submitted one; its scope contains the given query without a time.
    ///
    /// ```
    /// use usage_core::query::OrganizationQuery;
    /// use usage_core::{Execution, Gap, Policy, Timestamp};
    ///
    /// let now = Timestamp::from_unix_millis(1_782_864_000_000);
    /// let query = OrganizationQuery::new("2026-06/2026-06".parse()?);
    /// let execution = Execution::new(query, Policy::default(), 1, now);
    /// assert_eq!(execution.scope().missing, [Gap::Pages]);
    /// # Ok::<(), usage_core::error::BuildError>(())
    /// ```
    pub fn scope(&self) -> Scope {
        let mut scope = self.query.scope(self.submitted_at().unwrap_or(self.latest.get()));
        if self.submitted.is_none() && self.id().is_some() {
            (scope.asked_at, scope.data_until) = (None, None);
        }
        if self.lists_missing() {
            scope = scope.with_gap(Gap::Lists);
        }
        if self.phase() == Phase::Complete {
            let is_whole = self.repeated_cursor().is_none();
            return if is_whole { scope } else { scope.with_gap(Gap::RepeatedCursor) };
        }
        scope.with_gap(match self.error().as_ref().map(Error::failure) {
            Some(Failure::Deadline { .. }) => Gap::Deadline,
            _ => Gap::Pages,
        })
    }
}
