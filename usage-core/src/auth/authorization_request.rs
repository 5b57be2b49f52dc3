//! The authorization request: the URL of a log-in, and the grant that its redirect yields.

use http::Uri;

use crate::auth::oauth_client::check_id;
use crate::auth::{Grant, LoginState, OAuthClient, Redirect, RedirectError, redirect_uri};
use crate::failures::BuildError;
use crate::region::BaseUrl;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::uri::QueryWriter;

/// The log-in of one user through the browser: builds the URL to open, and turns the redirect into a [`Grant`].
///
/// It holds everything that belongs to one log-in (client, redirect URI, state, PKCE verifier), so that a redirect is
/// never matched with another log-in. Open [`url`](Self::url) in the browser, and pass the redirect to
/// [`grant`](Self::grant).
///
/// ```
/// # #[cfg(feature = "pkce")] {
/// use usage_core::auth::{AuthorizationRequest, LoginState, PkceVerifier};
/// use usage_core::{Region, Timestamp};
///
/// // Both of a generator that cannot be guessed, and for this log-in only.
/// let (state, verifier) = (LoginState::from_random(&[1; 16])?, PkceVerifier::from_random(&[2; 32])?);
/// let login = AuthorizationRequest::pkce("7de3af06", "http://localhost:8085/callback", state, verifier)?;
/// let url = login.url(&"eu-central-1".parse::<Region>()?.login_url())?.to_string();
/// assert!(url.starts_with("https://login.mypurecloud.de/oauth/authorize?client_id=7de3af06&"));
///
/// // A listener on port 8085 gets this from the user's browser.
/// let redirect = "/callback?code=a-code&state=AQEBAQEBAQEBAQEBAQEBAQ";
/// let grant = login.grant(Timestamp::from_unix_millis(1_782_864_000_000), redirect)?;
/// let request = grant.token_request(&"https://login.mypurecloud.de".parse()?)?.unwrap();
/// assert!(request.body().starts_with(b"grant_type=authorization_code&code=a-code&code_verifier="));
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct AuthorizationRequest {
    client: OAuthClient,
    redirect_uri: Box<str>,
    state: LoginState,
    flow: Flow,
    organization: Option<(Box<str>, Box<str>)>,
    target: Option<Box<str>>,
    login_hint: Option<Box<str>>,
    prompt_login: bool,
}

/// The type of response that is expected from the login host.
#[derive(Clone, Debug)]
enum Flow {
    Code,
    #[cfg_attr(not(feature = "pkce"), expect(dead_code, reason = "made by the feature's constructor only"))]
    Pkce {
        verifier: Secret<String>,
        challenge: Box<str>,
    },
    Implicit,
}

impl AuthorizationRequest {
    /// Creates a log-in with an authorization code, for a client with a secret: `response_type=code`.
    ///
    /// `redirect_uri` must be registered with the OAuth client.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the client has no secret or the redirect URI is not absolute.
    pub fn code(client: OAuthClient, redirect_uri: &str, state: LoginState) -> Result<Self, BuildError> {
        let client = client.with_secret("an authorization code without PKCE")?;
        Self::new(client, redirect_uri, state, Flow::Code)
    }

    /// Creates a log-in with an authorization code and PKCE, for a client without a secret: `response_type=code` with
    /// `code_challenge` and `code_challenge_method=S256`. Use it for programs on the user's machine.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the client's id is not valid or the redirect URI is not absolute.
    #[cfg(feature = "pkce")]
    #[expect(clippy::needless_pass_by_value, reason = "a verifier is for one log-in")]
    pub fn pkce(
        client_id: &str,
        redirect_uri: &str,
        state: LoginState,
        verifier: super::PkceVerifier,
    ) -> Result<Self, BuildError> {
        let flow = Flow::Pkce { verifier: verifier.secret().clone(), challenge: verifier.challenge().into() };
        Self::new(OAuthClient::public(client_id)?, redirect_uri, state, flow)
    }

