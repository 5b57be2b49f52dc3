//! A selection of rows by client, user or URI.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Serialize, Serializer};
use usage_core::{Column, UsageRow, UsageTable};

use crate::by_symbol::{BySubject, BySymbol};
use crate::names::Names;
use crate::subject::Subject;

/// Selects rows of usage by client, user, URI or another subject. A row has to match one pattern of each subject that
/// has patterns.
///
/// A pattern is a whole id or name, in any case; `*` in it stands for any text. A client matches by its id or by one of
/// its names, with all its rows: also with those of days on which it was called differently. A slash before a URI makes
/// no difference.
///
/// ```
/// use usage_core::{UsageRecord, UsageTable};
/// use usage_report::{RowFilter, Subject};
///
/// let row = |client: &str, uri: &str| UsageRecord {
///     client_name: Some(client.into()),
///     template_uri: Some(uri.into()),
///     ..UsageRecord::default()
/// };
/// let table: UsageTable =
///     [row("Export", "/api/v2/users"), row("Export", "/api/v2/routing/queues"), row("Bot", "/api/v2/users")]
///         .into_iter()
///         .collect();
/// let filter = RowFilter::new().with(Subject::Client, "export").with(Subject::Uri, "api/v2/*/queues");
/// assert_eq!(filter.select(&table).len(), 1);
/// assert_eq!(RowFilter::new().with(Subject::Client, "Exprt").unmatched(&table), [(Subject::Client, "Exprt")]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowFilter(BTreeMap<Subject, Vec<String>>);

impl RowFilter {
    /// Creates a filter that selects every row.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a pattern for `subject`.
    #[must_use]
    pub fn with(mut self, subject: Subject, pattern: impl Into<String>) -> Self {
        self.0.entry(subject).or_default().push(pattern.into());
        self
    }

    /// Returns whether it selects every row.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the patterns with their subjects.
    pub fn patterns(&self) -> impl Iterator<Item = (Subject, &str)> {
        self.0.iter().flat_map(|(subject, patterns)| patterns.iter().map(|pattern| (*subject, &**pattern)))
    }

    /// Returns the rows of `table` that match; the table itself if there are no patterns.
    pub fn select<'a>(&self, table: &'a UsageTable) -> Cow<'a, UsageTable> {
        if self.is_empty() {
            return Cow::Borrowed(table);
        }
        let mut tests: Vec<_> =
            self.0.iter().map(|(subject, patterns)| Test::new(*subject, patterns, table)).collect();
        Cow::Owned(table.iter().filter(|row| tests.iter_mut().all(|test| test.matches(*row))).collect())
    }

    /// Returns a filter that also selects the ids whose names match: of users, whose names rows do not have.
    ///
    /// ```
    /// use usage_report::{Names, RowFilter, Subject};
    ///
    /// let mut names = Names::default();
    /// names.insert(Subject::User, "8d1f", "Ada Example");
    /// let filter = RowFilter::new().with(Subject::User, "ada*").resolved(&names);
    /// assert!(filter.patterns().any(|pattern| pattern == (Subject::User, "8d1f")));
    /// ```
    #[must_use]
    pub fn resolved(&self, names: &Names) -> Self {
        let mut resolved = self.clone();
        for (subject, patterns) in &mut resolved.0 {
            let matching = names.iter(*subject).filter(|(_, name)| matches_any(patterns, name));
            let ids: Vec<_> = matching.map(|(id, _)| id.to_owned()).collect();
            patterns.extend(ids);
        }
        resolved
    }

    /// Returns the patterns that match no row of `table`: spelled wrongly, for example.
    pub fn unmatched(&self, table: &UsageTable) -> Vec<(Subject, &str)> {
        let is_unmatched = |(subject, pattern): &(Subject, &str)| {
            let patterns = [(*pattern).to_owned()];
            let mut test = Test::new(*subject, &patterns, table);
            !table.iter().any(|row| test.matches(row))
        };
        self.patterns().filter(is_unmatched).collect()
    }
}

impl Serialize for RowFilter {
    /// Writes an object: the patterns by the plural of their subject in lower case.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(subject, patterns)| (subject.member(), patterns)))
    }
}

/// The patterns of one subject, and what was found out about the rows of a table.
struct Test<'a> {
    patterns: &'a [String],
    /// The ids of clients that match by name on some day.
    ids: BTreeSet<&'a str>,
    known: BySubject<bool>,
}

impl<'a> Test<'a> {
    fn new(subject: Subject, patterns: &'a [String], table: &'a UsageTable) -> Self {
        let mut ids = BTreeSet::new();
        if subject == Subject::Client {
            let mut names = BySymbol::default();
            let is_match =
                |row: UsageRow<'_>| row.client_name().is_some_and(|name| matches_any(patterns, name));
            let matching =
                table.iter().filter(|row| names.get(row.symbol(Column::ClientName), || is_match(*row)));
            ids.extend(matching.filter_map(|row| row.client_id()));
        }
        Self { patterns, ids, known: BySubject::new(subject) }
    }

    fn matches(&mut self, row: UsageRow<'_>) -> bool {
        let Self { patterns, ids, .. } = self;
        self.known.get(row, |key| {
            let text = key.id().or(key.name()).unwrap_or_default();
            matches_any(patterns, text) || ids.contains(text)
        })
    }
}

fn matches_any(patterns: &[String], text: &str) -> bool {
    let text = text.trim_start_matches('/').to_lowercase();
    let is_match = |pattern: &String| matches(&pattern.trim_start_matches('/').to_lowercase(), &text);
    !text.is_empty() && patterns.iter().any(is_match)
}

/// Returns whether `text` is `pattern`, in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut pieces: Vec<_> = rest.split('*').collect();
    let end = pieces.pop().unwrap_or_default();
    for piece in pieces {
        let Some(found) = text.find(piece) else { return false };
        text = &text[found + piece.len()..];
    }
    text.ends_with(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, wanted) in [
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("a*", "a", true),
            ("*c", "abc", true),
            ("a*c", "ac", true),
            ("a*a", "a", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxcyyb", false),
            ("**", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches(pattern, text), wanted, "{pattern} {text}");
        }
    }

    proptest! {
        /// Against the definition: a star is nothing, or one character and a star.
        #[test]
        fn matching_is_as_defined(pattern in "[ab*]{0,6}", text in "[ab]{0,6}") {
            fn defined(pattern: &[u8], text: &[u8]) -> bool {
                match (pattern.split_first(), text.split_first()) {
                    (None, _) => text.is_empty(),
                    (Some((b'*', rest)), other) => {
                        defined(rest, text) || other.is_some_and(|(_, text)| defined(pattern, text))
                    }
                    (Some((one, rest)), Some((other, text))) => one == other && defined(rest, text),
                    (Some(_), None) => false,
                }
            }
            prop_assert_eq!(matches(&pattern, &text), defined(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
