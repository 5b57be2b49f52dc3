//! However rows are: no line of a report is longer than the terminal, and no report is large for its rows.

use proptest::option;
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;
use usage_core::model::Granularity;
use usage_core::{Date, UsageRecord, UsageTable};
use usage_report::{Allowance, By, Period, Report, ReportOptions};

use super::about::About;
use super::{Chart, write};
use crate::output::Look;
use crate::output::format::Format;

/// Small counts, and such as no service can have.
fn count() -> impl Strategy<Value = Option<u64>> {
    option::weighted(0.8, prop_oneof![0u64..100, Just(1_000_000_000), 0..=UsageRecord::MAX_COUNT])
}

fn name() -> impl Strategy<Value = Option<String>> {
    option::of(prop_oneof!["[a-z]{1,9}", "[日本語👩‍👩‍👧é ]{1,60}", Just("x".repeat(500))])
}

fn record() -> impl Strategy<Value = UsageRecord> {
    let day = option::weighted(0.9, prop_oneof![20_000i64..20_100, Just(-700_000), Just(2_900_000)]);
    (day, (name(), name(), name()), (count(), count(), count(), count(), count(), count())).prop_map(
        |(day, (client_name, client_id, template_uri), counts)| UsageRecord {
            date: day.map(|day| "1970-01-01".parse::<Date>().unwrap().plus_days(day).to_string()),
            client_name,
            client_id,
            template_uri,
            requests: counts.0,
            status200: counts.1,
            status300: counts.2,
            status400: counts.3,
            status429: counts.4,
            status500: counts.5,
            ..UsageRecord::default()
        },
    )
}

fn options() -> impl Strategy<Value = ReportOptions> {
    let granularity = prop::sample::select(vec![Granularity::Day, Granularity::Week, Granularity::Month]);
    let period = (19_900i64..20_100, 0i64..400);
    (option::of(granularity), option::of(period), option::of(0u64..=u64::MAX), 0usize..100).prop_map(
        |(granularity, period, allowance, top)| {
            let day = |day| "1970-01-01".parse::<Date>().unwrap().plus_days(day);
            let mut options = ReportOptions::default().with_top(top);
            options.granularity = granularity;
            options.period = period.and_then(|(from, days)| Period::new(day(from), day(from + days)));
            options.allowance = allowance.map(Allowance::requests);
            options
        },
    )
}

fn report() -> impl Strategy<Value = Report> {
    let records = || prop::collection::vec(record(), 0..25);
    (records(), option::of(records()), options()).prop_map(|(rows, before, options)| {
        let rows: UsageTable = rows.into_iter().collect();
        match before {
            None => Report::new(&rows, &options),
            Some(before) => Report::compared(&rows, &before.into_iter().collect(), None, &options),
        }
    })
}

fn written(report: &Report, format: Format, chart: Chart, look: Look) -> Vec<u8> {
    let mut to = Vec::new();
    write(&mut to, report, &About::default(), format, By::Requests, chart, look).unwrap();
    to
}

/// The text without what gives it colours.
fn visible(line: &str) -> String {
    let mut pieces = line.split('\u{1b}');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |text, piece| text + piece.split_once('m').map_or("", |(_, rest)| rest))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_line_is_longer_than_the_terminal(report in report(), width in 1usize..200, bold: bool) {
        let look = Look { width: Some(width), bold };
        for by in By::ALL.iter().copied() {
            for line in super::text::draw(&report, &About::default(), by, look).lines() {
                prop_assert!(visible(line).width() <= width, "{} > {width}: {line}", visible(line).width());
            }
        }
    }

    #[test]
    fn no_report_is_large_for_its_rows(report in report(), chart in prop::sample::select(vec![Chart::Days, Chart::Heatmap, Chart::Clients])) {
        for format in [Format::Table, Format::Html, Format::Svg, Format::Csv, Format::Openmetrics, Format::Json] {
            let size = written(&report, format, chart, Look::plain()).len();
            prop_assert!(size < 2_000_000, "{size} bytes of {format:?}");
        }
    }

    /// Every rectangle of a picture is in it.
    #[test]
    fn no_bar_leaves_its_picture(report in report(), chart in prop::sample::select(vec![Chart::Days, Chart::Heatmap, Chart::Clients])) {
        let svg = String::from_utf8(written(&report, Format::Svg, chart, Look::plain())).unwrap();
        let number = |text: &str, name: &str| -> f64 {
            let (_, rest) = text.split_once(&format!(" {name}=\"")).unwrap_or(("", "0\""));
            rest.split_once('"').unwrap().0.parse().unwrap()
        };
        let (width, height) = (number(&svg, "width"), number(&svg, "height"));
        prop_assert!(width <= 1_000.0 && height <= 2_000.0, "{width} x {height}");
        for rect in svg.split("<rect").skip(1).filter_map(|rest| rest.split('>').next()) {
            let (x, y) = (number(rect, "x"), number(rect, "y"));
            prop_assert!(x >= 0.0 && x + number(rect, "width") <= width + 0.1, "{rect}");
            prop_assert!(y >= 0.0 && y + number(rect, "height") <= height + 0.1, "{rect}");
        }
    }
}

#[test]
fn classes_without_a_total_are_as_long_as_the_terminal_is_wide() {
    for requests in [None, Some(1)] {
        let record = UsageRecord {
            date: Some("2026-10-01".into()),
            requests,
            status200: Some(1_000_000_000),
            ..UsageRecord::default()
        };
        let rows: UsageTable =
            [record.clone(), UsageRecord { date: Some("2026-10-02".into()), ..record }].into_iter().collect();
        let report = Report::new(&rows, &ReportOptions::default());
        let text = String::from_utf8(written(&report, Format::Table, Chart::Days, Look::plain())).unwrap();
        assert!(text.len() < 4_000, "{} bytes", text.len());
    }
}

#[cfg(feature = "png")]
#[test]
fn a_picture_of_many_clients_is_not_too_high_for_pixels() {
    let client = |number: u32| UsageRecord {
        date: Some("2026-10-01".into()),
        client_id: Some(number.to_string()),
        requests: Some(1),
        ..UsageRecord::default()
    };
    let rows: UsageTable = (0..20_000).map(client).collect();
    let options = ReportOptions::default().with_top(usize::MAX).with_granularity(Granularity::Day);
    let report = Report::new(&rows, &options);
    for chart in [Chart::Clients, Chart::Heatmap] {
        assert!(written(&report, Format::Png, chart, Look::plain()).len() < 2_000_000);
    }
}
