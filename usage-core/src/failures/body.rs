//! The body of an error response, parsed as far as possible.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::lenient::lenient;

/// The depth to which inner errors are read.
const MAX_DEPTH: u32 = 8;

/// An error document of the service, `ErrorBody`. All members are optional.
///
/// Parsing is lenient: a member of an undocumented type is left out, and a value that is not an object becomes the
/// message.
///
/// ```
/// use usage_core::error::ErrorBody;
///
/// let json = r#"{"code":"bad.request","message":"no","status":"400","details":[{"fieldName":"interval"}]}"#;
/// let body: ErrorBody = serde_json::from_str(json)?;
/// assert_eq!((body.code.as_deref(), body.status), (Some("bad.request"), Some(400)));
/// assert_eq!(body.details.unwrap()[0].field_name.as_deref(), Some("interval"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ErrorBody {
    /// The message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The error code, for example `too.many.requests` or `missing.any.permissions`. The list of codes is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The HTTP status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<i32>,
    /// The id of the entity that the error is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity_id: Option<String>,
    /// The name of the entity that the error is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity_name: Option<String>,
    /// The message as a template with placeholders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_with_params: Option<String>,
    /// The values of the placeholders. They are documented as strings, but other types have been seen, so any JSON
    /// value is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_params: Option<BTreeMap<String, Value>>,
    /// The correlation id. Quote it to the vendor's support.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_id: Option<String>,
    /// The invalid fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Vec<ErrorDetail>>,
    /// Inner errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<ErrorBody>>,
    /// The limit that was exceeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<ErrorLimit>,
}

impl ErrorBody {
    fn read(json: &str, depth: u32) -> Self {
        let Ok(Members(members)) = serde_json::from_str(json) else {
            let text = serde_json::from_str(json).unwrap_or_else(|_| json.to_owned());
            return Self { message: Some(text), ..Self::default() };
        };
        let members = Members(members);
        Self {
            message: members.get("message"),
            code: members.get("code"),
            status: members.integer("status").and_then(|status| status.try_into().ok()),
            entity_id: members.get("entityId"),
            entity_name: members.get("entityName"),
            message_with_params: members.get("messageWithParams"),
            message_params: members.get::<Members>("messageParams").map(Members::values),
            context_id: members.get("contextId"),
            details: members.list("details", ErrorDetail::read),
            errors: if depth < MAX_DEPTH {
                members.list("errors", |json| Self::read(json, depth + 1))
            } else {
                None
            },
            limit: members.get::<Members>("limit").map(|limit| ErrorLimit {
                key: limit.get("key"),
                namespace: limit.get("namespace"),
                value: limit.integer("value"),
            }),
        }
    }
}

impl<'de> Deserialize<'de> for ErrorBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        Ok(Self::read(json.get(), 0))
    }
}

/// The members of an object as raw JSON.
#[derive(Deserialize)]
#[serde(transparent)]
struct Members(BTreeMap<String, Box<RawValue>>);

impl Members {
    /// Returns the member `name` if it is a `T`.
    fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str::<Option<T>>(self.0.get(name)?.get()).ok()?
    }

    /// Returns the member `name` if it is an integer, or a string that contains one.
    fn integer(&self, name: &str) -> Option<i64> {
        self.get(name).or_else(|| self.get::<String>(name)?.trim().parse().ok())
    }

    /// Returns the member `name` if it is a list, with each item parsed by `read`.
    fn list<T>(&self, name: &str, read: impl FnMut(&str) -> T) -> Option<Vec<T>> {
        let items: Vec<Box<RawValue>> = self.get(name)?;
        Some(items.iter().map(|item| item.get()).map(read).collect())
    }

    fn values(self) -> BTreeMap<String, Value> {
        let values = self.0.into_iter().filter_map(|(name, json)| {
            let value = serde_json::from_str(json.get()).ok()?;
            Some((name, value))
        });
        values.collect()
    }
}

