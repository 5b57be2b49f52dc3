//! Alerts: thresholds of a look, and the command that is run when one is crossed.

use std::fmt;
use std::process::Stdio;

use serde::{Deserialize, Serialize};
use usage_core::Date;
use usage_report::{Allowance, Identity, JumpOptions, MonthUse, Report, Subject};

use crate::problem::Problem;
use crate::process::children::shell;
use crate::text::number::{grouped, percent};
use crate::watch::look::{Clients, Look};
use crate::watch::percent::{Factor, Percent};

/// How many days before the month a history must have for a client to count as new in it.
const NEW_CLIENT_DAYS: i64 = 28;

/// A kind of alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Alert {
    /// The fraction of the allowance that the month has used.
    Share,
    /// The fraction of the allowance that the month is projected to use.
    Projected,
    /// The fraction of the month's requests that was rate limited.
    #[serde(rename = "429")]
    RateLimited,
    /// A client's last day against the median of the same weekday before.
    Jump,
    /// A client without a request in the weeks before the month.
    NewClient,
}

impl Alert {
    /// Returns its name in the environment of the command and in the state file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::Projected => "projected",
            Self::RateLimited => "429",
            Self::Jump => "jump",
            Self::NewClient => "new-client",
        }
    }
}

/// A threshold that is crossed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Crossed {
    pub(crate) alert: Alert,
    /// The organization, if it has a name.
    pub(crate) organization: Option<String>,
    /// The client, of an alert that is about one.
    pub(crate) client: Option<Identity>,
    /// The day, of an alert that is about one.
    pub(crate) day: Option<Date>,
    pub(crate) value: String,
    pub(crate) threshold: String,
    /// What has happened, without the organization.
    pub(crate) text: String,
}

impl fmt::Display for Crossed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(organization) = &self.organization {
            write!(f, "{organization}: ")?;
        }
        f.write_str(&self.text)
    }
}

impl Crossed {
    /// Creates an alert of the whole month, about a fraction of something.
    pub(crate) fn fraction(
        alert: Alert,
        value: Percent,
        threshold: Percent,
        organization: Option<&str>,
    ) -> Self {
        let what = match alert {
            Alert::Share => "of the month's allowance is used",
            Alert::Projected => "of the month's allowance is projected to be used",
            _ => "of the month's requests were rate limited",
        };
        let threshold = threshold.digits();
        Self {
            alert,
            organization: organization.map(Into::into),
            client: None,
            day: None,
            text: format!("{} {what}, {threshold} % or more is an alert", percent(value.0)),
            value: value.to_string(),
            threshold: format!("{threshold}%"),
        }
    }

    /// Returns what tells the client apart from others.
    pub(crate) fn client_key(&self) -> Option<&str> {
        self.client.as_ref().and_then(|client| client.id.as_deref().or(client.name.as_deref()))
    }
}

/// A kind of alert.
#[derive(Clone, Debug, Default)]
pub(crate) struct Thresholds {
    pub(crate) share: Vec<Percent>,
    pub(crate) projected: Vec<Percent>,
    pub(crate) rate_limited: Vec<Percent>,
    pub(crate) jump: Vec<Factor>,
    pub(crate) new_clients: bool,
}

impl Thresholds {
    /// Returns whether an allowance must be known.
    fn need_allowance(&self) -> bool {
        !self.share.is_empty() || !self.projected.is_empty()
    }

    /// Refuses thresholds that are fractions of an allowance that is not known.
    pub(crate) fn check_allowance(&self, allowance: Option<&Allowance>) -> Result<(), Problem> {
        if !self.need_allowance() || allowance.is_some() {
            return Ok(());
        }
        let option = if self.share.is_empty() { "--alert-projected" } else { "--alert-share" };
        Err(Problem::usage(format!("{option} is a part of an allowance"))
            .with_hint("give --allowance N or --licenses, or configure allowance or licenses"))
    }

    /// Returns whether the days of each client must be known.
    #[cfg(any(test, feature = "parquet"))]
    pub(crate) fn need_clients(&self) -> bool {
        !self.jump.is_empty() || self.new_clients
    }

    /// Returns the thresholds that `look` crosses, each once. A value that is unknown crosses none.
    pub(crate) fn crossed(&self, look: &Look) -> Vec<Crossed> {
        let report = &look.report;
        let organization = look.organization.as_deref();
        let month = latest(report);
        let mut crossed: Vec<Crossed> = Vec::new();
        for (alert, thresholds, value) in [
            (Alert::Share, &self.share, month.and_then(|month| month.used_share)),
            (Alert::Projected, &self.projected, month.and_then(|month| month.projected_share)),
            (Alert::RateLimited, &self.rate_limited, report.totals.counts.throttle_rate()),
        ] {
            let Some(value) = value.map(Percent) else { continue };
            for threshold in thresholds.iter().copied().filter(|threshold| value >= *threshold) {
                let one = Crossed::fraction(alert, value, threshold, organization);
                if !crossed.contains(&one) {
                    crossed.push(one);
                }
            }
        }
        if let Some(clients) = &look.clients {
            crossed.extend(self.jumps(clients, organization));
            crossed.extend(self.arrivals(clients, organization));
        }
        crossed
    }

