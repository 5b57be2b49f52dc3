//! Pages whose rows alternate between layouts: other members, other orders, other spellings, cut at any place.

use proptest::prelude::*;

use crate::decode::reference;
use crate::fuzzing::pages::{decode, page as check};

/// The members of a row: each name as it is spelled, and a set of values.
type Layout = Vec<(&'static str, Kind)>;

#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    Count,
    Reference,
    Anything,
}

/// Members of both families, some under other spellings, some unknown, some twice.
const MEMBERS: [(&str, Kind); 20] = [
    ("clientId", Kind::Text),
    ("clientName", Kind::Text),
    ("client\\u004eame", Kind::Text),
    ("userId", Kind::Text),
    ("templateUri", Kind::Text),
    ("httpMethod", Kind::Text),
    ("date", Kind::Text),
    ("platform", Kind::Text),
    ("status200", Kind::Count),
    ("status429", Kind::Count),
    ("requests", Kind::Count),
    ("re\\u0071uests", Kind::Count),
    ("requestCount", Kind::Count),
    ("oauthClient", Kind::Reference),
    ("user", Kind::Reference),
    ("later", Kind::Anything),
    ("clientId ", Kind::Anything),
    ("client", Kind::Anything),
    ("\u{e4}", Kind::Anything),
    ("", Kind::Anything),
];

/// Texts that begin alike, for caches that look at the first bytes.
const TEXTS: [&str; 14] = [
    r#""""#,
    "null",
    r#""aaaaaaaaaaaaaaaa""#,
    r#""aaaaaaaaaaaaaaaab""#,
    r#""aaaaaaaaaaaaaaaab\"""#,
    r#""aaaaaaaaaaaaaaa\u0061""#,
    r#""aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa""#,
    r#""7de3af06-c0b3-4f9b-af45-72f4a14037cc""#,
    r#""7de3af06-c0b3-4f9b-af45-72f4a14037cd""#,
    r#""2026-07-01""#,
    r#""2026-07-01T00:00:00Z""#,
    r#""2026-07-01T00:00:00.000+00:00""#,
    "\"\u{e4}\u{1f600}\"",
    r#""}],{""#,
];

const COUNTS: [&str; 9] = [
    "0",
    "7",
    "42",
    "null",
    "4294967295",
    "4294967296",
    "999999999999999999",
    "9223372036854775807",
    "9223372036854775806",
];

const REFERENCES: [&str; 5] = [
    "null",
    "{}",
    r#"{"id":"x"}"#,
    r#"{"id":"","name":null}"#,
    r#"{"self":[{"id":1}],"id":"aaaaaaaaaaaaaaaab"}"#,
];

const ANYTHING: [&str; 9] =
    ["null", "true", "-1.5e-3", "7", r#""x""#, "[1,[],{}]", r#"{"requests":-1}"#, r#"{"date":[]}"#, "7.0"];

fn layouts() -> impl Strategy<Value = Vec<(Layout, &'static str)>> {
    let layout = proptest::collection::vec(proptest::sample::select(&MEMBERS[..]), 0..9);
    let space = proptest::sample::select(&["", "", " ", "\n  "][..]);
    proptest::collection::vec((layout, space), 1..5)
}

/// Writes a row of `layout`, whose values `seed` chooses.
fn write_row((layout, space): &(Layout, &str), seed: u32, row: &mut String) {
    row.push('{');
    for (place, (name, kind)) in layout.iter().enumerate() {
        let values: &[&str] = match kind {
            Kind::Text => &TEXTS,
            Kind::Count => &COUNTS,
            Kind::Reference => &REFERENCES,
            Kind::Anything => &ANYTHING,
        };
        let chosen =
            (seed as usize).rotate_right(u32::try_from(place).unwrap_or_default() * 5) % values.len();
        let comma = if place > 0 { "," } else { "" };
        row.extend([comma, space, "\"", name, "\":", space, values[chosen]]);
    }
    row.push_str(space);
    row.push('}');
}

proptest! {
    #[test]
    fn rows_of_alternating_layouts_are_read_as_serde_json_reads_them(
        layouts in layouts(),
        rows in proptest::collection::vec((any::<prop::sample::Index>(), any::<u32>()), 0..40),
        is_job in any::<bool>(),
        chunk in 1usize..1500,
    ) {
        let list = if is_job { "entities" } else { "results" };
        let mut body = format!("{{\"queryStatus\":\"Complete\",\"{list}\":[");
        for (number, (layout, seed)) in rows.iter().enumerate() {
            body.push_str(if number > 0 { "," } else { "" });
            write_row(layout.get(&layouts), *seed, &mut body);
        }
        body.push_str("]}");
        let whole = decode([body.as_bytes()]);
        prop_assert_eq!(&decode(body.as_bytes().chunks(chunk)), &whole);
        // A member that is there twice is the one reason for a refusal.
        prop_assert!(whole.is_ok() || reference::decode(body.as_bytes()).is_err(), "{}", body);
        check(body.as_bytes());
    }
}
