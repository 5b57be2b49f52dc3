//! Rows that are the same under another spelling: a client that was renamed, `/api/v2/users` and `api/v2/users`, ids and
//! methods in another case.

use std::borrow::Cow;
use std::collections::HashMap;

use usage_core::{Column, UsageTable};

/// Returns the indices of the first two rows that are the same but for the spelling of their texts and their counts.
pub(super) fn first_repeated(table: &UsageTable) -> Option<(usize, usize)> {
    table.first_repeated().or_else(|| Spellings::of(table)?.first_repeated(table))
}

/// Numbers of the texts of each column. Spellings of one text have one number, and texts that are absent have 0.
#[derive(Debug, Default)]
struct Spellings([Vec<u32>; Column::ALL.len()]);

impl Spellings {
    /// Reads the texts of `table`. Returns `None` if each has one spelling, and each client one name.
    fn of(table: &UsageTable) -> Option<Self> {
        let (mut numbers, mut names) = (Self::default(), HashMap::new());
        let mut known: [HashMap<String, u32>; Column::ALL.len()] = Default::default();
        let mut is_needed = false;
        for row in table {
            for &column in Column::ALL {
                let (symbol, known) = (row.symbol(column).number(), &mut known[column as usize]);
                let Some(text) = row.text(column).filter(|_| numbers.get(column, symbol) == 0) else {
                    continue;
                };
                let next = u32::try_from(known.len() + 1).unwrap_or(u32::MAX);
                let number = *known.entry(plain(column, text).into_owned()).or_insert(next);
                is_needed |= number != next;
                numbers.set(column, symbol, number);
            }
            let (id, name) = (row.symbol(Column::ClientId).number(), row.symbol(Column::ClientName).number());
            is_needed |= id != 0 && name != 0 && *names.entry(id).or_insert(name) != name;
        }
        is_needed.then_some(numbers)
    }

    fn first_repeated(&self, table: &UsageTable) -> Option<(usize, usize)> {
        let mut rows = HashMap::with_capacity(table.len());
        table.iter().enumerate().find_map(|(index, row)| {
            let mut key = [0; Column::ALL.len()];
            for &column in Column::ALL {
                key[column as usize] = self.get(column, row.symbol(column).number());
            }
            // A client is its id, whatever its name was.
            if key[Column::ClientId as usize] != 0 {
                key[Column::ClientName as usize] = 0;
            }
            let first = *rows.entry(key).or_insert(index);
            (first != index).then_some((first, index))
        })
    }

    fn get(&self, column: Column, symbol: usize) -> u32 {
        self.0[column as usize].get(symbol).copied().unwrap_or(0)
    }

    fn set(&mut self, column: Column, symbol: usize, number: u32) {
        let numbers = &mut self.0[column as usize];
        if numbers.len() <= symbol {
            numbers.resize(symbol + 1, 0);
        }
        numbers[symbol] = number;
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
