//! What a report says of some rows.

use proptest::option;
use proptest::prelude::*;
use usage_core::model::Granularity;
use usage_core::{Date, Scope, UsageRecord, UsageTable};
use usage_report::{
    Allowance, AllowanceUse, Arrival, Counts, Licenses, Period, Report, ReportOptions, Subject,
};

fn row(date: &str, client: &str, requests: u64) -> UsageRecord {
    UsageRecord {
        date: Some(date.into()),
        client_id: Some(format!("id of {client}")),
        client_name: Some(client.into()),
        requests: Some(requests),
        ..Default::default()
    }
}

fn table(rows: impl IntoIterator<Item = UsageRecord>) -> UsageTable {
    rows.into_iter().collect()
}

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

fn allowance(rows: &UsageTable, options: &ReportOptions) -> AllowanceUse {
    Report::new(rows, options).allowance.unwrap()
}

/// Rows by day, of the days that are asked for.
fn by_day(from: &str, to: &str) -> ReportOptions {
    ReportOptions::default()
        .with_granularity(Granularity::Day)
        .with_period(Period::new(date(from), date(to)).unwrap())
}

/// The worked example of the help page about resource usage on the invoice: 505,992 - 182,000 = 323,992.
#[test]
fn the_overage_of_the_worked_example() {
    let licenses: Licenses = "cx3-concurrent=1".parse().unwrap();
    let october = by_day("2026-10-01", "2026-10-31").with_allowance(licenses);
    let rows = table([UsageRecord { requests: Some(505_992), ..Default::default() }]);
    let used = allowance(&rows, &october);
    assert_eq!(used.allowance.monthly, 182_000);
    let month = used.latest().unwrap();
    assert_eq!((month.used, month.over, month.projected_over), (505_992, 323_992, 323_992));

    // The same on the days of a month: every day is there, nothing is left to project.
    let rows = table(
        (1..=31).map(|day| row(&format!("2026-10-{day:02}"), "a", 505_992 / 31 + u64::from(day <= 10))),
    );
    assert_eq!(505_992 % 31, 10);
    let used = allowance(&rows, &october);
    let month = used.latest().unwrap();
    assert_eq!((month.used, month.projected, month.projected_over), (505_992, 505_992, 323_992));
    assert_eq!(month.assumption, "every day of 2026-10 is in the data");
    // 16,323 on each of the first ten days, 16,322 then: 182,000 are exceeded on the 12th.
    assert_eq!(month.exceeded_on, Some(date("2026-10-12")));
}

#[test]
fn each_month_is_held_against_the_allowance_for_itself() {
    let rows = table([row("2026-09-30", "a", 90), row("2026-10-01", "a", 10), row("2026-10-02", "a", 30)]);
    let options = by_day("2026-09-30", "2026-10-02").with_allowance(Allowance::requests(100));
    let used = allowance(&rows, &options);
    let months: Vec<_> =
        used.months.iter().map(|month| (month.used, month.days_counted, month.is_projected)).collect();
    assert_eq!(months, [(90, 1, true), (40, 2, true)]);
    assert_eq!(used.months[0].exceeded_on, None, "the days before are not known");
    assert!(used.months[0].ended && !used.months[1].ended);
    // A Wednesday with 90, a Thursday with 10, a Friday with 30: the 5th is a Monday, of which none is known.
    assert_eq!(used.months[1].exceeded_on, Some(date("2026-10-04")));
    assert_eq!(used.months[1].projected, 40 + 4 * 90 + 4 * 10 + 4 * 30 + 737);
    assert_eq!(
        used.months[1].assumption,
        "the 29 days of 2026-10 not in the data are taken for the means of their weekdays in the 3 days up to \
         2026-10-02, and for the mean of all where there is no such weekday"
    );
}

#[test]
fn an_allowance_that_is_used_up_is_not_exceeded() {
    let rows = table([row("2026-10-01", "a", 60), row("2026-10-02", "a", 40), row("2026-10-04", "a", 1)]);
    let options = by_day("2026-10-01", "2026-10-04").with_allowance(Allowance::requests(100));
    assert_eq!(allowance(&rows, &options).months[0].exceeded_on, Some(date("2026-10-04")));
}