/// One entry of [`ErrorBody::details`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ErrorDetail {
    /// The error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    /// The name of the invalid field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field_name: Option<String>,
    /// The id of the entity that the detail is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity_id: Option<String>,
    /// The name of the entity that the detail is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entity_name: Option<String>,
}

impl ErrorDetail {
    fn read(json: &str) -> Self {
        let Ok(Members(members)) = serde_json::from_str(json) else { return Self::default() };
        let members = Members(members);
        Self {
            error_code: members.get("errorCode"),
            field_name: members.get("fieldName"),
            entity_id: members.get("entityId"),
            entity_name: members.get("entityName"),
        }
    }
}

/// A limit of the platform: [`ErrorBody::limit`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ErrorLimit {
    /// The name of the limit, for example `client.credentials.token.rate.per.minute`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The service that the limit belongs to, for example `platform.api`. The list is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The value of the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
}

/// An error document of the login host.
///
/// ```
/// use usage_core::error::OAuthErrorBody;
///
/// let json = r#"{"error":"invalid_client","description":"client not found"}"#;
/// let body: OAuthErrorBody = serde_json::from_str(json)?;
/// assert_eq!(body.error.as_deref(), Some("invalid_client"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct OAuthErrorBody {
    /// The OAuth error code, for example `invalid_client`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The description in the login host's own format.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub description: Option<String>,
    /// The description as in RFC 6749.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub error_description: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_every_field_and_tolerates_param_types() {
        let json = r#"{"message":"Rate limit exceeded the maximum. Retry the request in [3] seconds","code":"too.many.requests","status":429,"entityId":"e","entityName":"n","messageWithParams":"Retry the request in [{seconds}] seconds","messageParams":{"seconds":3,"text":"x"},"contextId":"f3ac4404","details":[{"errorCode":"c","fieldName":"f","entityId":"e","entityName":"n"}],"errors":[{"code":"inner"}],"limit":{"key":"token.rate.per.minute","namespace":"platform.api","value":300}}"#;
        let body: ErrorBody = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&body).unwrap(), json);
    }

    #[test]
    fn what_is_of_another_type_does_not_hide_the_rest() {
        for (json, message) in [
            (r#"{"message":"no","status":"500"}"#, Some("no")),
            (
                r#"{"message":"no","status":{},"details":7,"errors":{"a":1},"limit":[],"messageParams":[]}"#,
                Some("no"),
            ),
            (r#"{"message":"no","x":1e999,"messageParams":{"a":1e999,"b":2}}"#, Some("no")),
            (r#"{"message":"no","code":7,"code":"c"}"#, Some("no")),
            (r#"{"message":["no"]}"#, None),
            (r#""no""#, Some("no")),
            ("[1, 2]", Some("[1, 2]")),
            ("500", Some("500")),
        ] {
            let body: ErrorBody = serde_json::from_str(json).unwrap();
            assert_eq!(body.message.as_deref(), message, "{json}");
        }
        let json = r#"{"status":"500","limit":{"value":"300","key":7},"details":[{"fieldName":7,"errorCode":"c"},3]}"#;
        let body: ErrorBody = serde_json::from_str(json).unwrap();
        let limit = body.limit.unwrap();
        assert_eq!((body.status, limit.value, limit.key), (Some(500), Some(300), None));
        let details = body.details.unwrap();
        assert_eq!((details.len(), details[0].error_code.as_deref()), (2, Some("c")));
    }

    #[test]
    fn errors_inside_errors_end_somewhere() {
        let json = r#"{"errors":["#.repeat(5000) + &"]}".repeat(5000);
        let mut body = &serde_json::from_str::<ErrorBody>(&json).unwrap();
        let mut depth = 0;
        while let Some(inner) = body.errors.as_ref().and_then(|errors| errors.first()) {
            (body, depth) = (inner, depth + 1);
        }
        assert_eq!(depth, MAX_DEPTH);
    }
}
