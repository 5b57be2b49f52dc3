//! Which rows a report is about, and what its lists are ordered by.

use clap::{Args, ValueEnum};
use usage_core::{ClientId, UsageTable};
use usage_report::{By, ReportOptions, RowFilter, Subject};

use crate::process::stderr::{self, WARNING};
use crate::text::meant;

/// The rows that a report is about.
#[derive(Debug, Args)]
pub(crate) struct SelectionArgs {
    /// Only this OAuth client, by name or id; * matches any text. Repeatable
    #[arg(long, value_name = "NAME|ID")]
    client: Vec<String>,

    /// Only this template URI, such as 'api/v2/users/*'; * matches any text. Repeatable
    #[arg(long, value_name = "URI")]
    uri: Vec<String>,

    /// Only this user, by id, or with --names by name; * matches any text. Repeatable
    #[arg(long, value_name = "NAME|ID")]
    user: Vec<String>,
}

impl SelectionArgs {
    /// Returns the client that the service itself can select: the only one, given by its id. It does not group the
    /// rows of a client by user.
    pub(crate) fn only_client(&self) -> Option<ClientId> {
        match &self.client[..] {
            [id] if self.user.is_empty() && is_uuid(id) => id.parse().ok(),
            _ => None,
        }
    }

    /// Returns whether rows are selected here, after the service has answered.
    pub(crate) fn is_local(&self) -> bool {
        let filter = if self.only_client().is_some() { self.filter_of_client() } else { self.filter() };
        !filter.is_empty()
    }

    /// Returns the filter of the rows.
    pub(crate) fn filter(&self) -> RowFilter {
        let clients = self.client.iter().map(|pattern| (Subject::Client, pattern));
        let users = self.user.iter().map(|pattern| (Subject::User, pattern));
        let filter = clients
            .chain(users)
            .fold(RowFilter::new(), |filter, (subject, pattern)| filter.with(subject, pattern));
        self.uri.iter().fold(filter, |filter, pattern| filter.with(Subject::Uri, pattern))
    }

    /// Returns the filter of rows that the service has selected by [`only_client`](Self::only_client).
    pub(crate) fn filter_of_client(&self) -> RowFilter {
        self.uri.iter().fold(RowFilter::new(), |filter, pattern| filter.with(Subject::Uri, pattern))
    }
}

/// Returns whether `text` has the form of an id.
fn is_uuid(text: &str) -> bool {
    let is_fit = |(index, c): (usize, char)| match index {
        8 | 13 | 18 | 23 => c == '-',
        _ => c.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.chars().enumerate().all(is_fit)
}

/// Warns of each pattern of the filter in `options` that no row of `table` has, with the nearest name.
pub(crate) fn warn_of_unmatched(table: &UsageTable, options: &ReportOptions) {
    for (subject, pattern) in options.filter.patterns() {
        let filter = RowFilter::new().with(subject, pattern).resolved(&options.names);
        if table.is_empty() || !filter.select(table).is_empty() {
            continue;
        }
        let mut known: Vec<&str> = table
            .iter()
            .filter_map(|row| match subject {
                Subject::Client => row.client_name().or(row.client_id()),
                Subject::User => row.user_id(),
                _ => row.template_uri(),
            })
            .collect();
        known.sort_unstable();
        known.dedup();
        let name = subject.singular();
        let text = match meant(pattern, known.iter().copied()) {
            _ if known.is_empty() => {
                format!("the rows have no {}: they are not grouped by {name}", subject.plural())
            }
            Some(near) => format!("no row has the {name} '{pattern}'; did you mean '{near}'?"),
            None => format!("no row has the {name} '{pattern}'"),
        };
        stderr::labelled("warning", WARNING, text);
    }
}

/// The order of lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Measure {
    /// All requests
    #[default]
    Requests,
    /// Answers 4xx and 5xx
    Errors,
    /// Rate-limited requests
    #[value(name = "429")]
    Throttled,
}

impl From<Measure> for By {
    fn from(measure: Measure) -> Self {
        match measure {
            Measure::Requests => Self::Requests,
            Measure::Errors => Self::Errors,
            Measure::Throttled => Self::Throttled,
        }
    }
}

/// Parses the length of a list: a number, or `all`.
pub(crate) fn top(text: &str) -> Result<usize, &'static str> {
    if text.eq_ignore_ascii_case("all") {
        return Ok(usize::MAX);
    }
    text.parse().map_err(|_| "write a number, or all")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(client: &[&str], uri: &[&str], user: &[&str]) -> SelectionArgs {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        SelectionArgs { client: owned(client), uri: owned(uri), user: owned(user) }
    }

    #[test]
    fn the_service_selects_one_client_by_its_id_and_nothing_else() {
        let id = "7de3af06-c0b3-4f9b-af45-72f4a14037cc";
        assert!(selection(&[id], &[], &[]).only_client().is_some());
        assert!(!selection(&[id], &[], &[]).is_local());
        assert!(selection(&[id], &["api/v2/users"], &[]).only_client().is_some());
        assert!(selection(&[id], &["api/v2/users"], &[]).is_local());
        for other in
            [selection(&["Bot"], &[], &[]), selection(&[id, id], &[], &[]), selection(&[id], &[], &["u"])]
        {
            assert!(other.only_client().is_none() && other.is_local(), "{other:?}");
        }
        assert!(!selection(&[], &[], &[]).is_local());
        for text in ["", "..", "7de3af06-c0b3-4f9b-af45-72f4a14037c", "7de3af06/c0b3-4f9b-af45-72f4a14037cc"]
        {
            assert!(!is_uuid(text), "{text}");
        }
    }

    #[test]
    fn a_list_has_a_length_or_is_whole() {
        assert_eq!((top("3"), top("ALL")), (Ok(3), Ok(usize::MAX)));
        assert!(top("-1").is_err() && top("many").is_err() && top("").is_err());
    }
}
