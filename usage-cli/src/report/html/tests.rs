//! The page of a report: its policy, hostile texts, and its parts.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use usage_core::model::Granularity;
use usage_core::{Date, Scope, Timestamp, UsageRecord, UsageTable};
use usage_report::{Allowance, DRILLDOWN, ReportOptions};

use super::*;

fn draw(report: &Report) -> String {
    page(report, &About::default())
}

#[test]
fn the_policy_allows_the_pages_own_style_and_script_only() {
    let page = draw(&Report::new(&UsageTable::new(), &ReportOptions::default()));
    for text in [STYLE, SCRIPT] {
        let hash = BASE64_STANDARD.encode(Sha256::digest(text));
        assert!(page.contains(&format!("'sha256-{hash}'")) && page.contains(&format!(">{text}</")));
    }
    assert!(!page.contains("unsafe-"));
}

#[test]
fn numbers_that_the_script_would_round_are_shown_without_it() {
    let page = |requests: u64| {
        draw(&Report::new(&[hostile(1, requests)].into_iter().collect(), &ReportOptions::default()))
    };
    assert!(page(1 << 53).contains("<script>"));
    let page = page((1 << 53) + 1);
    assert!(!page.contains("<script") && page.contains("9,007,199,254,740,993"), "{page}");
}

fn hostile(day: u8, requests: u64) -> UsageRecord {
    let evil = "\"><img src=x onerror=alert(1)></title></style></script><script>alert(2)</script>'&<!--";
    UsageRecord {
        date: Some(format!("2026-10-{day:02}")),
        client_id: Some(format!("{evil} id")),
        client_name: Some(evil.into()),
        user_id: Some(evil.into()),
        template_uri: Some(evil.into()),
        http_method: Some(evil.into()),
        platform: Some(evil.into()),
        organization_id: Some(evil.into()),
        requests: Some(requests),
        status200: Some(requests),
        ..UsageRecord::default()
    }
}

#[test]
fn a_hostile_name_is_a_text_everywhere() {
    let table: UsageTable = (1..=14).map(|day| hostile(day, 5)).collect();
    let before: UsageTable =
        [UsageRecord { client_id: Some("<b>gone</b>".into()), ..hostile(1, 3) }].into_iter().collect();
    let options = ReportOptions::default().with_allowance(Allowance::requests(10)).with_drilldown(DRILLDOWN);
    let page = draw(&Report::compared(&table, &before, None, &options));
    // The page's own: its data and its script, one style, no image.
    for (markup, times) in [
        ("<script", 2),
        ("</script>", 2),
        ("<style", 1),
        ("</style>", 1),
        ("<img", 0),
        ("<b>", 0),
        ("<!--", 0),
    ] {
        assert_eq!(page.matches(markup).count(), times, "{markup}");
    }
    assert!(!page.contains("\"><img"), "an attribute ends before its tag does");
    let (markup, data) = page.split_once("id=\"data\">").unwrap();
    assert!(!markup.contains(" style=") && !markup.contains(" onerror=alert(1)>"));
    let data: serde_json::Value = serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap();
    assert!(data["lists"]["client"]["names"][0].as_str().unwrap().starts_with("\"><img src=x"));
}

#[test]
fn nothing_is_loaded() {
    let page =
        draw(&Report::new(&[hostile(1, 1), hostile(2, 1)].into_iter().collect(), &ReportOptions::default()));
    let page = page.replace("\"http://www.w3.org/2000/svg\"", "").replace(" href=\"#", "");
    for loads in ["http://", "https://", "url(", "@import", " href=", "<link", "<iframe"] {
        assert!(!page.contains(loads), "{loads}");
    }
}

#[test]
fn a_report_of_nothing_is_a_page() {
    let page = draw(&Report::new(&UsageTable::new(), &ReportOptions::default()));
    assert!(page.contains("the service counted nothing here") && page.ends_with("</html>\n"));
}

#[test]
fn a_report_of_rows_that_were_left_out_does_not_say_that_there_are_none() {
    let scope = Scope::new("organization", Timestamp::UNIX_EPOCH).with_rows_left_out(7);
    let page = draw(&Report::new(&UsageTable::new(), &ReportOptions::default().with_scope(scope)));
    assert!(page.contains("no rows: rows were left out on purpose") && !page.contains("counted nothing"));
}

