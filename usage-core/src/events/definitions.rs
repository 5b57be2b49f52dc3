//! `getUsageEventsDefinitions` and `getUsageEventsDefinition`: the kinds of operational events.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::decode::JsonDecoder;
use crate::endpoint::Endpoint;
use crate::events::PERMISSIONS;
use crate::ids::EventDefinitionId;
use crate::lenient::{lenient_text, list_or_null};
use crate::uri::PathWriter;

/// A request for all kinds of operational events: `getUsageEventsDefinitions`, `GET /api/v2/usage/events/definitions`.
///
/// ```
/// use usage_core::events::EventDefinitions;
/// use usage_core::{Call, EndpointExt, Machine, Next, Policy, Session, Timestamp};
///
/// // 1. Build the request.
/// let request = EventDefinitions.to_request(&"https://api.mypurecloud.de".parse()?, None)?;
/// assert_eq!(request.uri().path(), "/api/v2/usage/events/definitions");
///
/// // 2. Send it with a driver: `client.call(EventDefinitions)`.
///
/// // 3. Or drive the machine yourself: send its request, and pass it the response.
/// # let token = usage_core::auth::AccessToken::parse("token")?;
/// let mut session = Session::new(&"eu-central-1".parse()?, usage_core::auth::Grant::StaticToken(token));
/// let now = Timestamp::from_unix_millis(1_782_864_000_000);
/// let mut call = Call::new(EventDefinitions, Policy::default(), 1, now);
/// let Next::Send(exchange) = call.next(now, &mut session).next else { panic!("the first step sends") };
/// let answer = http::Response::new(&br#"{"entities":[{"id":"e","name":"Flow published"}]}"#[..]);
/// let listing = call.on_response(now, exchange.ticket, answer, &mut session).output.unwrap();
/// assert_eq!(listing.entities[0].name.as_deref(), Some("Flow published"));
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventDefinitions;

/// The response to [`EventDefinitions`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EventDefinitionListing {
    /// The kinds of events.
    #[serde(deserialize_with = "list_or_null")]
    pub entities: Vec<EventDefinition>,
}

/// A kind of operational event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct EventDefinition {
    /// The id.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub id: Option<String>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub name: Option<String>,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub description: Option<String>,
}

impl Endpoint for EventDefinitions {
    const NAME: &'static str = "usage.events.definitions";
    const METHOD: Method = Method::GET;
    const PERMISSIONS: &'static [&'static str] = PERMISSIONS;
    const IDEMPOTENT: bool = true;
    type Response = EventDefinitionListing;
    type Decoder = JsonDecoder<EventDefinitionListing>;

    fn path(&self, path: &mut PathWriter) {
        path.fixed("api/v2/usage/events/definitions");
    }
}

/// A request for one kind of operational event: `getUsageEventsDefinition`, `GET
/// /api/v2/usage/events/definitions/{eventDefinitionId}`.
///
/// ```
/// use usage_core::EndpointExt;
/// use usage_core::events::EventDefinitionById;
///
/// let request = EventDefinitionById::new("e-1".parse()?).to_request(&"https://api.mypurecloud.de".parse()?, None)?;
/// assert_eq!(request.uri().path(), "/api/v2/usage/events/definitions/e-1");
///
/// let response = http::Response::new(&br#"{"id":"e-1","name":"Flow published"}"#[..]);
/// assert_eq!(EventDefinitionById::parse(&response).unwrap().name.as_deref(), Some("Flow published"));
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventDefinitionById {
    /// The id of the kind of event.
    pub id: EventDefinitionId,
}

impl EventDefinitionById {
    /// Creates a request for the kind with this id.
    pub fn new(id: EventDefinitionId) -> Self {
        Self { id }
    }
}

impl Endpoint for EventDefinitionById {
    const NAME: &'static str = "usage.events.definition";
    const METHOD: Method = Method::GET;
    const PERMISSIONS: &'static [&'static str] = PERMISSIONS;
    const IDEMPOTENT: bool = true;
    type Response = EventDefinition;
    type Decoder = JsonDecoder<EventDefinition>;

    fn path(&self, path: &mut PathWriter) {
        path.fixed("api/v2/usage/events/definitions").segment(self.id.as_str());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::EndpointExt;

    #[test]
    fn an_id_stays_one_segment() {
        let endpoint = EventDefinitionById::new("a/b".parse().unwrap());
        let request = endpoint.to_request(&"https://api.mypurecloud.com".parse().unwrap(), None).unwrap();
        assert_eq!(request.uri().path(), "/api/v2/usage/events/definitions/a%2Fb");
    }
}
