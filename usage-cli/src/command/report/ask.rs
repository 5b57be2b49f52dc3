//! Reports on the rows of a query, of one organization or of several.

use std::collections::BTreeMap;
use std::time::SystemTime;

use usage_core::model::{Dimension, Granularity};
use usage_core::query::{ClientQuery, OrganizationQuery};
use usage_core::{Date, Interval, Scope, UsageTable};
use usage_report::{Allowance, Names, Organizations, Period, Report, ReportOptions};

use super::ReportArgs;
use crate::connection::credentials::CredentialArgs;
use crate::connection::organizations;
use crate::names;
use crate::output::OutputArgs;
use crate::output::organizations::{Answer, joined_scope};
use crate::problem::Problem;
use crate::report::about::About;
use crate::report::several::Several;
use crate::report::{lookback, selection};
use crate::run::divide::Divisible;
use crate::run::dry_run::DryRun;
use crate::run::fetch::Fetched;
use crate::run::interrupt::Interrupt;
use crate::run::merge::Merge;
use crate::run::organizations::Failures;
use crate::run::progress::Progress;
use crate::run::recovery::Recovery;
use crate::run::several::{Asking, joined, scope_of_queries};
use crate::run::with_names::Naming;
use crate::run::{check, prepare, scope_of, show};

/// The last day that the service can have counted.
fn yesterday() -> Date {
    Date::of(SystemTime::now().into()).plus_days(-1)
}

/// Reports on the rows of a query.
pub(super) fn ask(args: &ReportArgs) -> Result<(), Problem> {
    let attached = args.service.attach.is_some();
    if attached && args.content.compare {
        return Err(Problem::usage(
            "--compare needs a second query; with --attach there is one execution only",
        ));
    }
    if !attached && args.period.given()?.is_none() {
        return Err(Problem::usage("which period? Give --last 30d, --month last or --interval A/B")
            .with_hint("or files of saved rows: genesys-usage report october.json"));
    }
    let interval = args.period.days(attached)?;
    let mut options = args.options().with_data_until(yesterday());
    // An execution that was submitted before has its own period and granularity.
    if !attached || args.period.given()?.is_some() {
        options = options.with_period(Period::from(&interval));
    }
    let granularity = args.query.granularity.clone();
    if !attached || granularity.is_some() {
        options = options.with_granularity(granularity.clone().unwrap_or(Granularity::Day));
    }
    let period = Period::from(&interval);
    let is_daily = options.granularity == Some(Granularity::Day);
    let before = lookback::days_before(period, yesterday())
        .filter(|_| is_daily && !attached && !args.content.selection.is_local());
    let previous = args.content.compare.then(|| period.until(yesterday()).unwrap_or(period).previous());
    let mut intervals = vec![interval];
    if let Some(previous) = previous {
        intervals.insert(
            0,
            Interval::from_days(previous.first_day(), previous.last_day()).map_err(Problem::build)?,
        );
    }

    let granularity = granularity.unwrap_or(Granularity::Day);
    let group_by = |user: &[Dimension]| {
        if !args.query.group_by.is_empty() {
            return args.query.group_by.clone();
        }
        let usual = [Dimension::OAuthClientId, Dimension::TemplateUri, Dimension::HttpMethod];
        usual.into_iter().chain(user.iter().cloned()).collect()
    };
    match args.content.selection.only_client() {
        None => {
            let group_by = group_by(&[Dimension::UserId]);
            let queries = intervals.into_iter().map(|interval| {
                let mut query = OrganizationQuery::new(interval).with_group_by(group_by.clone());
                query.granularity = Some(granularity.clone());
                query
            });
            let lookback = before.and_then(|days| Some((days, lookback::of_organization(days)?)));
            Question { queries: queries.collect(), lookback, previous, options, args }.put()
        }
        Some(client) => {
            let group_by = group_by(&[]);
            // The service selects the client, and the other rows are not known.
            options = options.with_filter(args.content.selection.filter_of_client());
            let queries = intervals.into_iter().map(|interval| {
                let mut query = ClientQuery::new(client.clone(), interval).with_group_by(group_by.clone());
                query.granularity = Some(granularity.clone());
                query
            });
            let lookback = before.and_then(|days| Some((days, lookback::of_client(&client, days)?)));
            Question { queries: queries.collect(), lookback, previous, options, args }.put()
        }
    }
}

/// The queries of a report.
struct Question<'a, Q> {
    /// Of the earlier period, if there is one, and of the period.
    queries: Vec<Q>,
    /// The days before the period, and the query for their totals: where there is an allowance, for the projection.
    lookback: Option<(Period, Q)>,
    previous: Option<Period>,
    /// Without an allowance.
    options: ReportOptions,
    args: &'a ReportArgs,
}

/// The results of one organization.
struct Answered {
    report: Report,
    scope: Scope,
    table: UsageTable,
    /// The rows of the earlier period.
    before: Option<UsageTable>,
    names: Names,
}

