//! The members of rows by which they are sorted and filtered, and their words on the command line.

use usage_core::{UsageRow, UsageTable};

use crate::output::columns::{self, Cell};
use crate::text::meant;

/// A member of rows.
#[derive(Debug)]
pub(super) struct Member {
    /// On the command line.
    pub(super) word: &'static str,
    /// At the service, in `sortBy`: the name that the member has in the service's rows.
    pub(super) field: &'static str,
    /// In the output.
    pub(super) column: &'static str,
    kind: Kind,
}

/// Which jobs have it in their rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Both,
    Organization,
    Client,
}

const fn member(word: &'static str, field: &'static str, column: &'static str, kind: Kind) -> Member {
    Member { word, field, column, kind }
}

pub(super) static MEMBERS: [Member; 14] = [
    member("requests", "requestCount", "requests", Kind::Both),
    member("status200", "status200", "status200", Kind::Both),
    member("status300", "status300", "status300", Kind::Both),
    member("status400", "status400", "status400", Kind::Both),
    member("status429", "status429", "status429", Kind::Both),
    member("status500", "status500", "status500", Kind::Both),
    member("date", "date", "date", Kind::Both),
    member("client", "oauthClient.id", "clientId", Kind::Organization),
    member("client-name", "oauthClient.name", "clientName", Kind::Organization),
    member("organization", "organizationId", "organizationId", Kind::Client),
    member("user", "user.id", "userId", Kind::Organization),
    member("uri", "templateUri", "templateUri", Kind::Both),
    member("method", "httpMethod", "httpMethod", Kind::Both),
    member("platform", "platform", "platform", Kind::Both),
];

impl Member {
    /// Returns the member that `name` names: by its word, or by the service's or the output's name for it.
    pub(super) fn named(name: &str) -> Result<&'static Self, String> {
        let is_meant = |member: &&Self| {
            [member.word, member.field, member.column].iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        MEMBERS.iter().find(is_meant).ok_or_else(|| {
            let words = MEMBERS.iter().map(|member| member.word);
            match meant(name, words.clone()) {
                Some(word) => format!("rows have no '{name}'; did you mean '{word}'?"),
                None => format!("rows have no '{name}'; they have {}", words.collect::<Vec<_>>().join(", ")),
            }
        })
    }

    /// Returns whether the rows of a job have it: of one over a client, or of one over the organization.
    pub(super) fn is_known_to(&self, of_client: bool) -> bool {
        match self.kind {
            Kind::Both => true,
            Kind::Organization => !of_client,
            Kind::Client => of_client,
        }
    }

    /// Returns how a row's value is read.
    pub(super) fn cell(&self) -> Option<Cell> {
        columns::named(self.column).map(|column| column.cell)
    }

    /// Returns whether any row of `table` has a value of it.
    pub(super) fn is_in(&self, table: &UsageTable) -> bool {
        let has_value = |row: UsageRow<'_>| match self.cell() {
            Some(Cell::Text(read)) => read(row).is_some(),
            Some(Cell::Count(read)) => read(row).is_some(),
            None => false,
        };
        table.iter().any(has_value)
    }
}