#[test]
fn months_end_with_the_calendar() {
    let rows = table([row("9998-11-30", "a", 1), row("9998-12-31", "a", 1)]);
    let used = allowance(&rows, &by_day("9998-11-30", "9998-12-31").with_allowance(Allowance::requests(100)));
    assert_eq!(used.months.iter().map(|month| month.used).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn a_day_without_requests_is_not_busy() {
    let rows = table([row("2026-07-01", "a", 0), row("2026-07-02", "a", 3), row("2026-07-03", "a", 0)]);
    let report = Report::new(&rows, &ReportOptions::default());
    assert_eq!(report.busiest.iter().map(|day| day.date).collect::<Vec<_>>(), [date("2026-07-02")]);
}

#[test]
fn the_last_day_without_rows_is_quiet_only_if_its_weekday_was() {
    let october = |until: &str| {
        by_day("2026-10-01", "2026-10-31")
            .with_data_until(date(until))
            .with_allowance(Allowance::requests(100))
    };
    let counted = |rows: &UsageTable, until: &str| {
        let month = allowance(rows, &october(until)).latest().unwrap().clone();
        (month.days_counted, month.ended)
    };
    let rows = table([row("2026-10-01", "a", 10), row("2026-10-02", "a", 30)]);
    assert_eq!(counted(&rows, "2026-10-03"), (2, false), "no Saturday is known");
    let report = Report::new(&rows, &october("2026-10-03"));
    assert_eq!((report.days.len(), report.totals.period.unwrap().last_day()), (3, date("2026-10-03")));

    let workdays: Vec<_> = (1..=31)
        .map(|day| format!("2026-10-{day:02}"))
        .filter(|day| date(day).weekday() <= 5)
        .map(|day| row(&day, "a", 10))
        .collect();
    assert_eq!(counted(&table(workdays.clone()), "2026-10-31"), (31, true), "Saturdays are quiet");
    assert_eq!(counted(&table(workdays[..21].to_vec()), "2026-10-30"), (29, false), "Fridays are not");
    assert_eq!(counted(&table(workdays[..21].to_vec()), "2026-11-14"), (31, true), "now it is known");
}

#[test]
fn rows_without_dates_are_a_month_only_if_the_period_is() {
    let rows = table([UsageRecord { requests: Some(70), ..Default::default() }]);
    let over = |from, to| {
        let period = Period::new(date(from), date(to)).unwrap();
        let options = ReportOptions::default().with_period(period).with_allowance(Allowance::requests(50));
        allowance(&rows, &options).latest().map(|month| (month.over, month.projected))
    };
    assert_eq!(over("2026-10-01", "2026-10-31"), Some((20, 70)));
    assert_eq!(over("2026-10-11", "2026-10-17"), Some((20, 310)));
    assert_eq!(over("2026-10-11", "2026-11-11"), None);
}

#[test]
fn lists_have_shares_series_and_the_latest_name() {
    let renamed = UsageRecord { client_name: Some("z, the old name".into()), ..row("2026-07-01", "a", 5) };
    let rows =
        table([renamed, row("2026-07-03", "a", 15), row("2026-07-03", "b", 60), row("2026-07-03", "c", 20)]);
    let report = Report::new(&rows, &by_day("2026-07-01", "2026-07-03").with_top(2));
    let list = &report.clients;
    let entries: Vec<_> =
        list.entries.iter().map(|entry| (entry.label().unwrap(), entry.share.unwrap())).collect();
    // a and c are equal: the id decides.
    assert_eq!(entries, [("b", 0.6), ("a", 0.2)]);
    assert_eq!(list.entries[1].series, [Some(5), None, Some(15)]);
    assert_eq!((list.count, list.others.unwrap().count, list.others.unwrap().share), (3, 1, Some(0.2)));
    assert_eq!((report.users.count, report.users.entries.len(), report.users.others), (0, 0, None));
    assert_eq!((report.busiest[0].date, report.busiest.len()), (date("2026-07-03"), 2));
}

#[test]
fn uris_are_compared_without_the_slash_before_them() {
    let uri =
        |uri: &str| UsageRecord { template_uri: Some(uri.into()), requests: Some(1), ..Default::default() };
    let report =
        Report::new(&table([uri("/api/v2/users"), uri("api/v2/users"), uri("")]), &ReportOptions::default());
    let uris: Vec<_> =
        report.uris.entries.iter().map(|entry| (entry.label(), entry.counts.requests)).collect();
    assert_eq!(uris, [(Some("api/v2/users"), Some(2)), (None, Some(1))]);
}

#[test]
fn a_comparison_tells_what_moved_and_who_came_and_went() {
    let before =
        table([row("2026-06-30", "a", 100), row("2026-06-29", "b", 50), row("2026-06-30", "same", 7)]);
    let now = table([row("2026-07-01", "a", 150), row("2026-07-02", "c", 10), row("2026-07-01", "same", 7)]);
    let report = Report::compared(&now, &before, None, &ReportOptions::default());
    let comparison = report.comparison.unwrap();
    assert_eq!(comparison.period.unwrap().to_string(), "2026-06-29/2026-06-30");
    assert_eq!((comparison.requests.difference, comparison.totals.requests), (10, Some(157)));
    let movers: Vec<_> = comparison
        .clients
        .iter()
        .map(|mover| (mover.name.as_deref().unwrap(), mover.change.difference, mover.change.growth))
        .collect();
    assert_eq!(movers, [("a", 50, Some(0.5)), ("b", -50, Some(-1.0)), ("c", 10, None)]);
    let arrivals = report.arrivals.unwrap();
    let names =
        |list: &[Arrival]| list.iter().map(|one| (one.name.clone().unwrap(), one.date)).collect::<Vec<_>>();
    assert_eq!(names(&arrivals.appeared), [("c".into(), Some(date("2026-07-02")))]);
    assert_eq!(names(&arrivals.vanished), [("b".into(), Some(date("2026-06-29")))]);
}

#[test]
fn without_a_comparison_the_halves_tell_who_came_and_went() {
    let rows = table([
        row("2026-07-01", "left", 1),
        row("2026-07-01", "stays", 1),
        row("2026-07-04", "stays", 1),
        row("2026-07-03", "new", 1),
    ]);
    let arrivals = Report::new(&rows, &ReportOptions::default()).arrivals.unwrap();
    assert_eq!(arrivals.before.unwrap().to_string(), "2026-07-01/2026-07-02");
    assert_eq!(arrivals.appeared[0].name.as_deref(), Some("new"));
    assert_eq!((arrivals.appeared.len(), arrivals.vanished.len()), (1, 1));
}

#[test]
fn the_heat_map_is_by_weekday() {
    // 2026-07-06 is a Monday.
    let rows = table([row("2026-07-06", "a", 10), row("2026-07-13", "a", 30), row("2026-07-07", "b", 5)]);
    let report = Report::new(&rows, &by_day("2026-07-06", "2026-07-13"));
    let mut map = report.weekdays.unwrap();
    assert_eq!(map.days, [2, 1, 1, 1, 1, 1, 1]);
    assert_eq!(map.clients[0].requests, [Some(40), None, None, None, None, None, None]);
    assert_eq!((map.mean(&map.clients[0], 0), map.mean(&map.clients[0], 1)), (Some(20.0), None));
    map.days[0] = 0;
    assert_eq!(map.mean(&map.clients[0], 0), None);
}

#[test]
fn the_document_has_the_names_of_the_api() {
    let mut full = row("2026-07-01", "a", 10);
    (full.status200, full.status300) = (Some(7), Some(0));
    (full.status400, full.status429, full.status500) = (Some(2), Some(1), Some(1));
    let report = Report::new(&table([full]), &by_day("2026-07-01", "2026-07-01"));
    let json = serde_json::to_value(&report).unwrap();
    let totals = serde_json::json!({
        "rows": 1, "requests": 10, "status200": 7, "status300": 0, "status400": 2, "status500": 1, "status429": 1,
        "errorRate": 0.3, "throttleRate": 0.1, "from": "2026-07-01", "to": "2026-07-01",
    });
    assert_eq!(json["totals"], totals);
    assert_eq!(json["topClients"][0]["series"], serde_json::json!([10]));
    assert!(json["topUsers"].as_array().unwrap().is_empty() && json.get("comparison").is_none());
}

#[test]
fn the_document_has_every_part_that_is_there() {
    let undated = UsageRecord { requests: Some(3), ..Default::default() };
    let now = table([row("2026-07-06", "a", 10), row("2026-07-07", "b", 5), undated]);
    let options = by_day("2026-07-06", "2026-07-07").with_allowance(Allowance::requests(100));
    let report = Report::compared(&now, &table([row("2026-06-30", "a", 9)]), None, &options);
    let json = serde_json::to_value(&report).unwrap();
    for part in ["weekdays", "arrivals", "comparison", "allowance"] {
        assert!(json[part].is_object(), "{part}");
    }
    assert_eq!(json["totals"]["rowsWithoutDate"], 1);
    let dated = serde_json::to_value(Report::new(&table([row("2026-07-06", "a", 10)]), &options)).unwrap();
    assert!(dated["totals"].get("rowsWithoutDate").is_none());
}

#[test]
fn what_is_said_of_days_is_said_of_rows_by_day_alone() {
    let rows = table([row("2026-07-01", "a", 10), row("2026-08-01", "b", 5)]);
    let by_day = ReportOptions::default().with_granularity(Granularity::Day);
    let report = Report::new(&rows, &by_day);
    assert_eq!((report.granularity, report.days.len()), (Some(Granularity::Day), 32));
    assert!(report.weekdays.is_some() && report.arrivals.is_some());

    let by_month = ReportOptions::default().with_granularity(Granularity::Month);
    let report = Report::new(&rows, &by_month);
    assert_eq!((report.granularity, report.days.len()), (Some(Granularity::Month), 2));
    assert!(report.weekdays.is_none() && report.arrivals.is_none());

    // A row without a date may be of either half.
    let undated = UsageRecord { client_name: Some("b".into()), requests: Some(3), ..Default::default() };
    let some_undated = table([row("2026-07-01", "a", 10), row("2026-07-02", "b", 5), undated.clone()]);
    assert!(Report::new(&some_undated, &by_day).arrivals.is_none());
    // No row says when, or who.
    let period = Period::new(date("2026-07-01"), date("2026-07-02")).unwrap();
    assert!(Report::new(&table([undated]), &by_day.clone().with_period(period)).weekdays.is_none());
    let nobody = |day: &str| UsageRecord { date: Some(day.into()), requests: Some(1), ..Default::default() };
    let report = Report::new(&table([nobody("2026-07-01"), nobody("2026-07-02")]), &by_day);
    assert!(report.arrivals.is_none() && report.weekdays.is_none());
}

#[test]
fn a_client_whose_requests_are_none_is_not_there() {
    let rows = table([
        row("2026-07-01", "asleep", 0),
        row("2026-07-02", "asleep", 5),
        row("2026-07-01", "gone", 5),
        row("2026-07-02", "gone", 0),
        row("2026-07-02", "never", 0),
    ]);
    let arrivals = Report::new(&rows, &by_day("2026-07-01", "2026-07-02")).arrivals.unwrap();
    let names = |list: &[Arrival]| list.iter().filter_map(|one| one.name.clone()).collect::<Vec<_>>();
    assert_eq!(
        (names(&arrivals.appeared), names(&arrivals.vanished)),
        (vec!["asleep".into()], vec!["gone".into()])
    );
}

fn record() -> impl Strategy<Value = UsageRecord> {
    let text = |texts: &'static str| option::of(texts);
    let count = || option::weighted(0.8, 0..1_000u64);
    (
        option::weighted(0.9, 1u8..=28),
        (text("[a-c]"), text("[a-c]"), text("[a-c]"), text("/?[a-c]"), text("GET|PUT")),
        (count(), count(), count(), count(), count(), count()),
    )
        .prop_map(|(day, (client_id, client_name, user_id, template_uri, http_method), counts)| {
            UsageRecord {
                date: day.map(|day| format!("2026-07-{day:02}")),
                client_id,
                client_name,
                user_id,
                template_uri,
                http_method,
                requests: counts.0,
                status200: counts.1,
                status300: counts.2,
                status400: counts.3,
                status429: counts.4,
                status500: counts.5,
                ..Default::default()
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn parts_add_up_to_the_whole(records in proptest::collection::vec(record(), 0..30), top in 0usize..4) {
        let report = Report::new(&table(records), &ReportOptions::default().with_top(top));
        for subject in Subject::ALL.iter().copied() {
            let list = report.top(subject);
            if list.count == 0 {
                prop_assert!(list.entries.is_empty() && list.others.is_none());
                continue;
            }
            prop_assert_eq!(list.count, list.entries.len() + list.others.map_or(0, |others| others.count));
            let mut sum = Counts::default();
            list.entries.iter().for_each(|entry| sum.merge(&entry.counts));
            if let Some(others) = list.others {
                sum.merge(&others.counts);
            }
            prop_assert_eq!(sum, report.totals.counts);
            if report.totals.counts.requests > Some(0) {
                let shares = list.entries.iter().filter_map(|entry| entry.share);
                let all = shares.chain(list.others.and_then(|others| others.share)).sum::<f64>();
                prop_assert!((all - 1.0).abs() < 1e-9, "{all}");
            }
            prop_assert!(list.entries.is_sorted_by(|a, b| a.counts.requests >= b.counts.requests));
            for entry in &list.entries {
                let series = entry.series.iter().flatten().sum::<u64>();
                prop_assert!(series <= entry.counts.requests.unwrap_or(0));
            }
        }
        if report.totals.undated == 0 {
            let sum: Counts = report.days.iter().map(|day| &day.counts).sum();
            prop_assert_eq!(sum, report.totals.counts);
        }
    }

    #[test]
    fn the_order_of_the_rows_makes_no_difference(
        (records, mixed) in proptest::collection::vec(record(), 0..30)
            .prop_flat_map(|records| (Just(records.clone()), Just(records).prop_shuffle())),
    ) {
        let options = by_day("2026-07-01", "2026-07-20").with_top(3).with_allowance(Allowance::requests(500));
        let one = Report::compared(&table(records.clone()), &table(mixed.iter().take(9).cloned()), None, &options);
        let other = Report::compared(&table(mixed.clone()), &table(mixed.iter().take(9).rev().cloned()), None, &options);
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(Report::new(&table(records), &options), Report::new(&table(mixed), &options));
    }

    #[test]
    fn rates_are_parts(records in proptest::collection::vec(record(), 0..30)) {
        // As the service counts: the classes add up, and 429 is a part of 4xx.
        let consistent = records.into_iter().map(|mut record| {
            let (ok, moved, mine, theirs) = (7, 1, record.status400.unwrap_or(0), record.status500.unwrap_or(0));
            record.status429 = Some(record.status429.unwrap_or(0).min(mine));
            record.status200 = Some(ok);
            record.status300 = Some(moved);
            record.status400 = Some(mine);
            record.status500 = Some(theirs);
            record.requests = record.requests.map(|_| ok + moved + mine + theirs);
            record
        });
        let totals = Report::new(&table(consistent), &ReportOptions::default()).totals.counts;
        if totals.rows > 0 {
            let (errors, throttled) = (totals.error_rate().unwrap(), totals.throttle_rate().unwrap());
            prop_assert!((0.0..=1.0).contains(&errors) && (0.0..=errors).contains(&throttled));
        }
    }

    #[test]
    fn a_projection_is_at_least_what_is_used(
        records in proptest::collection::vec(record(), 0..30),
        monthly in 0u64..9_000,
        (is_by_day, period, until, has_gap) in (any::<bool>(), option::of((1u8..=28, 1u8..=31)), option::of(1u8..=31), any::<bool>()),
    ) {
        let mut options = ReportOptions::default().with_allowance(Allowance::requests(monthly));
        let day = |day: u8| date(&format!("2026-07-{day:02}"));
        options.granularity = is_by_day.then_some(Granularity::Day);
        options.period = period.and_then(|(from, to)| Period::new(day(from), day(to)));
        options.data_until = until.map(day);
        if has_gap {
            options = options.with_scope(Scope::new("organization", usage_core::Timestamp::UNIX_EPOCH.saturating_add(std::time::Duration::from_secs(2_000_000_000))).with_gap(usage_core::Gap::Pages));
        }
        let report = Report::new(&table(records), &options);
        let months = report.allowance.as_ref().unwrap().months.clone();
        for month in &months {
            prop_assert!(month.projected >= month.used && month.projected_over >= month.over);
            prop_assert!(month.days_counted <= month.days_in_month);
            prop_assert_eq!(month.over > 0, month.used > monthly);
            prop_assert!(month.projected_low.is_none_or(|low| month.used <= low && low <= month.projected));
            prop_assert!(month.projected_high.is_none_or(|high| month.projected <= high));
            if month.exceeded_on.is_some() {
                prop_assert!(month.projected > monthly);
            }
            if month.is_projected && month.is_whole() {
                prop_assert_eq!(month.projected, month.used);
            }
            // Nothing is projected that is not known to go so far.
            prop_assert!(!month.is_projected || (options.period.is_some() && !has_gap));
            prop_assert_eq!(serde_json::to_value(month).unwrap().get("projected").is_some(), month.is_projected);
        }
        if report.totals.undated == 0 && !months.is_empty() {
            let used: u64 = months.iter().map(|month| month.used).sum();
            prop_assert_eq!(used, report.totals.counts.requests.unwrap_or(0));
        }
    }
}

#[test]
fn a_date_that_is_not_understood_is_not_taken_for_none() {
    let row =
        |date: &str| UsageRecord { date: Some(date.into()), requests: Some(1), ..UsageRecord::default() };
    let dates = ["2026-07-01", "2026-07-01T00:00:00+00:00", "2026-07-01T10:00:00Z", "07/01/2026", ""];
    let table: UsageTable = dates.map(row).into_iter().collect();
    let report = Report::new(&table, &ReportOptions::default());
    assert_eq!((report.totals.undated, report.totals.unclear), (3, 2));
    assert_eq!(report.days[0].counts.requests, Some(2));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(
        (&json["totals"]["rowsWithoutDate"], &json["totals"]["rowsWithUnclearDate"]),
        (&1.into(), &2.into())
    );
}