impl<Q: Divisible> Question<'_, Q> {
    fn put(self) -> Result<(), Problem> {
        let ReportArgs { service, credentials, .. } = self.args;
        match (service.several(credentials)?, service.dry_run) {
            (None, None) => self.of_one(),
            (None, Some(form)) => self.show(form, credentials),
            (Some(several), None) => self.of_several(&several),
            (Some(several), Some(form)) => several
                .profiles()
                .iter()
                .try_for_each(|profile| self.show(form, &CredentialArgs::of_profile(profile.clone()))),
        }
    }

    /// Shows the requests, and sends none.
    fn show(&self, form: DryRun, credentials: &CredentialArgs) -> Result<(), Problem> {
        let service = &self.args.service;
        let allowance = self.args.content.allowance.of(&credentials.profile, service.target.simulate)?;
        let lookback = self.lookback.iter().filter(|_| allowance.is_some()).map(|(_, query)| query);
        show(form, self.queries.iter().chain(lookback).cloned().collect(), service, credentials)
    }

    fn of_one(mut self) -> Result<(), Problem> {
        let ReportArgs { service, credentials, content, output, .. } = self.args;
        let allowance = content.allowance.of(&credentials.profile, service.target.simulate)?;
        let told = OutputArgs::of_command(output.quiet, output.verbose);
        let queries = std::mem::take(&mut self.queries);
        let mut run = prepare(queries, Merge::default(), service, credentials, &told)?;
        // The header says whose report it is.
        run.names = run.names.max(Naming::Organization);
        let scope = scope_of(run.parts.last().into_iter());
        let about = About::now().of_service(&run.connection.service().api_url, service.target.simulate);
        let aside = self.lookback.clone().filter(|_| allowance.is_some()).map(|(_, query)| query);
        run.with_aside(aside).go_with(output.file().is_some(), |fetched| {
            let answered = self.answered(fetched, scope, allowance, None);
            let options = self.options.clone().with_names(answered.names.clone());
            selection::warn_of_unmatched(&answered.table, &options);
            output.write(&answered.report, &about.with_names(&answered.names), content.by)
        })
    }

    /// Asks each of `organizations`, and reports on the rows of all that answer.
    fn of_several(self, organizations: &organizations::Organizations<'_>) -> Result<(), Problem> {
        let ReportArgs { service, content, output, .. } = self.args;
        check(&self.queries, None, SystemTime::now().into())?;
        let participants = organizations.connect();
        let mut allowances: BTreeMap<String, Allowance> = BTreeMap::new();
        for one in &participants {
            let allowance = content.allowance.of(&one.profile, false)?;
            allowances.extend(allowance.map(|allowance| (one.name.clone(), allowance)));
        }
        let progress = Progress::start(output.quiet, output.verbose, 1, None);
        let interrupt = Interrupt::watch(progress.clone(), || Recovery::Again)?;
        let aside = |name: &str| {
            self.lookback.clone().filter(|_| allowances.contains_key(name)).map(|(_, query)| query)
        };
        let names = Naming::of(service.names);
        let asking = Asking { queries: &self.queries, aside: &aside, names, progress: &progress };
        let answers = asking.all(participants)?;
        progress.finish();

        let number = answers.len();
        let scope = scope_of_queries(self.queries.last().into_iter());
        let (mut answered, mut said, mut failures) = (Vec::new(), Vec::new(), Failures::default());
        for (name, answer) in answers {
            match answer {
                Ok(fetched) => {
                    let allowance = allowances.get(&name).cloned();
                    let one = self.answered(fetched, scope.clone(), allowance, Some(&name));
                    said.push(Answer::of(&name, one.scope.clone()));
                    answered.push((name, one));
                }
                Err(problem) => {
                    failures.add(&name, &problem, output.verbose);
                    said.push(Answer::missing(&name, &problem));
                }
            }
        }
        let Some(scope) = joined_scope(&said) else {
            return failures.end(number, "nothing is written");
        };
        let report = self.of_all(&answered, scope);
        let reports = answered.into_iter().map(|(name, one)| (name, one.report));
        said.retain(Answer::is_missing);
        let several = Several { organizations: Organizations::new(reports), missing: said };
        let write = || output.write(&report, &About::now().of_several(several), content.by);
        if output.file().is_some() { interrupt.held_off_for_good(write) } else { write() }?;
        failures.end(number, "the report is of the others")
    }

    /// Returns the report of what one organization answered, which has a name if there are several.
    fn answered(
        &self,
        fetched: Fetched,
        scope: Scope,
        allowance: Option<Allowance>,
        organization: Option<&str>,
    ) -> Answered {
        let Fetched { mut tables, gaps, names, aside, .. } = fetched;
        for table in &mut tables {
            if let Some(filled) = names::fill_clients(table, &names) {
                *table = filled;
            }
        }
        let scope = gaps.into_iter().fold(scope, Scope::with_gap);
        let mut options = self.options.clone().with_scope(scope.clone()).with_names(names.clone());
        options.allowance = allowance;
        if organization.is_some() {
            options.drilldown.clear();
        }
        let lookback = self.lookback.as_ref().map(|(days, _)| *days).zip(aside);
        if let Some((days, Ok(totals))) = &lookback {
            options = options.with_history(totals, *days);
        }
        let table = tables.pop().unwrap_or_default();
        let before = tables.pop();
        let report = self.report(&table, before.as_ref(), &options);
        if let Some((days, Err(why))) = &lookback {
            lookback::warn_of_lack(organization, *days, why, &report);
        }
        Answered { report, scope, table, before, names }
    }

    /// Returns the report of the rows of all organizations. There is no allowance for all of them.
    fn of_all(&self, answered: &[(String, Answered)], scope: Scope) -> Report {
        let mut names = Names::default();
        for (_, one) in answered {
            names.merge(one.names.clone());
        }
        let options = self.options.clone().with_scope(scope).with_names(names);
        let table = joined(answered.iter().map(|(name, one)| (&**name, &one.table)));
        let before = answered.iter().filter_map(|(name, one)| Some((&**name, one.before.as_ref()?)));
        let before = self.previous.map(|_| joined(before));
        selection::warn_of_unmatched(&table, &options);
        self.report(&table, before.as_ref(), &options)
    }

    fn report(&self, table: &UsageTable, before: Option<&UsageTable>, options: &ReportOptions) -> Report {
        match before {
            Some(before) => Report::compared(table, before, self.previous, options),
            None => Report::new(table, options),
        }
    }
}
