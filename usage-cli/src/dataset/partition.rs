//! One day of one organization: a Parquet file that describes and checks itself.
//!
//! Its metadata contains the [`Scope`] of its rows with the time of the query, the name of the organization, and the length
//! and CRC-32 of everything before the metadata. A file that was cut, changed, or copied to the place of another is
//! detected, and a file that the manifest does not list yet can be used like one that it lists.

use std::cmp::Ordering;

use bytes::Bytes;
use parquet::file::metadata::KeyValue;
use usage_core::{Column, Counter, Date, Scope, TableBuilder, Timestamp, UsageRow, UsageTable};

use crate::dataset::file::{File, MAX_ROWS};
use crate::dataset::pages::{ABSENT, Counts, Texts, read_counts, read_texts};
use crate::dataset::plan::Reading;
use crate::output::parquet::{SCOPE_KEY, encode_part};

/// The metadata key of the organization's name.
const ORGANIZATION_KEY: &str = "genesys-usage.organization";

/// The name of the file of a day.
pub(crate) const FILE_NAME: &str = "usage.parquet";

/// The columns that rows are sorted by. Equal texts are adjacent, so files are small and quick to sum.
const ORDER: [Column; 7] = [
    Column::ClientId,
    Column::ClientName,
    Column::UserId,
    Column::TemplateUri,
    Column::HttpMethod,
    Column::Platform,
    Column::OrganizationId,
];

/// Returns the content of the file of one day and its entry in the manifest. Both are independent of the order of the
/// rows.
///
/// # Errors
///
/// Returns an error if there are more than [`MAX_ROWS`].
pub(crate) fn encode(
    mut table: UsageTable,
    scope: &Scope,
    organization: &str,
) -> std::io::Result<(Vec<u8>, Reading)> {
    if table.len() > MAX_ROWS {
        let problem =
            format!("a day has at most {MAX_ROWS} rows; group by fewer dimensions, in another directory");
        return Err(std::io::Error::other(problem));
    }
    table.sort_by(compare);
    let name = KeyValue::new(ORGANIZATION_KEY.to_owned(), organization.to_owned());
    let (bytes, checksum) = encode_part(&table, scope, name)?;
    let reading = Reading {
        asked_at: scope.asked_at.unwrap_or(Timestamp::UNIX_EPOCH),
        complete: scope.is_complete(),
        settled: false,
        rows: table.len() as u64,
        requests: table.iter().filter_map(|row| row.requests()).fold(0, u64::saturating_add),
        bytes: bytes.len() as u64,
        checksum,
    };
    Ok((bytes, reading))
}

fn compare(one: UsageRow<'_>, other: UsageRow<'_>) -> Ordering {
    let texts = ORDER.iter().map(|column| one.text(*column).cmp(&other.text(*column)));
    let counts = Counter::ALL.iter().map(|counter| one.count(*counter).cmp(&other.count(*counter)));
    texts.chain(counts).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// A checked file of one day.
pub(crate) struct Partition {
    file: File,
    pub(crate) scope: Scope,
}

impl Partition {
    /// Checks that `bytes` are the file of `organization` and `date`.
    ///
    /// # Errors
    ///
    /// Returns the reason if they are not, worded as the end of "the file is damaged: …".
    pub(crate) fn open(bytes: &Bytes, organization: &str, date: Date) -> Result<Self, String> {
        let file = File::open(bytes)?;
        let of_other = || "it is no file of a history".to_owned();
        let scope = file.value(SCOPE_KEY).and_then(|text| serde_json::from_str::<Scope>(text).ok());
        let scope = scope.ok_or_else(of_other)?;
        let query = scope.query.as_ref().ok_or_else(of_other)?;
        let of = file.value(ORGANIZATION_KEY).ok_or_else(of_other)?;
        let (first, last) = (query.interval.first_day(), query.interval.last_day());
        if of != organization || first != date || last != date {
            return Err(format!("it is the file of {of:?} and {}", query.interval));
        }
        Ok(Self { file, scope })
    }

    /// Returns the entry in the manifest. No earlier read is known, so the day is not settled.
    pub(crate) fn reading(&self) -> Result<Reading, String> {
        let columns = Columns::read(&self.file, &Needs::only(&[], &[Counter::Requests]))?;
        let requests = columns.counts[Counter::Requests as usize].iter().filter(|count| **count != ABSENT);
        Ok(Reading {
            asked_at: self.scope.asked_at.unwrap_or(Timestamp::UNIX_EPOCH),
            complete: self.scope.is_complete(),
            settled: false,
            rows: columns.rows as u64,
            requests: requests.fold(0, |sum, count| sum.saturating_add(*count)),
            bytes: self.file.len() as u64,
            checksum: self.file.checksum,
        })
    }

    /// Returns the columns of its rows that are in `needs`.
    pub(crate) fn columns(&self, needs: &Needs) -> Result<Columns, String> {
        Columns::read(&self.file, needs)
    }
}

/// The columns that a reader needs.
#[derive(Clone, Debug)]
pub(crate) struct Needs {
    texts: Vec<Column>,
    counts: Vec<Counter>,
}

impl Needs {
    /// All columns.
    pub(crate) fn all() -> Self {
        Self::only(Column::ALL, Counter::ALL)
    }

    pub(crate) fn only(texts: &[Column], counts: &[Counter]) -> Self {
        Self { texts: texts.to_vec(), counts: counts.to_vec() }
    }
}

/// The rows of one day.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub(crate) rows: usize,
    /// By [`Column`]; that of the date is empty, and so are those that were not read.
    pub(crate) texts: [Texts; Column::ALL.len()],
    /// By [`Counter`].
    pub(crate) counts: [Counts; Counter::ALL.len()],
}

