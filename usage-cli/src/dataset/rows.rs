//! The rows of a history, for reports.

use std::collections::BTreeSet;
use std::path::Path;

use usage_core::{Date, Gap, Interval, Scope, TableBuilder, UsageTable};
use usage_report::Period;

use crate::dataset::{History, Organization};
use crate::problem::Problem;
use crate::process::stderr::{self, WARNING};

/// Why rows are missing of a history that lacks days.
const GAP: &str = "the history lacks days";

/// Which rows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    /// Of these organisations; of all if none is named.
    pub(crate) organizations: Vec<String>,
    /// The days that they are about.
    pub(crate) period: Option<Period>,
    /// How many days before the period are wanted as well, if they are there without a gap.
    pub(crate) days_before: i64,
}

/// Rows, and what they cover.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) table: UsageTable,
    pub(crate) scope: Scope,
}

impl Selection {
    /// Reads the rows of the history in `directory`, day by day. Of several organisations, each row has the name of its own
    /// as the id of the organisation.
    ///
    /// # Errors
    ///
    /// Returns a problem if there is no history, if it has none of the organisations or days, and if a file is damaged.
    pub(crate) fn read(&self, directory: &Path) -> Result<Rows, Problem> {
        let history = History::open(directory)?;
        let organizations = self.organizations(&history, directory)?;
        let days = Days::of(&organizations, self).ok_or_else(|| {
            let period = self.period.map_or_else(String::new, |period| format!(" of {period}"));
            Problem::usage(format!("{} has no days{period}", directory.display()))
                .with_hint("genesys-usage collect --since DATE collects earlier ones")
        })?;
        days.warn(directory);
        let is_several = organizations.len() > 1;
        let (mut table, mut scope) = (TableBuilder::default(), None::<Scope>);
        for organization in &organizations {
            let name = is_several.then(|| organization.name());
            for date in organization.days().range(days.first..=days.last).map(|(date, _)| *date) {
                let (columns, of_day) = organization.rows(date)?;
                columns.add_to(&mut table, date, name);
                scope = Some(match scope {
                    None => of_day,
                    Some(scope) => joined(scope, of_day),
                });
            }
        }
        let mut scope = scope.unwrap_or_else(|| Scope::new("", usage_core::Timestamp::UNIX_EPOCH).attached());
        if let Some(query) = &mut scope.query {
            query.interval = Interval::from_days(days.first, days.last).map_err(Problem::build)?;
        }
        scope.data_until = Some(days.last);
        if !days.lacking.is_empty() {
            scope = scope.with_gap(Gap::from(GAP));
        }
        Ok(Rows { table: table.finish(), scope })
    }

    fn organizations(&self, history: &History, directory: &Path) -> Result<Vec<Organization>, Problem> {
        let there = history.organizations()?;
        if let Some(unknown) = self.organizations.iter().find(|name| !there.contains(name)) {
            let problem = format!("{} has no organisation {unknown:?}", directory.display());
            return Err(Problem::usage(problem).with_hint(match &there[..] {
                [] => "it has none yet: genesys-usage collect".to_owned(),
                there => format!("there are {}", there.join(", ")),
            }));
        }
        let is_wanted = |name: &&String| self.organizations.is_empty() || self.organizations.contains(name);
        there.iter().filter(is_wanted).map(|name| history.organization(name)).collect()
    }
}

/// The scope of the rows of two days, but for the days and the end of the data.
fn joined(mut scope: Scope, other: Scope) -> Scope {
    scope.asked_at = scope.asked_at.min(other.asked_at);
    scope.complete &= other.complete;
    let complete = scope.complete;
    let mut scope = other.missing.into_iter().fold(scope, Scope::with_gap);
    scope.complete = complete;
    scope
}

/// The days to read.
#[derive(Debug, PartialEq, Eq)]
struct Days {
    first: Date,
    last: Date,
    /// Which organisations lack days of the period, and how many.
    lacking: Vec<(String, usize)>,
}

