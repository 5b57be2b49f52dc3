//! The result of one poll of an organization, or of several.

use usage_report::{ClientDays, Period, Report};

use crate::problem::{Code, Problem};

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
    /// Returns the problem of the only organization, if there is one and its look failed.
    pub(crate) fn checked(self) -> Result<Self, Problem> {
        match &self.failed[..] {
            [(name, problem)] if self.looks.is_empty() => {
                let text = format!("{name}: {problem}");
                Err(Problem::new(problem.code(), text).with_hints(problem.hints().to_vec()))
            }
            _ => Ok(self),
        }
    }

    /// Returns whether no organization was looked at, for reasons that stay as they are: wrong settings and credentials.
    pub(crate) fn is_hopeless(&self) -> bool {
        let stays = |problem: &Problem| matches!(problem.code(), Code::Usage | Code::Unauthorized);
        self.looks.is_empty() && self.failed.iter().all(|(_, problem)| stays(problem))
    }

    /// Returns the problem to end with, if looks failed.
    pub(crate) fn problem(&self) -> Option<Problem> {
        let names: Vec<_> = self.failed.iter().map(|(name, _)| &**name).collect();
        let number = names.len() + self.looks.len();
        let text = format!("{} of {number} organizations failed: {}", names.len(), names.join(", "));
        (!names.is_empty()).then(|| Problem::new(Code::Partial, text))
    }

    /// Returns whether the look at the organization called `name` failed.
    pub(crate) fn lacks(&self, name: Option<&str>) -> bool {
        self.failed.iter().any(|(failed, _)| name == Some(failed))
    }
}
