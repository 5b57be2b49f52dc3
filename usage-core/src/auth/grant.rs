use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request};
use zeroize::Zeroizing;

use crate::auth::AccessToken;
use crate::endpoint::JSON;
use crate::error::BuildError;
use crate::region::BaseUrl;
use crate::secret::Secret;

/// How access tokens are come by.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Grant {
    /// A token that the caller has already. When it is refused, nothing renews it.
    Manual(AccessToken),
    /// An OAuth client's own id and secret: what a tool without a user has. The client's roles decide what it may do.
    ClientCredentials {
        /// The id of the OAuth client.
        client_id: Box<str>,
        /// Its secret.
        client_secret: Secret<String>,
    },
}

impl Grant {
    /// The client-credentials grant.
    pub fn client_credentials(client_id: &str, client_secret: Secret<String>) -> Result<Self, BuildError> {
        let client_id = client_id.trim();
        if client_id.is_empty() || client_id.contains(':') || !client_id.bytes().all(|b| b.is_ascii_graphic())
        {
            let problem = "is empty or has a character that an OAuth client id never has";
            return Err(BuildError::Id { what: "OAuth client id", text: client_id.into(), problem });
        }
        if client_secret.expose().is_empty() {
            return Err(BuildError::Secret { what: "client secret", problem: "is empty" });
        }
        Ok(Self::ClientCredentials { client_id: client_id.into(), client_secret })
    }

    /// Whether a refused or expired token can be replaced by a fresh one.
    pub fn can_renew(&self) -> bool {
        !matches!(self, Self::Manual(_))
    }

    /// The request that asks `login`, the login host, for a token: `POST /oauth/token`. `None` for a manual token.
    pub fn token_request(&self, login: &BaseUrl) -> Result<Option<Request<Vec<u8>>>, BuildError> {
        let Self::ClientCredentials { client_id, client_secret } = self else { return Ok(None) };
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .finish();
        let unbuildable = |error: http::Error| BuildError::Request { problem: error.to_string().into() };
        let request = Request::post(login.join("/oauth/token").map_err(unbuildable)?)
            .header(ACCEPT, JSON)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
            .header(AUTHORIZATION, basic(client_id, client_secret.expose()))
            .body(form.into_bytes());
        request.map(Some).map_err(unbuildable)
    }
}

/// `Basic` credentials of RFC 7617, marked sensitive.
fn basic(id: &str, secret: &str) -> HeaderValue {
    let pair = Zeroizing::new(format!("{id}:{secret}"));
    let text = Zeroizing::new(format!("Basic {}", BASE64.encode(pair.as_bytes())));
    let mut value = HeaderValue::from_str(&text).expect("base64 is a header value");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_credentials_go_as_basic_and_form() {
        let grant = Grant::client_credentials("id", Secret::new("se:cret".into())).unwrap();
        let request = grant.token_request(&"https://login.mypurecloud.de".parse().unwrap()).unwrap().unwrap();
        assert_eq!(request.uri(), "https://login.mypurecloud.de/oauth/token");
        assert_eq!(request.method(), http::Method::POST);
        assert_eq!(request.headers()[CONTENT_TYPE], "application/x-www-form-urlencoded");
        assert_eq!(request.headers()[AUTHORIZATION], "Basic aWQ6c2U6Y3JldA==");
        assert_eq!(request.body(), b"grant_type=client_credentials");
        assert!(!format!("{request:?} {grant:?}").contains("aWQ6"));
        assert!(!format!("{grant:?}").contains("cret\""));
    }

    #[test]
    fn refuses_ids_that_would_shift_into_the_secret() {
        for id in ["", "a:b", "a b", "ä"] {
            assert!(Grant::client_credentials(id, Secret::new("s".into())).is_err(), "{id:?}");
        }
        assert!(Grant::client_credentials("a", Secret::new(String::new())).is_err());
    }
}
