//! Which names rows lack.

use std::collections::BTreeSet;

use usage_core::UsageTable;
use usage_report::{Names, Subject};

/// The ids whose names are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) users: BTreeSet<String>,
    /// OAuth clients that no row names.
    pub(crate) clients: BTreeSet<String>,
    /// OAuth clients that some row names.
    named: BTreeSet<String>,
}

impl Wanted {
    /// Returns the ids in `tables` that neither a row nor `known` names.
    pub(crate) fn of<'a>(tables: impl IntoIterator<Item = &'a UsageTable>, known: &Names) -> Self {
        let mut wanted = Self::default();
        for row in tables.into_iter().flatten() {
            row.user_id().into_iter().for_each(|id| wanted.add_user(id, known));
            row.client_id().into_iter().for_each(|id| wanted.add_client(id, row.client_name(), known));
        }
        wanted
    }

    /// Adds a user, unless `known` names it.
    pub(crate) fn add_user(&mut self, id: &str, known: &Names) {
        if !self.users.contains(id) && known.get(Subject::User, id).is_none() {
            self.users.insert(id.to_owned());
        }
    }

    /// Adds an OAuth client, unless a row or `known` names it.
    pub(crate) fn add_client(&mut self, id: &str, name: Option<&str>, known: &Names) {
        if self.named.contains(id) {
            return;
        }
        if name.is_some() {
            self.clients.remove(id);
            self.named.insert(id.to_owned());
        } else if !self.clients.contains(id) && known.get(Subject::Client, id).is_none() {
            self.clients.insert(id.to_owned());
        }
    }
}

/// Returns `table` with the names of OAuth clients that its rows lack; nothing if there is none to add.
pub(crate) fn fill_clients(table: &UsageTable, names: &Names) -> Option<UsageTable> {
    let missing = |id: &str| names.get(Subject::Client, id);
    let lacks = |row: usage_core::UsageRow<'_>| {
        row.client_name().is_none() && row.client_id().and_then(missing).is_some()
    };
    if !table.iter().any(lacks) {
        return None;
    }
    let filled = table.iter().map(|row| {
        let mut record = row.to_record();
        if record.client_name.is_none() {
            record.client_name = record.client_id.as_deref().and_then(missing).map(Into::into);
        }
        record
    });
    Some(filled.collect())
}

#[cfg(test)]
mod tests {
    use usage_core::UsageRecord;

    use super::*;

    fn row(client: Option<&str>, name: Option<&str>, user: Option<&str>) -> UsageRecord {
        UsageRecord {
            client_id: client.map(Into::into),
            client_name: name.map(Into::into),
            user_id: user.map(Into::into),
            requests: Some(1),
            ..UsageRecord::default()
        }
    }

    fn set(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn only_what_nobody_names_is_wanted() {
        let table: UsageTable = [
            row(Some("a"), Some("Export"), Some("u")),
            row(Some("b"), None, Some("u")),
            row(Some("a"), None, None),
            row(Some("c"), None, Some("v")),
            row(None, None, None),
        ]
        .into_iter()
        .collect();
        let mut known = Names::default();
        known.insert(Subject::User, "v", "Ada");
        known.insert(Subject::Client, "c", "Bot");
        let wanted = Wanted::of([&table], &known);
        assert_eq!(wanted, Wanted { users: set(&["u"]), clients: set(&["b"]), named: set(&["a"]) });
        let filled = fill_clients(&table, &known).unwrap();
        assert_eq!(filled.row(3).unwrap().client_name(), Some("Bot"));
        assert_eq!((filled.row(1).unwrap().client_name(), filled.len()), (None, table.len()));
        assert_eq!(fill_clients(&table, &Names::default()), None);
    }
}
