//! Parsers of option values: short words and the service's own words for its values, and durations.

use std::fmt::Display;
use std::ops::{Bound, RangeBounds};
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use usage_core::model::{Dimension, Granularity, HttpMethod, Metric, SearchColumn};

/// The longest time that a command line or a configuration gives: clocks do not count as far as a `Duration` reaches.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Parses a time of a command line or a configuration. One longer than a hundred years is cut to that.
pub(crate) fn duration(text: &str) -> Result<Duration, &'static str> {
    let duration = humantime::parse_duration(text).map_err(|_| "write a time as 90s, 10m or 1h")?;
    Ok(duration.min(LONGEST))
}

/// Parses a shell command. An empty one would succeed and do nothing.
pub(crate) fn command(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() { Err("the command is empty") } else { Ok(text.to_owned()) }
}

/// Returns a parser of the whole numbers of `range`. Its error states the range.
pub(crate) fn number<T>(
    range: impl RangeBounds<T> + Clone + Send + Sync + 'static,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: FromStr + PartialOrd + Display + Send + Sync + 'static,
{
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| match (range.start_bound(), range.end_bound()) {
            (Bound::Included(first), Bound::Included(last)) => {
                format!("write a whole number from {first} to {last}")
            }
            (Bound::Included(first), _) => format!("write a whole number, {first} or more"),
            _ => "write a whole number".into(),
        })
    }
}

/// A value and its word; the service's own spelling of the value is accepted, too.
pub(crate) struct Word<T: 'static> {
    short: &'static str,
    service: &'static str,
    value: T,
}

/// The accepted words of an option.
pub(crate) type Words<T> = &'static [Word<T>];

macro_rules! words {
    ($($short:literal, $service:literal = $value:expr;)+) => {
        &[$(Word { short: $short, service: $service, value: $value }),+]
    };
}

pub(crate) const GRANULARITIES: Words<Granularity> = words! {
    "day", "Day" = Granularity::Day;
    "week", "Week" = Granularity::Week;
    "month", "Month" = Granularity::Month;
};

pub(crate) const DIMENSIONS: Words<Dimension> = words! {
    "client", "OAuthClientId" = Dimension::OAuthClientId;
    "user", "UserId" = Dimension::UserId;
    "organization", "OrganizationId" = Dimension::OrganizationId;
    "uri", "TemplateUri" = Dimension::TemplateUri;
    "method", "HttpMethod" = Dimension::HttpMethod;
};

pub(crate) const JOB_DIMENSIONS: Words<Dimension> = words! {
    "client", "OauthClientId" = Dimension::OAuthClientId;
    "client-name", "OauthClientName" = Dimension::OAuthClientName;
    "user", "UserId" = Dimension::UserId;
    "organization", "OrganizationId" = Dimension::OrganizationId;
    "uri", "TemplateUri" = Dimension::TemplateUri;
    "method", "HttpMethod" = Dimension::HttpMethod;
    "platform", "Platform" = Dimension::Platform;
};

pub(crate) const METRICS: Words<Metric> = words! {
    "requests", "Requests" = Metric::Requests;
    "status200", "Status200" = Metric::Status200;
    "status300", "Status300" = Metric::Status300;
    "status400", "Status400" = Metric::Status400;
    "status429", "Status429" = Metric::Status429;
    "status500", "Status500" = Metric::Status500;
};

pub(crate) const COLUMNS: Words<SearchColumn> = words! {
    "date", "Date" = SearchColumn::Date;
    "client-name", "ClientName" = SearchColumn::ClientName;
    "uri", "TemplateUri" = SearchColumn::TemplateUri;
    "method", "HttpMethod" = SearchColumn::HttpMethod;
    "status200", "Status200" = SearchColumn::Status200;
    "status300", "Status300" = SearchColumn::Status300;
    "status400", "Status400" = SearchColumn::Status400;
    "status429", "Status429" = SearchColumn::Status429;
    "status500", "Status500" = SearchColumn::Status500;
};

