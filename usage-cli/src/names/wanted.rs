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
}

impl Wanted {
    /// Returns the ids in `tables` that neither a row nor `known` names.
    pub(crate) fn of<'a>(tables: impl IntoIterator<Item = &'a UsageTable>, known: &Names) -> Self {
        let (mut wanted, mut named) = (Self::default(), BTreeSet::new());
        for row in tables.into_iter().flatten() {
            let lacks = |set: &BTreeSet<String>, subject, id: &str| {
                !set.contains(id) && known.get(subject, id).is_none()
            };
            if let Some(id) = row.user_id()
                && lacks(&wanted.users, Subject::User, id)
            {
                wanted.users.insert(id.to_owned());
            }
            match (row.client_id(), row.client_name()) {
                (Some(id), None) if lacks(&wanted.clients, Subject::Client, id) => {
                    wanted.clients.insert(id.to_owned());
                }
                (Some(id), Some(_)) if !named.contains(id) => {
                    named.insert(id.to_owned());
                }
                _ => {}
            }
        }
        wanted.clients.retain(|id| !named.contains(id));
        wanted
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
        assert_eq!(wanted, Wanted { users: set(&["u"]), clients: set(&["b"]) });
        let filled = fill_clients(&table, &known).unwrap();
        assert_eq!(filled.row(3).unwrap().client_name(), Some("Bot"));
        assert_eq!((filled.row(1).unwrap().client_name(), filled.len()), (None, table.len()));
        assert_eq!(fill_clients(&table, &Names::default()), None);
    }
}
