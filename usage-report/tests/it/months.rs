//! Months against an allowance: what is known of them, what is projected, and what is left out.

use std::time::Duration;

use proptest::prelude::*;
use usage_core::model::Granularity;
use usage_core::{Date, Gap, Scope, ScopeQuery, Timestamp, UsageRecord, UsageTable};
use usage_report::{Allowance, Limitation, MonthUse, Period, Report, ReportOptions};

fn row(date: &str, requests: u64) -> UsageRecord {
    UsageRecord {
        date: Some(date.into()),
        client_id: Some("a".into()),
        requests: Some(requests),
        ..Default::default()
    }
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn period(from: &str, to: &str) -> Period {
    Period::new(date(from), date(to)).unwrap()
}

/// Rows by `granularity` of October 2026, whose data goes until `until`.
fn october(granularity: Granularity, until: &str) -> ReportOptions {
    ReportOptions::default()
        .with_granularity(granularity)
        .with_period(period("2026-10-01", "2026-10-31"))
        .with_data_until(date(until))
        .with_allowance(Allowance::requests(22_500))
}

fn months(rows: &UsageTable, options: &ReportOptions) -> Vec<MonthUse> {
    Report::new(rows, options).allowance.unwrap().months
}

fn month(rows: &UsageTable, options: &ReportOptions) -> MonthUse {
    months(rows, options).pop().unwrap()
}

/// 1,000 on each workday.
fn workdays(from: &str, to: &str) -> UsageTable {
    let days = period(from, to).days();
    let days = (0..i64::try_from(days).unwrap()).map(|day| date(from).plus_days(day));
    days.filter(|day| day.weekday() <= 5).map(|day| row(&day.to_string(), 1_000)).collect()
}

#[test]
fn a_past_month_whose_last_days_were_quiet_has_ended() {
    let month = month(&workdays("2026-10-01", "2026-10-31"), &october(Granularity::Day, "2026-11-14"));
    assert_eq!((month.used, month.projected, month.ended, month.projected_over), (22_000, 22_000, true, 0));
    assert_eq!((month.days_counted, month.projected_low, month.exceeded_on), (31, None, None));
}

#[test]
fn a_past_month_without_any_row_is_there() {
    let rows = workdays("2026-08-01", "2026-08-31");
    let options = october(Granularity::Day, "2026-11-14").with_period(period("2026-08-01", "2026-10-31"));
    let used: Vec<_> =
        months(&rows, &options).iter().map(|month| (month.used, month.projected, month.ended)).collect();
    assert_eq!(used, [(21_000, 21_000, true), (0, 0, true), (0, 0, true)]);
    let used = months(&UsageTable::new(), &options);
    assert_eq!(used.iter().map(|month| month.projected).collect::<Vec<_>>(), [0, 0, 0]);
}

#[test]
fn the_quiet_days_of_a_month_count_for_its_projection() {
    // A batch on the 1st, and nothing since.
    let rows: UsageTable = [row("2026-10-01", 10_000)].into_iter().collect();
    for until in ["2026-10-09", "2026-10-14", "2026-10-19"] {
        let month = month(&rows, &october(Granularity::Day, until));
        assert!(month.projected <= 60_000, "{} projected on {until}: {}", month.projected, month.assumption);
    }
    let month = month(&rows, &october(Granularity::Day, "2026-10-19"));
    assert!((10_000..17_000).contains(&month.projected) && month.days_counted == 19, "{}", month.assumption);
}

#[test]
fn rows_of_a_week_that_begins_before_the_period_are_of_the_period() {
    let weeks = ["2026-09-28", "2026-10-05", "2026-10-12", "2026-10-19", "2026-10-26"];
    let rows: UsageTable = weeks.into_iter().map(|day| row(day, 700)).collect();
    let used = months(&rows, &october(Granularity::Week, "2026-11-14"));
    assert_eq!((used.len(), used[0].used, used[0].ended), (1, 3_500, true));
    assert_eq!(used[0].assumption, "every day of 2026-10 is in the data");
}

#[test]
fn a_week_of_two_months_is_divided_by_days_and_that_is_said() {
    let rows: UsageTable = [row("2026-09-28", 700), row("2026-10-05", 70)].into_iter().collect();
    let options = october(Granularity::Week, "2026-11-14").with_period(period("2026-09-28", "2026-10-11"));
    let used = months(&rows, &options);
    assert_eq!(used.iter().map(|month| month.used).collect::<Vec<_>>(), [300, 470]);
    for month in used {
        assert!(month.assumption.contains("divided by days"), "{}", month.assumption);
    }
}

#[test]
fn the_rows_of_today_are_used_but_no_day() {
    let mut rows = workdays("2026-10-01", "2026-10-14");
    let options = october(Granularity::Day, "2026-10-14");
    let before = month(&rows, &options);
    rows.push(&row("2026-10-15", 300));
    let with_today = month(&rows, &options);
    assert_eq!((with_today.used, with_today.days_counted), (before.used + 300, before.days_counted));
    assert_eq!(with_today.projected, before.projected);
    assert!(
        with_today.assumption.ends_with("a part of them is counted already"),
        "{}",
        with_today.assumption
    );
    // On the first of a month, there is nothing but the rows of today.
    let mut rows = workdays("2026-10-01", "2026-10-31");
    rows.push(&row("2026-11-01", 5));
    let options = october(Granularity::Day, "2026-10-31").with_period(period("2026-10-01", "2026-11-30"));
    let used = months(&rows, &options);
    assert_eq!(
        used.iter().map(|month| (month.used, month.days_counted)).collect::<Vec<_>>(),
        [(22_000, 31), (5, 0)]
    );
    assert_eq!(used[0].projected, 22_000);
}

#[test]
fn a_bucket_of_unknown_length_is_no_day() {
    let one: UsageTable = [row("2026-10-01", 22_000)].into_iter().collect();
    let mut options = october(Granularity::Day, "2026-11-14");
    options.granularity = None;
    assert_eq!(month(&one, &options).projected, 22_000);
    let weekly: UsageTable =
        ["2026-10-05", "2026-10-12", "2026-10-19"].map(|day| row(day, 700)).into_iter().collect();
    assert_eq!(month(&weekly, &options).projected, 2_100);

    // What is of two months is left out, and the granularity would tell.
    options.period = Some(period("2026-10-01", "2026-11-10"));
    let report = Report::new(&weekly, &options);
    assert_eq!((report.granularity, report.allowance.unwrap().months.len()), (None, 0));
    assert_eq!(report.limitations, [Limitation::Granularity]);
    assert!(report.weekdays.is_none());
}

#[test]
fn rows_of_an_unknown_period_are_not_projected() {
    let rows = workdays("2026-10-01", "2026-10-14");
    let options = ReportOptions::default()
        .with_granularity(Granularity::Day)
        .with_data_until(date("2026-11-14"))
        .with_allowance(Allowance::requests(22_500));
    let report = Report::new(&rows, &options);
    assert_eq!(report.limitations, [Limitation::Period]);
    let month = report.allowance.unwrap().months.pop().unwrap();
    assert_eq!((month.used, month.days_counted, month.is_projected), (10_000, 10, false));
    assert_eq!((month.projected_share, month.days), (None, None));
    let json = serde_json::to_value(&month).unwrap();
    assert!(json.get("projected").is_none() && json.get("projectedOver").is_none(), "{json}");
}

#[test]
fn one_bucket_that_is_said_to_be_a_month_is_not_projected_to_thirty() {
    let rows: UsageTable = [row("2026-08-01", 7_959_556)].into_iter().collect();
    let asked = Timestamp::from_unix_millis(1_795_824_000_000);
    let query =
        ScopeQuery::new("2026-08/2026-08".parse().unwrap()).with_granularity(Some(Granularity::Month));
    let options = ReportOptions::default()
        .with_scope(Scope::new("organization", asked).with_query(query))
        .with_allowance(Allowance::requests(9_000_000));
    let month = month(&rows, &options);
    assert_eq!((month.projected, month.ended, month.is_projected), (7_959_556, true, true));
}

#[test]
fn what_is_missing_is_not_projected_and_what_is_filtered_is_said() {
    let rows = workdays("2026-10-01", "2026-10-14");
    let asked = date("2026-10-15").start();
    let query =
        || ScopeQuery::new("2026-10/2026-10".parse().unwrap()).with_granularity(Some(Granularity::Day));
    let scope = || Scope::new("simple-search", asked).with_query(query());
    let report = |scope: Scope| {
        let options = ReportOptions::default().with_scope(scope).with_allowance(Allowance::requests(22_500));
        Report::new(&rows, &options)
    };
    let whole = report(scope());
    assert_eq!(whole.limitations, []);
    assert!(whole.allowance.unwrap().latest().unwrap().is_projected);
    for gap in [Gap::RowLimit, Gap::Pages, Gap::from("flood")] {
        let report = report(scope().with_gap(gap));
        assert_eq!(report.limitations, [Limitation::Missing]);
        assert!(!report.allowance.unwrap().latest().unwrap().is_projected);
    }
    let of_one = Scope::new("client", asked).with_query(query().with_filter("clientId", ["a"]));
    assert_eq!(report(of_one).limitations, [Limitation::Filter]);
    // Only what the scope covers is known, whatever period is asked for.
    let options = ReportOptions::default()
        .with_scope(scope())
        .with_period(period("2026-09-01", "2026-10-31"))
        .with_allowance(Allowance::requests(22_500));
    assert_eq!(months(&rows, &options).len(), 1);
}

#[test]
fn rows_without_a_count_are_not_projected() {
    let searched = UsageRecord { requests: None, status200: Some(5), ..row("2026-10-02", 0) };
    let some: UsageTable = [row("2026-10-01", 10), searched.clone()].into_iter().collect();
    let options = october(Granularity::Day, "2026-10-14");
    let report = Report::new(&some, &options);
    assert_eq!(report.limitations, [Limitation::Requests]);
    assert!(!report.allowance.unwrap().latest().unwrap().is_projected);
    assert!(months(&[searched].into_iter().collect(), &options).is_empty());
}

#[test]
fn the_earlier_period_tells_how_the_weekdays_were() {
    let (september, october_so_far) =
        (workdays("2026-09-01", "2026-09-30"), workdays("2026-10-01", "2026-10-02"));
    let options = october(Granularity::Day, "2026-10-02");
    let alone = month(&october_so_far, &options);
    let before = Some(period("2026-09-01", "2026-09-30"));
    let report = Report::compared(&october_so_far, &september, before, &options);
    let compared = report.allowance.unwrap().months.pop().unwrap();
    assert_eq!((compared.projected, compared.projected_from_days), (22_000, Some(28)));
    assert!(alone.projected > 22_000 && alone.projected_from_days == Some(2), "{}", alone.assumption);
    // Rows of unknown days are no history.
    let report = Report::compared(&october_so_far, &september, None, &options);
    assert_eq!(report.allowance.unwrap().months.pop().unwrap().projected, alone.projected);
}

#[test]
fn the_day_on_which_it_will_be_exceeded_is_found_by_weekday() {
    let options = october(Granularity::Day, "2026-10-16").with_allowance(Allowance::requests(12_500));
    let month = month(&workdays("2026-10-01", "2026-10-16"), &options);
    // 12 workdays until Friday the 16th; nothing on the week end.
    assert_eq!((month.used, month.exceeded_on), (12_000, Some(date("2026-10-19"))));
}

proptest! {
    /// Whatever was quiet in it, a month that is known as a whole has what its rows have.
    #[test]
    fn a_whole_month_is_the_sum_of_its_rows(
        requests in proptest::collection::btree_map(1u8..=30, 0u64..10_000, 0..20),
        granularity in prop::option::of(prop::sample::select(vec![Granularity::Day, Granularity::Week, Granularity::Month])),
    ) {
        let rows: UsageTable = requests.iter().map(|(day, requests)| row(&format!("2026-10-{day:02}"), *requests)).collect();
        let mut options = october(Granularity::Day, "2026-11-14");
        options.granularity = granularity;
        let month = month(&rows, &options);
        let sum = requests.values().sum::<u64>();
        prop_assert_eq!((month.used, month.projected, month.ended), (sum, sum, true));
    }

    /// What is used of all months is what the rows have, however buckets lie in them.
    #[test]
    fn months_add_up(
        weeks in proptest::collection::btree_map(0i64..30, 0u64..10_000, 1..20),
        (from, length) in (0i64..100, 0i64..120),
        is_weekly: bool,
    ) {
        let monday = date("2026-06-01");
        let from = monday.plus_days(from);
        let rows: UsageTable = weeks.iter().map(|(week, requests)| {
            let bucket = monday.plus_days(7 * week);
            row(&(if is_weekly { bucket } else { bucket.first_of_month() }).to_string(), *requests)
        }).collect();
        let granularity = if is_weekly { Granularity::Week } else { Granularity::Month };
        let options = ReportOptions::default().with_granularity(granularity).with_allowance(Allowance::requests(1))
            .with_period(Period::new(from, from.plus_days(length)).unwrap());
        let used: u64 = months(&rows, &options).iter().map(|month| month.used).sum();
        prop_assert_eq!(used, weeks.values().sum::<u64>());
    }

    /// A scope says what the options say.
    #[test]
    fn a_scope_is_as_good_as_options(
        requests in proptest::collection::btree_map(1u8..=30, 0u64..10_000, 0..20),
        (from, to, until) in (1u8..=28, 28u8..=31, 1u64..60),
    ) {
        let rows: UsageTable = requests.iter().map(|(day, requests)| row(&format!("2026-10-{day:02}"), *requests)).collect();
        let (from, to) = (format!("2026-10-{from:02}"), format!("2026-10-{to:02}"));
        let asked = date("2026-10-01").start().saturating_add(Duration::from_secs(until * 86_400));
        let options = october(Granularity::Day, "2026-10-31")
            .with_data_until(Date::of(asked).plus_days(-1)).with_period(period(&from, &to));
        let query = ScopeQuery::new(format!("{from}/{to}").parse().unwrap()).with_granularity(Some(Granularity::Day));
        let scope = Scope::new("organization", asked).with_query(query);
        let of_scope = ReportOptions::default().with_scope(scope).with_allowance(Allowance::requests(22_500));
        prop_assert_eq!(months(&rows, &options), months(&rows, &of_scope));
    }

    /// A part of a day that is not over changes nothing but what is used.
    #[test]
    fn a_day_that_is_not_over_does_not_change_the_projection(today in 0u64..=1_000) {
        let options = october(Granularity::Day, "2026-10-14");
        let mut rows = workdays("2026-10-01", "2026-10-14");
        let before = month(&rows, &options);
        rows.push(&row("2026-10-15", today));
        let with_today = month(&rows, &options);
        prop_assert_eq!((with_today.used, with_today.projected), (before.used + today, before.projected));
    }
}
