//! What matters in a report: a planted culprit is found, and no finding contradicts the totals.

use proptest::option;
use proptest::prelude::*;
use usage_core::{Gap, Scope, Timestamp, UsageTable};
use usage_report::{
    Allowance, Finding, FindingKind, Identity, Limitation, MonthStanding, Period, Report, ReportOptions,
    Severity, Subject,
};

use crate::support::{by_day, date, period, records, row, table, with_errors};

/// Eight weeks of two clients with 1,000 requests a day each, 2026-06-01 being a Monday.
fn quiet_weeks() -> Vec<usage_core::UsageRecord> {
    let days = weeks();
    days.iter()
        .flat_map(|day| [row(day, "Export", "api/v2/users", 1_000), row(day, "Sync", "api/v2/queues", 1_000)])
        .collect()
}

fn weeks() -> Period {
    period("2026-06-01", "2026-07-26")
}

fn sentences(report: &Report) -> Vec<String> {
    report.findings.iter().map(Finding::sentence).collect()
}

fn of_kind<'a>(report: &'a Report, name: &str) -> Vec<&'a Finding> {
    report.findings.iter().filter(|finding| finding.name() == name).collect()
}

#[test]
fn nothing_is_found_where_nothing_happens() {
    let report = Report::new(&table(quiet_weeks()), &by_day(weeks()));
    assert_eq!(sentences(&report), [""; 0]);
    assert_eq!(sentences(&Report::new(&UsageTable::new(), &ReportOptions::default())), [""; 0]);
    let held = by_day(weeks()).with_allowance(Allowance::requests(10));
    let json = serde_json::to_value(Report::new(&UsageTable::new(), &held)).unwrap();
    assert_eq!(json.get("findings"), None);
}

#[test]
fn who_causes_the_429_is_found_with_the_uri() {
    let mut rows = quiet_weeks();
    let day = date("2026-07-20");
    rows.push(with_errors(row(day, "Wallboard", "api/v2/routing/queues", 5_000), 4_000, 0));
    rows.push(with_errors(row(day, "Wallboard", "api/v2/users", 5_000), 1_000, 0));
    rows.push(with_errors(row(day, "Export", "api/v2/users", 1_000), 200, 0));
    let report = Report::new(&table(rows), &by_day(weeks()).with_top(1));
    let [found] = &of_kind(&report, "rateLimited")[..] else { panic!("{:?}", report.findings) };
    assert_eq!(
        found.sentence(),
        "Wallboard causes 96.2 % of the rate-limited requests, 80.0 % of them on api/v2/routing/queues; 5,200 requests were \
         rate limited (429), 4.23 % of all."
    );
    assert_eq!(found.severity, Severity::Warning);
    assert_eq!(report.findings[0], **found);
    // Each leads to its row, though neither is in a list of one entry.
    let about = found.about();
    assert_eq!(about.iter().map(|of| of.subject).collect::<Vec<_>>(), [Subject::Client, Subject::Uri]);
    let position = report.clients.position(about[0]).unwrap();
    assert_eq!(report.clients.entry(position).unwrap().label(), Some("Wallboard"));
    let json = serde_json::to_value(found).unwrap();
    assert_eq!((&json["kind"], &json["severity"]), (&"rateLimited".into(), &"warning".into()));
    assert_eq!((&json["cause"]["subject"], &json["cause"]["requests"]), (&"client".into(), &5_000.into()));
    assert_eq!(json["uri"]["name"], "api/v2/routing/queues");
}

#[test]
fn of_many_clients_with_429_the_first_has_the_most() {
    let day = date("2026-07-20");
    let rows =
        (0..10).map(|n| with_errors(row(day, &format!("Client {n}"), "api/v2/users", 1_000), 10 + n, 0));
    let report = Report::new(&table(rows), &by_day(day.into()));
    assert_eq!(
        of_kind(&report, "rateLimited")[0].sentence(),
        "145 requests were rate limited (429), 1.45 % of all; Client 9 has the most, 13.1 %, all of its own on \
         api/v2/users."
    );
}

