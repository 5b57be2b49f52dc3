//! One table of the tables of a long range's parts.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::{Deserialize, Serialize};
use usage_core::model::Granularity;
use usage_core::{Date, UsageRecord, UsageTable};

use crate::run::selection::Selection;

/// How the parts become one.
///
/// - A single part stays as it is.
/// - Without granularity, a row is the total of its group over the range: rows of the same group in different parts
///   are added up.
/// - By day, no bucket lies in two parts: the parts follow one another.
/// - By week or month, a bucket that lies in two parts is added up like a group. It is recognised by the week (from
///   Monday on) or the month that its date lies in: whether the service dates the second half by the bucket's first
///   day or by the part's makes no difference. The date of the first half stays.
/// - Counts are added; a count that is absent in all parts stays absent.
/// - Rows of one part are never added to each other: a service that has a reason to tell them apart keeps it.
/// - Rows are in the order in which they first appeared.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Merge {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) granularity: Option<Granularity>,
    /// Which rows of the whole are written.
    #[serde(flatten)]
    pub(crate) selection: Selection,
}

/// What tells rows of different parts apart: the texts, and the how many-th such row of its part it is.
type Key = ([Option<String>; 8], u32);

impl Merge {
    /// The whole of `parts`, which are in the order of their days.
    pub(crate) fn whole(&self, parts: Vec<UsageTable>) -> UsageTable {
        match (parts.len(), &self.granularity) {
            (0 | 1, _) | (_, Some(Granularity::Day)) => joined(&parts),
            _ => self.added_up(parts),
        }
    }

    fn added_up(&self, parts: Vec<UsageTable>) -> UsageTable {
        let mut whole: Vec<UsageRecord> = Vec::new();
        let mut places: HashMap<Key, usize> = HashMap::new();
        for part in parts {
            let mut seen: HashMap<[Option<String>; 8], u32> = HashMap::new();
            for record in part {
                let texts = self.texts(&record);
                let number = seen.entry(texts.clone()).or_default();
                match places.entry((texts, *number)) {
                    Entry::Occupied(place) => add(&mut whole[*place.get()], &record),
                    Entry::Vacant(place) => {
                        place.insert(whole.len());
                        whole.push(record);
                    }
                }
                *number += 1;
            }
        }
        whole.into_iter().collect()
    }

    fn texts(&self, record: &UsageRecord) -> [Option<String>; 8] {
        [
            record.date.as_deref().map(|date| self.bucket(date)),
            record.client_id.clone(),
            record.client_name.clone(),
            record.organization_id.clone(),
            record.user_id.clone(),
            record.template_uri.clone(),
            record.http_method.clone(),
            record.platform.clone(),
        ]
    }

    /// The first day of the bucket that holds `date`; the text itself if it is no day.
    fn bucket(&self, date: &str) -> String {
        let Ok(day) = date.parse::<Date>() else { return date.to_owned() };
        let first = match self.granularity {
            Some(Granularity::Week) => day.plus_days(1 - i64::from(day.weekday())),
            Some(Granularity::Month) => day.first_of_month(),
            _ => day,
        };
        first.to_string()
    }
}

fn joined(parts: &[UsageTable]) -> UsageTable {
    let mut whole = UsageTable::new();
    for part in parts {
        whole.append(part);
    }
    whole
}

fn add(to: &mut UsageRecord, more: &UsageRecord) {
    to.requests = sum(to.requests, more.requests);
    to.status200 = sum(to.status200, more.status200);
    to.status300 = sum(to.status300, more.status300);
    to.status400 = sum(to.status400, more.status400);
    to.status429 = sum(to.status429, more.status429);
    to.status500 = sum(to.status500, more.status500);
}

