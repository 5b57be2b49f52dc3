//! The texts and limits of small public types, and the cursor of the next page of events.

use usage_core::decode::{
    JsonDecoder, MAX_JSON_BODY, MAX_PAGE_BODY, MAX_PAGE_STRING, PageDecoder, ResponseDecoder,
    StreamingDecoder,
};
use usage_core::error::{BuildError, MAX_ERROR_BODY};
use usage_core::events::{EventAggregatesQuery, EventPage};
use usage_core::{Column, Counter, EndpointExt, MAX_CURSOR_LEN, Region, UsageRow, WaitReason};

#[test]
fn a_wait_reports_its_reason() {
    let words = [WaitReason::Poll, WaitReason::Retry, WaitReason::RateLimit, WaitReason::Token];
    let words = words.map(|reason| reason.to_string());
    assert_eq!(words, ["the query's result", "another try", "the rate limit", "an access token"]);
}

#[test]
fn a_decoder_does_not_print_what_it_reads() {
    let page = br#"{"results":[{"clientName":"Nightly Export"#;
    let mut decoder = PageDecoder::default();
    decoder.push(page).unwrap();
    let mut streaming = StreamingDecoder::new(|_: UsageRow<'_>| {});
    streaming.push(page).unwrap();
    assert_eq!(format!("{decoder:?} {streaming:?}"), "PageDecoder { .. } StreamingDecoder { .. }");
    let mut small = JsonDecoder::<EventPage>::default();
    small.push(page).unwrap();
    assert_eq!(format!("{small:?}"), "JsonDecoder { .. }");
}

#[test]
fn columns_and_counters_print_their_names() {
    assert_eq!(format!("{:>7}|{}", Column::UserId, Column::Date), " userId|date");
    assert_eq!(format!("{:>10}|{}", Counter::Status429, Counter::Requests), " status429|requests");
}

#[test]
fn body_limits_are_in_binary_units() {
    assert_eq!((MAX_PAGE_STRING, MAX_ERROR_BODY), (64 << 10, 64 << 10));
    assert_eq!((MAX_JSON_BODY, MAX_PAGE_BODY), (1 << 20, 256 << 20));
}

#[test]
fn every_region_parses_from_what_it_prints_and_has_hosts_of_its_own() {
    let domains: std::collections::BTreeSet<_> =
        Region::all().map(|region| region.domain().to_owned()).collect();
    assert_eq!(domains.len(), Region::all().count());
    for region in Region::all() {
        assert_eq!(region.aws_name(), Some(&*region.to_string()));
        assert_eq!(region.to_string().parse(), Ok(region));
    }
    assert_eq!(domains.len(), 18);
    assert_eq!(Region::default().aws_name(), Some("us-east-1"));
}

#[test]
fn event_counts_are_of_the_requested_interval() {
    let query = EventAggregatesQuery::new("2026-07/2026-07".parse().unwrap());
    let request = query.to_request(&Region::default().api_url(), None).unwrap();
    assert_eq!(request.body(), br#"{"interval":"2026-07/2026-07"}"#);
}

#[test]
fn the_next_page_of_events_starts_at_the_cursor_of_its_uri() {
    let next = |uri: Option<&str>| {
        let page = serde_json::json!({ "entities": [], "nextUri": uri });
        serde_json::from_value::<EventPage>(page).unwrap().next()
    };
    assert_eq!(next(None), Ok(None));
    assert_eq!(next(Some("/api/v2/usage/events/query?before=a")), Ok(None));
    let cursor = next(Some("https://elsewhere.example/?pageSize=9&after=a%3D")).unwrap().unwrap();
    assert_eq!(cursor.as_str(), "a=");
    let long = format!("?after={}", "a".repeat(MAX_CURSOR_LEN + 1));
    assert!(matches!(next(Some(&long)), Err(BuildError::Id { .. })));
}
