//! The daily totals before a month, remembered so that they are asked for once a day.

use serde::{Deserialize, Serialize};
use usage_core::{Date, UsageRecord, UsageTable};
use usage_report::Period;

/// The requests of each day of a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DailyTotals {
    /// On which day the service was asked.
    asked_on: String,
    /// The first day.
    from: String,
    /// From the first day on.
    requests: Vec<u64>,
}

impl DailyTotals {
    /// Returns the totals of `rows`, which are those of `days`, asked for `today`; `None` if a row does not say its day or
    /// its requests.
    pub(crate) fn new(rows: &UsageTable, days: Period, today: Date) -> Option<Self> {
        let mut requests = vec![0u64; usize::try_from(days.days()).ok()?];
        for row in rows {
            let place = usize::try_from(days.first_day().days_until(row.date()?)).ok()?;
            let sum = requests.get_mut(place)?;
            *sum = sum.saturating_add(row.requests()?);
        }
        Some(Self { asked_on: today.to_string(), from: days.first_day().to_string(), requests })
    }

    /// Whether they are of these days.
    pub(crate) fn are_of(&self, days: Period) -> bool {
        self.from == days.first_day().to_string() && self.requests.len() as u64 == days.days()
    }

    /// Whether the service was asked on this day.
    pub(crate) fn are_as_of(&self, day: Date) -> bool {
        self.asked_on == day.to_string()
    }

    /// Returns them as rows.
    pub(crate) fn rows(&self, days: Period) -> UsageTable {
        let row = |(ago, requests): (i64, &u64)| UsageRecord {
            date: Some(days.first_day().plus_days(ago).to_string()),
            requests: Some((*requests).min(UsageRecord::MAX_COUNT)),
            ..UsageRecord::default()
        };
        (0..).zip(&self.requests).map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn row(date: &str, requests: Option<u64>) -> UsageRecord {
        UsageRecord { date: Some(date.into()), requests, ..UsageRecord::default() }
    }

    #[test]
    fn rows_become_days_and_days_rows() {
        let days = Period::new(day("2026-07-29"), day("2026-07-31")).unwrap();
        let rows = [row("2026-07-31", Some(4)), row("2026-07-29", Some(1)), row("2026-07-31", Some(5))]
            .into_iter()
            .collect();
        let totals = DailyTotals::new(&rows, days, day("2026-08-02")).unwrap();
        assert!(
            totals.are_of(days)
                && totals.are_as_of(day("2026-08-02"))
                && !totals.are_as_of(day("2026-08-03"))
        );
        assert!(!totals.are_of(Period::new(day("2026-07-29"), day("2026-08-01")).unwrap()));
        let wanted = [row("2026-07-29", Some(1)), row("2026-07-30", Some(0)), row("2026-07-31", Some(9))];
        assert_eq!(totals.rows(days), wanted.into_iter().collect());
    }

    #[test]
    fn rows_that_do_not_say_enough_are_no_totals() {
        let days = Period::new(day("2026-07-29"), day("2026-07-31")).unwrap();
        for odd in [
            row("2026-07-29", None),
            row("2026-08-01", Some(1)),
            row("2026-07-28", Some(1)),
            row("July", Some(1)),
        ] {
            let rows = [row("2026-07-30", Some(1)), odd.clone()].into_iter().collect();
            assert_eq!(DailyTotals::new(&rows, days, day("2026-08-02")), None, "{odd:?}");
        }
    }
}
