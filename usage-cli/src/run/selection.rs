//! Which rows of a result are written, and in which order: `--where`, `--sort`, `--limit`.

use std::num::NonZeroU32;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;
use serde::{Deserialize, Serialize};
use usage_core::{UsageRow, UsageTable};

use crate::arguments::value_parsers::number;
use crate::process::stderr::{self, WARNING};
use crate::run::filter::Filter;
use crate::run::sort::{self, SortKey};

/// Which rows of a result are written, and in which order.
///
/// All rows are asked for first; what the service itself can leave out, it leaves out by the options of the query.
#[derive(Args, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
#[command(next_help_heading = "Rows")]
pub(crate) struct Selection {
    /// Write only rows that meet this condition: 'status429>0 and uri~users'
    ///
    /// Counts and dates are compared with = != < <= > >=; texts with = and !=, and with ~ (contains) and !~, in any case.
    /// Conditions are joined by 'and' and 'or', and grouped by parentheses. A text with spaces is put in quotes. A row
    /// without the member meets != and !~ only.
    #[arg(long = "where", value_name = "CONDITION")]
    #[serde(rename = "where", skip_serializing_if = "Option::is_none")]
    pub(super) condition: Option<Filter>,

    /// Sort the rows: requests:desc, or several keys, separated by commas: date,requests:desc. Without it, the
    /// service's order
    ///
    /// A key is a counter, a dimension or date; ':desc' puts the largest first. Rows without a value come last.
    #[arg(long, value_name = "KEYS", value_delimiter = ',', add = ArgValueCandidates::new(sort::completed_keys))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) sort: Vec<SortKey>,

    /// Write only the first N rows, after --where and --sort
    #[arg(long, value_name = "N", value_parser = number(NonZeroU32::MIN..))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) limit: Option<NonZeroU32>,
}

impl Selection {
    /// Returns whether rows may be left out.
    pub(crate) fn may_leave_out(&self) -> bool {
        self.condition.is_some() || self.limit.is_some()
    }

    /// Returns the rows to be written, in their order, and the number of those that are left out.
    pub(crate) fn applied(&self, table: UsageTable) -> (UsageTable, u64) {
        if self.sort.is_empty() && !self.may_leave_out() {
            return (table, 0);
        }
        let is_wanted =
            |row: &UsageRow<'_>| self.condition.as_ref().is_none_or(|condition| condition.matches(*row));
        let mut rows: Vec<_> = table.iter().filter(is_wanted).collect();
        // Sorting is stable.
        rows.sort_by(|one, other| sort::compare(&self.sort, *one, *other));
        if let Some(limit) = self.limit {
            rows.truncate(usize::try_from(limit.get()).unwrap_or(usize::MAX));
        }
        let left_out = table.len() - rows.len();
        (rows.into_iter().collect(), u64::try_from(left_out).unwrap_or(u64::MAX))
    }

    /// Warns of members that no row of `table` has, and that nothing can be sorted or compared by.
    pub(crate) fn warn_of_absent(&self, table: &UsageTable) {
        let of_condition = self.condition.iter().flat_map(Filter::members).map(|member| ("--where", member));
        let of_sort = self.sort.iter().map(|key| ("--sort", key.member()));
        for (option, member) in of_condition.chain(of_sort) {
            if !table.is_empty() && !member.is_in(table) {
                stderr::labelled("warning", WARNING, format!("{option}: no row has a {}", member.word));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use usage_core::UsageRecord;

    use super::*;

    fn selection(condition: Option<&str>, sort: &[&str], limit: Option<u32>) -> Selection {
        Selection {
            condition: condition.map(|text| text.parse().unwrap()),
            sort: sort.iter().map(|key| key.parse().unwrap()).collect(),
            limit: limit.and_then(NonZeroU32::new),
        }
    }

    fn table(rows: &[(&str, Option<u64>)]) -> UsageTable {
        let record = |(client, requests): &(&str, Option<u64>)| UsageRecord {
            client_id: Some((*client).into()),
            requests: *requests,
            ..UsageRecord::default()
        };
        rows.iter().map(record).collect()
    }

    #[test]
    fn rows_are_filtered_then_sorted_then_cut() {
        let rows = table(&[("a", Some(5)), ("b", None), ("c", Some(7)), ("d", Some(9)), ("e", Some(7))]);
        let (kept, left_out) =
            selection(Some("requests<9"), &["requests:desc"], Some(2)).applied(rows.clone());
        assert_eq!((kept, left_out), (table(&[("c", Some(7)), ("e", Some(7))]), 3));
        let (kept, left_out) = selection(None, &[], Some(9)).applied(rows.clone());
        assert_eq!((kept, left_out), (rows.clone(), 0));
        let (kept, left_out) = selection(None, &["client:desc"], None).applied(rows);
        let clients: Vec<_> = kept.iter().filter_map(|row| row.client_id()).collect();
        assert_eq!((clients.concat(), left_out), ("edcba".into(), 0));
    }

    #[test]
    fn it_reads_back_from_a_file() {
        let selection = selection(Some("uri~'a b'"), &["requests:desc", "uri"], Some(3));
        let json = serde_json::to_string(&selection).unwrap();
        assert_eq!(json, r#"{"where":"uri~'a b'","sort":["requests:desc","uri:asc"],"limit":3}"#);
        let read: Selection = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        assert_eq!(serde_json::to_string(&Selection::default()).unwrap(), "{}");
    }

    proptest! {
        /// Every row is kept or counted as left out.
        #[test]
        fn no_row_is_lost(
            counts in prop::collection::vec(prop::option::of(0u64..9), 0..30),
            wanted in 0u64..9,
            limit in prop::option::of(1u32..40),
        ) {
            let rows: Vec<_> = counts.iter().map(|count| ("a", *count)).collect();
            let whole = table(&rows);
            let condition = format!("requests>={wanted}");
            let (kept, left_out) = selection(Some(&condition), &["requests"], limit).applied(whole);
            prop_assert_eq!(kept.len() as u64 + left_out, rows.len() as u64);
            let matching = counts.iter().filter(|count| count.is_some_and(|count| count >= wanted)).count();
            prop_assert_eq!(kept.len(), matching.min(limit.map_or(usize::MAX, |limit| limit as usize)));
            prop_assert!(kept.iter().is_sorted_by_key(|row| row.requests()));
        }
    }
}
