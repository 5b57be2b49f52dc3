//! The JSON body of a query, read field by field, so that an error can name the field.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};
use usage_core::Interval;

use crate::reply::Problem;
use crate::token::essence;

/// A JSON object. Unknown members are ignored, and `null` counts as absent.
#[derive(Clone, Debug)]
pub(crate) struct Body(Map<String, Value>);

impl Body {
    /// Parses a body. Fails with 415 for a content type other than JSON, and with 400 for anything but a JSON object.
    pub(crate) fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Self, Problem> {
        let content_type =
            headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if !essence(content_type).eq_ignore_ascii_case("application/json") {
            return Err(Problem::unsupported_media_type());
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) => Err(Problem::bad_request("The request body must be a JSON object")),
            Err(_) => Err(Problem::bad_request("The request body is not valid JSON")),
        }
    }

    /// Returns the required `interval`.
    pub(crate) fn interval(&self) -> Result<Interval, Problem> {
        let value = self.member("interval").ok_or_else(|| Problem::missing_field("interval"))?;
        let text = text("interval", value)?;
        text.parse().map_err(|_| Problem::invalid_interval(text))
    }

    /// Returns the value of `field`, if present: one of `allowed` in the service's exact spelling.
    pub(crate) fn one_of<T: Clone>(
        &self,
        field: &'static str,
        allowed: &[T],
        name: impl Fn(&T) -> &str,
    ) -> Result<Option<T>, Problem> {
        self.member(field).map(|value| pick(field, text(field, value)?, allowed, name)).transpose()
    }

    /// Returns the array `field`, whose items are of `allowed`; empty if absent.
    pub(crate) fn any_of<T: Clone>(
        &self,
        field: &'static str,
        allowed: &[T],
        name: impl Fn(&T) -> &str,
    ) -> Result<Vec<T>, Problem> {
        self.texts(field)?.into_iter().map(|text| pick(field, text, allowed, &name)).collect()
    }

    /// Returns the array of strings `field`; empty if absent.
    pub(crate) fn texts(&self, field: &'static str) -> Result<Vec<&str>, Problem> {
        match self.member(field) {
            None => Ok(Vec::new()),
            Some(Value::Array(values)) => values.iter().map(|value| text(field, value)).collect(),
            Some(other) => Err(Problem::invalid_value(field, &other.to_string())),
        }
    }

    /// Returns the array of objects `field`; empty if absent.
    pub(crate) fn objects(&self, field: &'static str) -> Result<Vec<Self>, Problem> {
        let object = |value: &Value| match value {
            Value::Object(members) => Ok(Self(members.clone())),
            other => Err(Problem::invalid_value(field, &other.to_string())),
        };
        match self.member(field) {
            None => Ok(Vec::new()),
            Some(Value::Array(values)) => values.iter().map(object).collect(),
            Some(other) => Err(Problem::invalid_value(field, &other.to_string())),
        }
    }

    /// Returns the text `field`, if present.
    pub(crate) fn text(&self, field: &'static str) -> Result<Option<&str>, Problem> {
        self.member(field).map(|value| text(field, value)).transpose()
    }

    fn member(&self, field: &str) -> Option<&Value> {
        self.0.get(field).filter(|value| !value.is_null())
    }
}

fn text<'a>(field: &'static str, value: &'a Value) -> Result<&'a str, Problem> {
    value.as_str().ok_or_else(|| Problem::invalid_value(field, &value.to_string()))
}

fn pick<T: Clone>(
    field: &'static str,
    text: &str,
    allowed: &[T],
    name: impl Fn(&T) -> &str,
) -> Result<T, Problem> {
    let found = allowed.iter().find(|value| name(value) == text).cloned();
    found.ok_or_else(|| Problem::invalid_value(field, text))
}

#[cfg(test)]
mod tests {
    use usage_core::model::{Dimension, Granularity};

    use super::*;

    fn parse(text: &str) -> Result<Body, u16> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/json; charset=utf-8".parse().unwrap());
        Body::parse(&headers, text.as_bytes()).map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn bodies_that_are_refused() {
        for text in ["", "{", "[]", "1", "\"x\"", "{\"a\":1}x", &"[".repeat(100_000)] {
            assert_eq!(parse(text).unwrap_err(), 400);
        }
        let problem = Body::parse(&HeaderMap::new(), b"{}").unwrap_err();
        assert_eq!(problem.status(), 415);
    }

    #[test]
    fn fields_that_are_refused() {
        for text in
            ["{}", r#"{"interval":null}"#, r#"{"interval":7}"#, r#"{"interval":"2026-07-02/2026-07-01"}"#]
        {
            assert!(parse(text).unwrap().interval().is_err(), "{text}");
        }
        let body =
            parse(r#"{"granularity":"day","groupBy":["OauthClientId"],"metrics":"Requests"}"#).unwrap();
        assert!(body.one_of("granularity", Granularity::KNOWN, Granularity::as_str).is_err());
        assert!(
            body.any_of("groupBy", Dimension::KNOWN, Dimension::as_str).is_err(),
            "that is the jobs' spelling"
        );
        assert!(body.texts("metrics").is_err());
    }

    #[test]
    fn null_is_absent_and_unknown_members_are_ignored() {
        let body = parse(r#"{"granularity":null,"groupBy":["UserId"],"sortBy":[]}"#).unwrap();
        assert_eq!(body.one_of("granularity", Granularity::KNOWN, Granularity::as_str).unwrap(), None);
        let dimensions = body.any_of("groupBy", Dimension::KNOWN, Dimension::as_str).unwrap();
        assert_eq!(dimensions, [Dimension::UserId]);
    }
}
