//! The error of an execution.

use crate::execution::Snapshot;
use crate::query::UsageQuery;
use crate::report::Error;

impl Error {
    /// Returns the position of the failed execution, behind the [rows](Self::rows) that had arrived. Restore it to
    /// continue.
    ///
    /// Returns `None` if this is not the error of an execution of a `Q`.
    ///
    /// # Examples
    ///
    /// ```
    /// use usage_core::auth::{AccessToken, Grant};
    /// use usage_core::query::OrganizationQuery;
    /// use usage_core::{Execution, Machine, Next, Policy, Session, Timestamp};
    ///
    /// let now = Timestamp::from_unix_millis(1_782_864_000_000);
    /// let mut session = Session::new(&"eu-central-1".parse()?, Grant::StaticToken(AccessToken::parse("a-token")?));
    /// let query = OrganizationQuery::new("2026-06-01/2026-06-30".parse()?);
    /// let mut execution = Execution::attach(query, "9f32b7cf".parse()?, Policy::default(), 1, now);
    ///
    /// // The client lacks a permission.
    /// let Next::Send(poll) = execution.next(now, &mut session).next else { unreachable!() };
    /// let forbidden = http::Response::builder().status(403).body(&b"{}"[..])?;
    /// let _ = execution.on_response(now, poll.ticket, forbidden, &mut session);
    ///
    /// // After the permission is granted, the same execution continues.
    /// let error = execution.error().ok_or("the execution failed")?;
    /// let snapshot = error.snapshot::<OrganizationQuery>().ok_or("it has a snapshot")?;
    /// let mut execution = Execution::restore(snapshot, Policy::default(), now)?;
    /// assert!(matches!(execution.next(now, &mut session).next, Next::Send(_)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot<Q: UsageQuery>(&self) -> Option<Snapshot<Q>> {
        Snapshot::from_json(self.snapshot_json()?).ok()
    }
}
