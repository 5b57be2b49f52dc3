//! `--sort`: by which members of the rows, and which way.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use clap_complete::engine::CompletionCandidate;
use serde::{Deserialize, Serialize};
use usage_core::UsageRow;
use usage_core::model::{SortBy, SortOrder};

use crate::output::columns::{self, Cell};
use crate::text::meant;

/// Something that rows can be sorted by.
#[derive(Debug)]
struct Member {
    /// On the command line.
    word: &'static str,
    /// At the service, in `sortBy`: the name that the member has in the service's rows.
    field: &'static str,
    /// In the output.
    column: &'static str,
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

static MEMBERS: [Member; 14] = [
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

/// One member to sort by, and which way.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct SortKey {
    member: &'static Member,
    descending: bool,
}

impl SortKey {
    /// For the service.
    pub(crate) fn sort_by(self) -> SortBy {
        SortBy::new(self.member.field, if self.descending { SortOrder::Desc } else { SortOrder::Asc })
    }

    /// Whether the rows of a job have it: of one over a client, or of one over the organisation.
    pub(crate) fn is_known_to(self, of_client: bool) -> bool {
        match self.member.kind {
            Kind::Both => true,
            Kind::Organization => !of_client,
            Kind::Client => of_client,
        }
    }

    fn compare(self, one: UsageRow<'_>, other: UsageRow<'_>) -> Ordering {
        match columns::named(self.member.column).map(|column| column.cell) {
            Some(Cell::Text(read)) => self.directed(read(one), read(other)),
            Some(Cell::Count(read)) => self.directed(read(one), read(other)),
            None => Ordering::Equal,
        }
    }

    /// What is absent comes last, either way.
    fn directed<T: Ord>(self, one: Option<T>, other: Option<T>) -> Ordering {
        match (one, other) {
            (Some(one), Some(other)) if self.descending => other.cmp(&one),
            (Some(one), Some(other)) => one.cmp(&other),
            (one, other) => one.is_none().cmp(&other.is_none()),
        }
    }
}

/// Returns each key, and each for the largest first, for a shell to complete.
pub(crate) fn completed_keys() -> Vec<CompletionCandidate> {
    let keys = |member: &Member| [member.word.to_owned(), format!("{}:desc", member.word)];
    MEMBERS.iter().flat_map(keys).map(CompletionCandidate::new).collect()
}

/// By the first of `keys` that tells the two apart.
pub(crate) fn compare(keys: &[SortKey], one: UsageRow<'_>, other: UsageRow<'_>) -> Ordering {
    let orderings = keys.iter().map(|key| key.compare(one, other));
    orderings.into_iter().find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
}

impl FromStr for SortKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, order) = text.split_once(':').unwrap_or((text, "asc"));
        let is_meant = |member: &&Member| {
            [member.word, member.field, member.column].iter().any(|known| known.eq_ignore_ascii_case(name))
        };
        let member = MEMBERS.iter().find(is_meant).ok_or_else(|| {
            let words = MEMBERS.iter().map(|member| member.word);
            match meant(name, words.clone()) {
                Some(word) => format!("there is no '{name}' to sort by; did you mean '{word}'?"),
                None => format!(
                    "there is no '{name}' to sort by; there are {}",
                    words.collect::<Vec<_>>().join(", ")
                ),
            }
        })?;
        match order {
            _ if order.eq_ignore_ascii_case("asc") => Ok(Self { member, descending: false }),
            _ if order.eq_ignore_ascii_case("desc") => Ok(Self { member, descending: true }),
            _ => Err(format!("'{order}' is neither asc nor desc")),
        }
    }
}

impl fmt::Display for SortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.member.word, if self.descending { "desc" } else { "asc" })
    }
}

impl TryFrom<String> for SortKey {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<SortKey> for String {
    fn from(key: SortKey) -> Self {
        key.to_string()
    }
}

#[cfg(test)]
mod tests {
    use usage_core::{UsageRecord, UsageTable};

    use super::*;

    #[test]
    fn every_column_can_be_sorted_by_and_every_key_reads_back() {
        assert_eq!(MEMBERS.len(), columns::COLUMNS.len());
        for member in &MEMBERS {
            assert!(columns::named(member.column).is_some(), "{}", member.column);
            for text in [member.word, member.field, member.column] {
                let key: SortKey = text.parse().unwrap();
                assert_eq!(key.to_string(), format!("{}:asc", member.word));
            }
            let key: SortKey = format!("{}:DESC", member.word).parse().unwrap();
            assert_eq!(key.to_string().parse::<SortKey>().unwrap().to_string(), key.to_string());
        }
        for text in ["", "request", "requests:", "requests:down", "requests:desc:asc", ":desc"] {
            assert!(text.parse::<SortKey>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_service_gets_its_own_names() {
        let sort = |text: &str| serde_json::to_string(&text.parse::<SortKey>().unwrap().sort_by()).unwrap();
        assert_eq!(sort("requests:desc"), r#"{"fieldName":"requestCount","order":"Desc"}"#);
        assert_eq!(sort("uri"), r#"{"fieldName":"templateUri","order":"Asc"}"#);
    }

    #[test]
    fn what_is_absent_comes_last_either_way() {
        let counts = [None, Some(1), Some(2)];
        let rows: UsageTable =
            counts.map(|requests| UsageRecord { requests, ..UsageRecord::default() }).into_iter().collect();
        let sorted = |key: &str| {
            let mut rows: Vec<_> = rows.iter().collect();
            rows.sort_by(|one, other| compare(&[key.parse().unwrap()], *one, *other));
            rows.into_iter().map(|row| row.requests()).collect::<Vec<_>>()
        };
        assert_eq!(sorted("requests"), [Some(1), Some(2), None]);
        assert_eq!(sorted("requests:desc"), [Some(2), Some(1), None]);
    }
}
