//! The days of a history that a report is about.

use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

use usage_core::{Date, Gap, Interval, Scope, Timestamp, UsageRecord, UsageTable};
use usage_report::{Names, Period, Subject};

use crate::dataset::partition::{Columns, Needs};
use crate::dataset::{History, Organization};
use crate::problem::Problem;
use crate::process::stderr::{self, WARNING};
use crate::text::meant;

/// The gap in the scope of a history that lacks days.
const GAP: &str = "the history lacks days";

/// Selects rows of a history.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    /// The names of the organizations; empty for all.
    pub(crate) organizations: Vec<String>,
    /// The days; `None` for all.
    pub(crate) period: Option<Period>,
    /// Maximum number of days before the period that are selected as well, as far as there is no gap.
    pub(crate) days_before: i64,
}

impl Selection {
    /// Finds the days of the history in `directory`; says so if some are missing.
    ///
    /// # Errors
    ///
    /// Returns a problem if there is no history, and if it has none of the organizations or days.
    pub(crate) fn select(&self, directory: &Path) -> Result<Selected, Problem> {
        let selected = self.find(directory)?;
        selected.days.warn(directory);
        Ok(selected)
    }

    /// Does what [`select`](Self::select) does, and says nothing.
    pub(crate) fn find(&self, directory: &Path) -> Result<Selected, Problem> {
        let history = History::open(directory)?;
        self.of(self.organizations(&history, directory)?, directory)
    }

    /// Finds the days of one of the organizations that were selected in `directory`, as if it had been selected alone.
    pub(crate) fn of_one(
        &self,
        organization: &Rc<Organization>,
        directory: &Path,
    ) -> Result<Selected, Problem> {
        self.of(vec![Rc::clone(organization)], directory)
    }

    fn of(&self, organizations: Vec<Rc<Organization>>, directory: &Path) -> Result<Selected, Problem> {
        let days = Days::of(&organizations, self).ok_or_else(|| {
            let period = self.period.map_or_else(String::new, |period| format!(" of {period}"));
            Problem::usage(format!("{} has no days{period}", directory.display()))
                .with_hint("genesys-usage collect --since DATE collects earlier ones")
        })?;
        Ok(Selected { organizations, days })
    }

    fn organizations(&self, history: &History, directory: &Path) -> Result<Vec<Rc<Organization>>, Problem> {
        let there = history.organizations()?;
        if let Some(unknown) = self.organizations.iter().find(|name| !there.contains(name)) {
            let problem = format!("{} has no organization {unknown:?}", directory.display());
            return Err(Problem::usage(problem).with_hint(match &there[..] {
                [] => "it has none yet: genesys-usage collect".to_owned(),
                there => match meant(unknown, there.iter().map(String::as_str)) {
                    Some(other) => format!("did you mean '{other}'?"),
                    None => format!("there are {}", there.join(", ")),
                },
            }));
        }
        let is_wanted = |name: &&String| self.organizations.is_empty() || self.organizations.contains(name);
        there.iter().filter(is_wanted).map(|name| history.organization(name).map(Rc::new)).collect()
    }
}

/// The days of a history that were selected.
#[derive(Debug)]
pub(crate) struct Selected {
    organizations: Vec<Rc<Organization>>,
    days: Days,
}

impl Selected {
    /// Returns the names of the organizations.
    pub(crate) fn names(&self) -> Vec<String> {
        self.organizations.iter().map(|organization| organization.name().to_owned()).collect()
    }

    /// Returns the organizations.
    pub(crate) fn organizations(&self) -> &[Rc<Organization>] {
        &self.organizations
    }

