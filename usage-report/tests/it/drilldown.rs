//! From who to what: tables of two subjects, lists by other measures, filters.

use proptest::prelude::*;
use usage_core::model::Granularity;
use usage_core::{UsageRecord, UsageTable};
use usage_report::{By, Counts, DRILLDOWN, Limitation, Names, Report, ReportOptions, RowFilter, Subject};

use crate::support::{by_day, date, period, records, row, table, with_errors};

#[test]
fn the_worst_are_in_a_list_though_they_have_few_requests() {
    let day = date("2026-07-01");
    let large = (0..20).map(|n| row(day, &format!("Client {n}"), "api/v2/users", 1_000 - n));
    let small = [
        with_errors(row(day, "Throttled", "api/v2/queues", 50), 40, 0),
        with_errors(row(day, "Failing", "api/v2/flows", 60), 0, 60),
    ];
    let report = Report::new(&table(large.chain(small)), &by_day(day.into()).with_top(5));
    let names =
        |by| report.clients.ranked(by, 5).iter().filter_map(|(_, entry)| entry.label()).collect::<Vec<_>>();
    assert_eq!(names(By::Throttled), ["Throttled"]);
    assert_eq!(names(By::Errors), ["Failing", "Throttled"]);
    assert_eq!(names(By::Requests).len(), 5);
    // Those have a series, the others that are not listed have none.
    let series = |name: &str| {
        report.clients.all().find(|entry| entry.label() == Some(name)).map(|entry| entry.series.len())
    };
    assert_eq!((series("Client 0"), series("Failing"), series("Client 9")), (Some(1), Some(1), Some(0)));

    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["topByErrors"]["clients"][0]["name"], "Failing");
    assert_eq!(json["topBy429"]["uris"][0]["name"], "api/v2/queues");
    assert_eq!(json["topBy429"]["users"], serde_json::Value::Null);
}

#[test]
fn a_document_leads_from_clients_to_uris() {
    let day = date("2026-07-01");
    let rows = [
        row(day, "Export", "api/v2/users", 10),
        row(day, "Export", "/api/v2/users", 5),
        row(day, "Export", "api/v2/queues", 7),
        row(day, "Export", "api/v2/flows", 1),
        row(day, "Bot", "api/v2/flows", 3),
    ];
    let report = Report::new(&table(rows), &ReportOptions::default().with_top(2).with_drilldown(DRILLDOWN));
    let json = serde_json::to_value(&report).unwrap();
    let uris = &json["drilldown"]["clientUris"];
    assert_eq!((&uris[0]["name"], &uris[1]["name"]), (&"Export".into(), &"Bot".into()));
    assert_eq!(uris[0]["uris"][0]["requests"], 15);
    assert_eq!((&uris[0]["others"]["count"], &uris[0]["others"]["requests"]), (&1.into(), &1.into()));
    assert_eq!(json["drilldown"]["clientMethods"][1]["methods"][0]["name"], "GET");
    assert_eq!(json["drilldown"]["userUris"], serde_json::Value::Null);
}

#[test]
fn a_filter_selects_clients_by_id_and_by_any_of_their_names() {
    let mut rows = vec![row(date("2026-07-01"), "Export", "api/v2/users", 1)];
    let renamed = UsageRecord {
        client_name: Some("Export 2".into()),
        date: Some("2026-07-02".into()),
        ..rows[0].clone()
    };
    rows.push(renamed);
    rows.push(row(date("2026-07-01"), "Bot", "api/v2/queues", 1));
    rows.push(UsageRecord { client_id: None, ..rows[2].clone() });
    rows.push(UsageRecord { client_id: None, client_name: None, ..rows[2].clone() });
    let rows = table(rows);
    let selected = |pattern: &str| RowFilter::new().with(Subject::Client, pattern).select(&rows).len();
    assert_eq!((selected("Export"), selected("export 2"), selected("ID OF export")), (2, 2, 2));
    assert_eq!(
        (selected("Bot"), selected("id of Bot"), selected("*"), selected("Bo"), selected("")),
        (2, 1, 4, 0, 0)
    );
    let both = RowFilter::new().with(Subject::Client, "Export").with(Subject::Client, "Bot");
    assert_eq!(both.select(&rows).len(), 4);
    assert_eq!(both.with(Subject::Uri, "/API/v2/q*").select(&rows).len(), 2);
    assert_eq!(RowFilter::new().select(&rows).len(), 5);
}

