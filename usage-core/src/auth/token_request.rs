//! The token request of each grant.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Request};
use zeroize::Zeroizing;

use crate::auth::{Grant, OAuthClient};
use crate::failures::BuildError;
use crate::region::BaseUrl;
use crate::secret::Secret;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");

impl Grant {
    /// Returns the token request to the login host `login`: `POST /oauth/token`. Returns `None` if the grant cannot
    /// obtain a token.
    ///
    /// The `Authorization` header is marked sensitive. The body is a form that may contain a code or a refresh token;
    /// do not log the request, because `http`'s `Debug` prints bodies. Parse the response with
    /// [`TokenResponse::from_response`](super::TokenResponse::from_response).
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the URL would be longer than a URI may be.
    pub fn token_request(&self, login: &BaseUrl) -> Result<Option<Request<Vec<u8>>>, BuildError> {
        let (form, credentials) = match self {
            Self::StaticToken(_) => return Ok(None),
            Self::Issued { renewal, .. } => {
                return renewal.as_ref().map_or(Ok(None), |renewal| renewal.token_request(login));
            }
            Self::ClientCredentials { client_id, client_secret } => {
                (Form::new("client_credentials"), Some(basic(client_id, client_secret)))
            }
            Self::AuthorizationCode { client, code, redirect_uri, code_verifier } => {
                let form = Form::new("authorization_code").secret("code", code);
                let form = match code_verifier {
                    Some(verifier) => form.secret("code_verifier", verifier),
                    None => form,
                };
                form.pair("redirect_uri", redirect_uri).of(client)
            }
            Self::RefreshToken { client, refresh_token } => {
                Form::new("refresh_token").secret("refresh_token", refresh_token).of(client)
            }
            Self::Saml2Bearer { client, organization, assertion } => {
                Form::new("urn:ietf:params:oauth:grant-type:saml2-bearer")
                    .pair("orgName", organization)
                    .secret("assertion", assertion)
                    .of(client)
            }
        };
        let mut request =
            Request::post(login.join("/oauth/token")?).header(ACCEPT, JSON).header(CONTENT_TYPE, FORM);
        if let Some(credentials) = credentials {
            request = request.header(AUTHORIZATION, credentials);
        }
        let unbuildable = |error: http::Error| BuildError::Request { problem: error.to_string().into() };
        request.body(form.finish()).map(Some).map_err(unbuildable)
    }
}

/// The form of a token request. It is written into one buffer, because growing it would leave copies of secrets in
/// memory.
struct Form<'a>(Vec<(&'static str, &'a str)>);

impl<'a> Form<'a> {
    fn new(grant_type: &'static str) -> Self {
        Self(vec![("grant_type", grant_type)])
    }

    fn pair(mut self, name: &'static str, value: &'a str) -> Self {
        self.0.push((name, value));
        self
    }

    fn secret(self, name: &'static str, value: &'a Secret<String>) -> Self {
        self.pair(name, value.expose())
    }

    /// Adds the authentication of `client`: its id in the form, or a header.
    fn of(self, client: &'a OAuthClient) -> (Self, Option<HeaderValue>) {
        match client.secret() {
            Some(secret) => (self, Some(basic(client.id(), secret))),
            None => (self.pair("client_id", client.id()), None),
        }
    }

    fn finish(self) -> Vec<u8> {
        // A byte takes at most three.
        let size = self.0.iter().map(|(name, value)| name.len() + 3 * value.len() + 2).sum();
        let mut form = form_urlencoded::Serializer::new(String::with_capacity(size));
        form.extend_pairs(self.0);
        form.finish().into_bytes()
    }
}