#[test]
fn the_highest_error_rate_of_material_volume_is_found() {
    let mut rows = quiet_weeks();
    let day = date("2026-07-20");
    // Of two requests, both failed; that is no volume.
    rows.push(with_errors(row(day, "Tiny", "api/v2/tiny", 2), 0, 2));
    rows.push(with_errors(row(day, "Broken", "api/v2/flows", 2_000), 0, 200));
    let report = Report::new(&table(rows.clone()), &by_day(weeks()));
    let found: Vec<_> = of_kind(&report, "errorRate").into_iter().map(Finding::sentence).collect();
    let of = |name| {
        format!(
            "{name} has the highest error rate: 10.0 % of its 2,000 requests failed besides rate limits (200), against \
             0.18 % of all."
        )
    };
    // The URI that only this client calls is not a finding of its own.
    assert_eq!(found, [of("Broken")]);
    let mut rows: Vec<_> = rows.clone();
    rows.push(row(day, "Export", "api/v2/flows", 100));
    assert_eq!(of_kind(&Report::new(&table(rows), &by_day(weeks())), "errorRate").len(), 2);
    // Rate-limited requests are another matter.
    let throttled = [with_errors(row(day, "Wallboard", "api/v2/users", 5_000), 4_000, 0)];
    assert!(of_kind(&Report::new(&table(throttled), &by_day(day.into())), "errorRate").is_empty());
    // A rate that all have in common is that of all requests.
    let all = [with_errors(row(day, "Only", "api/v2/users", 5_000), 0, 400)];
    assert_eq!(
        of_kind(&Report::new(&table(all), &by_day(day.into())), "errorRate")[0].sentence(),
        "8.00 % of all requests failed besides rate limits: 400 of 5,000."
    );
}

#[test]
fn a_client_that_begins_to_hammer_is_found_with_its_first_day() {
    let mut rows = quiet_weeks();
    let hammered = period("2026-07-22", "2026-07-26");
    rows.extend(hammered.iter().zip(1..).map(|(day, n)| row(day, "Export", "api/v2/users", 4_000 * n)));
    let report = Report::new(&table(rows), &by_day(weeks()));
    assert_eq!(
        of_kind(&report, "jump")[0].sentence(),
        "Export made 21,000 requests on Sunday 2026-07-26, 21.0 times as many as usual (1,000); 5 such days since \
         2026-07-22."
    );
    // Without days before, nothing is usual.
    let days = period("2026-07-20", "2026-07-26");
    let report = Report::new(&table(days.iter().map(|day| row(day, "Export", "a", 9_000))), &by_day(days));
    assert!(of_kind(&report, "jump").is_empty());
}

#[test]
fn what_grew_against_the_earlier_period_is_found() {
    let (before, now) = (period("2026-06-01", "2026-06-30"), period("2026-07-01", "2026-07-31"));
    let of = |days: Period, export, sync| {
        table(days.iter().flat_map(move |day| {
            [row(day, "Export", "api/v2/users", export), row(day, "Sync", "api/v2/queues", sync)]
        }))
    };
    let report =
        Report::compared(&of(now, 2_000, 1_000), &of(before, 1_000, 1_000), Some(before), &by_day(now));
    let found: Vec<_> = of_kind(&report, "change").into_iter().map(Finding::sentence).collect();
    assert_eq!(
        found,
        [
            "Requests grew by 55.0 % against 2026-06-01 to 2026-06-30: from 60,000 to 93,000.",
            "Requests of Export grew by 107 % against 2026-06-01 to 2026-06-30: from 30,000 to 62,000.",
        ]
    );
    // Lists that are short hide nothing from it, and stay short.
    let none = Report::compared(
        &of(now, 2_000, 1_000),
        &of(before, 1_000, 1_000),
        Some(before),
        &by_day(now).with_top(0),
    );
    assert_eq!(sentences(&none), sentences(&report));
    assert!(none.comparison.unwrap().clients.is_empty());
    // A week is not compared with a month.
    let week = period("2026-07-01", "2026-07-07");
    let report =
        Report::compared(&of(week, 2_000, 1_000), &of(before, 1_000, 1_000), Some(before), &by_day(week));
    assert!(of_kind(&report, "change").is_empty());
}

