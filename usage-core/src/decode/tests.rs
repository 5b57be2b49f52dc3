//! The page decoder on generated, damaged and documented pages.

mod alternating;
mod limits;

use proptest::prelude::*;

use crate::decode::{
    QueryStatus, ResponseDecoder, ResultsPage, SinglePageDecoder, StreamingDecoder, reference,
};
use crate::failures::DecodeError;
use crate::fuzzing::documents::{Family, Order, SamplePage, Spacing};
use crate::fuzzing::pages::{decode, page as check};
use crate::{Cursor, UsageRow};

fn read(body: &str) -> Result<ResultsPage, DecodeError> {
    check(body.as_bytes());
    decode([body.as_bytes()])
}

fn sample() -> impl Strategy<Value = SamplePage> {
    let odd = || prop_oneof![Just(0u64), 0u64..60];
    (
        (0usize..6, any::<u64>(), odd(), odd()),
        prop_oneof![Just(Family::Legacy), Just(Family::Jobs)],
        prop_oneof![Just(Spacing::Compact), Just(Spacing::Pretty), Just(Spacing::Ragged)],
        prop_oneof![Just(Order::ByDay), Just(Order::Random)],
    )
        .prop_map(|((rows, seed, odd_texts, odd_members), family, spacing, order)| SamplePage {
            clients: 2,
            spacing,
            order,
            odd_texts,
            odd_members,
            seed,
            ..SamplePage::benchmark(family, rows)
        })
}

/// Something done to a document at a place.
#[derive(Clone, Debug)]
enum Damage {
    Flip(u8),
    Insert(&'static str),
    Delete(usize),
    /// What stands there, once more.
    Repeat(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    const FRAGMENTS: [&str; 43] = [
        "\"",
        "\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "0",
        "-",
        ".",
        "e",
        "1e9",
        "null",
        "true",
        "\\u",
        "\\ud800",
        "\\udc00",
        "\u{e4}",
        "\u{1f600}",
        " ",
        "\n",
        "\u{0}",
        "\u{feff}",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551616",
        "\"requests\":1,",
        "\"id\":\"x\",",
        "\"results\":[],",
        "\"entities\":null,",
        "\"queryStatus\":\"\",",
        "\"nextUri\":\"/x?after=%zz+a\",",
        "\"cursors\":{},",
        "\"errorBody\":[],",
        "\"cursors\":\"x\",",
        "\"cursors\":{\"after\":7},",
        "\"nextUri\":\"/x\",",
        "\"nextUri\":1e999,",
        "\"results\":{},",
        "\"entities\":\"none\",",
        "\"queryStatus\":\"Running\",",
        "\"errorBody\":{\"status\":1},",
    ];
    prop_oneof![
        any::<u8>().prop_map(Damage::Flip),
        proptest::sample::select(&FRAGMENTS[..]).prop_map(Damage::Insert),
        (1usize..40).prop_map(Damage::Delete),
        (1usize..40).prop_map(Damage::Repeat),
    ]
}

impl Damage {
    fn apply(&self, body: &mut Vec<u8>, place: usize) {
        match self {
            Self::Flip(byte) => body.iter_mut().skip(place).take(1).for_each(|at| *at = *byte),
            Self::Insert(text) => drop(body.splice(place..place, text.bytes())),
            Self::Delete(bytes) => drop(body.drain(place..(place + bytes).min(body.len()))),
            Self::Repeat(bytes) => {
                let again = body[place..(place + bytes).min(body.len())].to_vec();
                body.splice(place..place, again);
            }
        }
    }
}

proptest! {
    #[test]
    fn generated_pages_are_read_as_serde_json_reads_them(page in sample()) {
        let json = page.to_json();
        prop_assert!(reference::decode(json.as_bytes()).is_ok(), "the generator writes valid pages: {}", json);
        check(json.as_bytes());
    }

    #[test]
    fn damaged_pages_are_read_as_serde_json_reads_them(
        page in sample(), damages in proptest::collection::vec((any::<prop::sample::Index>(), damage()), 1..4)
    ) {
        let mut body = page.to_json().into_bytes();
        for (place, damage) in damages {
            let place = place.index(body.len() + 1);
            damage.apply(&mut body, place);
        }
        check(&body);
    }

    #[test]
    fn any_cut_gives_the_same(
        page in sample(), cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..6), damage in proptest::option::of((any::<prop::sample::Index>(), damage()))
    ) {
        let mut body = page.to_json().into_bytes();
        if let Some((place, damage)) = damage {
            let place = place.index(body.len() + 1);
            damage.apply(&mut body, place);
        }
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
        cuts.extend([0, body.len()]);
        cuts.sort_unstable();
        let chunks = cuts.windows(2).map(|cut| &body[cut[0]..cut[1]]);
        prop_assert_eq!(decode(chunks), decode([&body[..]]));
    }

    #[test]
    fn what_is_written_in_the_service_s_shape_is_read_again(page in sample()) {
        let mut rows = decode([page.to_json().as_bytes()]).unwrap().rows;
        // The service's own shape has no platform.
        let records = rows.iter().map(|row| crate::UsageRecord { platform: None, ..row.to_record() });
        rows = records.collect::<Vec<_>>().into_iter().collect();
        let legacy = serde_json::to_string(&rows.legacy()).unwrap();
        prop_assert_eq!(read(&format!("{{\"results\":{legacy}}}")).unwrap().rows, rows);
    }
}

#[test]
fn reads_the_documented_row() {
    let page = read(
        r#"{"results":[{"clientId":"7de3af06","clientName":"Client Creds","organizationId":"","userId":"",
            "templateUri":"api/v2/notifications/channels","httpMethod":"","status200":2,"status300":0,"status400":0,
            "status500":0,"status429":0,"requests":2,"date":"2020-02-27T00:00:00Z","later":[{}]}],
            "queryStatus":"Complete"}"#,
    )
    .unwrap();
    assert_eq!(page.status, Some(QueryStatus::Complete));
    let row = page.rows.row(0).unwrap();
    assert_eq!(row.date_text(), Some("2020-02-27"));
    assert_eq!((row.client_id(), row.user_id(), row.http_method()), (Some("7de3af06"), None, None));
    assert_eq!((row.requests(), row.status300()), (Some(2), Some(0)));
}

