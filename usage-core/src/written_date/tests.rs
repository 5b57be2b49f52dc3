//! Every spelling of a date.

use proptest::prelude::*;

use super::*;

fn written(text: &str) -> Option<String> {
    WrittenDate::parse(text).map(|written| written.to_string())
}

#[test]
fn every_spelling_of_midnight_is_its_day() {
    for text in [
        "2026-10-01",
        " 2026-10-01\n",
        "20261001",
        "2026-274",
        "2026274",
        "2026-W40-4",
        "2026w404",
        "2026/10/1",
        "2026.10.01",
        "2026-10-01Z",
        "2026-10-01T00:00:00Z",
        "2026-10-01t00:00:00z",
        "2026-10-01T00:00Z",
        "2026-10-01T00Z",
        "2026-10-01T00:00:00",
        "2026-10-01 00:00:00",
        "2026-10-01 0:00",
        "2026-10-01T00:00:00.000+0000",
        "2026-10-01T00:00:00,000000000000+00:00",
        "2026-10-01T00:00:00.0Z",
        "20261001T000000Z",
        "20261001T0000Z",
        "20261001 00:00:00",
        "20261001000000",
        "2026-10-01T02:00:00+02:00",
        "2026-10-01T02:00:00+02",
        "2026-10-01T05:45+0545",
        "2026-09-30T17:00:00-07:00",
        "2026-09-30T17:00:00\u{2212}07:00",
        "2026-09-30T24:00:00Z",
        "2026-10-01 00:00:00 UTC",
        "2026-10-01 00:00:00 GMT",
        "2026-10-01 00:00:00 +0000 UTC",
        "2026-10-01T00:00:00Z[UTC]",
        "2026-10-01T02:00+02:00[Europe/Berlin]",
        "2026-10-01 12:00:00\u{202f}AM",
        "/Date(1790812800000)/",
        "/Date(1790812800000+0200)/",
        "1790812800",
        "1790812800000",
        "1790812800000000",
        "1790812800000000000",
    ] {
        assert_eq!(written(text).as_deref(), Some("2026-10-01"), "{text}");
    }
}

#[test]
fn a_time_within_a_day_is_one_in_utc() {
    for (text, time) in [
        ("2026-10-01T00:00:00+02:00", "2026-09-30T22:00:00Z"),
        ("2026-10-01T13:05:09.120Z", "2026-10-01T13:05:09.12Z"),
        ("2026-10-01 01:00:00 PM", "2026-10-01T13:00:00Z"),
        ("2026-10-01T00:00:00.0000000000001Z", "2026-10-01T00:00:00.000000001Z"),
        ("2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00Z"),
        ("/Date(-1)/", "1969-12-31T23:59:59.999Z"),
    ] {
        assert_eq!(written(text).as_deref(), Some(time), "{text}");
    }
}

#[test]
fn what_is_no_date_is_none() {
    for text in [
        "",
        "Total",
        "2026",
        "2026-10",
        "2026-13-45",
        "2026-02-29",
        "20260230",
        "2026-366",
        "2026-000",
        "2026-W54-1",
        "2026-W01-8",
        "0000-01-01",
        "9999-01-01",
        "26-10-01",
        "2026-10-01T",
        "2026-10-01T25:00",
        "2026-10-01T00:60",
        "2026-10-01T00:00:60Z",
        "2026-10-01T24:00:01Z",
        "2026-10-01T00:00:00.Z",
        "2026-10-01T00:00:00+2",
        "2026-10-01T00:00:00+02:60",
        "2026-10-01T00:00:00 CET",
        "2026-10-01T00:00:00Zx",
        "2026-10-01x",
        "2026-10-01T00:00:00[UTC",
        "2026-10-01 13:00 PM",
        "2026-10-01 0:00 AM",
        "10/13/2026",
        "46296",
        "1e9",
        "/Date()/",
        "/Date(x)/",
        "/Date(1)",
        "99999999999999999999",
        "2026\u{2212}",
        "\u{661}026-10-01",
        "9998-12-31T24:00Z",
        "0001-01-01T00:00+01:00",
    ] {
        assert_eq!(written(text), None, "{text}");
    }
}

#[test]
fn numeric_dates_say_their_order_or_do_not() {
    use DateOrder::{DayFirst, MonthFirst};
    for (text, order, day) in [
        ("10/13/2026 00:00:00", Some(MonthFirst), "2026-10-13"),
        ("10/13/2026, 12:00:00 AM", Some(MonthFirst), "2026-10-13"),
        ("10/13/2026 12:00:00 AM +00:00", Some(MonthFirst), "2026-10-13"),
        ("13/10/2026", Some(DayFirst), "2026-10-13"),
        ("13-10-2026 0:00", Some(DayFirst), "2026-10-13"),
        ("13.10.2026", Some(DayFirst), "2026-10-13"),
        ("1.2.2026", Some(DayFirst), "2026-02-01"),
        ("31/2/2026", None, ""),
        ("2/31/2026", None, ""),
        ("13/13/2026", None, ""),
        ("10.13.2026", None, ""),
    ] {
        let date = NumericDate::parse(text).unwrap();
        assert_eq!(date.order(), order, "{text}");
        let read = order.and_then(|order| date.read(order)).map(|date| date.to_string());
        assert_eq!(read.unwrap_or_default(), day, "{text}");
    }
    let open = NumericDate::parse("1/10/2026").unwrap();
    assert_eq!(open.order(), None);
    assert_eq!(open.read(DayFirst).unwrap().to_string(), "2026-10-01");
    assert_eq!(open.read(MonthFirst).unwrap().to_string(), "2026-01-10");
    assert!(NumericDate::parse("10/10/2026").unwrap().is_symmetric());
    for text in [
        "",
        "10/13/26",
        "10/13-2026",
        "10/13/2026,",
        "10/13/2026T00:00",
        "100/1/2026",
        "2026-10-01",
        "10/13/2026 x",
    ] {
        assert_eq!(NumericDate::parse(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_printed_is_parsed_again(
        days in 0i64..3_000_000, second in 0i128..86_400, nanos in prop_oneof![Just(0i128), 0i128..1_000_000_000]
    ) {
        let date = Date::new(1, 1, 1).unwrap().plus_days(days);
        let written = WrittenDate::at(date, second * SECOND_NANOS + nanos, 0).unwrap();
        prop_assert_eq!(WrittenDate::parse(&written.to_string()), Some(written));
        prop_assert_eq!(written.day().is_some(), second == 0 && nanos == 0);
    }

    #[test]
    fn an_offset_moves_the_clock_and_not_the_instant(days in 1000i64..3_000_000, minutes in -840i64..=840) {
        let date = Date::new(1, 1, 1).unwrap().plus_days(days);
        let local = minutes.rem_euclid(1440);
        let day = date.plus_days(minutes.div_euclid(1440));
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hours, rest) = (minutes.abs() / 60, minutes.abs() % 60);
        for colon in ["", ":"] {
            let text = format!("{day}T{:02}:{:02}:00{sign}{hours:02}{colon}{rest:02}", local / 60, local % 60);
            prop_assert_eq!(WrittenDate::parse(&text).and_then(WrittenDate::day), Some(date), "{}", text);
        }
    }

    #[test]
    fn nothing_panics(text in "[0-9TZWtz:.,+/ -]{0,30}", any: String) {
        for text in [&text, &any] {
            if let Some(written) = WrittenDate::parse(text) {
                prop_assert_eq!(WrittenDate::parse(&written.to_string()), Some(written));
            }
            let _ = NumericDate::parse(text).map(|date| (date.order(), date.read(DateOrder::MonthFirst)));
        }
    }
}