#[test]
fn a_longer_month_is_no_growth() {
    let of = |days: Period, requests| {
        table(days.iter().map(move |day| row(day, "Export", "api/v2/users", requests)))
    };
    let (february, march) = (period("2026-02-01", "2026-02-28"), period("2026-03-01", "2026-03-31"));
    let changes = |(before, then), (after, now)| {
        let report = Report::compared(&of(after, now), &of(before, then), Some(before), &by_day(after));
        of_kind(&report, "change").len()
    };
    assert_eq!(changes((february, 1_000), (march, 1_000)), 0);
    assert_eq!(changes((march, 1_000), (february, 1_000)), 0);
    // Fewer a day, although more in all; and more a day, although fewer in all.
    assert_eq!(changes((february, 1_000), (march, 990)), 0);
    assert_eq!(changes((march, 1_000), (february, 1_090)), 0);
    assert_eq!(changes((february, 1_000), (march, 1_100)), 2);
    assert_eq!(changes((march, 1_000), (february, 890)), 1);
}

#[test]
fn clients_that_are_new_or_gone_are_found() {
    let mut rows = quiet_weeks();
    let later = period("2026-07-13", "2026-07-26");
    rows.extend(later.iter().map(|day| row(day, "Bot", "api/v2/users", 500)));
    rows.push(row(date("2026-06-03"), "Old", "api/v2/users", 700));
    rows.push(row(date("2026-06-03"), "Older", "api/v2/users", 600));
    let report = Report::new(&table(rows), &by_day(weeks()));
    assert_eq!(
        sentences(&report),
        [
            "Bot is new and made 7,000 requests since 2026-07-13 (5.82 % of all).",
            "2 clients stopped making requests; the largest, Old, made 700 requests before, the last on 2026-06-03.",
        ]
    );
    // A few days before tell nothing of who is new.
    let days = period("2026-07-01", "2026-07-12");
    let rows =
        days.iter().map(|day| row(day, if day.day() > 6 { "Bot" } else { "Old" }, "api/v2/users", 500));
    let report = Report::new(&table(rows), &by_day(days));
    assert_eq!((sentences(&report).len(), report.arrivals.unwrap().appeared.len()), (0, 1));
}

#[test]
fn the_month_is_held_against_its_allowance() {
    let july = |until: &str, allowance| {
        let options = by_day(period("2026-07-01", "2026-07-31"))
            .with_data_until(date(until))
            .with_allowance(Allowance::requests(allowance));
        let days = period("2026-07-01", until);
        let report = Report::new(&table(days.iter().map(|day| row(day, "Export", "a", 1_000))), &options);
        let month = of_kind(&report, "month")[0];
        (month.severity, month.sentence())
    };
    let wanted = |severity, sentence: &str| (severity, sentence.to_owned());
    assert_eq!(
        july("2026-07-14", 20_000),
        wanted(
            Severity::Warning,
            "July 2026 is projected to exceed its allowance of 20,000 requests by 11,000: 31,000 (155 %); it runs out on \
             2026-07-21."
        )
    );
    assert_eq!(
        july("2026-07-14", 10_000),
        wanted(
            Severity::Critical,
            "July 2026 exceeds its allowance of 10,000 requests since 2026-07-11: 14,000 (140 %), projected to end at \
             31,000."
        )
    );
    assert_eq!(
        july("2026-07-14", 35_000),
        wanted(
            Severity::Notice,
            "July 2026 is projected to end at 31,000 of 35,000 allowed requests (88.6 %)."
        )
    );
    assert_eq!(
        july("2026-07-31", 100_000),
        wanted(Severity::Info, "July 2026 ended at 31,000 of 100,000 allowed requests (31.0 %).")
    );
}

#[test]
fn a_range_that_contains_the_allowance_is_part_of_the_sentence() {
    let days = period("2026-07-01", "2026-07-28");
    let uneven =
        |day: usage_core::Date| row(day, "Export", "a", if day.day() % 2 == 0 { 1_500 } else { 500 });
    let options = by_day(period("2026-07-01", "2026-07-31"))
        .with_data_until(days.last_day())
        .with_allowance(Allowance::requests(31_000));
    let report = Report::new(&table(days.iter().map(uneven)), &options);
    let sentence = of_kind(&report, "month")[0].sentence();
    assert!(sentence.contains("; likely are 2"), "{sentence}");
}

