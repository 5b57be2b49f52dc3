//! Rows that are the same under another spelling: a client that was renamed, `/api/v2/users` and `api/v2/users`, ids and
//! methods in another case.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use usage_core::{Column, UsageTable};

use crate::saved::rows::Source;

/// Returns the indices of the first two rows that are the same but for the spelling of their texts and their counts.
pub(super) fn first_repeated(table: &UsageTable, sources: &[Source]) -> Option<(usize, usize)> {
    table.first_repeated().or_else(|| Spellings::of(table)?.first_repeated(table, sources))
}

/// The columns whose texts may have several spellings. Dates are read into one.
const SPELLED: [Column; 7] = [
    Column::ClientId,
    Column::ClientName,
    Column::OrganizationId,
    Column::UserId,
    Column::TemplateUri,
    Column::HttpMethod,
    Column::Platform,
];

/// Numbers of the texts of each column. Spellings of one text have one number, and texts that are absent have 0.
#[derive(Debug, Default)]
struct Spellings([Numbers; Column::ALL.len()]);

/// Numbers by symbol; 0 is no number.
#[derive(Debug, Default)]
struct Numbers(Vec<usize>);

impl Spellings {
    /// Reads the texts of `table`. Returns `None` if each has one spelling, and each client one name.
    fn of(table: &UsageTable) -> Option<Self> {
        let (mut spellings, mut names) = (Self::default(), Numbers::default());
        let mut known: [HashMap<String, usize>; Column::ALL.len()] = Default::default();
        let mut is_needed = false;
        for row in table {
            for column in SPELLED {
                let symbol = row.symbol(column).number();
                let (numbers, known) = (&mut spellings.0[column as usize], &mut known[column as usize]);
                if symbol == 0 || numbers.get(symbol) != 0 {
                    continue;
                }
                let text = plain(column, row.text(column).unwrap_or_default());
                let next = known.len() + 1;
                let number = *known.entry(text.into_owned()).or_insert(next);
                is_needed |= number != next;
                numbers.set(symbol, number);
            }
            let (id, name) = (row.symbol(Column::ClientId).number(), row.symbol(Column::ClientName).number());
            if id != 0 && name != 0 && names.get(id) != name {
                is_needed |= names.get(id) != 0;
                names.set(id, name);
            }
        }
        is_needed.then_some(spellings)
    }

    fn first_repeated(&self, table: &UsageTable, sources: &[Source]) -> Option<(usize, usize)> {
        // Hashes in place of keys: of millions of rows, they need a quarter of the memory.
        let (mut rows, hasher) = (HashMap::new(), RandomState::new());
        table.iter().enumerate().find_map(|(index, row)| {
            let mut key = [0; Column::ALL.len()];
            key[Column::Date as usize] = row.symbol(Column::Date).number();
            for column in SPELLED {
                key[column as usize] = self.0[column as usize].get(row.symbol(column).number());
            }
            // A client is its id, whatever its name was.
            if key[Column::ClientId as usize] != 0 {
                key[Column::ClientName as usize] = 0;
            }
            let first = *rows.entry(hasher.hash_one(key)).or_insert(index);
            (first != index && !are_of_one_result(sources, first, index)).then_some((first, index))
        })
    }
}

/// Returns whether both rows are of one result, in which the service counts each request once.
fn are_of_one_result(sources: &[Source], one: usize, other: usize) -> bool {
    let source = sources.iter().find(|source| source.rows.contains(&one));
    source.is_some_and(|source| source.is_one_result && source.rows.contains(&other))
}

impl Numbers {
    fn get(&self, symbol: usize) -> usize {
        self.0.get(symbol).copied().unwrap_or(0)
    }

    fn set(&mut self, symbol: usize, number: usize) {
        if self.0.len() <= symbol {
            self.0.resize(symbol + 1, 0);
        }
        self.0[symbol] = number;
    }
}

/// Returns the one spelling of a text.
fn plain(column: Column, text: &str) -> Cow<'_, str> {
    match column {
        Column::ClientId | Column::UserId | Column::OrganizationId | Column::HttpMethod => {
            text.to_ascii_lowercase().into()
        }
        Column::TemplateUri => text.trim_matches('/').into(),
        _ => text.trim().into(),
    }
}
