//! What a history does, and what it does not.

use usage_core::model::Granularity;
use usage_core::{Date, UsageRecord, UsageTable};
use usage_report::{Allowance, MonthUse, Period, Report, ReportOptions};

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn period(from: &str, to: &str) -> Period {
    Period::new(date(from), date(to)).unwrap()
}

/// Rows of the days of `period`, with the requests that `of` says, if any.
fn rows(period: Period, of: impl Fn(Date) -> Option<u64>) -> UsageTable {
    let row = |date: Date| {
        Some(UsageRecord {
            date: Some(date.to_string()),
            requests: Some(of(date)?),
            ..UsageRecord::default()
        })
    };
    period.iter().filter_map(row).collect()
}

/// 1,000 on each working day, and no row at the weekend.
fn office(date: Date) -> Option<u64> {
    (date.weekday() <= 5).then_some(1_000)
}

/// August 2026 with 21 working days, as it is after some of its days.
fn august(until: &str) -> ReportOptions {
    ReportOptions::default()
        .with_granularity(Granularity::Day)
        .with_period(period("2026-08-01", "2026-08-31"))
        .with_data_until(date(until))
        .with_allowance(Allowance::requests(100_000))
}

fn month(rows: &UsageTable, options: &ReportOptions) -> MonthUse {
    Report::new(rows, options).allowance.unwrap().months.pop().unwrap()
}

const BEFORE: (&str, &str) = ("2026-04-11", "2026-07-31");

#[test]
fn a_month_is_projected_by_the_days_before_it_from_its_first_day_on() {
    let before = period(BEFORE.0, BEFORE.1);
    for until in ["2026-07-31", "2026-08-01", "2026-08-02", "2026-08-03", "2026-08-10", "2026-08-30"] {
        let options = august(until).with_history(&rows(before, office), before);
        let so_far = Period::new(date("2026-08-01"), date(until))
            .map_or_else(UsageTable::new, |days| rows(days, office));
        let month = month(&so_far, &options);
        assert_eq!((month.projected, month.is_projected), (21_000, true), "{until}: {}", month.assumption);
        assert_eq!(month.projected_from_days, Some(28), "{until}");
        assert!(month.projected_trend_days > Some(100), "{until}");
        assert_eq!(month.used, so_far.iter().filter_map(|row| row.requests()).sum::<u64>(), "{until}");
    }
}

#[test]
fn a_history_is_in_no_sum_and_in_no_list() {
    let before = period(BEFORE.0, BEFORE.1);
    let so_far = rows(period("2026-08-01", "2026-08-10"), office);
    let options = august("2026-08-10");
    let without = Report::new(&so_far, &options);
    let mut with = Report::new(&so_far, &options.with_history(&rows(before, |_| Some(7)), before));
    assert_ne!(with.allowance, without.allowance);
    with.allowance.clone_from(&without.allowance);
    assert_eq!(with.findings.len(), without.findings.len());
    with.findings.clone_from(&without.findings);
    assert_eq!(with, without);
}

#[test]
fn usage_that_began_lately_is_not_projected_by_the_days_without_it() {
    let before = period(BEFORE.0, BEFORE.1);
    // It began on Monday, 20 July, or on the first working day of August.
    for (begin, from_days) in [("2026-07-20", 22), ("2026-08-03", 10)] {
        let began = |day: Date| office(day).filter(|_| day >= date(begin));
        let options = august("2026-08-10").with_history(&rows(before, began), before);
        let month = month(&rows(period("2026-08-01", "2026-08-10"), began), &options);
        assert_eq!((month.projected, month.projected_from_days), (21_000, Some(from_days)), "{begin}");
        assert_eq!(month.projected_trend_days, None);
    }
}

#[test]
fn rows_that_do_not_say_their_requests_or_their_day_are_no_history() {
    let before = period(BEFORE.0, BEFORE.1);
    let so_far = rows(period("2026-08-01", "2026-08-10"), office);
    let without = month(&so_far, &august("2026-08-10"));
    let odd = [
        UsageRecord { date: Some("2026-07-08".into()), status200: Some(5), ..UsageRecord::default() },
        UsageRecord { date: Some("July".into()), requests: Some(5), ..UsageRecord::default() },
        UsageRecord { requests: Some(5), ..UsageRecord::default() },
    ];
    for odd in odd {
        let history: UsageTable =
            rows(before, office).iter().map(|row| row.to_record()).chain([odd.clone()]).collect();
        assert_eq!(month(&so_far, &august("2026-08-10").with_history(&history, before)), without, "{odd:?}");
    }
}

#[test]
fn days_of_the_month_before_the_rows_are_taken_from_the_history() {
    // A batch on the 3rd that no weekday tells.
    let real = |day: Date| if day == date("2026-08-03") { Some(50_000) } else { office(day) };
    let last_week = period("2026-08-20", "2026-08-26");
    let before = period("2026-04-30", "2026-08-19");
    let options = august("2026-08-26").with_period(last_week);
    let options = options.with_history(&rows(before, real), before);
    let so_far = month(&rows(last_week, real), &options);
    assert_eq!((so_far.used, so_far.days_counted), (5_000, 7));
    assert_eq!((so_far.projected, so_far.ended), (70_000, false), "{}", so_far.assumption);
    assert!(so_far.assumption.contains("the 5 days of 2026-08 not in the data"), "{}", so_far.assumption);
    assert!(so_far.assumption.ends_with("the 19 days before the rows are added from daily totals"));
    assert_eq!((so_far.projected_low, so_far.projected_high), (Some(70_000), Some(70_000)));

    // Of a month that is over, nothing is left to expect.
    let last_week = period("2026-08-25", "2026-08-31");
    let before = period("2026-05-05", "2026-08-24");
    let options = august("2026-08-31").with_period(last_week);
    let month = month(&rows(last_week, real), &options.with_history(&rows(before, real), before));
    assert_eq!((month.projected, month.projected_from_days, month.ended), (70_000, None, true));
    assert_eq!(month.assumption, "the 24 days before the rows are added from daily totals");
}

#[test]
fn a_last_day_that_is_not_counted_yet_is_no_quiet_day() {
    let before = period(BEFORE.0, BEFORE.1);
    // Friday, 31 July, is asked for on Saturday: the service has no row of it yet.
    let uncounted = rows(before, |day| office(day).filter(|_| day != date("2026-07-31")));
    let month = month(&UsageTable::new(), &august("2026-07-31").with_history(&uncounted, before));
    assert_eq!(month.projected, 21_000, "{}", month.assumption);
    assert!(month.assumption.contains("up to 2026-07-30"), "{}", month.assumption);
}