#[test]
fn what_the_data_does_not_cover_is_found() {
    let asked = Timestamp::from_unix_millis(1_784_000_000_000);
    let options = by_day(period("2026-07-01", "2026-07-31"))
        .with_data_until(date("2026-07-10"))
        .with_scope(Scope::new("organization", asked).with_gap(Gap::RowLimit));
    let mut rows = vec![row(date("2026-07-01"), "Export", "a", 10)];
    rows.push(usage_core::UsageRecord { date: None, ..rows[0].clone() });
    let report = Report::new(&table(rows), &options);
    assert_eq!(
        sentences(&report),
        [
            "Rows are missing: the result reached the service's limit on the rows of one query. Sums are too low, and no \
             month is projected.",
            "One row has no date that is a day; it is in the sums, but in no day.",
            "The data ends on 2026-07-10: the last 21 days of the period are not in it yet.",
        ]
    );
    assert!(report.findings.iter().all(Finding::is_about_coverage));
    let found = &report.findings[0].kind;
    assert!(
        matches!(found, FindingKind::NotKnown { limitation: Limitation::Missing, gaps, .. } if gaps.len() == 1)
    );
}

#[test]
fn sentences_stay_short_and_on_one_line_whatever_the_names_are() {
    let name = "Nightly\nExport ".repeat(100);
    let rows = [with_errors(row(date("2026-07-01"), &name, &name, 5_000), 4_000, 500)];
    let report = Report::new(&table(rows), &by_day(date("2026-07-01").into()));
    assert!(!report.findings.is_empty());
    for sentence in sentences(&report) {
        assert!(sentence.len() < 400 && !sentence.contains('\n'), "{sentence}");
    }
}