pub(crate) const HTTP_METHODS: Words<HttpMethod> = words! {
    "GET", "GET" = HttpMethod::Get;
    "POST", "POST" = HttpMethod::Post;
    "DELETE", "DELETE" = HttpMethod::Delete;
    "PATCH", "PATCH" = HttpMethod::Patch;
    "PUT", "PUT" = HttpMethod::Put;
    "HEAD", "HEAD" = HttpMethod::Head;
    "CONNECT", "CONNECT" = HttpMethod::Connect;
    "OPTIONS", "OPTIONS" = HttpMethod::Options;
    "TRACE", "TRACE" = HttpMethod::Trace;
};

/// The methods that jobs know: the first six.
pub(crate) const JOB_HTTP_METHODS: Words<HttpMethod> = HTTP_METHODS.split_at(6).0;

/// Parses one of `words`. The error lists them, and suggests the nearest.
pub(crate) fn one_of<T: Clone + Send + Sync>(words: Words<T>) -> impl TypedValueParser<Value = T> {
    let possible = words.iter().map(|word| PossibleValue::new(word.short).alias(word.service));
    PossibleValuesParser::new(possible).try_map(|text| {
        let found = words
            .iter()
            .find(|word| word.short.eq_ignore_ascii_case(&text) || word.service.eq_ignore_ascii_case(&text));
        found.map(|word| word.value.clone()).ok_or("unknown word")
    })
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use usage_core::query::{ClientJob, OrganizationJob, OrganizationQuery};

    use super::*;

    #[test]
    fn every_known_value_has_a_word() {
        assert_eq!(GRANULARITIES.len(), Granularity::KNOWN.len());
        assert_eq!(DIMENSIONS.len(), OrganizationQuery::DIMENSIONS.len());
        assert_eq!(METRICS.len(), Metric::KNOWN.len());
        assert_eq!(COLUMNS.len(), SearchColumn::KNOWN.len());
        assert_eq!(HTTP_METHODS.len(), HttpMethod::KNOWN.len());
        assert_eq!(JOB_DIMENSIONS.len(), Dimension::KNOWN.len());
        for dimensions in [OrganizationJob::DIMENSIONS, ClientJob::DIMENSIONS] {
            assert!(dimensions.iter().all(|known| JOB_DIMENSIONS.iter().any(|word| word.value == *known)));
        }
        let methods = JOB_HTTP_METHODS.iter().map(|word| word.service).collect::<Vec<_>>();
        assert_eq!(methods, ["GET", "POST", "DELETE", "PATCH", "PUT", "HEAD"]);
    }

    #[test]
    fn a_time_can_be_added_to_any_clock() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        for text in ["500000000000y", "100000000000000000s", "101y"] {
            let longest = duration(text).unwrap();
            assert_eq!(longest, LONGEST, "{text}");
            assert!(std::time::Instant::now().checked_add(longest).is_some());
            assert!(std::time::SystemTime::now().checked_add(longest).is_some());
        }
        assert!(duration("99999999999999999999y").is_err());
    }

    #[test]
    fn a_number_out_of_range_is_refused_with_the_range() {
        assert_eq!(number(1u32..)("7"), Ok(7));
        assert_eq!(number(0..=200u16)("0"), Ok(0));
        for text in ["0", "-1", "1.5", "", "x", "1,000", "4294967296", "99999999999999999999"] {
            assert_eq!(number(1u32..)(text), Err("write a whole number, 1 or more".into()), "{text}");
        }
        assert_eq!(number(0..=366u32)("367"), Err("write a whole number from 0 to 366".into()));
        assert_eq!(number(NonZeroU32::MIN..)("0").unwrap_err(), "write a whole number, 1 or more");
    }

    #[test]
    fn the_services_spelling_is_its_own() {
        assert!(GRANULARITIES.iter().all(|word| word.value.as_str() == word.service));
        assert!(DIMENSIONS.iter().all(|word| word.value.as_str() == word.service));
        assert!(METRICS.iter().all(|word| word.value.as_str() == word.service));
        assert!(COLUMNS.iter().all(|word| word.value.as_str() == word.service));
        assert!(HTTP_METHODS.iter().all(|word| word.value.as_str() == word.service));
    }
}