/// Clients that make many requests, and one of few that are mostly limited.
fn with_culprit() -> Report {
    let client = |number: u64, requests: u64, limited: u64| UsageRecord {
        date: Some("2026-10-01".into()),
        client_id: Some(format!("id-{number}")),
        client_name: Some(format!("Client {number}")),
        template_uri: Some("api/v2/users".into()),
        requests: Some(requests),
        status200: Some(requests - limited),
        status300: Some(0),
        status400: Some(limited),
        status429: Some(limited),
        status500: Some(0),
        ..UsageRecord::default()
    };
    let large = (0..30).map(|number| client(number, 10_000 - number, 0));
    let table: UsageTable = large.chain([client(99, 500, 400)]).collect();
    Report::new(&table, &ReportOptions::default().with_top(5).with_drilldown(DRILLDOWN))
}

#[test]
fn a_finding_links_to_its_row_which_is_there_without_the_script() {
    let page = draw(&with_culprit());
    let (markup, _) = page.split_once("id=\"data\">").unwrap();
    assert!(markup.contains("<a href=\"#client-30\">Client 99</a> causes all of"), "{markup}");
    assert!(markup.contains("<tr id=\"client-30\"><th scope=\"row\">Client 99<small>id-99</small>"));
    for link in markup.split(" href=\"#").skip(1) {
        let (target, _) = link.split_once('"').unwrap();
        assert!(markup.contains(&format!(" id=\"{target}\"")), "nothing has the id {target}");
    }
}

#[test]
fn a_high_rate_has_a_mark_with_a_word() {
    let page = draw(&with_culprit());
    let mark = "<span class=\"mark warning\" role=\"img\" aria-label=\"warning\">▲</span>80.0 %";
    assert!(page.contains(mark));
}

#[test]
fn the_header_says_what_the_page_is_of() {
    let about = About {
        several: None,
        organization: Some("Acme <Corp>".into()),
        region: Some("mypurecloud.de (eu-central-1)".into()),
        made_at: Some(Timestamp::from_unix_millis(1_782_864_000_000)),
    };
    let page = page(&with_culprit(), &about);
    assert!(page.contains("<h1>API usage<span> of Acme &lt;Corp&gt;</span></h1>"));
    for fact in [
        "<dt>Region</dt><dd>mypurecloud.de (eu-central-1)</dd>",
        "<dt>Period</dt><dd>2026-10-01, a UTC day</dd>",
        "<dt>Data until</dt><dd>2026-10-01</dd>",
        "<dt>Made</dt><dd>2026-07-01 00:00 UTC</dd>",
    ] {
        assert!(page.contains(fact), "{fact}");
    }
}

#[test]
fn a_page_of_thousands_of_months_and_clients_is_bounded_and_says_so() {
    let first: Date = "1200-01-01".parse().unwrap();
    let row = |number: i64| UsageRecord {
        date: Some(first.plus_days(number * 31).first_of_month().to_string()),
        client_id: Some(format!("client {number}")),
        requests: Some(1),
        ..UsageRecord::default()
    };
    let table: UsageTable = (0..4_000).map(row).collect();
    let options =
        ReportOptions::default().with_granularity(Granularity::Month).with_allowance(Allowance::requests(10));
    let page = draw(&Report::new(&table, &options));
    let (markup, _) = page.split_once(" id=\"data\">").unwrap();
    assert!(markup.contains("Requests by month <span class=\"dim\">the latest 400 of 4,000 months</span>"));
    assert!(markup.contains(" earlier months</td>"));
    assert_eq!(markup.matches("<g class=\"hit\">").count(), 400);
}

#[test]
fn many_clients_that_vanished_open() {
    let client = |number: u32| UsageRecord { client_id: Some(format!("gone {number}")), ..hostile(1, 3) };
    let before: UsageTable = (0..25).map(client).collect();
    let now: UsageTable = [hostile(20, 3)].into_iter().collect();
    let page = draw(&Report::compared(&now, &before, None, &ReportOptions::default()));
    assert!(page.contains("<h3>Vanished: 25 ") && page.contains("<details><summary>15 more</summary>"));
}