#[test]
fn a_report_of_some_rows_says_so() {
    let days = period("2026-07-01", "2026-07-10");
    let rows = table(days.iter().flat_map(|day| [row(day, "Export", "a", 10), row(day, "Bot", "a", 1)]));
    let options = by_day(days)
        .with_filter(RowFilter::new().with(Subject::Client, "Bot"))
        .with_allowance(usage_report::Allowance::requests(1_000));
    let report = Report::new(&rows, &options);
    assert_eq!(report.totals.counts.requests, Some(10));
    assert_eq!(report.limitations, [Limitation::Filter]);
    assert!(report.findings.iter().any(|finding| finding.sentence().contains("filtered by client;")));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["filter"], serde_json::json!({"clients": ["Bot"]}));
    // The days before are of all requests, and tell nothing of these.
    let before = period("2026-06-01", "2026-06-30");
    let history = table(before.iter().map(|day| row(day, "Export", "a", 1_000_000)));
    assert_eq!(Report::new(&rows, &options.with_history(&history, before)), report);
}

#[test]
fn names_from_elsewhere_are_in_all_lists_and_findings_and_select_rows() {
    let day = date("2026-07-01");
    let nameless = |id: &str, requests, status429| UsageRecord {
        client_id: Some(id.into()),
        client_name: None,
        user_id: Some(format!("user of {id}")),
        ..with_errors(row(day, "", "api/v2/users", requests), status429, 0)
    };
    let rows = table([nameless("a", 9_000, 0), nameless("b", 1_000, 500)]);
    let mut names = Names::default();
    names.insert(Subject::Client, "a", "Export");
    names.insert(Subject::Client, "b", "Wallboard");
    names.insert(Subject::User, "user of b", "Ada Example");
    let options = by_day(day.into()).with_top(1).with_names(names);
    let report = Report::compared(&rows, &table([]), None, &options);
    assert_eq!(report.clients.entry(1).unwrap().label(), Some("Wallboard"));
    assert!(report.findings.iter().any(|finding| finding.sentence().starts_with("Wallboard causes all")));
    assert!(report.arrivals.as_ref().unwrap().appeared.iter().all(|new| new.name.is_some()));
    let of_ada = options.with_filter(RowFilter::new().with(Subject::User, "Ada*"));
    assert_eq!(Report::new(&rows, &of_ada).totals.counts.requests, Some(1_000));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn cells_add_up_to_their_rows_and_columns(rows in records(), top in 0usize..4) {
        let rows = table(rows);
        let options = ReportOptions::default().with_granularity(Granularity::Day).with_top(top).with_drilldown(DRILLDOWN);
        let report = Report::new(&rows, &options);
        for cross in &report.drilldown {
            let (lines, columns) = (report.top(cross.rows), report.top(cross.columns));
            for (position, entry) in lines.all().enumerate() {
                let sum: Counts = cross.row(position).iter().map(|cell| &cell.counts).sum();
                prop_assert_eq!(sum, entry.counts);
                prop_assert!(cross.row(position).iter().all(|cell| cell.row == position));
                prop_assert!(cross.row(position).is_sorted_by(|a, b| a.counts.requests >= b.counts.requests));
            }
            for (position, entry) in columns.all().enumerate() {
                let sum: Counts = cross.column(position).map(|cell| &cell.counts).sum();
                prop_assert_eq!(sum, entry.counts);
            }
            prop_assert!(cross.row(lines.count).is_empty());
        }
    }

    #[test]
    fn ranked_lists_have_the_largest_of_all_entries(rows in records(), top in 0usize..4, limit in 0usize..6) {
        let report = Report::new(&table(rows), &ReportOptions::default().with_top(top));
        for subject in Subject::ALL.iter().copied() {
            let list = report.top(subject);
            prop_assert_eq!(list.all().count(), list.count);
            for by in By::ALL.iter().copied() {
                let ranked = list.ranked(by, limit);
                prop_assert!(ranked.is_sorted_by(|a, b| by.of(&a.1.counts) >= by.of(&b.1.counts)));
                prop_assert!(ranked.iter().all(|(at, entry)| list.entry(*at) == Some(entry)));
                prop_assert!(ranked.iter().all(|(at, entry)| list.position(&entry.identity(subject)) == Some(*at)));
                let smallest = ranked.last().map_or(Some(0), |(_, entry)| by.of(&entry.counts));
                let larger = list.all().filter(|entry| by.of(&entry.counts) > smallest).count();
                prop_assert!(larger < ranked.len().max(1) || ranked.len() == limit);
                if ranked.len() == limit && limit > 0 {
                    prop_assert!(larger < limit);
                }
            }
        }
    }

    #[test]
    fn a_filter_by_its_id_selects_what_an_entry_counts(rows in records()) {
        let rows: UsageTable = table(rows);
        let report = Report::new(&rows, &ReportOptions::default().with_top(1));
        for subject in [Subject::Client, Subject::User, Subject::Uri, Subject::Method] {
            for entry in report.top(subject).all() {
                let Some(text) = entry.id.as_ref().or(entry.name.as_ref()) else { continue };
                let options = ReportOptions::default().with_filter(RowFilter::new().with(subject, text));
                prop_assert_eq!(Report::new(&rows, &options).totals.counts, entry.counts);
            }
        }
    }
}