#[test]
fn reads_the_documented_entity() {
    let page = read(
        r#"{"queryStatus":"Succeeded","nextUri":"/api/v2/usage/aggregates/query/jobs/5a1e?pageSize=100&after=eyJvIjoxMDB9%3D#x",
            "entities":[{"date":"2026-07-01","platform":"api","httpMethod":"GET","templateUri":"api/v2/users",
            "requestCount":42,"status200":40,"status300":0,"status400":2,"status429":1,"status500":0,
            "oauthClient":{"id":"7de3af06","name":"Client Creds","selfUri":"/x"},"user":{"id":"11111111"}},
            {"organizationId":"0b7b","oauthClient":null,"user":{"id":""}}],"selfUri":"/x","name":"y"}"#,
    )
    .unwrap();
    assert_eq!(page.status, Some(QueryStatus::Succeeded));
    assert_eq!(page.next.unwrap().as_str(), "eyJvIjoxMDB9=");
    let row = page.rows.row(0).unwrap();
    assert_eq!((row.client_id(), row.client_name()), (Some("7de3af06"), Some("Client Creds")));
    assert_eq!((row.user_id(), row.platform()), (Some("11111111"), Some("api")));
    assert_eq!((row.date_text(), row.requests(), row.status429()), (Some("2026-07-01"), Some(42), Some(1)));
    let row = page.rows.row(1).unwrap();
    assert_eq!((row.organization_id(), row.client_id(), row.user_id()), (Some("0b7b"), None, None));
}

