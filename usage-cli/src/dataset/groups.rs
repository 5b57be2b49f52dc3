//! Which client, user, URI, … each row of a day is of.

use std::collections::HashMap;

use usage_core::Column;
use usage_report::Subject;

use crate::dataset::pages::NONE;
use crate::dataset::partition::Columns;

/// Which of the groups of a day each row is of.
pub(super) struct Groups<'a> {
    /// The number of each row's group.
    pub(super) numbers: Vec<u32>,
    /// The texts of each group.
    pub(super) texts: Vec<Vec<(Column, &'a str)>>,
}

impl<'a> Groups<'a> {
    pub(super) fn of(subject: Subject, columns: &'a Columns, organization: Option<&'a str>) -> Self {
        if let (Subject::Organization, Some(name)) = (subject, organization) {
            return Self {
                numbers: vec![0; columns.rows],
                texts: vec![vec![(Column::OrganizationId, name)]],
            };
        }
        let (mut numbers, mut texts) = (vec![0; columns.rows], vec![Vec::new()]);
        for column in columns_of(subject) {
            let of_column = &columns.texts[*column as usize];
            if of_column.numbers.is_empty() {
                continue;
            }
            let mut known: HashMap<(u32, u32), u32> = HashMap::new();
            let (mut keys, mut last) = (Vec::new(), None);
            if texts.len() == 1 {
                // The texts' own numbers tell the groups apart.
                let mut places = vec![NONE; of_column.dictionary.len() + 1];
                for (number, text) in numbers.iter_mut().zip(&of_column.numbers) {
                    let place = &mut places[(*text as usize).min(of_column.dictionary.len())];
                    if *place == NONE {
                        *place = number_of(keys.len());
                        keys.push((0, *text));
                    }
                    *number = *place;
                }
            } else {
                for (number, text) in numbers.iter_mut().zip(&of_column.numbers) {
                    let key = (*number, *text);
                    *number = match last {
                        Some((last, number)) if last == key => number,
                        _ => *known.entry(key).or_insert_with(|| {
                            keys.push(key);
                            number_of(keys.len() - 1)
                        }),
                    };
                    last = Some((key, *number));
                }
            }
            let with = |(before, text): (u32, u32)| {
                let mut texts: Vec<(Column, &'a str)> = texts[before as usize].clone();
                let text = (text != NONE).then(|| of_column.dictionary.get(text as usize)).flatten();
                texts.extend(text.map(|text| (*column, text.as_str())));
                texts
            };
            texts = keys.into_iter().map(with).collect();
        }
        if columns.rows == 0 {
            texts.clear();
        }
        Self { numbers, texts }
    }
}

/// The columns that tell those of `subject` apart.
pub(super) fn columns_of(subject: Subject) -> &'static [Column] {
    match subject {
        Subject::Client => &[Column::ClientId, Column::ClientName],
        Subject::User => &[Column::UserId],
        Subject::Uri => &[Column::TemplateUri],
        Subject::Method => &[Column::HttpMethod],
        Subject::Platform => &[Column::Platform],
        Subject::Organization => &[Column::OrganizationId],
        _ => &[],
    }
}

/// Numbers the groups of a subject over all days.
#[derive(Default)]
pub(super) struct Numbering {
    numbers: HashMap<String, u32>,
    texts: Vec<Vec<(Column, String)>>,
}

impl Numbering {
    /// Returns the number of each of `groups`.
    pub(super) fn numbers(&mut self, groups: &Groups<'_>) -> Vec<u32> {
        groups.texts.iter().map(|texts| self.number(texts)).collect()
    }

    /// Returns the texts of the group with this number.
    pub(super) fn texts(&self, number: u32) -> impl Iterator<Item = (Column, &str)> {
        let texts = self.texts.get(number as usize).into_iter().flatten();
        texts.map(|(column, text)| (*column, text.as_str()))
    }

    fn number(&mut self, texts: &[(Column, &str)]) -> u32 {
        let mut key = String::new();
        for (column, text) in texts {
            key.push_str(column.name());
            key.push_str(&text.len().to_string());
            key.push(':');
            key.push_str(text);
        }
        let next = number_of(self.texts.len());
        *self.numbers.entry(key).or_insert_with(|| {
            self.texts.push(texts.iter().map(|(column, text)| (*column, (*text).to_owned())).collect());
            next
        })
    }
}

/// Groups are fewer than rows, whose numbers fit.
pub(super) fn number_of(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(NONE)
}
