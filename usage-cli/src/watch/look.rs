//! What one look at an organization, or at several, finds.

use usage_report::{ClientDays, Period, Report};

use crate::problem::Problem;

/// The month of one organization.
#[derive(Debug)]
pub(crate) struct Look {
    /// Its name in a history, or of its profile if there are several. Absent if one service was asked.
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

/// The looks at all organizations, and why there is none at others.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    pub(crate) looks: Vec<Look>,
    pub(crate) failed: Vec<(String, Problem)>,
}

impl Looks {
    /// Adds the look at the organization called `name`.
    pub(crate) fn add(&mut self, name: String, look: Result<Look, Problem>) {
        match look {
            Ok(look) => self.looks.push(look),
            Err(problem) => self.failed.push((name, problem)),
        }
    }

    /// Returns the looks.
    ///
    /// # Errors
    ///
    /// Returns the first problem if every look failed.
    pub(crate) fn checked(self) -> Result<Self, Problem> {
        match self.failed.first() {
            Some((name, problem)) if self.looks.is_empty() => {
                let text = format!("{name}: {problem}");
                Err(Problem::new(problem.code(), text).with_hints(problem.hints().to_vec()))
            }
            _ => Ok(self),
        }
    }

    /// Returns whether the look at the organization called `name` failed.
    pub(crate) fn lacks(&self, name: Option<&str>) -> bool {
        self.failed.iter().any(|(failed, _)| name == Some(failed))
    }
}
