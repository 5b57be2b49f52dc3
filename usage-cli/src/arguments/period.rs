//! The time range of a query: an interval, the last days, or a month. All days are UTC days.

use std::str::FromStr;
use std::time::SystemTime;

use clap::Args;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use usage_core::{Date, Interval, Timestamp};

use crate::problem::Problem;
use crate::process::stderr::{self, HINT};

/// The maximum of `--last` in years, further back than the service keeps data.
const MAX_YEARS: u32 = 100;

/// Which days: one of the three.
#[derive(Debug, Args)]
#[command(next_help_heading = "Period (one of them)")]
#[group(multiple = false)]
pub(crate) struct PeriodArgs {
    /// From A to B, both included, whole UTC days: days (2026-10-01/2026-10-31), months (2026-07/2026-09) or date-times in UTC
    #[arg(long, value_name = "A/B")]
    interval: Option<Interval>,

    /// The last days, weeks, months or years, as whole UTC days that end yesterday: 7d, 4w, 3m, 1y
    #[arg(long, value_name = "DAYS")]
    last: Option<Last>,

    /// A calendar month: 2026-10, or 'last' or 'this'
    #[arg(long, value_name = "MONTH", add = ArgValueCandidates::new(completed_months))]
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

    /// The interval to ask for whole days of. An execution that was submitted before has its own: then none need be given.
    pub(crate) fn days(&self, attached: bool) -> Result<Interval, Problem> {
        let interval = self.interval(attached)?;
        note_midnight(&interval);
        Ok(interval)
    }

    /// The interval to ask for: one that has begun.
    pub(crate) fn interval(&self, attached: bool) -> Result<Interval, Problem> {
        let now = SystemTime::now().into();
        let interval = self.interval_at(now, attached)?;
        if !attached {
            check_begun(&interval, now)?;
        }
        Ok(interval)
    }

    fn interval_at(&self, now: Timestamp, attached: bool) -> Result<Interval, Problem> {
        match self {
            Self { interval: Some(interval), .. } => Ok(interval.clone()),
            Self { last: Some(last), .. } => last.interval(Date::of(now)),
            Self { month: Some(month), .. } => Ok(Interval::month_of(month.day(Date::of(now)))),
            // This value is never sent.
            _ if attached => Ok(Interval::last_days(1, now)),
            _ => Err(Problem::usage("which period? Give --last 7d, --month last or --interval A/B")),
        }
    }
}

/// Refuses an interval that has not begun, and notes an end that looks like one that is not to be counted.
pub(crate) fn check_days(interval: &Interval) -> Result<(), Problem> {
    check_begun(interval, SystemTime::now().into())?;
    note_midnight(interval);
    Ok(())
}

fn note_midnight(interval: &Interval) {
    let (first, last) = (interval.first_day(), interval.last_day());
    if interval.ends_at_midnight() && first < last {
        let meant = last.plus_days(-1);
        let text =
            format!("{last} is counted as well: the end is included; without it, write {first}/{meant}");
        stderr::labelled("note", HINT, text);
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

/// A time that ends yesterday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    Days(u32),
    /// Calendar months: they begin at this day of an earlier month, or at that month's last day if it has no such day.
    Months(u32),
}

impl Last {
    /// Returns its first day, if it ends the day before `today`.
    pub(crate) fn first_day(self, today: Date) -> Date {
        match self {
            Self::Days(days) => today.plus_days(-i64::from(days)),
            Self::Months(months) => {
                let before = |month: Date| month.plus_days(-1).first_of_month();
                let month = (0..months).fold(today.first_of_month(), |month, _| before(month));
                month.plus_days(i64::from(today.day()) - 1).min(month.last_of_month())
            }
        }
    }

    fn interval(self, today: Date) -> Result<Interval, Problem> {
        Interval::from_days(self.first_day(today), today.plus_days(-1)).map_err(Problem::build)
    }
}

impl FromStr for Last {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "write a number of days, weeks, months or years, such as 7d, 4w, 3m or 1y, up to {MAX_YEARS} years"
            )
        };
        let unit = text.chars().last().ok_or_else(wrong)?;
        let number =
            text.strip_suffix(unit).and_then(|number| number.parse::<u32>().ok()).ok_or_else(wrong)?;
        let (last, most) = match unit {
            'd' => (Self::Days(number), MAX_YEARS * 366),
            'w' => (Self::Days(number.saturating_mul(7)), MAX_YEARS * 366 / 7),
            'm' => (Self::Months(number), MAX_YEARS * 12),
            'y' => (Self::Months(number.saturating_mul(12)), MAX_YEARS),
            _ => return Err(wrong()),
        };
        if (1..=most).contains(&number) { Ok(last) } else { Err(wrong()) }
    }
}

