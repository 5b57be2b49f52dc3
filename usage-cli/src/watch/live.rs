//! Looks at the service, of one organization or of several.

use std::collections::BTreeMap;
use std::time::SystemTime;

use usage_core::model::{Dimension, Granularity};
use usage_core::query::OrganizationQuery;
use usage_core::{Date, Interval, Timestamp};
use usage_report::{Allowance, Period, Report, ReportOptions};

use crate::connection::caller::Caller;
use crate::connection::credentials::CredentialArgs;
use crate::connection::organizations::Organizations;
use crate::connection::{Connection, TargetArgs, TimingArgs};
use crate::problem::Problem;
use crate::report::allowance::AllowanceArgs;
use crate::report::lookback;
use crate::run::failpoint::Failpoint;
use crate::run::failure;
use crate::run::fetch::{Fetch, Fetched, Stopped};
use crate::run::observer::Observer;
use crate::run::progress::Progress;
use crate::run::recovery::Recovery;
use crate::run::several::{Asking, started};
use crate::run::with_names::Naming;
use crate::watch::alert::Thresholds;
use crate::watch::look::{Look, Looks};
use crate::watch::state::Memory;

/// How to query the service.
pub(crate) struct Service<'a> {
    pub(crate) target: &'a TargetArgs,
    pub(crate) timing: &'a TimingArgs,
    pub(crate) credentials: &'a CredentialArgs,
    pub(crate) allowance: &'a AllowanceArgs,
    pub(crate) thresholds: &'a Thresholds,
    pub(crate) quiet: bool,
    pub(crate) verbose: u8,
}

impl Service<'_> {
    /// Asks one organization for the rows of `interval`, the month up to yesterday.
    pub(crate) fn look(&self, interval: &Interval, memory: &mut Memory) -> Result<Look, Problem> {
        let allowance = self.allowance.of(&self.credentials.profile, self.target.simulate)?;
        self.thresholds.check_allowance(allowance.as_ref())?;
        let lacking = lacking(interval, allowance.as_ref(), memory, None);
        let fetched = self.fetched(interval, lacking)?;
        let report = report(interval, allowance, fetched, memory, None);
        Ok(Look { organization: None, report, clients: None })
    }

    /// Asks each of `organizations`. One that fails stops no other.
    pub(crate) fn look_at_each(
        &self,
        organizations: &Organizations<'_>,
        interval: &Interval,
        memory: &mut Memory,
    ) -> Result<Looks, Problem> {
        let mut participants = organizations.connect();
        let mut allowances = BTreeMap::new();
        for one in &mut participants {
            let allowance = self.allowance.of(&one.profile, false);
            let allowance = allowance.and_then(|allowance| {
                self.thresholds.check_allowance(allowance.as_ref()).map(|()| allowance)
            });
            match allowance {
                Ok(allowance) => allowances.extend(allowance.map(|allowance| (one.name.clone(), allowance))),
                Err(problem) => one.connection = Err(problem),
            }
        }
        let progress = Progress::start(self.quiet, self.verbose, 1, None);
        let days = |name: &str| lacking(interval, allowances.get(name), memory, Some(name));
        let aside = |name: &str| days(name).and_then(lookback::of_organization);
        let queries = [query(interval)];
        let asking = Asking { queries: &queries, aside: &aside, names: Naming::None, progress: &progress };
        let answers = asking.all(participants)?;
        progress.finish();
        let mut looks = Looks::default();
        for (name, answer) in answers {
            let look = answer.map(|fetched| {
                let allowance = allowances.get(&name).cloned();
                let report = report(interval, allowance, fetched, memory, Some(&name));
                Look { organization: Some(name.clone()), report, clients: None }
            });
            looks.add(name, look);
        }
        Ok(looks)
    }

    /// Asks for the rows of `interval`, and for the daily totals of `before`.
    fn fetched(&self, interval: &Interval, before: Option<Period>) -> Result<Fetched, Problem> {
        let connection = Connection::open(self.target, self.timing, self.credentials)?;
        let progress = Progress::start(self.quiet, self.verbose, 1, None);
        progress.tell(2, || connection.describe());
        let observer =
            Observer { progress: progress.clone(), recorder: None, failpoint: Failpoint::default() };
        let aside = before.and_then(lookback::of_organization).as_ref().map(started);
        let fetched = Caller::new(&connection).map_err(Stopped::from).and_then(|caller| {
            let (parts, keeper) = (vec![started(&query(interval))], caller.keeper());
            caller.run(Fetch { parts, divides: false, aside, keeper, observer: &observer })
        });
        progress.finish();
        fetched.map_err(|stopped| {
            failure::problem::<OrganizationQuery>(&stopped.error, &connection.service(), &Recovery::Again)
        })
    }
}

/// The requests of each OAuth client on each day.
fn query(interval: &Interval) -> OrganizationQuery {
    OrganizationQuery::new(interval.clone())
        .with_granularity(Granularity::Day)
        .with_group_by([Dimension::OAuthClientId])
}

/// Returns the days before `interval` whose totals the projection needs.
fn needed(interval: &Interval, allowance: Option<&Allowance>) -> Option<Period> {
    lookback::days_before(Period::from(interval), interval.last_day()).filter(|_| allowance.is_some())
}

/// Returns the days whose totals are needed and not remembered as of today.
fn lacking(
    interval: &Interval,
    allowance: Option<&Allowance>,
    memory: &Memory,
    organization: Option<&str>,
) -> Option<Period> {
    needed(interval, allowance).filter(|days| !memory.has_totals(organization, *days, today()))
}

/// Returns the report of what an organization answered, and remembers the daily totals.
fn report(
    interval: &Interval,
    allowance: Option<Allowance>,
    fetched: Fetched,
    memory: &mut Memory,
    organization: Option<&str>,
) -> Report {
    let Fetched { mut tables, aside, .. } = fetched;
    let table = tables.pop().unwrap_or_default();
    let needed = needed(interval, allowance.as_ref());
    let lack = needed.zip(aside).and_then(|(days, totals)| {
        Some((days, memory.take_totals(organization, totals, days, today()).err()?))
    });
    let mut options = ReportOptions::default()
        .with_period(Period::from(interval))
        .with_granularity(Granularity::Day)
        .with_data_until(interval.last_day());
    options.allowance = allowance;
    if let Some((days, totals)) = needed.and_then(|days| Some((days, memory.totals(organization, days)?))) {
        options = options.with_history(&totals, days);
    }
    let report = Report::new(&table, &options);
    if let Some((days, why)) = lack {
        lookback::warn_of_lack(organization, days, &why, &report);
    }
    report
}

fn today() -> Date {
    Date::of(Timestamp::from(SystemTime::now()))
}