fn sum(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.saturating_add(other).min(UsageRecord::MAX_COUNT)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn row(date: Option<&str>, client: &str, requests: Option<u64>) -> UsageRecord {
        UsageRecord {
            date: date.map(Into::into),
            client_id: Some(client.into()),
            requests,
            ..UsageRecord::default()
        }
    }

    fn merge(granularity: Option<Granularity>, sort: &[&str]) -> Merge {
        let sort = sort.iter().map(|key| key.parse().unwrap()).collect();
        Merge { granularity, selection: Selection { sort, ..Selection::default() } }
    }

    fn whole(merge: &Merge, parts: &[&[UsageRecord]]) -> Vec<UsageRecord> {
        let parts = parts.iter().map(|part| part.iter().cloned().collect()).collect();
        merge.selection.applied(merge.whole(parts)).0.into_iter().collect()
    }

    #[test]
    fn totals_of_a_group_are_added_up() {
        let first = [row(None, "a", Some(1)), row(None, "b", None), row(None, "c", Some(4))];
        let second = [row(None, "b", None), row(None, "c", None), row(None, "a", Some(2))];
        let third = [row(None, "d", Some(0)), row(None, "a", Some(3))];
        let wanted =
            [row(None, "a", Some(6)), row(None, "b", None), row(None, "c", Some(4)), row(None, "d", Some(0))];
        assert_eq!(whole(&merge(None, &[]), &[&first, &second, &third]), wanted);
        let sorted = whole(&merge(None, &["requests:desc", "client"]), &[&first, &second, &third]);
        let clients: Vec<_> = sorted.iter().filter_map(|row| row.client_id.as_deref()).collect();
        assert_eq!(clients, ["a", "c", "d", "b"]);
    }

    #[test]
    fn rows_of_one_part_are_kept_apart() {
        let twice = [row(None, "a", Some(1)), row(None, "a", Some(2))];
        assert_eq!(whole(&merge(None, &[]), &[&twice]), twice);
        assert_eq!(
            whole(&merge(None, &[]), &[&twice, &twice]),
            [row(None, "a", Some(2)), row(None, "a", Some(4))]
        );
    }

    #[test]
    fn a_bucket_that_was_cut_is_one_again_however_its_halves_are_dated() {
        // 2026-03-30 is a Monday; the second part begins on Wednesday the first of April.
        for second in ["2026-03-30", "2026-04-01"] {
            let halves = [&[row(Some("2026-03-30"), "a", Some(1))][..], &[row(Some(second), "a", Some(2))]];
            let wanted = [row(Some("2026-03-30"), "a", Some(3))];
            assert_eq!(whole(&merge(Some(Granularity::Week), &[]), &halves), wanted);
        }
        let halves = [
            &[row(Some("2026-03-01"), "a", Some(1))][..],
            &[row(Some("2026-03-15"), "a", Some(2)), row(Some("2026-04-01"), "a", Some(4))],
        ];
        let wanted = [row(Some("2026-03-01"), "a", Some(3)), row(Some("2026-04-01"), "a", Some(4))];
        assert_eq!(whole(&merge(Some(Granularity::Month), &[]), &halves), wanted);
        assert_eq!(whole(&merge(Some(Granularity::Day), &[]), &halves).len(), 3);
        let odd = [&[row(Some("soon"), "a", Some(1))][..], &[row(Some("soon"), "a", Some(2))]];
        assert_eq!(whole(&merge(Some(Granularity::Week), &[]), &odd), [row(Some("soon"), "a", Some(3))]);
    }

    #[test]
    fn counts_stop_where_the_services_do() {
        let part = [row(None, "a", Some(UsageRecord::MAX_COUNT))];
        assert_eq!(whole(&merge(None, &[]), &[&part, &part, &part]), part);
    }

    #[test]
    fn it_reads_back_from_a_file() {
        let merge = merge(Some(Granularity::Week), &["requests:desc", "uri"]);
        let json = serde_json::to_string(&merge).unwrap();
        assert_eq!(json, r#"{"granularity":"Week","sort":["requests:desc","uri:asc"]}"#);
        let read: Merge = serde_json::from_str(&json).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        assert_eq!(serde_json::to_string(&Merge::default()).unwrap(), "{}");
    }

    /// What happened: on which day (from 2026-01-01 on), by whom, how many requests and, if known, refused ones.
    type Fact = (i64, &'static str, u64, Option<u64>);

    /// What the service would answer for `facts` in days `from..to`.
    fn answered(facts: &[Fact], from: i64, to: i64, merge: &Merge) -> UsageTable {
        let mut rows: BTreeMap<(Option<String>, &str), UsageRecord> = BTreeMap::new();
        for (day, client, requests, status429) in facts.iter().filter(|fact| (from..to).contains(&fact.0)) {
            let date: Date = "2026-01-01".parse::<Date>().unwrap().plus_days(*day);
            let date = merge.granularity.as_ref().map(|_| merge.bucket(&date.to_string()));
            let fact = UsageRecord { status429: *status429, ..row(date.as_deref(), client, Some(*requests)) };
            match rows.entry((date, client)) {
                std::collections::btree_map::Entry::Occupied(mut row) => add(row.get_mut(), &fact),
                std::collections::btree_map::Entry::Vacant(row) => drop(row.insert(fact)),
            }
        }
        rows.into_values().collect()
    }

    fn facts() -> impl Strategy<Value = Vec<Fact>> {
        let fact = (0i64..120, prop::sample::select(vec!["a", "b", "c"]), 0u64..1000, option::of(0u64..9));
        prop::collection::vec(fact, 0..40)
    }

    proptest! {
        /// However a range is split, the whole of the parts is what the undivided range would have given.
        #[test]
        fn the_whole_does_not_depend_on_the_split(
            facts in facts(),
            mut cuts in prop::collection::vec(0i64..=120, 0..5),
            granularity in prop::sample::select(vec![
                None, Some(Granularity::Day), Some(Granularity::Week), Some(Granularity::Month),
            ]),
        ) {
            let merge = merge(granularity, &["date", "client"]);
            cuts.extend([0, 120]);
            cuts.sort_unstable();
            let parts = cuts.windows(2).map(|cut| answered(&facts, cut[0], cut[1], &merge)).collect();
            let (merged, _) = merge.selection.applied(merge.whole(parts));
            let requests = |table: &UsageTable| table.iter().filter_map(|row| row.requests()).sum::<u64>();
            prop_assert_eq!(requests(&merged), facts.iter().map(|fact| fact.2).sum::<u64>());
            prop_assert_eq!(merged, answered(&facts, 0, 120, &merge));
        }
    }
}
