//! Thresholds, and what happens when one is crossed.

use std::fmt;
use std::process::Stdio;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use usage_report::Report;

use crate::problem::Problem;
use crate::process::children::shell;

/// What is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Alert {
    /// The part of the allowance that the month has used.
    Share,
    /// The part of the allowance that the month is projected to use.
    Projected,
    /// The part of the month's requests that was rate limited.
    #[serde(rename = "429")]
    RateLimited,
}

impl Alert {
    /// As the hook and the state file name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::Projected => "projected",
            Self::RateLimited => "429",
        }
    }
}

/// A part of a whole, written in per cent: `80%`, `0.5%`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Percent(pub(crate) f64);

impl FromStr for Percent {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
        let percent = number.filter(|number| number.is_finite() && *number > 0.0 && *number <= 10_000.0);
        percent.map(|number| Self(number / 100.0)).ok_or("write a share as 80% or 0.5%")
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.2}", self.0 * 100.0);
        write!(f, "{}%", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Percent {
    /// As a threshold is written: with all of its digits.
    pub(crate) fn exact(self) -> String {
        let text = format!("{:.6}", self.0 * 100.0);
        format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// A threshold that is crossed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Crossed {
    pub(crate) alert: Alert,
    pub(crate) value: Percent,
    pub(crate) threshold: Percent,
}

impl fmt::Display for Crossed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { alert, value, threshold } = self;
        match alert {
            Alert::Share => write!(f, "{value} of the month's allowance is used")?,
            Alert::Projected => write!(f, "{value} of the month's allowance is projected to be used")?,
            Alert::RateLimited => write!(f, "{value} of the month's requests were rate limited")?,
        }
        write!(f, ", {} or more is an alert", threshold.exact())
    }
}

/// From where on there is an alert: any number of thresholds of each kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Thresholds {
    pub(crate) share: Vec<Percent>,
    pub(crate) projected: Vec<Percent>,
    pub(crate) rate_limited: Vec<Percent>,
}

impl Thresholds {
    /// Whether an allowance must be known for them.
    pub(crate) fn need_allowance(&self) -> bool {
        !self.share.is_empty() || !self.projected.is_empty()
    }

    /// Those that `report` crosses, each once. What the report does not know crosses nothing.
    pub(crate) fn crossed(&self, report: &Report) -> Vec<Crossed> {
        let month = report.allowance.as_ref().and_then(|allowance| allowance.latest());
        let mut crossed: Vec<Crossed> = Vec::new();
        for (alert, thresholds, value) in [
            (Alert::Share, &self.share, month.and_then(|month| month.used_share)),
            (Alert::Projected, &self.projected, month.and_then(|month| month.projected_share)),
            (Alert::RateLimited, &self.rate_limited, report.totals.counts.throttle_rate()),
        ] {
            let Some(value) = value.map(Percent) else { continue };
            for threshold in thresholds.iter().copied().filter(|threshold| value >= *threshold) {
                let one = Crossed { alert, value, threshold };
                if !crossed.contains(&one) {
                    crossed.push(one);
                }
            }
        }
        crossed
    }
}

/// Runs the user's command for `crossed`. It gets what there is to know by its environment.
pub(crate) fn run_hook(command: &str, crossed: &Crossed, report: &Report) -> Result<(), Problem> {
    let month = report.allowance.as_ref().and_then(|allowance| allowance.latest());
    let mut hook = shell(command);
    hook.stdin(Stdio::null())
        .env("GENESYS_USAGE_ALERT", crossed.alert.name())
        .env("GENESYS_USAGE_VALUE", crossed.value.to_string())
        .env("GENESYS_USAGE_THRESHOLD", crossed.threshold.exact())
        .env("GENESYS_USAGE_TEXT", crossed.to_string())
        .env("GENESYS_USAGE_REQUESTS", report.totals.counts.requests.unwrap_or_default().to_string());
    if let (Some(month), Some(allowance)) = (month, &report.allowance) {
        hook.env("GENESYS_USAGE_ALLOWANCE", allowance.allowance.monthly.to_string());
        hook.env("GENESYS_USAGE_PROJECTED", month.projected.to_string());
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
mod tests {
    use usage_core::model::Granularity;
    use usage_core::{Date, UsageRecord, UsageTable};
    use usage_report::{Allowance, Period, ReportOptions};

    use super::*;

    fn percent(text: &str) -> Percent {
        text.parse().unwrap()
    }

    fn report(requests: u64, status429: Option<u64>, allowance: Option<u64>) -> Report {
        let row = UsageRecord {
            date: Some("2026-11-01".into()),
            requests: Some(requests),
            status429,
            ..UsageRecord::default()
        };
        let table: UsageTable = [row].into_iter().collect();
        let first: Date = "2026-11-01".parse().unwrap();
        let mut options = ReportOptions::default().with_granularity(Granularity::Day).with_data_until(first);
        options.period = Period::new(first, first);
        options.allowance = allowance.map(Allowance::requests);
        Report::new(&table, &options)
    }

    #[test]
    fn shares_are_written_in_per_cent() {
        for (text, shown) in [("80%", "80%"), ("0.5 %", "0.5%"), ("100.00%", "100%"), ("120%", "120%")] {
            assert_eq!(percent(text).to_string(), shown);
        }
        for text in ["80", "", "%", "-1%", "0%", "NaN%", "inf%", "1e9%"] {
            assert!(text.parse::<Percent>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_threshold_is_crossed_where_it_is_reached() {
        let thresholds = Thresholds {
            share: vec![percent("80%"), percent("100%"), percent("80%")],
            rate_limited: vec![percent("1%")],
            ..Thresholds::default()
        };
        let crossed = |report: &Report| {
            let crossed = thresholds.crossed(report);
            crossed
                .iter()
                .map(|one| format!("{} {}", one.alert.name(), one.threshold.exact()))
                .collect::<Vec<_>>()
        };
        assert_eq!(crossed(&report(79, Some(0), Some(100))), [""; 0]);
        assert_eq!(crossed(&report(80, Some(0), Some(100))), ["share 80%"]);
        assert_eq!(crossed(&report(100, Some(1), Some(100))), ["share 80%", "share 100%", "429 1%"]);
        // Nothing is known of the one or the other.
        assert_eq!(crossed(&report(100, None, None)), [""; 0]);
        assert!(Thresholds::default().crossed(&report(100, Some(100), Some(1))).is_empty());
    }

    #[test]
    fn the_projection_has_thresholds_of_its_own() {
        let thresholds = Thresholds { projected: vec![percent("100%")], ..Thresholds::default() };
        let report = report(50, None, Some(100));
        let month = report.allowance.as_ref().unwrap().latest().unwrap();
        let is_over = month.projected_share.is_some_and(|share| share >= 1.0);
        assert_eq!(!thresholds.crossed(&report).is_empty(), is_over);
        let crossed =
            Crossed { alert: Alert::Projected, value: percent("120%"), threshold: percent("0.001%") };
        assert_eq!(
            crossed.to_string(),
            "120% of the month's allowance is projected to be used, 0.001% or more is an alert"
        );
    }
}
