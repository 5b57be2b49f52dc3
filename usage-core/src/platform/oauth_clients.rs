//! `getOauthClients`: the names of OAuth clients.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::decode::ListingDecoder;
use crate::endpoint::Endpoint;
use crate::lenient::lenient_text;
use crate::platform::Listing;
use crate::uri::{PathWriter, QueryWriter};

/// A request for the OAuth clients of the organization: `getOauthClients`, `GET /api/v2/oauth/clients`.
///
/// The SDKs document no parameter, but a response with the usual paging members. The first request therefore has no
/// query string, and later pages are requested by `pageNumber`, as in the platform's other listings. Stop when the
/// [`page_number`](Listing::page_number) of a response is not the requested one.
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
    /// The number of the page, counted from 1. See [`with_page`](Self::with_page).
    pub page: Option<u32>,
}

impl OAuthClients {
    /// Requests the page `page`, counted from 1.
    #[must_use]
    pub fn with_page(mut self, page: u32) -> Self {
        self.page = Some(page);
        self
    }
}

/// An OAuth client of a listing. The service may send its secret, which is discarded.
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
    /// The time of creation, an ISO 8601 date-time.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub date_created: Option<String>,
}

impl Endpoint for OAuthClients {
    const NAME: &'static str = "oauth.clients";
    const METHOD: Method = Method::GET;
    const PERMISSIONS: &'static [&'static str] = &["oauth:client:view"];
    const IDEMPOTENT: bool = true;
    type Response = Listing<OAuthClientEntry>;
    type Decoder = ListingDecoder<Listing<OAuthClientEntry>>;

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
        let listing: Listing<OAuthClientEntry> = serde_json::from_str(json).unwrap();
        assert_eq!((listing.entities[0].id.as_deref(), listing.next_page()), (Some("c"), None));
        assert!(!format!("{listing:?}{}", serde_json::to_string(&listing).unwrap()).contains("hunter2"));
    }
}
