//! Collects the days that histories lack, for one organization or for many.
//!
//! ```text
//! command line -> order -> of each organization: plan -> query -> rows of each day -> its files
//! ```

mod names;
mod one;
mod summary;

use std::collections::BTreeSet;
use std::marker::PhantomData;

use usage_core::model::{Dimension, Granularity};
use usage_core::query::{OrganizationJob, OrganizationQuery};
use usage_core::{Date, Interval, Timestamp};
use usage_driver::futures::Driver;

pub(crate) use summary::Outcome;

use crate::arguments::period::Last;
use crate::connection::organizations::Participant;
use crate::dataset::{History, Kind};
use crate::problem::Problem;
use crate::run::divide::Divisible;
use crate::run::failpoint::Failpoint;
use crate::run::organizations::{self, Work, for_each};
use crate::run::progress::Progress;

/// Number of days that a new history begins with by default.
const DAYS: u32 = 90;

/// What to collect.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) first: First,
    /// Maximum age in days of a day whose requests the service may still count.
    pub(crate) late_days: u32,
    pub(crate) group_by: Vec<Dimension>,
    /// The organizations whose names behind ids are kept as well.
    pub(crate) named: BTreeSet<String>,
    /// The current time, for tests.
    pub(crate) now: Option<Timestamp>,
}

/// The first day of a history.
#[derive(Clone, Copy, Debug)]
pub(crate) enum First {
    Since(Date),
    /// The first day of this time range.
    Last(Last),
    /// The current first day of the history.
    Known,
}

impl Order {
    fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(|| std::time::SystemTime::now().into())
    }

    /// Returns the first wanted day of a history whose first day so far is `known`.
    fn first(&self, known: Option<Date>) -> Date {
        let begun = |last: Last| last.first_day(Date::of(self.now()));
        match self.first {
            First::Since(first) => first,
            First::Last(last) => begun(last),
            First::Known => known.unwrap_or_else(|| begun(Last::Days(DAYS))),
        }
    }

    /// Checks that the query accepts the options.
    pub(crate) fn check<Q: Daily>(&self) -> Result<(), Problem> {
        let day = Date::of(self.now());
        if let First::Since(first) = self.first
            && first > day
        {
            let problem = format!("--since {first} has not begun: today is {day} (UTC)");
            return Err(Problem::usage(problem).with_hint("give a day that is over"));
        }
        let interval = Interval::from_days(day, day).map_err(Problem::build)?;
        self.query::<Q>(interval).body().map(drop).map_err(Problem::build)
    }

    /// Returns the kind of the rows to collect.
    pub(crate) fn kind<Q: Daily>(&self) -> Kind {
        let day = Date::of(self.now());
        let interval = Interval::from_days(day, day);
        let scope = interval.map(|interval| self.query::<Q>(interval).scope(self.now()));
        scope.map_or_else(
            |_| Kind { family: Q::FAMILY.to_owned(), group_by: Vec::new() },
            |scope| Kind::of(&scope),
        )
    }

    fn query<Q: Daily>(&self, interval: Interval) -> Q {
        let group_by = if self.group_by.is_empty() { Q::GROUP_BY } else { &self.group_by };
        let mut group_by = group_by.to_vec();
        // The order of the manifest, so that a query that was killed equals the one of the next run.
        group_by.sort_by_key(ToString::to_string);
        group_by.dedup();
        Q::by_day(interval, group_by)
    }
}

/// A query whose rows a history can hold.
pub(crate) trait Daily: Divisible {
    /// The default dimensions to group by.
    const GROUP_BY: &'static [Dimension];

    /// Creates a query for the rows of each day of `interval`.
    fn by_day(interval: Interval, group_by: Vec<Dimension>) -> Self;

    /// Returns the first day that the service still has; `None` if no limit is known.
    fn reach(now: Timestamp) -> Option<Date>;
}

impl Daily for OrganizationQuery {
    const GROUP_BY: &'static [Dimension] =
        &[Dimension::OAuthClientId, Dimension::UserId, Dimension::TemplateUri, Dimension::HttpMethod];

    fn by_day(interval: Interval, group_by: Vec<Dimension>) -> Self {
        Self::new(interval).with_granularity(Granularity::Day).with_group_by(group_by)
    }

    fn reach(_: Timestamp) -> Option<Date> {
        None
    }
}

impl Daily for OrganizationJob {
    const GROUP_BY: &'static [Dimension] = &[
        Dimension::OAuthClientId,
        Dimension::UserId,
        Dimension::TemplateUri,
        Dimension::HttpMethod,
        Dimension::Platform,
    ];

    fn by_day(interval: Interval, group_by: Vec<Dimension>) -> Self {
        Self::new(interval).with_granularity(Granularity::Day).with_group_by(group_by)
    }

    /// One year, less a day for clocks that differ.
    fn reach(now: Timestamp) -> Option<Date> {
        Some(Date::of(now).plus_years(-1).plus_days(1))
    }
}

/// Collects the days that `history` lacks of each of `participants`, some concurrently, and passes each outcome to `each`.
pub(crate) fn collect<Q: Daily>(
    history: &History,
    participants: Vec<Participant>,
    order: &Order,
    progress: &Progress,
    failpoint: &Failpoint,
    mut each: impl FnMut(Outcome) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let collecting = Collecting::<Q> { history, order, progress, failpoint, family: PhantomData };
    for_each(participants, &collecting, |name, outcome| {
        each(outcome.unwrap_or_else(|problem| Outcome::new(name).ended(Err(problem))))
    })
}

/// Collects for one organization at a time.
struct Collecting<'a, Q> {
    history: &'a History,
    order: &'a Order,
    progress: &'a Progress,
    failpoint: &'a Failpoint,
    family: PhantomData<Q>,
}

impl<Q: Daily> Work for Collecting<'_, Q> {
    type Output = Outcome;

    async fn of<D: Driver>(
        &self,
        organization: organizations::Organization<'_, D>,
    ) -> Result<Outcome, Problem> {
        let mut outcome = Outcome::new(organization.name.to_owned());
        let result = self.collect(organization, &mut outcome).await;
        Ok(outcome.ended(result))
    }
}

impl<Q: Daily> Collecting<'_, Q> {
    async fn collect<D: Driver>(
        &self,
        organization: organizations::Organization<'_, D>,
        outcome: &mut Outcome,
    ) -> Result<(), Problem> {
        let organizations::Organization { name, connection, client, .. } = organization;
        let mut kept = self.history.organization(name)?;
        kept.collect_from(&connection.place())?;
        let progress = self.progress.named(name);
        let (history, order, failpoint) = (self.history, self.order, self.failpoint);
        let of = one::One { history, order, connection, client, progress, failpoint };
        let result = of.collect::<Q>(&mut kept, outcome).await;
        outcome.covers(kept.days());
        if result.is_ok() && self.order.named.contains(name) {
            for warning in names::complete(&kept, connection, client, self.order.now()).await {
                outcome.warn(warning);
            }
        }
        result
    }
}
