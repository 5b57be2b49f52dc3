//! `--sort`: by which members of the rows, and which way.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use clap_complete::engine::CompletionCandidate;
use serde::{Deserialize, Serialize};
use usage_core::UsageRow;
use usage_core::model::{SortBy, SortOrder};

use crate::output::columns::Cell;
use crate::run::member::{MEMBERS, Member};

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

    /// Returns the member that it sorts by.
    pub(super) fn member(self) -> &'static Member {
        self.member
    }

    /// Returns whether the rows of a job have it: of one over a client, or of one over the organization.
    pub(crate) fn is_known_to(self, of_client: bool) -> bool {
        self.member.is_known_to(of_client)
    }

    fn compare(self, one: UsageRow<'_>, other: UsageRow<'_>) -> Ordering {
        match self.member.cell() {
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
        let member = Member::named(name)?;
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
    use crate::output::columns;

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
