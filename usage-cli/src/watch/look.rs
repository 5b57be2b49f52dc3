//! What one look at an organization finds.

use usage_report::{ClientDays, Period, Report};

/// The month of one organization.
#[derive(Debug)]
pub(crate) struct Look {
    /// Its name in a history. Absent if the service was asked, which answers for one organization.
    pub(crate) organization: Option<String>,
    pub(crate) report: Report,
    /// The days of each client, if an alert needs them.
    pub(crate) clients: Option<Clients>,
}

/// The days of the clients of one organization, with those of the weeks before the month.
#[derive(Debug)]
pub(crate) struct Clients {
    pub(crate) days: ClientDays,
    /// The days of `days`.
    pub(crate) known: Period,
    /// The month, up to the last known day.
    pub(crate) month: Period,
}