    /// Creates a log-in with the implicit grant, which returns a token directly: `response_type=token`.
    ///
    /// **The service is retiring this grant**: its end is announced for new OAuth clients in 2026 and for all clients
    /// in 2027. The token passes through the browser's address bar and cannot be renewed. Use
    /// `AuthorizationRequest::pkce` instead.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the client's id is not valid or the redirect URI is not absolute.
    ///
    /// # Examples
    ///
    /// ```
    /// # use usage_core::Session;
    /// # use usage_core::error::BuildError;
    /// use usage_core::Timestamp;
    /// use usage_core::auth::{AuthorizationRequest, LoginState};
    ///
    /// let state = LoginState::parse("0123456789abcdef")?;
    /// let login = AuthorizationRequest::implicit("7de3af06", "http://localhost:8085/", state)?;
    /// let url = login.url(&"https://login.mypurecloud.de".parse()?)?;
    /// assert!(url.query().unwrap().contains("response_type=token"));
    ///
    /// let redirect = "http://localhost:8085/#access_token=t&expires_in=86399&state=0123456789abcdef";
    /// let grant = login.grant(Timestamp::from_unix_millis(1_782_864_000_000), redirect)?;
    /// assert!(grant.token_request(&"https://login.mypurecloud.de".parse()?)?.is_none());
    ///
    /// let session = Session::new(&"eu-central-1".parse()?, grant);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn implicit(client_id: &str, redirect_uri: &str, state: LoginState) -> Result<Self, BuildError> {
        Self::new(OAuthClient::public(client_id)?, redirect_uri, state, Flow::Implicit)
    }

    fn new(
        client: OAuthClient,
        redirect_uri: &str,
        state: LoginState,
        flow: Flow,
    ) -> Result<Self, BuildError> {
        Ok(Self {
            client,
            redirect_uri: redirect_uri::check(redirect_uri)?,
            state,
            flow,
            organization: None,
            target: None,
            login_hint: None,
            prompt_login: false,
        })
    }

    /// Sets `org` and `provider`, which the service accepts only together: the user is sent directly to the log-in page
    /// of the identity provider `provider` (`adfs`, `okta`, …) of the organization with the short name `organization`.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if one of them is empty.
    pub fn with_organization(mut self, organization: &str, provider: &str) -> Result<Self, BuildError> {
        self.organization = Some((filled("org", organization)?, filled("provider", provider)?));
        Ok(self)
    }

    /// Sets `target`, the id of the organization to log in to, for a client that other organizations have authorized.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if it is not a valid id.
    pub fn with_target(mut self, organization_id: &str) -> Result<Self, BuildError> {
        self.target = Some(check_id(organization_id)?);
        Ok(self)
    }

    /// Sets `login_hint`, which fills in the log-in page: `email:orgName`, an email address, or the short name of an
    /// organization.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if it is empty.
    pub fn with_login_hint(mut self, hint: &str) -> Result<Self, BuildError> {
        self.login_hint = Some(filled("login_hint", hint)?);
        Ok(self)
    }

    /// Sets `prompt=login`: the user must enter credentials even if the browser is already logged in.
    pub fn with_prompt_login(mut self) -> Self {
        self.prompt_login = true;
        self
    }

    /// Returns the URL to open in the user's browser: `GET /oauth/authorize` of the login host. It contains `state`.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if it is longer than a URI may be.
    pub fn url(&self, login: &BaseUrl) -> Result<Uri, BuildError> {
        let mut query = QueryWriter::after("/oauth/authorize".to_owned());
        query.pair("client_id", self.client.id());
        query.pair("redirect_uri", &self.redirect_uri);
        query.pair("response_type", if matches!(self.flow, Flow::Implicit) { "token" } else { "code" });
        query.pair("state", self.state.expose());
        if let Flow::Pkce { challenge, .. } = &self.flow {
            query.pair("code_challenge", challenge);
            query.pair("code_challenge_method", "S256");
        }
        if let Some((organization, provider)) = &self.organization {
            query.pair("org", organization);
            query.pair("provider", provider);
        }
        query.maybe("target", self.target.as_deref());
        query.maybe("login_hint", self.login_hint.as_deref());
        query.maybe("prompt", self.prompt_login.then_some("login"));
        login.join(&query.finish())
    }

    /// Returns the grant of `redirect`, which arrived at `now`: a code to be exchanged, or an expiring token if this is
    /// an implicit log-in. [`Redirect::parse`] lists the accepted forms.
    ///
    /// Call it again after an error: a request that is not the response of the login host may arrive first.
    ///
    /// # Errors
    ///
    /// [`RedirectError`] if the redirect belongs to another log-in, reports a refusal, or lacks the code or token.
    pub fn grant(&self, now: Timestamp, redirect: &str) -> Result<Grant, RedirectError> {
        let (client, redirect_uri) = (self.client.clone(), self.redirect_uri.clone());
        match (&self.flow, Redirect::parse(redirect, &self.state)?) {
            (Flow::Code, Redirect::Code(code)) => {
                Ok(Grant::AuthorizationCode { client, code, redirect_uri, code_verifier: None })
            }
            (Flow::Pkce { verifier, .. }, Redirect::Code(code)) => {
                let code_verifier = Some(verifier.clone());
                Ok(Grant::AuthorizationCode { client, code, redirect_uri, code_verifier })
            }
            (Flow::Implicit, Redirect::Token { token, expires_in }) => {
                Ok(Grant::issued(token, expires_in.map(|life| now.saturating_add(life)), None))
            }
            (Flow::Implicit, Redirect::Code(_)) => Err(RedirectError::Missing("access_token")),
            (Flow::Code | Flow::Pkce { .. }, Redirect::Token { .. }) => Err(RedirectError::Missing("code")),
        }
    }
}