    /// Returns an alert for each client whose last known day jumped: by the highest threshold that it reaches.
    fn jumps(&self, clients: &Clients, organization: Option<&str>) -> Vec<Crossed> {
        let Some(lowest) = self.jump.iter().map(|factor| factor.0).min_by(f64::total_cmp) else {
            return Vec::new();
        };
        let last = clients.known.last_day();
        let jumps = clients.days.jumps(last.into(), &JumpOptions::default().with_factor(lowest));
        let alert = |jump: usage_report::Jump| {
            let reached = self.jump.iter().copied().filter(|factor| jump.factor() >= factor.0);
            let threshold = reached.max_by(|one, other| one.0.total_cmp(&other.0)).unwrap_or(Factor(lowest));
            let factor = Factor(jump.factor());
            Crossed {
                alert: Alert::Jump,
                organization: organization.map(Into::into),
                text: format!(
                    "{} made {} requests on {last}, {factor} its usual {}, {threshold} or more is an alert",
                    jump.client,
                    grouped(jump.requests.into()),
                    grouped(jump.requests.saturating_sub(jump.excess()).into())
                ),
                client: Some(jump.client),
                day: Some(last),
                value: factor.to_string(),
                threshold: threshold.to_string(),
            }
        };
        jumps.into_iter().map(alert).collect()
    }

    /// Returns an alert for each client that is new in the month, if enough days before it are known.
    fn arrivals(&self, clients: &Clients, organization: Option<&str>) -> Vec<Crossed> {
        if !self.new_clients || !knows_weeks_before(clients) {
            return Vec::new();
        }
        let alert = |arrival: usage_report::Arrival| {
            let client = Identity::new(Subject::Client, arrival.id.as_deref(), arrival.name.as_deref());
            let requests = arrival.requests.unwrap_or_default();
            let first = arrival.date.map_or_else(String::new, |date| format!(" since {date}"));
            Crossed {
                alert: Alert::NewClient,
                organization: organization.map(Into::into),
                text: format!(
                    "{client} is new: {} requests{first}, and none in the weeks before",
                    grouped(requests.into())
                ),
                client: Some(client),
                day: None,
                value: requests.to_string(),
                threshold: "1".into(),
            }
        };
        clients.days.new_clients(clients.month).into_iter().map(alert).collect()
    }
}

/// Returns whether enough days before the month are known to say which clients are new.
pub(crate) fn knows_weeks_before(clients: &Clients) -> bool {
    clients.known.first_day().days_until(clients.month.first_day()) >= NEW_CLIENT_DAYS
}

fn latest(report: &Report) -> Option<&MonthUse> {
    report.allowance.as_ref().and_then(|allowance| allowance.latest())
}

/// Runs the user's command for `crossed`, which is of `report`. The environment of the command describes the alert.
///
/// # Errors
///
/// Returns a problem if the command cannot be started or fails.
pub(crate) fn run_hook(command: &str, crossed: &Crossed, report: &Report) -> Result<(), Problem> {
    let mut hook = shell(command);
    hook.stdin(Stdio::null())
        .env("GENESYS_USAGE_ALERT", crossed.alert.name())
        .env("GENESYS_USAGE_VALUE", &crossed.value)
        .env("GENESYS_USAGE_THRESHOLD", &crossed.threshold)
        .env("GENESYS_USAGE_TEXT", crossed.to_string())
        .env("GENESYS_USAGE_REQUESTS", report.totals.counts.requests.unwrap_or_default().to_string());
    if let Some(organization) = &crossed.organization {
        hook.env("GENESYS_USAGE_ORGANIZATION", organization);
    }
    if let Some(client) = crossed.client.as_ref().and_then(Identity::label) {
        hook.env("GENESYS_USAGE_CLIENT", client);
    }
    if let (Some(month), Some(allowance)) = (latest(report), &report.allowance) {
        hook.env("GENESYS_USAGE_ALLOWANCE", allowance.allowance.monthly.to_string());
        if month.is_projected {
            hook.env("GENESYS_USAGE_PROJECTED", month.projected.to_string());
        }
    }
    if let Some(period) = report.totals.period {
        hook.env("GENESYS_USAGE_FROM", period.first_day().to_string());
        hook.env("GENESYS_USAGE_TO", period.last_day().to_string());
    }
    let problem = |problem: String| Problem::usage(format!("the command of --on-alert {problem}"));
    match hook.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(problem(format!("ended with {status}"))),
        Err(error) => Err(problem(format!("cannot be started: {error}"))),
    }
}

#[cfg(test)]
mod tests;
