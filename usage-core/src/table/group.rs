//! Sums of rows with equal texts.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::table::{Column, Counter, PackedRow, Symbol, Texts, UsageRecord, UsageRow, UsageTable};

/// The sums of a group of rows.
struct Group {
    texts: [Symbol; Column::ALL.len()],
    sums: [Option<u64>; Counter::ALL.len()],
}

/// See [`UsageTable::group_by`].
pub(super) fn group(table: &UsageTable, columns: &[Column]) -> UsageTable {
    let canonical = canonical_symbols(table.interner.texts());
    let mut groups: Vec<Group> = Vec::new();
    let mut by_texts: BTreeMap<[Symbol; Column::ALL.len()], usize> = BTreeMap::new();
    for row in table {
        let mut texts = [Symbol::default(); Column::ALL.len()];
        for column in columns {
            texts[*column as usize] = row.packed().symbol(*column).translate(&canonical);
        }
        let index = match by_texts.entry(texts) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                groups.push(Group { texts, sums: Default::default() });
                *entry.insert(groups.len() - 1)
            }
        };
        groups[index].add(row);
    }
    let mut grouped = UsageTable::new();
    for group in &groups {
        group.write_to(&mut grouped, table.interner.texts());
    }
    grouped.shrink_to_fit();
    grouped
}

/// Returns for each text its first symbol: its own, unless colliding texts made the interner keep a text twice.
fn canonical_symbols(texts: &Texts) -> Vec<Symbol> {
    let mut first = BTreeMap::new();
    (1..).zip(texts.iter()).map(|(number, text)| *first.entry(text).or_insert(Symbol(number))).collect()
}

impl Group {
    fn add(&mut self, row: UsageRow<'_>) {
        for (sum, counter) in self.sums.iter_mut().zip(Counter::ALL.iter().copied()) {
            if let Some(count) = row.count(counter) {
                let total = sum.unwrap_or(0).saturating_add(count);
                *sum = Some(total.min(UsageRecord::MAX_COUNT));
            }
        }
    }

    fn write_to(&self, table: &mut UsageTable, texts: &Texts) {
        let mut row = PackedRow::default();
        for &column in Column::ALL {
            let text = texts.get(self.texts[column as usize]).unwrap_or_default();
            row.set_text(column, table.interner.intern_in(column, text));
        }
        for (sum, counter) in self.sums.iter().zip(Counter::ALL.iter().copied()) {
            if let Some(sum) = sum {
                row.set_count(counter, *sum, |text| table.interner.intern(text));
            }
        }
        table.rows.push(row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(client: &str, method: &str, requests: Option<u64>) -> UsageRecord {
        UsageRecord {
            client_name: Some(client.into()),
            http_method: Some(method.into()),
            requests,
            ..Default::default()
        }
    }

    #[test]
    fn adds_the_counts_of_each_combination() {
        let table: UsageTable = [
            record("b", "GET", Some(1)),
            record("a", "GET", Some(10)),
            record("b", "POST", Some(100)),
            record("b", "GET", None),
            record("", "PUT", None),
        ]
        .into_iter()
        .collect();
        let clients = table.group_by(&[Column::ClientName]);
        let rows: Vec<_> = clients.iter().map(|row| (row.client_name(), row.requests())).collect();
        assert_eq!(rows, [(Some("b"), Some(101)), (Some("a"), Some(10)), (None, None)]);
        assert!(clients.iter().all(|row| row.http_method().is_none() && row.status429().is_none()));

        let both = table.group_by(&[Column::HttpMethod, Column::ClientName]);
        assert_eq!(both.len(), 4);
        assert_eq!(both.row(0).unwrap(), table.row(0).unwrap());

        let total = table.group_by(&[]);
        assert_eq!((total.len(), total.row(0).unwrap().requests()), (1, Some(111)));
        assert!(UsageTable::new().group_by(&[]).is_empty());
    }

    #[test]
    fn sums_stop_at_the_largest_count() {
        let table: UsageTable =
            [record("a", "GET", Some(UsageRecord::MAX_COUNT)), record("a", "GET", Some(1))]
                .into_iter()
                .collect();
        assert_eq!(table.group_by(&[]).row(0).unwrap().requests(), Some(UsageRecord::MAX_COUNT));
    }
}