/// Checks the numbers of a finding against the report that it is of.
fn check(finding: &Finding, report: &Report) {
    let totals = &report.totals.counts;
    let rows_of =
        |of: &Identity| report.top(of.subject).position(of).and_then(|at| report.top(of.subject).entry(at));
    match &finding.kind {
        FindingKind::Month(MonthStanding { used, allowance, projected, .. }) => {
            let held = report.allowance.as_ref().unwrap();
            assert_eq!(*allowance, held.allowance.monthly);
            assert!(held.months.iter().any(|month| month.used == *used));
            assert!(projected.is_none_or(|projected| projected >= *used));
        }
        FindingKind::RateLimited { requests, rate, cause, uri } => {
            assert_eq!((Some(*requests), *rate), (totals.status429, totals.throttle_rate()));
            if let Some(cause) = cause {
                assert_eq!(rows_of(&cause.of).unwrap().counts.status429, Some(cause.requests));
                assert!(uri.as_ref().is_none_or(|uri| uri.requests <= cause.requests));
                assert!(report.top(cause.of.subject).all().all(|entry| {
                    entry.label().is_none() || entry.counts.status429 <= Some(cause.requests)
                }));
            }
            for part in [cause, uri].into_iter().flatten() {
                assert!((0.0..=1.0).contains(&part.share) && part.requests > 0);
            }
        }
        FindingKind::ErrorRate { of, errors, requests, rate, overall } => {
            let counts = of.as_ref().map_or(totals, |of| &rows_of(of).unwrap().counts);
            assert_eq!(counts.errors_besides_throttling(), Some(*errors));
            assert_eq!(counts.requests, Some(*requests));
            assert!(overall <= rate && *rate <= 1.0);
        }
        FindingKind::Jump { client, requests, usual, date, since, days } => {
            let of_client = rows_of(client).unwrap();
            assert!(Some(*requests) <= of_client.counts.requests && *usual > 0.0);
            assert!(since <= date && *days >= 1 && of_client.first <= Some(*since));
        }
        FindingKind::Change { of: None, change, .. } => assert_eq!(change.current, totals.requests),
        FindingKind::Change { of: Some(of), change, .. } => {
            assert_eq!(rows_of(of).unwrap().counts.requests, change.current);
        }
        FindingKind::Appeared { largest, .. } => {
            assert!(Some(largest.requests) <= rows_of(&largest.of).unwrap().counts.requests);
        }
        _ => {}
    }
    let sentence = finding.sentence();
    assert!(sentence.ends_with('.') && !sentence.contains("NaN") && !sentence.contains("inf"), "{sentence}");
    let json = serde_json::to_value(finding).unwrap();
    assert_eq!((&json["kind"], &json["sentence"]), (&finding.name().into(), &sentence.into()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_finding_contradicts_the_report(
        rows in records(),
        before in option::of(records()),
        allowance in option::of(0u64..1_000_000),
        (top, until) in (0usize..4, 1u8..=31),
    ) {
        let mut options = by_day(period("2026-07-01", "2026-07-31")).with_top(top);
        options.data_until = Some(date(&format!("2026-07-{until:02}")));
        options.allowance = allowance.map(Allowance::requests);
        let june = |mut row: usage_core::UsageRecord| {
            row.date = row.date.map(|date| date.replace("-07-31", "-06-30").replace("-07-", "-06-"));
            row
        };
        let report = match before {
            None => Report::new(&table(rows), &options),
            Some(before) => {
                let days = period("2026-06-01", "2026-06-30");
                Report::compared(&table(rows), &table(before.into_iter().map(june)), Some(days), &options)
            }
        };
        report.findings.iter().for_each(|finding| check(finding, &report));
        prop_assert!(report.findings.is_sorted_by(|one, two| one.severity >= two.severity));
        // There is one sentence for each thing, and few enough to be read.
        let sentences: std::collections::BTreeSet<_> = sentences(&report).into_iter().collect();
        prop_assert_eq!(sentences.len(), report.findings.len());
        prop_assert!(report.findings.len() <= 20);
        if report.totals.counts.rows == 0 {
            prop_assert!(report.findings.iter().all(Finding::is_about_coverage));
        }
    }

    #[test]
    fn a_planted_culprit_is_found_among_any_rows(rows in records(), throttled in 1u64..1_000_000) {
        let noise: u64 = rows.iter().filter_map(|row| row.status429).sum();
        let culprit = noise + throttled;
        let planted = with_errors(row(date("2026-07-15"), "Culprit", "api/v2/hammered", culprit), culprit, 0);
        let report = Report::new(&table(rows.into_iter().chain([planted])), &by_day(period("2026-07-01", "2026-07-31")));
        let found = of_kind(&report, "rateLimited")[0];
        prop_assert_eq!(found.about()[0].label(), Some("Culprit"));
        prop_assert_eq!(found.about()[1].label(), Some("api/v2/hammered"));
        prop_assert!(found.sentence().starts_with("Culprit causes"), "{}", found);
    }
}

#[test]
fn rows_that_are_missing_are_no_client_that_came_or_went_or_grew() {
    let scope = || Scope::new("organization", Timestamp::from_unix_millis(1_790_000_000_000));
    let days = |first: &str, client: &str, requests: u64| {
        let first = date(first);
        let of_day = |day: i64| row(first.plus_days(day), client, "a", requests);
        (0..14).map(of_day).collect::<Vec<_>>()
    };
    let before = table([days("2026-07-01", "left", 5_000), days("2026-07-01", "stays", 5_000)].concat());
    let now = table(days("2026-07-15", "stays", 50_000));
    let both: UsageTable = before.iter().chain(now.iter()).collect();
    let report = |scope: Scope| {
        let options = |from: &str| by_day(period(from, "2026-07-28")).with_scope(scope.clone());
        let previous = Some(period("2026-07-01", "2026-07-14"));
        let compared = Report::compared(&now, &before, previous, &options("2026-07-15"));
        [Report::new(&both, &options("2026-07-01")), compared]
    };
    let is_guess =
        |found: &Finding| matches!(found.kind, FindingKind::Change { .. } | FindingKind::Vanished { .. });
    for report in report(scope()) {
        assert_eq!(report.arrivals.unwrap().vanished.len(), 1);
        assert!(report.findings.iter().any(is_guess));
    }
    for report in report(scope().with_gap(Gap::LeftOut)) {
        assert_eq!((report.arrivals, report.limitations), (None, vec![Limitation::Missing]));
        assert!(!report.findings.iter().any(is_guess));
    }
}
