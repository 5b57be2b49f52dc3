//! The time range of a query: an interval, the last days, or a month.

use std::str::FromStr;
use std::time::SystemTime;

use clap::Args;
use usage_core::{Date, Interval, Timestamp};

use crate::problem::Problem;
use crate::process::stderr::{self, HINT};

/// The most days that `--last` takes: more than the service remembers.
const MAX_DAYS: u32 = 36_600;

/// Which days: one of the three.
#[derive(Debug, Args)]
#[command(next_help_heading = "Period (one of them)")]
#[group(multiple = false)]
pub(crate) struct PeriodArgs {
    /// From A to B, both included, whole UTC days: days (2026-10-01/2026-10-31), months (2026-07/2026-09) or date-times in UTC
    #[arg(long, value_name = "A/B")]
    interval: Option<Interval>,

    /// The last whole UTC days or weeks, ending yesterday: 7d, 4w
    #[arg(long, value_name = "DAYS")]
    last: Option<Last>,

    /// A calendar month: 2026-10
    #[arg(long, value_name = "MONTH")]
    month: Option<Month>,
}

impl PeriodArgs {
    /// The interval, if one is given.
    pub(crate) fn given(&self) -> Result<Option<Interval>, Problem> {
        match self {
            Self { interval: None, last: None, month: None } => Ok(None),
            _ => self.interval_at(SystemTime::now().into(), false).map(Some),
        }
    }

    /// The interval to ask for: one that has begun. An execution that was submitted before has its own: then none need
    /// be given.
    pub(crate) fn interval(&self, attached: bool) -> Result<Interval, Problem> {
        let now = SystemTime::now().into();
        let interval = self.interval_at(now, attached)?;
        if !attached {
            check_begun(&interval, now)?;
        }
        Ok(interval)
    }

    /// The interval to ask for whole days of. A note says so if its end looks like one that is not to be counted.
    pub(crate) fn days(&self, attached: bool) -> Result<Interval, Problem> {
        let interval = self.interval(attached)?;
        let (first, last) = (interval.first_day(), interval.last_day());
        if interval.ends_at_midnight() && first < last {
            let meant = last.plus_days(-1);
            let text =
                format!("{last} is counted as well: the end is included; without it, write {first}/{meant}");
            stderr::labelled("note", HINT, text);
        }
        Ok(interval)
    }

    fn interval_at(&self, now: Timestamp, attached: bool) -> Result<Interval, Problem> {
        match self {
            Self { interval: Some(interval), .. } => Ok(interval.clone()),
            Self { last: Some(Last(days)), .. } => Ok(Interval::last_days(*days, now)),
            Self { month: Some(Month(first)), .. } => Ok(Interval::month_of(*first)),
            // It is never sent.
            _ if attached => Ok(Interval::last_days(1, now)),
            _ => Err(Problem::usage("which period? Give --interval A/B, --last 7d or --month 2026-10")),
        }
    }
}

/// Refuses what the service can have no rows of yet. Clocks differ: tomorrow may have begun for the service.
fn check_begun(interval: &Interval, now: Timestamp) -> Result<(), Problem> {
    let (first, today) = (interval.first_day(), Date::of(now));
    if first <= today.plus_days(1) {
        return Ok(());
    }
    Err(Problem::usage(format!("the period {interval} has not begun: today is {today} (UTC)"))
        .with_hint("give one that has: --last 7d, or an earlier --month or --interval"))
}

/// How many days back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Last(u32);

impl Last {
    pub(crate) fn days(self) -> u32 {
        self.0
    }
}

impl FromStr for Last {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("write a number of days or weeks, such as 7d or 4w, up to {MAX_DAYS} days");
        let (number, unit) = match text.strip_suffix('d') {
            Some(number) => (number, 1),
            None => (text.strip_suffix('w').ok_or_else(wrong)?, 7),
        };
        let days = number.parse::<u32>().ok().and_then(|number| number.checked_mul(unit));
        days.filter(|days| (1..=MAX_DAYS).contains(days)).map(Self).ok_or_else(wrong)
    }
}

/// The first day of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Month(Date);

impl FromStr for Month {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let first = format!("{text}-01").parse::<Date>();
        first.map(Self).map_err(|_| "write a month as yyyy-MM, such as 2026-10")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_takes_days_and_weeks() {
        assert_eq!("7d".parse(), Ok(Last(7)));
        assert_eq!("4w".parse(), Ok(Last(28)));
        for text in ["", "7", "d", "0d", "0w", "-1d", "7D", "1m", "7dd", "36601d", "4294967295w", "ä"] {
            assert!(text.parse::<Last>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_period_that_has_not_begun_is_refused() {
        let now = "2026-10-31".parse::<Date>().unwrap().start();
        for (interval, has_begun) in [
            ("2026-10/2026-10", true),
            ("2026-10-31/2026-11-30", true),
            // A clock may be a day behind.
            ("2026-11/2026-11", true),
            ("2026-11-02/2026-11-03", false),
            ("2026-12/2026-12", false),
            ("2027-10/2027-10", false),
        ] {
            let interval: Interval = interval.parse().unwrap();
            assert_eq!(check_begun(&interval, now).is_ok(), has_begun, "{interval}");
        }
    }

    #[test]
    fn a_month_is_whole() {
        let Month(first) = "2028-02".parse().unwrap();
        assert_eq!(Interval::month_of(first).to_string(), "2028-02-01/2028-02-29");
        for text in ["2026-13", "2026-00", "2026", "2026-1", "2026-10-01", "October", ""] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }
}
