//! The text of a report.

use usage_core::model::Granularity;
use usage_core::{Date, UsageRecord, UsageTable};
use usage_report::{Allowance, ReportOptions};

use super::*;

fn row(date: &str, requests: u64) -> UsageRecord {
    UsageRecord { date: Some(date.into()), requests: Some(requests), ..UsageRecord::default() }
}

fn text(rows: &[UsageRecord], options: &ReportOptions) -> String {
    let table: UsageTable = rows.iter().cloned().collect();
    draw(&Report::new(&table, options), &About::default(), By::Requests, Look::plain())
}

fn october() -> ReportOptions {
    let day = |text: &str| text.parse::<Date>().unwrap();
    ReportOptions::default()
        .with_granularity(Granularity::Day)
        .with_period(Period::new(day("2026-10-01"), day("2026-10-31")).unwrap())
        .with_data_until(day("2026-10-15"))
        .with_allowance(Allowance::requests(100))
}

#[test]
fn what_is_used_is_said_with_its_days() {
    let days: Vec<_> = (1..=15).map(|day| row(&format!("2026-10-{day:02}"), 3)).collect();
    let text = text(&days, &october());
    assert!(text.contains("2026-10              45 used  "), "{text}");
    assert!(text.contains("45.0 %  on 15 of 31 days\n"), "{text}");
    assert!(text.contains("            Likely 88 to 98.\n"), "{text}");
    assert!(text.contains("stays within the allowance if it goes on like this"), "{text}");
}

#[test]
fn what_is_not_known_is_said_with_the_option_that_tells_it() {
    let mut options = october();
    (options.period, options.granularity) = (None, None);
    let text = text(&[row("2026-10-05", 60), row("2026-10-12", 60)], &options);
    for sentence in [
        "--granularity says it.",
        "--interval or --month says it.",
        "a day, a week or a month. --granularity",
    ] {
        assert!(text.split_whitespace().collect::<Vec<_>>().join(" ").contains(sentence), "{text}");
    }
    assert!(text.contains("Requests by date\n") && !text.contains("projected "), "{text}");
}

#[test]
fn lines_are_cut_between_characters_and_escapes_are_kept() {
    assert_eq!(cut("abc", 3), "abc");
    assert_eq!(cut("日本語", 5), "日本…");
    assert_eq!(
        (cut("1,234,567", 5), cut("\u{1b}[1mabc\u{1b}[0m", 3)),
        ("1,23…".into(), "\u{1b}[1mabc\u{1b}[0m".into())
    );
    assert_eq!(cut("\u{1b}[1mabc\u{1b}[0m def", 2), "\u{1b}[1ma…\u{1b}[0m");
    assert_eq!(cut("日本", 1), "…");
}

#[test]
fn dates_of_an_unknown_granularity_are_counted_as_dates() {
    let months = [row("2026-08-01", 5), row("2026-09-01", 5)];
    let title = |options: &ReportOptions| {
        let text = text(&months, options);
        text.lines().next().unwrap_or_default().to_owned()
    };
    let unknown = ReportOptions::default();
    assert_eq!(title(&unknown), "API usage from 2026-08-01 to 2026-09-01: 2 dates");
    let known = unknown.with_granularity(Granularity::Month);
    assert_eq!(title(&known), "API usage from 2026-08-01 to 2026-09-30: 61 days");
    let given = ReportOptions::default().with_period(october().period.unwrap());
    let text = text(&[row("2026-10-05", 5), row("2026-10-12", 5)], &given);
    assert!(text.starts_with("API usage from 2026-10-01 to 2026-10-31: 31 days\n"), "{text}");
}

#[test]
fn findings_come_first_and_what_is_not_covered_comes_last() {
    let throttled = UsageRecord {
        client_name: Some("Queue Wallboard".into()),
        status400: Some(400),
        status429: Some(400),
        status500: Some(0),
        ..row("2026-10-05", 1_000)
    };
    let text = text(&[throttled], &october().with_allowance(Allowance::requests(100_000)));
    let (finding, sums) =
        (text.find("\n!  Queue Wallboard causes all of the rate-limited"), text.find("  Requests "));
    assert!(finding.is_some() && finding < sums, "{text}");
    let covered = text.find("The data ends on 2026-10-15: the last 16 days of the period are not in it yet.");
    assert!(sums < covered && covered < text.find("this is not the"), "{text}");
}