impl Columns {
    fn read(file: &File, needs: &Needs) -> Result<Self, String> {
        let mut columns = Self::default();
        for (group, rows) in file.groups().enumerate() {
            columns.rows += rows;
            for (at, name) in file.names().enumerate() {
                let most = columns.rows;
                let text = needs.texts.iter().copied().find(|column| column.name() == name);
                let count = needs.counts.iter().copied().find(|counter| counter.name() == name);
                let read = match (text, count) {
                    (Some(column), _) => {
                        let texts = &mut columns.texts[column as usize];
                        read_texts(file.pages(group, at)?, texts, most).map(|()| texts.numbers.len())
                    }
                    (None, Some(counter)) => {
                        let counts = &mut columns.counts[counter as usize];
                        read_counts(file.pages(group, at)?, counts, most).map(|()| counts.len())
                    }
                    (None, None) => continue,
                };
                if read.map_err(|problem| format!("column {name}: {problem}"))? != most {
                    return Err("its columns have different lengths".into());
                }
            }
        }
        Ok(columns)
    }

    /// Removes the rows that are not `kept`.
    pub(crate) fn retain(&mut self, kept: &[bool]) {
        for texts in &mut self.texts {
            let mut kept = kept.iter();
            texts.numbers.retain(|_| kept.next() == Some(&true));
        }
        for counts in &mut self.counts {
            let mut kept = kept.iter();
            counts.retain(|_| kept.next() == Some(&true));
        }
        self.rows = kept.iter().filter(|kept| **kept).count();
    }

