//! Thresholds and the alerts that cross them.

use usage_core::model::Granularity;
use usage_core::{Date, UsageRecord, UsageTable};
use usage_report::{Allowance, ClientDays, Period, ReportOptions};

use super::*;

fn percent(text: &str) -> Percent {
    text.parse().unwrap()
}

fn report(requests: u64, status429: Option<u64>, allowance: Option<u64>) -> Look {
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
    Look { organization: None, report: Report::new(&table, &options), clients: None }
}

#[test]
fn a_threshold_is_crossed_where_it_is_reached() {
    let thresholds = Thresholds {
        share: vec![percent("80%"), percent("100%"), percent("80%")],
        rate_limited: vec![percent("1%")],
        ..Thresholds::default()
    };
    let crossed = |look: &Look| {
        let crossed = thresholds.crossed(look);
        crossed.iter().map(|one| format!("{} {}", one.alert.name(), one.threshold)).collect::<Vec<_>>()
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
    let look = report(50, None, Some(100));
    let month = latest(&look.report).unwrap();
    let is_over = month.projected_share.is_some_and(|share| share >= 1.0);
    assert_eq!(!thresholds.crossed(&look).is_empty(), is_over);
    let crossed = Crossed::fraction(Alert::Projected, percent("120%"), percent("0.001%"), Some("acme"));
    assert_eq!(
        crossed.to_string(),
        "acme: 120 % of the month's allowance is projected to be used, 0.001 % or more is an alert"
    );
}

/// Five weeks of a client with 1,000 requests a day, and of others.
fn clients(known_from: i64) -> Clients {
    let month: Date = "2026-11-01".parse().unwrap();
    let known = Period::new(month.plus_days(known_from), month.plus_days(6)).unwrap();
    let row = |date: Date, name: &str, requests| UsageRecord {
        date: Some(date.to_string()),
        client_name: Some(name.into()),
        requests: Some(requests),
        ..UsageRecord::default()
    };
    let mut days = ClientDays::new(known);
    for date in known.iter() {
        let last = date == known.last_day();
        let rows = [row(date, "Export", if last { 4_000 } else { 1_000 }), row(date, "Sync", 1_000)];
        days.add(&rows.into_iter().collect::<UsageTable>());
    }
    days.add(&[row(month.plus_days(2), "Pilot", 1_234)].into_iter().collect::<UsageTable>());
    Clients { days, known, month: Period::new(month, known.last_day()).unwrap() }
}

#[test]
fn a_client_that_jumps_is_an_alert_of_its_highest_threshold() {
    let thresholds =
        Thresholds { jump: vec![Factor(3.0), Factor(4.0), Factor(9.0)], ..Thresholds::default() };
    let mut look = report(1, None, None);
    assert!(thresholds.need_clients() && thresholds.crossed(&look).is_empty());
    look.clients = Some(clients(-28));
    let texts: Vec<_> = thresholds.crossed(&look).iter().map(ToString::to_string).collect();
    assert_eq!(
        texts,
        ["Export made 4,000 requests on 2026-11-07, 4x its usual 1,000, 4x or more is an alert"]
    );
    let high = Thresholds { jump: vec![Factor(4.01)], ..Thresholds::default() };
    assert!(high.crossed(&look).is_empty());
}

#[test]
fn a_new_client_is_an_alert_if_the_weeks_before_are_known() {
    let thresholds = Thresholds { new_clients: true, ..Thresholds::default() };
    let mut look = report(1, None, None);
    look.organization = Some("acme".into());
    look.clients = Some(clients(-28));
    let crossed = thresholds.crossed(&look);
    let texts: Vec<_> = crossed.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["acme: Pilot is new: 1,234 requests since 2026-11-03, and none in the weeks before"]);
    assert_eq!(crossed[0].client_key(), Some("Pilot"));
    look.clients = Some(clients(-27));
    assert!(thresholds.crossed(&look).is_empty());
}
