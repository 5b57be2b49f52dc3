//! Names for the ids that rows carry.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::subject::Subject;

/// Names of OAuth clients, users and organizations, by id.
///
/// Rows name at most the OAuth client. Names that come from elsewhere are used where rows have none.
///
/// ```
/// use usage_core::{UsageRecord, UsageTable};
/// use usage_report::{Names, Report, ReportOptions, Subject};
///
/// let mut names = Names::default();
/// names.insert(Subject::User, "8d1f", "Ada Example");
/// let row = UsageRecord { user_id: Some("8d1f".into()), requests: Some(5), ..UsageRecord::default() };
/// let report = Report::new(&[row].into_iter().collect(), &ReportOptions::default().with_names(names));
/// assert_eq!(report.users.entries[0].label(), Some("Ada Example"));
/// assert_eq!(report.users.entries[0].id.as_deref(), Some("8d1f"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Names {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    organizations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    clients: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    users: BTreeMap<String, String>,
}

impl Names {
    /// Returns the name of the client, user or organization with this id. Other subjects have no ids.
    pub fn get(&self, subject: Subject, id: &str) -> Option<&str> {
        self.of(subject)?.get(id).map(String::as_str)
    }

    /// Sets a name. An empty name, and a name of a subject without ids, is not kept.
    pub fn insert(&mut self, subject: Subject, id: impl Into<String>, name: impl Into<String>) {
        let name = name.into();
        let names = match subject {
            Subject::Client => &mut self.clients,
            Subject::User => &mut self.users,
            Subject::Organization => &mut self.organizations,
            _ => return,
        };
        if !name.is_empty() {
            names.insert(id.into(), name);
        }
    }

    /// Takes over all names of `newer`.
    pub fn merge(&mut self, newer: Self) {
        self.organizations.extend(newer.organizations);
        self.clients.extend(newer.clients);
        self.users.extend(newer.users);
    }

    /// Returns the ids and names of one subject, in the order of the ids.
    pub fn iter(&self, subject: Subject) -> impl Iterator<Item = (&str, &str)> {
        self.of(subject).into_iter().flatten().map(|(id, name)| (&**id, &**name))
    }

    /// Returns whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.organizations.is_empty() && self.clients.is_empty() && self.users.is_empty()
    }

    /// Sets `name` to the name of `id`, if there is none.
    pub(crate) fn fill(&self, subject: Subject, id: Option<&str>, name: &mut Option<String>) {
        if name.is_none() {
            *name = id.and_then(|id| self.get(subject, id)).map(Into::into);
        }
    }

    fn of(&self, subject: Subject) -> Option<&BTreeMap<String, String>> {
        match subject {
            Subject::Client => Some(&self.clients),
            Subject::User => Some(&self.users),
            Subject::Organization => Some(&self.organizations),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_by_subject_and_id() {
        let mut names = Names::default();
        names.insert(Subject::User, "x", "Ada");
        names.insert(Subject::Client, "x", "Export");
        names.insert(Subject::Uri, "x", "none");
        names.insert(Subject::User, "y", "");
        assert_eq!(
            (names.get(Subject::User, "x"), names.get(Subject::Client, "x")),
            (Some("Ada"), Some("Export"))
        );
        assert_eq!((names.get(Subject::Uri, "x"), names.get(Subject::User, "y")), (None, None));
        let json = serde_json::to_string(&names).unwrap();
        assert_eq!(json, r#"{"clients":{"x":"Export"},"users":{"x":"Ada"}}"#);
        assert_eq!(serde_json::from_str::<Names>(&json).unwrap(), names);
    }

    #[test]
    fn the_newer_name_wins() {
        let mut names = Names::default();
        names.insert(Subject::User, "x", "before");
        let mut newer = Names::default();
        newer.insert(Subject::User, "x", "after");
        newer.insert(Subject::Organization, "o", "Example");
        names.merge(newer);
        assert_eq!(names.iter(Subject::User).collect::<Vec<_>>(), [("x", "after")]);
        assert_eq!(names.get(Subject::Organization, "o"), Some("Example"));
        assert!(!names.is_empty() && Names::default().is_empty());
    }
}