    /// Appends its rows to a table, with this `date`, and with the name of the `organization` as its id if one is given.
    pub(crate) fn add_to(&self, table: &mut TableBuilder, date: Date, organization: Option<&str>) {
        let date = date.to_string();
        for row in 0..self.rows {
            table.set_text(Column::Date, &date);
            for column in ORDER {
                if let Some(text) = self.texts[column as usize].get(row) {
                    table.set_text(column, text);
                }
            }
            if let Some(name) = organization {
                table.set_text(Column::OrganizationId, name);
            }
            for &counter in Counter::ALL {
                if let Some(count) =
                    self.counts[counter as usize].get(row).copied().filter(|count| *count != ABSENT)
                {
                    table.set_count(counter, count);
                }
            }
            table.end_row();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;
    use usage_core::model::Granularity;
    use usage_core::{Gap, ScopeQuery, UsageRecord};

    use super::*;
    use crate::output::parquet::CHECKSUM_KEY;

    const DATE: &str = "2026-10-01";

    fn date() -> Date {
        DATE.parse().unwrap()
    }

    fn scope() -> Scope {
        let query = ScopeQuery::new(format!("{DATE}/{DATE}").parse().unwrap());
        let asked_at = Timestamp::from_unix_millis(1_791_000_000_000);
        Scope::new("organization", asked_at).with_query(query.with_granularity(Some(Granularity::Day)))
    }

    fn record() -> impl Strategy<Value = UsageRecord> {
        let text = || {
            option::of(prop_oneof![
                "[a-c]{1,2}",
                "[a-zé ]{0,300}".prop_filter("absent", |text| !text.is_empty())
            ])
        };
        let count = || option::of(prop_oneof![0..=UsageRecord::MAX_COUNT, 0..9u64]);
        ((text(), text(), text(), text()), (count(), count())).prop_map(|(texts, counts)| UsageRecord {
            date: Some(DATE.into()),
            client_id: texts.0,
            client_name: texts.1,
            user_id: texts.2,
            template_uri: texts.3,
            requests: counts.0,
            status429: counts.1,
            ..UsageRecord::default()
        })
    }

    fn read(bytes: Vec<u8>) -> Result<UsageTable, String> {
        let partition = Partition::open(&bytes.into(), "acme", date())?;
        let mut table = TableBuilder::default();
        partition.columns(&Needs::all())?.add_to(&mut table, date(), None);
        Ok(table.finish())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn rows_come_back_and_their_order_makes_no_difference(records in proptest::collection::vec(record(), 0..80), by in 0usize..80) {
            let table: UsageTable = records.iter().cloned().collect();
            let (bytes, reading) = encode(table.clone(), &scope(), "acme").unwrap();
            let partition = Partition::open(&bytes.clone().into(), "acme", date()).unwrap();
            prop_assert_eq!(&partition.scope, &scope());
            prop_assert_eq!(partition.reading().unwrap(), reading);
            let mut sorted = table;
            sorted.sort_by(compare);
            prop_assert_eq!(read(bytes).unwrap(), sorted);
            let mut turned = records;
            let length = turned.len().max(1);
            turned.rotate_left(by % length);
            let (_, again) = encode(turned.into_iter().collect(), &scope(), "acme").unwrap();
            prop_assert!(again.agrees_with(&reading));
        }

        #[test]
        fn a_changed_or_cut_file_is_damaged(at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let record = |n| UsageRecord {
                client_name: Some(format!("client {}", n % 7)),
                requests: Some(n),
                ..UsageRecord::default()
            };
            let (bytes, _) = encode((0..200).map(record).collect(), &scope(), "acme").unwrap();
            let file = File::open(&bytes.clone().into()).unwrap();
            let rows = file.value(CHECKSUM_KEY).and_then(|text| text.split_once(':')?.0.parse::<usize>().ok());
            let rows = rows.unwrap();
            prop_assert!(read(bytes[..at.index(bytes.len())].to_vec()).is_err());
            let mut flipped = bytes.clone();
            flipped[at.index(rows)] ^= 1 << bit;
            prop_assert!(read(flipped).is_err());
            // In the metadata, some bits make no difference.
            let mut flipped = bytes;
            let at = rows + at.index(flipped.len() - rows);
            flipped[at] ^= 1 << bit;
            drop(read(flipped));
        }
    }

    /// The lowest bit of a number in the metadata is its sign: this makes every offset, size and count negative.
    #[test]
    fn no_negative_number_in_the_metadata_causes_a_panic() {
        let record = UsageRecord { client_id: Some("a".into()), requests: Some(7), ..UsageRecord::default() };
        let (bytes, _) = encode([record].into_iter().collect(), &scope(), "acme").unwrap();
        let length =
            bytes[bytes.len() - 8..].first_chunk().copied().map(u32::from_le_bytes).unwrap() as usize;
        for at in bytes.len() - 8 - length..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            drop(read(flipped));
        }
    }

    #[test]
    fn many_different_texts_do_not_fit_a_dictionary_and_are_read_all_the_same() {
        let record = |n: u32| UsageRecord {
            date: Some(DATE.into()),
            template_uri: Some(format!("{n:0100}")),
            requests: Some(n.into()),
            ..UsageRecord::default()
        };
        let table: UsageTable = (0..30_000).map(record).collect();
        let (bytes, _) = encode(table.clone(), &scope(), "acme").unwrap();
        assert_eq!(read(bytes).unwrap(), table);
    }

    #[test]
    fn a_file_in_the_place_of_another_is_refused() {
        let (bytes, reading) = encode(UsageTable::new(), &scope().with_gap(Gap::Lists), "acme").unwrap();
        assert!(!reading.complete && reading.rows == 0);
        let open = |organization, date: &str| {
            Partition::open(&bytes.clone().into(), organization, date.parse().unwrap()).map(drop)
        };
        assert_eq!(open("acme", DATE), Ok(()));
        assert!(open("other", DATE).unwrap_err().contains("it is the file of \"acme\" and 2026-10-01"));
        assert!(open("acme", "2026-10-02").is_err());
        assert!(Partition::open(&Bytes::from_static(b"PAR1"), "acme", date()).is_err());
    }
}