#[test]
fn reads_status_cursors_and_error() {
    assert_eq!(read(r#"{"queryStatus":"Running"}"#).unwrap().status, Some(QueryStatus::Running));
    for (document, next) in [
        (r#"{"cursors":{"after":"MTAwMA=="}}"#, Some("MTAwMA==")),
        (r#"{"cursors":{"after":"","before":7}}"#, None),
        (r#"{"cursors":null}"#, None),
        (r#"{"nextUri":"/x?after=a%26b+c&after=d"}"#, Some("a&b c")),
        (r#"{"nextUri":""}"#, None),
        (r#"{"nextUri":null,"cursors":{"after":"a"}}"#, Some("a")),
    ] {
        assert_eq!(read(document).unwrap().next.as_ref().map(Cursor::as_str), next, "{document}");
    }
    let page =
        read(r#"{"queryStatus":"","errorBody" : {"code":"general.timeout","details":[{}]} }"#).unwrap();
    assert_eq!((page.status, page.error.unwrap().code.as_deref()), (None, Some("general.timeout")));
    assert_eq!(read(r#"{"errorBody":null}"#).unwrap().error, None);
    assert_eq!(read("{}").unwrap(), ResultsPage::default());
}

#[test]
fn the_main_statement_decides() {
    let side = [
        r#""nextUri":"/no/cursor""#,
        r#""nextUri":7"#,
        r#""nextUri":{"after":[1e999]}"#,
        r#""cursors":"x""#,
        r#""cursors":{"after":7}"#,
        r#""cursors":[{"after":"x"}]"#,
        r#""errorBody":7"#,
        r#""errorBody":{"status":"500","details":{"a":1}}"#,
        r#""total":"3""#,
        r#""selfUri":[]"#,
        r#""results":"none""#,
        r#""entities":{"a":[]}"#,
        r#""entities":null"#,
    ];
    for member in side {
        for status in ["Running", "Failed", "Paused"] {
            let (before, after) = (
                format!(r#"{{{member},"queryStatus":"{status}"}}"#),
                format!(r#"{{"queryStatus":"{status}",{member}}}"#),
            );
            for document in [before, after] {
                check(document.as_bytes());
                let page = read(&document).unwrap_or_else(|error| panic!("{document}: {error}"));
                assert_eq!(page.status, Some(status.into()), "{document}");
                assert!(!page.lists_missing && page.next.is_none(), "{document}");
            }
        }
    }
    // Where the list of rows is there, side members of another type are skipped too.
    for member in [r#""cursors":"x""#, r#""nextUri":7"#, r#""cursors":{"after":[]}"#, r#""errorBody":[]"#] {
        let document = format!(r#"{{{member},"queryStatus":"Succeeded","entities":[{{}}]}}"#);
        check(document.as_bytes());
        assert_eq!(read(&document).unwrap().rows.len(), 1, "{document}");
    }
    // A cursor that can be used makes up for one that cannot.
    let document = r#"{"nextUri":"/x","queryStatus":"Succeeded","entities":[],"cursors":{"after":"a"}}"#;
    check(document.as_bytes());
    assert_eq!(read(document).unwrap().next.as_ref().map(Cursor::as_str), Some("a"));
}

#[test]
fn a_page_that_is_done_says_whether_it_has_a_list() {
    for (document, missing) in [
        (r#"{"queryStatus":"Complete"}"#, true),
        (r#"{"queryStatus":"Succeeded","results":null,"entities":null}"#, true),
        (r#"{"queryStatus":"Complete","results":[]}"#, false),
        (r#"{"entities":[],"queryStatus":"Succeeded"}"#, false),
        (r#"{"queryStatus":"Running"}"#, false),
        ("{}", false),
    ] {
        check(document.as_bytes());
        assert_eq!(read(document).unwrap().lists_missing, missing, "{document}");
    }
}

#[test]
fn a_family_without_pages_has_no_cursors() {
    for side in [r#""cursors":{"after":"x"}"#, r#""nextUri":"/x?after=b""#, r#""nextUri":"/no/cursor""#] {
        let document = format!(r#"{{"queryStatus":"Complete","results":[{{"requests":1}}],{side}}}"#);
        let mut decoder = SinglePageDecoder::default();
        decoder.push(document.as_bytes()).unwrap();
        let page = decoder.finish().unwrap();
        assert_eq!((page.next, page.rows.len()), (None, 1), "{side}");
        let mut decoder = StreamingDecoder::new(|_: UsageRow<'_>| {}).single_page();
        decoder.push(document.as_bytes()).unwrap();
        assert_eq!(decoder.finish().unwrap().0.next, None, "{side}");
    }
}

#[test]
fn errors_name_path_offset_and_problem() {
    const COUNT: &str = "expected an integer from 0 to 9223372036854775807";
    const NO_AFTER: &str = "the URI has no cursor: its query has no `after`";
    for (document, path, offset, problem) in [
        ("", "$", 0, "the body is empty"),
        ("  ", "$", 2, "the body is empty"),
        ("<html>", "$", 0, "this is not JSON"),
        ("[]", "$", 0, "expected an object"),
        ("null", "$", 0, "expected an object"),
        ("{}x", "$", 2, "something follows the document"),
        (r#"{"results":[{},{"requests":-1}]}"#, "results[1].requests", 27, COUNT),
        (r#"{"results":[{"requests":9223372036854775808}]}"#, "results[0].requests", 24, COUNT),
        (r#"{"results":[{"requests":1.0}]}"#, "results[0].requests", 24, COUNT),
        (r#"{"results":[{"requests":"1"}]}"#, "results[0].requests", 24, COUNT),
        (r#"{"results":[{"requests":01}]}"#, "results[0]", 25, "expected a comma or the end"),
        (r#"{"results":[{"requests":tru}]}"#, "results[0].requests", 27, "expected a value"),
        (r#"{"results":[{"requests" 1}]}"#, "results[0].requests", 24, "expected a colon"),
        (
            r#"{"results":[{"requests":1,"requests":1}]}"#,
            "results[0].requests",
            26,
            "the member is there twice",
        ),
        (r#"{"results":[{"userId":1}]}"#, "results[0].userId", 22, "expected a text"),
        (r#"{"results":[{"x":1,"userId":"\x"}]}"#, "results[0].userId", 29, "not an escape sequence"),
        (r#"{"results":[{"x":[{"y":1 2}]}]}"#, "results[0].x", 25, "expected a comma or the end"),
        (r#"{"results":[{},]}"#, "results[1]", 15, "expected a value"),
        (r#"{"results":[{} {}]}"#, "results", 15, "expected a comma or the end"),
        (r#"{"results":[null]}"#, "results[0]", 12, "expected a row"),
        (r#"{"results":{},"queryStatus":"Complete"}"#, "results", 11, "expected a list of rows"),
        (r#"{"results":[],"results":[]}"#, "results", 14, "the member is there twice"),
        (r#"{"results":[],"entities":[]}"#, "entities", 25, "a page has `results` or `entities`, not both"),
        (r#"{"entities":[{"oauthClient":{"id":[]}}]}"#, "entities[0].oauthClient.id", 34, "expected a text"),
        (r#"{"entities":[{"user":"x"}]}"#, "entities[0].user", 21, "expected an object"),
        (r#"{"queryStatus":{}}"#, "queryStatus", 15, "expected a text"),
        (r#"{"nextUri":"/x?page=1","queryStatus":"Succeeded"}"#, "nextUri", 11, NO_AFTER),
        (r#"{"nextUri":"after=1","queryStatus":"Complete","cursors":[]}"#, "nextUri", 11, NO_AFTER),
        (r#"{"errorBody":{"a":}}"#, "errorBody", 18, "expected a value"),
    ] {
        let error = read(document).unwrap_err();
        assert_eq!((&*error.path, error.offset, &*error.problem), (path, offset, problem), "{document}");
    }
}

#[test]
fn a_body_that_ends_early_is_an_error_wherever_it_ends() {
    let document = r#"{"results":[{"requests":12,"x":["\u00e4",true]}],"queryStatus":"Complete"}"#;
    for end in 1..document.len() {
        let error = read(&document[..end]).unwrap_err();
        assert_eq!((error.offset, &*error.problem), (end as u64, "the document ends early"));
    }
}

#[test]
fn bytes_that_are_not_utf8_are_named() {
    for (body, path, offset) in [
        (&b"{\"queryStatus\":\"a\xff\"}"[..], "queryStatus", 17),
        (b"{\"x\":{\"y\":\"\xe4\xb8\"}}", "x", 11),
        (b"{\"x\":\"\xf0\x9f\x98", "x", 6),
        (b"\xef\xbb", "$", 0),
    ] {
        check(body);
        let error = decode([body]).unwrap_err();
        assert_eq!((&*error.path, error.offset, &*error.problem), (path, offset, "this is not UTF-8"));
    }
}

#[test]
fn an_error_in_a_row_that_is_held_back_comes_before_those_behind_it() {
    let row = b"{\"results\":[{\"requests\":1},{\"requests\":2x";
    for (behind, wanted) in [
        (&b""[..], (40, "expected a comma or the end", false)),
        (b"\xe4", (40, "expected a comma or the end", false)),
        (b"\xff", (40, "expected a comma or the end", false)),
    ] {
        let body = [row, behind].concat();
        check(&body);
        for cut in 0..body.len() {
            let (before, behind) = body.split_at(cut);
            let error = decode([before, behind]).unwrap_err();
            assert_eq!((error.offset, &*error.problem, error.ends_early), wanted, "cut at {cut}");
        }
    }
}