fn filled(parameter: &'static str, text: &str) -> Result<Box<str>, BuildError> {
    let text = text.trim();
    if text.is_empty() {
        let problem = format!("{parameter} of the authorize request is empty");
        return Err(BuildError::Client { problem: problem.into() });
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STATE: &str = "0123456789abcdef";
    const NOW: Timestamp = Timestamp::from_unix_millis(1_000_000);

    fn state() -> LoginState {
        LoginState::parse(STATE).unwrap()
    }

    fn confidential() -> OAuthClient {
        OAuthClient::confidential("id", Secret::new("hunter2".into())).unwrap()
    }

    fn code() -> AuthorizationRequest {
        AuthorizationRequest::code(confidential(), "https://a.example/cb?x=1", state()).unwrap()
    }

    fn implicit() -> AuthorizationRequest {
        AuthorizationRequest::implicit("id", "http://localhost:8085/", state()).unwrap()
    }

    fn url(request: &AuthorizationRequest) -> String {
        request.url(&"https://login.mypurecloud.de".parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn urls_have_exactly_the_documented_parameters() {
        assert_eq!(
            url(&code()),
            "https://login.mypurecloud.de/oauth/authorize?client_id=id&redirect_uri=https%3A%2F%2Fa.example%2Fcb%3Fx%3D1&response_type=code&state=0123456789abcdef"
        );
        let request = implicit()
            .with_organization("the org", "okta")
            .and_then(|request| request.with_target("d7a5"))
            .and_then(|request| request.with_login_hint("a+b@c.example:org"))
            .unwrap()
            .with_prompt_login();
        assert_eq!(
            url(&request),
            "https://login.mypurecloud.de/oauth/authorize?client_id=id&redirect_uri=http%3A%2F%2Flocalhost%3A8085%2F&response_type=token&state=0123456789abcdef&org=the%20org&provider=okta&target=d7a5&login_hint=a%2Bb%40c.example%3Aorg&prompt=login"
        );
    }

    #[cfg(feature = "pkce")]
    #[test]
    fn pkce_sends_the_challenge_and_keeps_the_verifier() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let request = crate::auth::PkceVerifier::parse(verifier)
            .and_then(|verifier| AuthorizationRequest::pkce("id", "http://localhost/", state(), verifier))
            .unwrap();
        assert_eq!(
            url(&request),
            "https://login.mypurecloud.de/oauth/authorize?client_id=id&redirect_uri=http%3A%2F%2Flocalhost%2F&response_type=code&state=0123456789abcdef&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
        );
        let grant = request.grant(NOW, &format!("/?code=c&state={STATE}")).unwrap();
        let Grant::AuthorizationCode { code_verifier: Some(kept), client, .. } = grant else { panic!() };
        assert_eq!(kept.expose(), verifier);
        assert!(client.is_public() && !format!("{request:?}").contains("dBjft"));
    }

    #[test]
    fn a_code_becomes_a_grant_with_the_same_redirect_uri() {
        let grant = code().grant(NOW, &format!("https://a.example/cb?x=1&code=c&state={STATE}")).unwrap();
        let Grant::AuthorizationCode { code, redirect_uri, code_verifier: None, .. } = grant else {
            panic!()
        };
        assert_eq!((&**code.expose(), &*redirect_uri), ("c", "https://a.example/cb?x=1"));
    }

    #[test]
    fn an_implicit_token_expires_and_is_not_renewed() {
        let redirect = format!("#access_token=t&expires_in=300&state={STATE}");
        let grant = implicit().grant(NOW, &redirect).unwrap();
        assert!(!grant.can_renew());
        let Grant::Issued { expires_at, renewal: None, .. } = grant else { panic!() };
        assert_eq!(expires_at, Some(Timestamp::from_unix_millis(1_300_000)));
    }

    #[test]
    fn the_answer_to_another_flow_is_refused() {
        let (code_answer, token_response) =
            (format!("?code=c&state={STATE}"), format!("#access_token=t&state={STATE}"));
        assert_eq!(implicit().grant(NOW, &code_answer).unwrap_err(), RedirectError::Missing("access_token"));
        assert_eq!(code().grant(NOW, &token_response).unwrap_err(), RedirectError::Missing("code"));
        assert_eq!(code().grant(NOW, "?code=c&state=x").unwrap_err(), RedirectError::StateMismatch);
    }

    #[test]
    fn bad_input_is_refused_before_anything_is_sent() {
        assert!(AuthorizationRequest::implicit("a:b", "http://localhost/", state()).is_err());
        assert!(AuthorizationRequest::implicit("id", "localhost", state()).is_err());
        let public = OAuthClient::public("id").unwrap();
        assert!(AuthorizationRequest::code(public, "http://localhost/", state()).is_err());
        assert!(
            code().with_organization("org", " ").is_err() && code().with_organization("", "okta").is_err()
        );
        assert!(code().with_target("a b").is_err() && code().with_login_hint("").is_err());
        let long = code().with_login_hint(&"x".repeat(70_000)).unwrap();
        assert!(long.url(&"https://login.mypurecloud.de".parse().unwrap()).is_err());
    }

    #[test]
    fn requests_do_not_print_secrets() {
        let printed = format!("{:?}", code());
        assert!(!printed.contains("hunter2") && !printed.contains(STATE), "{printed}");
    }

    proptest! {
        #[test]
        fn parameters_come_back_from_the_url(
            state in "[a-zA-Z0-9._~-]{16,60}",
            organization in "\\PC{1,20}",
            provider in "\\PC{1,20}",
            hint in "\\PC{1,40}",
        ) {
            for text in [&organization, &provider, &hint] {
                prop_assume!(!text.trim().is_empty());
            }
            let state = LoginState::parse(&state).unwrap();
            let request = AuthorizationRequest::implicit("id", "http://localhost:8085/?a=b&c", state.clone())
                .and_then(|request| request.with_organization(&organization, &provider))
                .and_then(|request| request.with_login_hint(&hint))
                .unwrap();
            let url = url(&request);
            let (_, query) = url.split_once('?').unwrap();
            let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let expected = [
                ("client_id", "id"),
                ("redirect_uri", "http://localhost:8085/?a=b&c"),
                ("response_type", "token"),
                ("state", state.expose()),
                ("org", organization.trim()),
                ("provider", provider.trim()),
                ("login_hint", hint.trim()),
            ];
            let expected: Vec<_> = expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            prop_assert_eq!(pairs, expected);
        }
    }
}