/// Returns `Basic` credentials (RFC 7617), marked sensitive.
fn basic(id: &str, secret: &Secret<String>) -> HeaderValue {
    let pair = Zeroizing::new(format!("{id}:{}", secret.expose()));
    let text = Zeroizing::new(format!("Basic {}", BASE64.encode(pair.as_bytes())));
    let mut value = HeaderValue::from_str(&text).expect("base64 is a header value");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::auth::AccessToken;

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.into())
    }

    fn confidential() -> OAuthClient {
        OAuthClient::confidential("id", secret("se:cret")).unwrap()
    }

    fn at_login(grant: &Grant) -> Request<Vec<u8>> {
        grant.token_request(&"https://login.mypurecloud.de".parse().unwrap()).unwrap().unwrap()
    }

    /// The whole request as text.
    fn wire(grant: &Grant) -> String {
        let request = at_login(grant);
        let mut headers: Vec<_> = request
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        headers.sort();
        assert!(request.headers().get(AUTHORIZATION).is_none_or(HeaderValue::is_sensitive));
        let body = std::str::from_utf8(request.body()).unwrap();
        format!("{} {}\n{}\n\n{body}", request.method(), request.uri(), headers.join("\n"))
    }

    const BASIC: &str = "POST https://login.mypurecloud.de/oauth/token\n\
        accept: application/json\n\
        authorization: Basic aWQ6c2U6Y3JldA==\n\
        content-type: application/x-www-form-urlencoded\n\n";
    const PUBLIC: &str = "POST https://login.mypurecloud.de/oauth/token\n\
        accept: application/json\n\
        content-type: application/x-www-form-urlencoded\n\n";

    #[test]
    fn client_credentials_go_as_basic_and_form() {
        let grant = Grant::client_credentials("id", secret("se:cret")).unwrap();
        assert_eq!(wire(&grant), format!("{BASIC}grant_type=client_credentials"));
        assert!(!format!("{:?}", at_login(&grant)).contains("aWQ6"));
    }

    #[test]
    fn authorization_codes_go_with_their_redirect_uri() {
        let grant = Grant::authorization_code(confidential(), secret("c+/ d"), "https://a.example/cb?x=1");
        let form =
            "grant_type=authorization_code&code=c%2B%2F+d&redirect_uri=https%3A%2F%2Fa.example%2Fcb%3Fx%3D1";
        assert_eq!(wire(&grant.unwrap()), format!("{BASIC}{form}"));
    }

    #[cfg(feature = "pkce")]
    #[test]
    fn pkce_has_no_authorization_header() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let grant = crate::auth::PkceVerifier::parse(verifier)
            .and_then(|verifier| Grant::pkce("id", secret("c"), &verifier, "http://localhost:8085/"))
            .unwrap();
        let form = format!(
            "grant_type=authorization_code&code=c&code_verifier={verifier}&redirect_uri=http%3A%2F%2Flocalhost%3A8085%2F&client_id=id"
        );
        assert_eq!(wire(&grant), format!("{PUBLIC}{form}"));
    }

    #[test]
    fn refresh_tokens_of_both_kinds_of_client() {
        let grant = Grant::refresh_token(confidential(), secret("r")).unwrap();
        assert_eq!(wire(&grant), format!("{BASIC}grant_type=refresh_token&refresh_token=r"));
        let grant = Grant::refresh_token(OAuthClient::public("id").unwrap(), secret("r")).unwrap();
        let public = format!("{PUBLIC}grant_type=refresh_token&refresh_token=r&client_id=id");
        assert_eq!(wire(&grant), public);
        let grant = Grant::issued(AccessToken::parse("t").unwrap(), None, Some(grant));
        assert_eq!(wire(&grant), public);
    }

    #[test]
    fn saml2_assertions_go_with_the_organization() {
        let grant = Grant::saml2_bearer(confidential(), "the org", secret("PHM+PA==")).unwrap();
        let form = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Asaml2-bearer&orgName=the+org&assertion=PHM%2BPA%3D%3D";
        assert_eq!(wire(&grant), format!("{BASIC}{form}"));
    }

    #[test]
    fn a_token_alone_has_nothing_to_ask_with() {
        let token = AccessToken::parse("t").unwrap();
        for grant in [Grant::StaticToken(token.clone()), Grant::issued(token, None, None)] {
            let login = "https://login.mypurecloud.de".parse().unwrap();
            assert!(grant.token_request(&login).unwrap().is_none());
        }
    }

    #[test]
    fn a_gateways_prefix_is_kept() {
        let grant = Grant::client_credentials("id", secret("s")).unwrap();
        let request = grant.token_request(&"https://gw.example/login".parse().unwrap()).unwrap().unwrap();
        assert_eq!(request.uri(), "https://gw.example/login/oauth/token");
    }

    #[test]
    fn the_form_is_written_into_one_buffer() {
        for values in [vec!["%".repeat(500)], vec!["\u{fc}".repeat(300), "=&".repeat(70), "%".into()]] {
            let form = values.iter().fold(Form(Vec::new()), |form, value| form.pair("name", value)).finish();
            // Nothing but the mark in front of the first name was too much.
            assert_eq!(form.capacity(), form.len() + 1, "it grew");
        }
    }

    proptest! {
        #[test]
        fn what_goes_into_the_form_comes_back(code in "\\PC{1,40}") {
            let grant = Grant::authorization_code(confidential(), secret(&code), "https://a.example/").unwrap();
            let request = at_login(&grant);
            let pairs: Vec<_> = form_urlencoded::parse(request.body()).collect();
            prop_assert_eq!(pairs.len(), 3);
            prop_assert_eq!(&*pairs[1].1, &*code);
        }
    }
}