/// A calendar month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Month {
    /// The one with this day.
    Of(Date),
    /// The present one.
    This,
    /// The one before the present one.
    Last,
}

impl Month {
    /// Returns a day of it, where the present month has the day `today`.
    fn day(self, today: Date) -> Date {
        match self {
            Self::Of(day) => day,
            Self::This => today,
            Self::Last => today.first_of_month().plus_days(-1),
        }
    }
}

impl FromStr for Month {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "this" => Ok(Self::This),
            "last" => Ok(Self::Last),
            _ => {
                let first = format!("{text}-01").parse::<Date>();
                first
                    .map(Self::Of)
                    .map_err(|_| "write a month as yyyy-MM, such as 2026-10, or 'last' or 'this'")
            }
        }
    }
}

/// Returns the months that have names, for a shell to complete.
fn completed_months() -> Vec<CompletionCandidate> {
    let month = |name: &str, help: &str| CompletionCandidate::new(name).help(Some(help.to_owned().into()));
    vec![
        month("last", "the calendar month before the present one"),
        month("this", "the present month so far"),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn last_takes_days_weeks_months_and_years() {
        assert_eq!("7d".parse(), Ok(Last::Days(7)));
        assert_eq!("4w".parse(), Ok(Last::Days(28)));
        assert_eq!("3m".parse(), Ok(Last::Months(3)));
        assert_eq!("1y".parse(), Ok(Last::Months(12)));
        for text in ["36600d", "5228w", "1200m", "100y"] {
            assert!(text.parse::<Last>().is_ok(), "{text}");
        }
        for text in [
            "",
            "7",
            "d",
            "0d",
            "0w",
            "0m",
            "0y",
            "-1d",
            "7D",
            "1M",
            "7dd",
            "36601d",
            "5229w",
            "1201m",
            "101y",
            "4294967295w",
            "4294967295y",
            "4294967296d",
            "ä",
            "7ä",
            "1mo",
        ] {
            assert!(text.parse::<Last>().is_err(), "{text}");
        }
    }

    #[test]
    fn months_and_years_go_back_to_the_same_day_or_the_last_of_a_shorter_month() {
        for (today, last, wanted) in [
            ("2026-10-31", "7d", "2026-10-24/2026-10-30"),
            ("2026-01-01", "1w", "2025-12-25/2025-12-31"),
            ("2026-11-28", "1m", "2026-10-28/2026-11-27"),
            ("2026-03-31", "1m", "2026-02-28/2026-03-30"),
            ("2028-03-31", "1m", "2028-02-29/2028-03-30"),
            ("2026-05-31", "3m", "2026-02-28/2026-05-30"),
            ("2026-01-31", "2m", "2025-11-30/2026-01-30"),
            ("2026-11-28", "1y", "2025-11-28/2026-11-27"),
            ("2028-02-29", "1y", "2027-02-28/2028-02-28"),
            ("2028-03-01", "1y", "2027-03-01/2028-02-29"),
            ("2032-02-29", "4y", "2028-02-29/2032-02-28"),
        ] {
            let interval = last.parse::<Last>().unwrap().interval(date(today)).unwrap();
            assert_eq!(interval.to_string(), wanted, "{last} on {today}");
        }
    }

    proptest! {
        /// Twelve months are a year, which the jobs look back, and more months reach further back.
        #[test]
        fn a_longer_time_reaches_further_back(day in 738_000i64..780_000, months in 1u32..1200) {
            let today = date("0001-01-01").plus_days(day);
            let first = |months| Last::Months(months).first_day(today);
            prop_assert_eq!(first(12), today.plus_years(-1));
            prop_assert!(first(months) < today && first(months + 1) < first(months));
            let days = first(months).days_until(today);
            prop_assert!((28 * i64::from(months)..=31 * i64::from(months)).contains(&days), "{}", days);
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
        for (today, month, wanted) in [
            ("2026-11-28", "2028-02", "2028-02-01/2028-02-29"),
            ("2026-11-28", "last", "2026-10-01/2026-10-31"),
            ("2026-11-28", "this", "2026-11-01/2026-11-30"),
            ("2026-03-31", "last", "2026-02-01/2026-02-28"),
            ("2028-03-31", "last", "2028-02-01/2028-02-29"),
            ("2026-01-01", "last", "2025-12-01/2025-12-31"),
            ("2026-01-01", "this", "2026-01-01/2026-01-31"),
        ] {
            let day = month.parse::<Month>().unwrap().day(date(today));
            assert_eq!(Interval::month_of(day).to_string(), wanted, "{month} on {today}");
        }
        for text in ["2026-13", "2026-00", "2026", "2026-1", "2026-10-01", "October", "", "Last", "next"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }
}
