//! Several organizations together.

use proptest::prelude::*;
use usage_core::model::Granularity;
use usage_report::{Allowance, Counts, Organizations, Report, ReportOptions};

use crate::support::{by_day, date, period, records, row, table};

#[test]
fn overruns_are_those_that_are_projected_too() {
    let july = period("2026-07-01", "2026-07-31");
    let report = |requests, allowance| {
        let days = period("2026-07-01", "2026-07-14");
        let rows = table(days.iter().map(|day| row(day, "Export", "a", requests)));
        let options =
            by_day(july).with_data_until(days.last_day()).with_allowance(Allowance::requests(allowance));
        Report::new(&rows, &options)
    };
    let reports = [
        ("Within", report(100, 10_000)),
        ("Projected", report(100, 2_000)),
        ("Exceeded", report(100, 1_000)),
    ];
    let all = Organizations::new(reports.map(|(name, report)| (name.to_owned(), report)));
    let overruns: Vec<_> = all.overruns().iter().map(|over| (over.organization, over.over)).collect();
    assert_eq!(overruns, [("Exceeded", 2_100), ("Projected", 1_100)]);
    assert_eq!(all.overruns()[1].exceeded_on, Some(date("2026-07-21")));
    assert_eq!(all.findings()[0].0, "Exceeded");

    let json = serde_json::to_value(&all).unwrap();
    assert_eq!((&json["totals"]["requests"], &json["days"][0]["requests"]), (&4_200.into(), &300.into()));
    assert_eq!(json["overruns"][0]["organization"], "Exceeded");
    assert_eq!(json["organizations"][0]["month"]["used"], 1_400);
    assert!(json["organizations"][2]["findings"][0]["sentence"].is_string());
}

#[test]
fn months_that_are_not_known_have_no_total() {
    let july = period("2026-07-01", "2026-07-31");
    let rows = table([row(date("2026-07-06"), "Export", "a", 100)]);
    let report =
        |options: ReportOptions| Report::new(&rows, &options.with_allowance(Allowance::requests(1_000)));
    let total = |reports: Vec<Report>| {
        Organizations::new((0..).map(|n: u8| n.to_string()).zip(reports))
            .allowance_total()
            .map(|total| total.used)
    };
    let (known, unknown) = (report(by_day(july)), report(ReportOptions::default()));
    assert_eq!(total(vec![known.clone(), known.clone()]), Some(200));
    assert_eq!(total(vec![known, unknown]), None);
    assert_eq!(total(Vec::new()), None);
}

#[test]
fn days_and_months_are_not_added_up() {
    let of = |granularity| {
        let options = ReportOptions::default().with_granularity(granularity);
        Report::new(&table([row(date("2026-07-01"), "Export", "a", 1)]), &options)
    };
    let empty = Report::new(&table([]), &ReportOptions::default());
    let all =
        |reports: Vec<Report>| Organizations::new((0..).map(|n: u8| n.to_string()).zip(reports)).days.len();
    assert_eq!(all(vec![of(Granularity::Day), empty, of(Granularity::Day)]), 1);
    assert_eq!(all(vec![of(Granularity::Day), of(Granularity::Month)]), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn sections_add_up_to_the_total(rows in proptest::collection::vec(records(), 0..4)) {
        let reports = rows.into_iter().enumerate().map(|(number, rows)| {
            (format!("Organization {number}"), Report::new(&table(rows), &by_day(period("2026-07-01", "2026-07-31"))))
        });
        let all = Organizations::new(reports);
        let sum: Counts = all.organizations.iter().map(|one| &one.report.totals.counts).sum();
        prop_assert_eq!(sum, all.totals);
        let by_days: Counts = all.days.iter().map(|day| &day.counts).sum();
        prop_assert_eq!(by_days, all.totals);
        if all.totals.requests > Some(0) {
            let shares: f64 = all.organizations.iter().filter_map(|one| one.share).sum();
            prop_assert!((shares - 1.0).abs() < 1e-9);
        }
    }
}