    /// Returns the name of `organization` if there are several.
    pub(crate) fn name_of<'a>(&self, organization: &'a Organization) -> Option<&'a str> {
        (self.organizations.len() > 1).then(|| organization.name())
    }

    /// Returns the selected days, including those before the period.
    pub(crate) fn period(&self) -> Period {
        Period::new(self.days.first, self.days.last).unwrap_or(self.days.last.into())
    }

    /// Returns the days up to the last that every organization has without a gap.
    pub(crate) fn unbroken(&self) -> Period {
        let has = |date: Date| self.organizations.iter().all(|one| one.days().contains_key(&date));
        let mut first = self.days.last;
        while first > self.days.first && has(first.plus_days(-1)) {
            first = first.plus_days(-1);
        }
        Period::new(first, self.days.last).unwrap_or(first.into())
    }

    /// Reads the columns of the rows of `period` that are in `needs`, day by day, passes those of each to `each`, and
    /// returns what they cover. Of several organizations, the rows come with the name of their own.
    ///
    /// # Errors
    ///
    /// Returns a problem that names the file if one cannot be read or is damaged.
    pub(crate) fn each(
        &self,
        period: Period,
        needs: &Needs,
        mut each: impl FnMut(Columns, Date, Option<&str>),
    ) -> Result<Scope, Problem> {
        let mut scope = None;
        for organization in &self.organizations {
            let name = self.name_of(organization);
            organization.each_day(&[period], needs, |columns, date, of_day| {
                each(columns, date, name);
                join(&mut scope, of_day);
            })?;
        }
        self.scope(period, scope)
    }

    /// Returns what the rows of `period` cover, if each day covers what was [joined](join).
    pub(crate) fn scope(&self, period: Period, joined: Option<Scope>) -> Result<Scope, Problem> {
        let mut scope = joined.unwrap_or_else(|| Scope::new("", Timestamp::UNIX_EPOCH).attached());
        if let Some(query) = &mut scope.query {
            query.interval =
                Interval::from_days(period.first_day(), period.last_day()).map_err(Problem::build)?;
        }
        scope.data_until = Some(self.days.last);
        let is_lacking = !self.days.lacking.is_empty();
        Ok(if is_lacking { scope.with_gap(Gap::from(GAP)) } else { scope })
    }

    /// Returns the names behind ids that are known, with those of several organizations by the names of their directories.
    pub(crate) fn names_of_ids(&self) -> Names {
        let mut names = Names::default();
        for organization in &self.organizations {
            let of_organization = organization.names().names;
            let own = of_organization.iter(Subject::Organization).map(|(_, name)| name.to_owned()).next();
            if let Some((own, name)) = own.zip(self.name_of(organization)) {
                names.insert(Subject::Organization, name, own);
            }
            names.merge(of_organization);
        }
        names
    }

    /// Returns the requests of each day of `period` as rows, without reading the days.
    pub(crate) fn daily_totals(&self, period: Period) -> UsageTable {
        let requests = |date: Date| {
            let readings =
                self.organizations.iter().filter_map(|organization| organization.days().get(&date));
            readings.fold(0, |sum, reading| capped(sum, reading.requests))
        };
        let row = |date: Date| UsageRecord {
            date: Some(date.to_string()),
            requests: Some(requests(date)),
            ..UsageRecord::default()
        };
        period.iter().map(row).collect()
    }
}

fn capped(sum: u64, count: u64) -> u64 {
    sum.saturating_add(count).min(UsageRecord::MAX_COUNT)
}

/// Adds what a day covers to what others do, except for the interval and the end of the data.
pub(crate) fn join(scope: &mut Option<Scope>, of_day: Scope) {
    *scope = Some(match scope.take() {
        None => of_day,
        Some(scope) => joined(scope, of_day),
    });
}

fn joined(mut scope: Scope, other: Scope) -> Scope {
    scope.asked_at = scope.asked_at.min(other.asked_at);
    scope.complete &= other.complete;
    let complete = scope.complete;
    let mut scope = other.missing.into_iter().fold(scope, Scope::with_gap);
    scope.complete = complete;
    scope
}

/// The selected days of all organizations.
#[derive(Debug, PartialEq, Eq)]
struct Days {
    first: Date,
    last: Date,
    /// The organizations that lack days of the period, and how many they lack.
    lacking: Vec<(String, usize)>,
}

impl Days {
    /// Returns `None` if no organization has a day of the period.
    fn of(organizations: &[Rc<Organization>], selection: &Selection) -> Option<Self> {
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

    /// Warns of the organizations that lack days.
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
        // Of two organizations, both must have the days.
        assert_eq!(days(&[&whole, &[8, 9, 10]], Some((9, 10)), 40), Some((8, 10, 0)));
        assert_eq!(days(&[&whole, &[10]], Some((9, 10)), 40), Some((9, 10, 1)));
        assert_eq!(days(&[], None, 0), None);
    }
}
