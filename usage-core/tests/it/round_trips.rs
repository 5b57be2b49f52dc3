//! Public types parse what they print, and deserialize what they serialize.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use usage_core::{BaseUrl, ClientId, Cursor, Date, EventDefinitionId, ExecutionId, Interval, Region, UserId};

fn parse<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().unwrap_or_else(|error| panic!("{text:?}: {error:?}"))
}

fn prints_again<T: FromStr<Err: Debug> + Display + PartialEq + Debug>(text: &str) -> T {
    let value: T = parse(text);
    assert_eq!(parse::<T>(&value.to_string()), value, "{text:?}");
    value
}

fn goes_through_json<T: Serialize + DeserializeOwned + Display + PartialEq + Debug>(value: &T) {
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(json, serde_json::to_string(&value.to_string()).unwrap(), "in JSON it is what it prints");
    assert_eq!(serde_json::from_str::<T>(&json).unwrap(), *value);
}

fn day() -> impl Strategy<Value = String> {
    (1i16..=9998, 1i8..=12, 1i8..=28).prop_map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}"))
}

/// One end of an interval in a format of the service, and its day.
fn side() -> impl Strategy<Value = String> {
    (2000i16..2100, 1i8..=12, 1i8..=28, 0u8..24, 0u8..60, 0usize..6).prop_map(
        |(y, m, d, hour, minute, form)| {
            let day = format!("{y:04}-{m:02}-{d:02}");
            match form {
                0 => day[..7].to_owned(),
                1 => day,
                2 => format!("{day}T{hour:02}:{minute:02}:00"),
                3 => format!("{day}T{hour:02}:{minute:02}:59.999Z"),
                4 => format!("{day}T{hour:02}:{minute:02}:00+0{}:30", hour % 10),
                _ => format!("{day}T{hour:02}:{minute:02}:00-1{}:00", hour % 3),
            }
        },
    )
}

/// The domain of a region: a known one, or a label under one of the vendor's domains.
fn region_domain() -> impl Strategy<Value = String> {
    let known: Vec<_> = Region::all().map(|region| region.domain().to_owned()).collect();
    let newer = ("[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?", "(us-gov-|eusc-)?pure\\.cloud");
    prop_oneof![prop::sample::select(known), newer.prop_map(|(label, parent)| format!("{label}.{parent}"))]
}

fn host() -> impl Strategy<Value = String> {
    "([a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?\\.){1,3}[a-z]([a-z0-9-]{0,6}[a-z0-9])?"
}

proptest! {
    #[test]
    fn dates(text in day()) {
        let date: Date = prints_again(&text);
        goes_through_json(&date);
        assert_eq!(date.to_string(), text);
        assert_eq!(Date::new(date.year(), date.month(), date.day()).unwrap(), date);
    }

    #[test]
    fn intervals(mut sides in prop::array::uniform2(side())) {
        sides.sort();
        let text = sides.join("/");
        // Two ends within one day may be in the wrong order because of their offsets.
        if let Ok(interval) = text.parse::<Interval>() {
            assert_eq!(prints_again::<Interval>(&text).to_string(), text);
            goes_through_json(&interval);
        } else {
            assert_eq!(sides[0][..7], sides[1][..7], "{text} is refused");
        }
    }

    #[test]
    fn ids(text in "\\PC{1,60}") {
        prop_assume!(!matches!(&*text, "." | ".."));
        let id: ExecutionId = prints_again(&text);
        goes_through_json(&id);
        goes_through_json(&prints_again::<ClientId>(&text));
        goes_through_json(&prints_again::<UserId>(&text));
        goes_through_json(&prints_again::<EventDefinitionId>(&text));
        goes_through_json(&prints_again::<Cursor>(&text));
        assert_eq!((id.to_string(), String::from(id)), (text.clone(), text));
    }

    #[test]
    fn regions(domain in region_domain(), prefix in "(https?://)?((api|login|apps)\\.)?", slash in "/?") {
        let region: Region = prints_again(&format!("{prefix}{domain}{slash}"));
        assert_eq!(region.domain(), domain);
        goes_through_json(&region.api_url());
        assert_eq!(parse::<Region>(region.login_url().to_string().as_str()), region);
    }

    #[test]
    fn base_urls(host in host(), port in "(:[1-9][0-9]{0,3})?", path in "(/[a-z0-9_-]{1,9}){0,3}", slashes in "/{0,2}") {
        let text = format!("https://{host}{port}{path}");
        let base: BaseUrl = prints_again(&format!("{text}{slashes}"));
        assert_eq!(base.to_string(), text);
        goes_through_json(&base);
    }
}
