use http::Method;
use serde::{Deserialize, Serialize};

use crate::decode::ListingDecoder;
use crate::endpoint::Endpoint;
use crate::lenient::{lenient, lenient_text, list_or_null};
use crate::platform::paging;
use crate::uri::{PathWriter, QueryWriter};

/// The OAuth clients of the organization: `getOauthClients`, `GET /api/v2/oauth/clients`.
///
/// The SDKs document no parameter, and an answer that has the paging members of every listing. So the first request
/// has no query, and a further page, should an answer name one, is asked for by `pageNumber`, as the platform's other
/// listings take it. Stop when an answer's [`page_number`](OAuthClientListing::page_number) is not the page that was
/// asked for.
///
/// ```
/// use usage_core::EndpointExt;
/// use usage_core::platform::OAuthClients;
///
/// // 1. Build the request.
/// let request = OAuthClients::default().to_request(&"https://api.mypurecloud.de".parse()?, None)?;
/// assert_eq!(request.uri(), "https://api.mypurecloud.de/api/v2/oauth/clients");
///
/// // 2. Send it with a driver: `client.call(OAuthClients::default())`. 3. Or drive a `Call`, as `Users` shows.
/// let answer = http::Response::new(
///     &br#"{"entities":[{"id":"7de3af06","name":"Nightly Export"}],"pageNumber":1,"pageCount":2}"#[..],
/// );
/// let listing = OAuthClients::parse(&answer).unwrap();
/// assert_eq!(listing.entities[0].name.as_deref(), Some("Nightly Export"));
/// let next = OAuthClients::default().with_page(listing.next_page().unwrap());
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OAuthClients {
    /// See [`with_page`](Self::with_page).
    pub page: Option<u32>,
}

impl OAuthClients {
    /// Asks for page number `page`, counted from 1.
    #[must_use]
    pub fn with_page(mut self, page: u32) -> Self {
        self.page = Some(page);
        self
    }
}

/// The answer to [`OAuthClients`]: `OAuthClientEntityListing`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct OAuthClientListing {
    /// The OAuth clients of this page.
    #[serde(deserialize_with = "list_or_null")]
    pub entities: Vec<OAuthClientEntry>,
    /// The number of this page, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub page_number: Option<u32>,
    /// The number of pages.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub page_count: Option<u32>,
    /// The number of OAuth clients on all pages.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub total: Option<u64>,
}

impl OAuthClientListing {
    /// Returns the number of the next page, if the answer names one.
    pub fn next_page(&self) -> Option<u32> {
        paging::next_page(self.page_number, self.page_count)
    }
}

/// An OAuth client of a listing, without its secret, which the service may send and which is never kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct OAuthClientEntry {
    /// The id, as in `clientId` and `oauthClient.id` of usage rows.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub id: Option<String>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub name: Option<String>,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub description: Option<String>,
    /// The state: `active`, `disabled` or `inactive`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub state: Option<String>,
    /// The time of its creation, an ISO-8601 date-time.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub date_created: Option<String>,
}

impl Endpoint for OAuthClients {
    const NAME: &'static str = "oauth.clients";
    const METHOD: Method = Method::GET;
    const PERMISSIONS: &'static [&'static str] = &["oauth:client:view"];
    const IDEMPOTENT: bool = true;
    type Response = OAuthClientListing;
    type Decoder = ListingDecoder<OAuthClientListing>;

    fn path(&self, path: &mut PathWriter) {
        path.fixed("api/v2/oauth/clients");
    }

    fn query(&self, query: &mut QueryWriter) {
        query.maybe("pageNumber", self.page.map(|page| page.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::EndpointExt;

    #[test]
    fn asks_for_a_page_only_if_told() {
        let base = "https://api.mypurecloud.com".parse().unwrap();
        let query = |endpoint: OAuthClients| {
            endpoint.to_request(&base, None).unwrap().uri().query().map(str::to_owned)
        };
        assert_eq!(query(OAuthClients::default()), None);
        assert_eq!(query(OAuthClients::default().with_page(3)).as_deref(), Some("pageNumber=3"));
    }

    #[test]
    fn a_secret_is_not_kept() {
        let json =
            r#"{"entities":[{"id":"c","name":"n","secret":"hunter2","roleIds":["r"]}],"selfUri":"/x"}"#;
        let listing: OAuthClientListing = serde_json::from_str(json).unwrap();
        assert_eq!((listing.entities[0].id.as_deref(), listing.next_page()), (Some("c"), None));
        assert!(!format!("{listing:?}{}", serde_json::to_string(&listing).unwrap()).contains("hunter2"));
    }
}
