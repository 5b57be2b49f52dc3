//! Properties of any text that is parsed: it prints as the text that it was parsed from, or parses again to itself.

use std::fmt::Display;

use http::header::AUTHORIZATION;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::auth::{AccessToken, AuthorizeErrorCode};
use crate::endpoint::EndpointExt;
use crate::events::{EventDefinitionById, EventSortOrder};
use crate::failures::BuildError;
use crate::model::{Dimension, Granularity, HttpMethod, Metric, QueryStatus, SearchColumn, SortOrder};
use crate::query::{ClientQuery, ClientSummary, OrganizationJob, SimpleSearch};
use crate::{
    BaseUrl, ClientId, Cursor, Date, Endpoint, EventDefinitionId, ExecutionId, Interval, Region, UsageQuery,
};

/// Dates, regions and base URLs.
pub fn texts(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(date) = text.parse::<Date>() {
        assert_eq!(date.to_string(), text);
        assert_eq!(Date::of(date.start()), date.max(Date::of(crate::Timestamp::UNIX_EPOCH)));
    }
    if let Ok(region) = text.parse::<Region>() {
        assert_eq!(region.to_string().parse::<Region>().as_ref(), Ok(&region));
        assert!(region.api_url().to_string().starts_with("https://api."));
        assert!(!region.api_url().is_loopback());
    }
    if let Ok(base) = text.parse::<BaseUrl>() {
        assert_eq!(base.to_string().parse::<BaseUrl>().as_ref(), Ok(&base));
        assert!(base.is_loopback() || base.to_string().starts_with("https://"));
        let uri = base.join("/api/v2/usage/query");
        assert!(uri.is_ok_and(|uri| base.is_origin_of(&uri)));
    }
}

/// An interval prints as it was written, and its parts cover it and do not overlap.
pub fn interval(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(interval) = text.parse::<Interval>() else { return };
    assert_eq!(interval.to_string(), text);
    assert!(interval.first_day() <= interval.last_day() && interval.days() > 0);
    let max_days = u32::from(data.first().copied().unwrap_or_default() % 100).max(interval.days() / 1000);
    let parts = interval.split(max_days);
    let ends = parts.first().map(Interval::first_day).zip(parts.last().map(Interval::last_day));
    assert_eq!(ends, Some((interval.first_day(), interval.last_day())));
    assert!(parts.windows(2).all(|pair| pair[0].last_day().plus_days(1) == pair[1].first_day()));
    for part in &parts {
        assert!(part.days() <= max_days.max(1));
        assert_eq!(part.to_string().parse::<Interval>().as_ref(), Ok(part));
    }
}

/// Any text that is accepted as an id stays one path segment, and as a cursor one query value. The request with it is sent,
/// with its bearer token, to the base URL only.
pub fn path_ids(data: &[u8]) {
    const SECRET: &str = "a-token-of-the-fuzzer";
    let text = String::from_utf8_lossy(data);
    let (base, rest) = text.split_once('\n').unwrap_or(("https://gw.example/genesys", &text));
    let Ok(token) = AccessToken::parse(SECRET) else { return };
    let (Ok(base), Ok(interval)) = (base.parse::<BaseUrl>(), "2026-07/2026-07".parse::<Interval>()) else {
        return;
    };
    let cursor = Cursor::parse(rest).ok();
    assert!(cursor.as_ref().is_none_or(|cursor| cursor.as_str() == rest));
    let Ok(id) = ExecutionId::parse(rest) else { return };
    assert_eq!((id.as_str(), id.to_string().parse().as_ref()), (rest, Ok(&id)));
    let (Ok(client), Ok(event)) = (ClientId::parse(rest), EventDefinitionId::parse(rest)) else {
        panic!("the ids have one rule");
    };

    let query = ClientQuery::new(client.clone(), interval.clone());
    let requests = [
        request(&query, &base, &token),
        request(&query.results(&id, cursor.as_ref()), &base, &token),
        request(&ClientSummary::new(client), &base, &token),
        request(&SimpleSearch::new(interval.clone()).results(&id, cursor.as_ref()), &base, &token),
        request(&OrganizationJob::new(interval).results(&id, cursor.as_ref()), &base, &token),
        request(&EventDefinitionById::new(event), &base, &token),
    ];
    let prefix = base.to_string();
    let prefix = prefix.splitn(4, '/').nth(3).map_or(String::new(), |prefix| format!("/{prefix}"));
    for request in requests {
        let Ok(request) = request else { panic!("an id is a segment") };
        let uri = request.uri();
        assert!(base.is_origin_of(uri), "{uri} is not of {base}");
        let path = uri.path().strip_prefix(&*prefix).unwrap_or_default();
        assert!(path.starts_with("/api/v2/"), "{uri} is not under {base}");
        let segments: Vec<_> = path.split('/').collect();
        assert!(
            (5..=10).contains(&segments.len()) && segments.iter().skip(1).all(|segment| !segment.is_empty())
        );
        assert!(!segments.contains(&".") && !segments.contains(&".."), "{uri} navigates");
        let after = uri
            .query()
            .and_then(|query| form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "after"));
        assert!(after.is_none_or(|(_, value)| value == rest), "{uri} has another cursor");
        let authorization = request.headers().get(AUTHORIZATION);
        assert!(authorization.is_some_and(|value| value.as_bytes() == format!("Bearer {SECRET}").as_bytes()));
        assert!(!format!("{request:?}").contains(SECRET), "a request prints its token");
    }
}

fn request<E: Endpoint>(
    endpoint: &E,
    base: &BaseUrl,
    token: &AccessToken,
) -> Result<http::Request<Vec<u8>>, BuildError> {
    endpoint.to_request(base, Some(token))
}

/// A text of an open enum is known in the service's spelling or kept as it is, and survives a round through JSON.
pub fn open_enums(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    round::<AuthorizeErrorCode>(&text, AuthorizeErrorCode::KNOWN);
    round::<Dimension>(&text, Dimension::KNOWN);
    round::<EventSortOrder>(&text, EventSortOrder::KNOWN);
    round::<Granularity>(&text, Granularity::KNOWN);
    round::<HttpMethod>(&text, HttpMethod::KNOWN);
    round::<Metric>(&text, Metric::KNOWN);
    round::<QueryStatus>(&text, QueryStatus::KNOWN);
    round::<SearchColumn>(&text, SearchColumn::KNOWN);
    round::<SortOrder>(&text, SortOrder::KNOWN);
}

fn round<E>(text: &str, known: &[E])
where
    E: for<'a> From<&'a str> + Display + PartialEq + std::fmt::Debug + Serialize + DeserializeOwned,
{
    let value = E::from(text);
    let printed = value.to_string();
    if known.contains(&value) {
        assert!(printed.eq_ignore_ascii_case(text));
    } else {
        assert_eq!(printed, text);
    }
    assert_eq!(E::from(&printed), value);
    let json = serde_json::to_string(&value).unwrap_or_default();
    assert!(serde_json::from_str::<E>(&json).is_ok_and(|again| again == value), "{json}");
}