impl Days {
    /// `None` if no organisation has a day of the period.
    fn of(organizations: &[Organization], selection: &Selection) -> Option<Self> {
        let known: Vec<(&str, BTreeSet<Date>)> = organizations
            .iter()
            .map(|organization| (organization.name(), organization.days().keys().copied().collect()))
            .collect();
        Self::within(&known, selection)
    }

    fn within(known: &[(&str, BTreeSet<Date>)], selection: &Selection) -> Option<Self> {
        let all = known.iter().flat_map(|(_, days)| days).copied();
        let is_of_period = |date: &Date| selection.period.is_none_or(|period| period.contains(*date));
        let there: BTreeSet<Date> = all.filter(is_of_period).collect();
        let last = *there.last()?;
        let begin = selection.period.map_or(*there.first()?, Period::first_day);
        let wanted: Vec<Date> = (0..=begin.days_until(last)).map(|day| begin.plus_days(day)).collect();
        let lacks = |(name, days): &(&str, BTreeSet<Date>)| {
            let lacking = wanted.iter().filter(|date| !days.contains(date)).count();
            (lacking > 0).then(|| ((*name).to_owned(), lacking))
        };
        let lacking: Vec<_> = known.iter().filter_map(lacks).collect();
        let mut first = if lacking.is_empty() { begin } else { *there.first()? };
        let earliest = begin.plus_days(-selection.days_before);
        while lacking.is_empty() && first > earliest {
            let before = first.plus_days(-1);
            if !known.iter().all(|(_, days)| days.contains(&before)) {
                break;
            }
            first = before;
        }
        Some(Self { first, last, lacking })
    }

    /// Says which organisations lack days.
    fn warn(&self, directory: &Path) {
        let Some((first, more)) = self.lacking.split_first() else { return };
        let all = [first].into_iter().chain(more).map(|(name, days)| format!("{name} ({days})"));
        let text = format!(
            "days up to {} are missing in {}: {}; genesys-usage collect --since DATE collects what the service still has",
            self.last,
            directory.display(),
            all.collect::<Vec<_>>().join(", ")
        );
        stderr::labelled("warning", WARNING, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(day: i64) -> Date {
        "2026-10-01".parse::<Date>().unwrap().plus_days(day - 1)
    }

    #[test]
    fn days_before_the_period_are_read_as_far_as_there_is_no_gap() {
        let days = |known: &[&[i64]], period: Option<(i64, i64)>, days_before| {
            let known: Vec<_> =
                known.iter().map(|days| ("x", days.iter().map(|day| date(*day)).collect())).collect();
            let period = period.and_then(|(first, last)| Period::new(date(first), date(last)));
            let days = Days::within(&known, &Selection { period, days_before, ..Selection::default() })?;
            let day = |day: Date| date(1).days_until(day) + 1;
            Some((
                day(days.first),
                day(days.last),
                days.lacking.iter().map(|(_, number)| *number).sum::<usize>(),
            ))
        };
        let whole: Vec<i64> = (1..=20).collect();
        let one = [&whole[..]];
        assert_eq!(days(&one, None, 0), Some((1, 20, 0)));
        assert_eq!(days(&one, Some((10, 31)), 0), Some((10, 20, 0)));
        assert_eq!(days(&one, Some((10, 31)), 4), Some((6, 20, 0)));
        assert_eq!(days(&one, Some((10, 31)), 40), Some((1, 20, 0)));
        assert_eq!(days(&one, Some((25, 31)), 40), None);
        let gap = [&[1, 2, 3, 7, 8, 9, 10, 12][..]];
        assert_eq!(days(&gap, Some((9, 10)), 40), Some((7, 10, 0)));
        assert_eq!(days(&gap, Some((9, 31)), 40), Some((9, 12, 1)));
        assert_eq!(days(&gap, None, 0), Some((1, 12, 4)));
        // Of two organisations, both must have the days.
        assert_eq!(days(&[&whole, &[8, 9, 10]], Some((9, 10)), 40), Some((8, 10, 0)));
        assert_eq!(days(&[&whole, &[10]], Some((9, 10)), 40), Some((9, 10, 1)));
        assert_eq!(days(&[], None, 0), None);
    }
}
