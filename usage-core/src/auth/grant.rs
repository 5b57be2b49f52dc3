//! OAuth grants, with which access tokens are obtained.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::auth::oauth_client::{check_id, not_empty};
use crate::auth::{AccessToken, OAuthClient, redirect_uri};
use crate::failures::BuildError;
use crate::secret::Secret;
use crate::time::Timestamp;

/// The OAuth grant used to obtain access tokens.
///
/// Pass it to a driver's builder (`Client::builder().grant(grant)`) or to a [`Session`](crate::Session). The session
/// requests a token when it needs one, and keeps what renews it: a code or an assertion, which work only once, is
/// replaced by the refresh token of the response.
///
/// | grant | constructor | client authentication | renewed by |
/// |---|---|---|---|
/// | existing token | [`StaticToken`](Self::StaticToken) | | not renewed |
/// | client credentials | [`client_credentials`](Self::client_credentials) | `Basic` | itself |
/// | authorization code | [`authorization_code`](Self::authorization_code) | `Basic` | the refresh token of the
/// response |
/// | authorization code with PKCE | `pkce` (feature `pkce`) | `client_id` in the form | the refresh token of the
/// response |
/// | refresh token | [`refresh_token`](Self::refresh_token) | that of its client | itself, or the refresh token of the
/// response |
/// | SAML 2 bearer | [`saml2_bearer`](Self::saml2_bearer) | `Basic` | the refresh token of the response, if any |
/// | implicit | [`AuthorizationRequest::implicit`](super::AuthorizationRequest::implicit) | | not renewed |
/// | saved token | [`issued`](Self::issued) | | the grant that was saved with it |
///
/// # Single-use grants
///
/// Authorization codes, SAML assertions and, if the service rotates them, refresh tokens are used up by the first
/// request. If the response is lost, the grant may be used up although no token arrived. The request is then retried
/// like any token request. Either the first one had not been processed and the retry succeeds, or the login host
/// refuses it (`invalid_grant`): the execution ends as [`Unauthorized::Refused`](crate::error::Unauthorized::Refused),
/// the session does not try again, and the user has to log in again. A clone of such a grant, or of its session, does
/// not work a second time.
///
/// ```
/// use usage_core::auth::Grant;
/// use usage_core::{Region, Secret, Session};
///
/// let secret = Secret::new("from a safe place".to_owned());
/// let grant = Grant::client_credentials("7de3af06", secret)?;
/// let session = Session::new(&"eu-central-1".parse::<Region>()?, grant);
/// assert!(session.access_token().is_none()); // it is requested when it is needed
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Grant {
    /// An access token that the caller already has. It cannot be renewed.
    ///
    /// ```
    /// # use usage_core::Session;
    /// # use usage_core::error::BuildError;
    /// use usage_core::auth::{AccessToken, Grant};
    ///
    /// let grant = Grant::StaticToken(AccessToken::parse("a-token")?);
    /// assert!(grant.token_request(&"https://login.mypurecloud.de".parse()?)?.is_none());
    ///
    /// let session = Session::new(&"eu-central-1".parse()?, grant);
    /// # Ok::<(), BuildError>(())
    /// ```
    StaticToken(AccessToken),
    /// The id and secret of an OAuth client, for programs without a user. The roles of the client determine its
    /// permissions.
    ClientCredentials {
        /// The id of the OAuth client.
        client_id: Box<str>,
        /// The secret of the OAuth client.
        client_secret: Secret<String>,
    },
    /// An authorization code, to be exchanged once for the user's token.
    #[non_exhaustive]
    AuthorizationCode {
        /// The client that the code was issued to.
        client: OAuthClient,
        /// The code of the redirect.
        code: Secret<String>,
        /// The redirect URI of the authorization request, repeated.
        redirect_uri: Box<str>,
        /// The PKCE verifier whose challenge was sent with the authorization request.
        code_verifier: Option<Secret<String>>,
    },
    /// A refresh token, which renews a user's token without the user.
    #[non_exhaustive]
    RefreshToken {
        /// The client that the refresh token was issued to.
        client: OAuthClient,
        /// The refresh token.
        refresh_token: Secret<String>,
    },
    /// A SAML assertion of the organization's identity provider about the user. It works once, and for a few minutes.
    #[non_exhaustive]
    Saml2Bearer {
        /// The client that requests the token on behalf of the user.
        client: OAuthClient,
        /// The short name of the organization (`orgName`).
        organization: Box<str>,
        /// The assertion, in base64.
        assertion: Secret<String>,
    },
    /// A token that was issued earlier, its expiry time, and the grant that renews it.
    #[non_exhaustive]
    Issued {
        /// The token.
        token: AccessToken,
        /// The expiry time, if known.
        expires_at: Option<Timestamp>,
        /// The grant that renews the token.
        renewal: Option<Box<Grant>>,
    },
}

impl Grant {
    /// Creates a client-credentials grant: `grant_type=client_credentials`.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the id is not valid or the secret is empty.
    ///
    /// # Examples
    ///
    /// ```
    /// # use usage_core::Session;
    /// # use usage_core::error::BuildError;
    /// use usage_core::Secret;
    /// use usage_core::auth::Grant;
    ///
    /// let secret = Secret::new("from a safe place".to_owned());
    /// let grant = Grant::client_credentials("7de3af06-c0b3-4f9b-af45-72f4a14037cc", secret)?;
    /// let request = grant.token_request(&"https://login.mypurecloud.de".parse()?)?.unwrap();
    /// assert_eq!(request.uri(), "https://login.mypurecloud.de/oauth/token");
    /// assert_eq!(request.body(), b"grant_type=client_credentials");
    ///
    /// let session = Session::new(&"eu-central-1".parse()?, grant);
    /// # Ok::<(), BuildError>(())
    /// ```
    pub fn client_credentials(client_id: &str, client_secret: Secret<String>) -> Result<Self, BuildError> {
        let (client_id, client_secret) = (check_id(client_id)?, not_empty("client secret", client_secret)?);
        Ok(Self::ClientCredentials { client_id, client_secret })
    }

    /// Creates an authorization-code grant of a client with a secret: `grant_type=authorization_code`.
    ///
    /// [`AuthorizationRequest`](super::AuthorizationRequest) creates it from the redirect. Use this function if you
    /// have read the code and compared `state` yourself.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the client has no secret, the code is empty, or the redirect URI is not absolute.
    ///
    /// # Examples
    ///
    /// ```
    /// # use usage_core::Session;
    /// # use usage_core::error::BuildError;
    /// use usage_core::Secret;
    /// use usage_core::auth::{Grant, OAuthClient};
    ///
    /// let oauth = OAuthClient::confidential("7de3af06", Secret::new("from a safe place".to_owned()))?;
    /// let code = Secret::new("a-code".to_owned());
    /// let grant = Grant::authorization_code(oauth, code, "https://app.example/callback")?;
    /// let request = grant.token_request(&"https://login.mypurecloud.de".parse()?)?.unwrap();
    /// let form = "grant_type=authorization_code&code=a-code&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback";
    /// assert_eq!(request.body(), form.as_bytes());
    ///
    /// let session = Session::new(&"eu-central-1".parse()?, grant);
    /// # Ok::<(), BuildError>(())
    /// ```
    pub fn authorization_code(
        client: OAuthClient,
        code: Secret<String>,
        redirect_uri: &str,
    ) -> Result<Self, BuildError> {
        Ok(Self::AuthorizationCode {
            client: client.with_secret("an authorization code without PKCE")?,
            code: not_empty("authorization code", code)?,
            redirect_uri: redirect_uri::check(redirect_uri)?,
            code_verifier: None,
        })
    }

    /// Creates an authorization-code grant of a client without a secret, with PKCE (RFC 7636): `client_id` and
    /// `code_verifier` are sent in the form, without an `Authorization` header.
    ///
    /// [`AuthorizationRequest`](super::AuthorizationRequest) creates it from the redirect. Use this function if you
    /// have read the code and compared `state` yourself.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the id is not valid, the code is empty, or the redirect URI is not absolute.
    ///
    /// # Examples
    ///
    /// ```
    /// # use usage_core::Session;
    /// # use usage_core::error::BuildError;
    /// use usage_core::Secret;
    /// use usage_core::auth::{Grant, PkceVerifier};
    ///
    /// let verifier = PkceVerifier::from_random(&[7; 32])?; // of a generator that cannot be guessed
    /// let code = Secret::new("a-code".to_owned());
    /// let grant = Grant::pkce("7de3af06", code, &verifier, "http://localhost:8085/")?;
    /// let request = grant.token_request(&"https://login.mypurecloud.de".parse()?)?.unwrap();
    /// assert!(!request.headers().contains_key("authorization"));
    ///
    /// let session = Session::new(&"eu-central-1".parse()?, grant);
    /// # Ok::<(), BuildError>(())
    /// ```
    #[cfg(feature = "pkce")]
    pub fn pkce(
        client_id: &str,
        code: Secret<String>,
        verifier: &super::PkceVerifier,
        redirect_uri: &str,
    ) -> Result<Self, BuildError> {
        Ok(Self::AuthorizationCode {
            client: OAuthClient::public(client_id)?,
            code: not_empty("authorization code", code)?,
            redirect_uri: redirect_uri::check(redirect_uri)?,
            code_verifier: Some(verifier.secret().clone()),
        })
    }

    /// Creates a refresh grant: `grant_type=refresh_token`. A client without a secret sends its id in the form.
    ///
    /// A response may contain a new refresh token, which replaces this one. Save
    /// [`Session::refresh_token`](crate::Session::refresh_token) again after use.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the token is empty.
    ///
    /// # Examples
    ///
    /// ```
    /// # use usage_core::Session;
    /// # use usage_core::error::BuildError;
    /// use usage_core::Secret;
    /// use usage_core::auth::{Grant, OAuthClient};
    ///
    /// let grant = Grant::refresh_token(OAuthClient::public("7de3af06")?, Secret::new("saved".to_owned()))?;
    /// let request = grant.token_request(&"https://login.mypurecloud.de".parse()?)?.unwrap();
    /// assert_eq!(request.body(), b"grant_type=refresh_token&refresh_token=saved&client_id=7de3af06");
    ///
    /// let session = Session::new(&"eu-central-1".parse()?, grant);
    /// # Ok::<(), BuildError>(())
    /// ```
    pub fn refresh_token(client: OAuthClient, refresh_token: Secret<String>) -> Result<Self, BuildError> {
        Ok(Self::RefreshToken { client, refresh_token: not_empty("refresh token", refresh_token)? })
    }

    /// Creates a SAML 2 bearer grant: `grant_type=urn:ietf:params:oauth:grant-type:saml2-bearer`.
    ///
    /// `organization` is the short name of the organization. `assertion` is the value that the identity provider posts
    /// as `SAMLResponse`: XML in base64 (standard or URL-safe, padded or not; line breaks are removed).
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the client has no secret, the name is empty, or the assertion is not base64.
    ///
    /// # Examples
    ///
    /// ```
    /// # use usage_core::Session;
    /// # use usage_core::error::BuildError;
    /// use usage_core::Secret;
    /// use usage_core::auth::{Grant, OAuthClient};
    ///
    /// let oauth = OAuthClient::confidential("7de3af06", Secret::new("from a safe place".to_owned()))?;
    /// let grant = Grant::saml2_bearer(oauth, "example-org", Secret::new("PHNhbWw+".to_owned()))?;
    /// let request = grant.token_request(&"https://login.mypurecloud.de".parse()?)?.unwrap();
    /// assert!(request.body().ends_with(b"&orgName=example-org&assertion=PHNhbWw%2B"));
    ///
    /// let session = Session::new(&"eu-central-1".parse()?, grant);
    /// # Ok::<(), BuildError>(())
    /// ```
    #[expect(clippy::needless_pass_by_value, reason = "a secret is handed over, not lent")]
    pub fn saml2_bearer(
        client: OAuthClient,
        organization: &str,
        assertion: Secret<String>,
    ) -> Result<Self, BuildError> {
        let organization = organization.trim();
        if organization.is_empty() {
            return Err(BuildError::Client {
                problem: "the SAML grant needs the organization's name".into(),
            });
        }
        let client = client.with_secret("the SAML grant")?;
        let assertion = check_base64(&assertion)?;
        Ok(Self::Saml2Bearer { client, organization: organization.into(), assertion })
    }

    /// Creates a grant from a token that was issued earlier, with its expiry time and the grant that renews it.
    ///
    /// Use it for tokens that outlive a process: save [`Session::access_token`](crate::Session::access_token),
    /// [`Session::access_token_expires_at`](crate::Session::access_token_expires_at) and
    /// [`Session::refresh_token`](crate::Session::refresh_token) in a place that only the user can read. The token is
    /// renewed 60 seconds before it expires. Without a renewal (`None`, or a static token) it is used until it expires,
    /// and then [cannot be renewed](crate::error::Unauthorized::CannotRenew).
    ///
    /// ```
    /// # use usage_core::Session;
    /// # use usage_core::error::BuildError;
    /// use usage_core::auth::{AccessToken, Grant, OAuthClient};
    /// use usage_core::{Secret, Timestamp};
    ///
    /// let renewal = Grant::refresh_token(OAuthClient::public("7de3af06")?, Secret::new("saved".to_owned()))?;
    /// let expires_at = Timestamp::from_unix_millis(1_782_864_000_000);
    /// let grant = Grant::issued(AccessToken::parse("saved-too")?, Some(expires_at), Some(renewal));
    /// let request = grant.token_request(&"https://login.mypurecloud.de".parse()?)?.unwrap();
    /// assert!(request.body().starts_with(b"grant_type=refresh_token&"));
    ///
    /// let session = Session::new(&"eu-central-1".parse()?, grant);
    /// # Ok::<(), BuildError>(())
    /// ```
    pub fn issued(token: AccessToken, expires_at: Option<Timestamp>, renewal: Option<Self>) -> Self {
        let renewal = match renewal {
            Some(Self::Issued { renewal, .. }) => renewal,
            Some(Self::StaticToken(_)) | None => None,
            Some(grant) => Some(Box::new(grant)),
        };
        Self::Issued { token, expires_at, renewal }
    }
}

/// Returns the text without line breaks, if it is base64 in the standard or the URL-safe alphabet.
fn check_base64(text: &Secret<String>) -> Result<Secret<String>, BuildError> {
    let mut compact = String::with_capacity(text.expose().len());
    compact.extend(text.expose().chars().filter(|c| !c.is_ascii_whitespace()));
    let compact = Secret::new(compact);
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decodes = [&alphabet::STANDARD, &alphabet::URL_SAFE].into_iter().any(|alphabet| {
        let decoded = GeneralPurpose::new(alphabet, config).decode(compact.expose());
        decoded.is_ok_and(|decoded| !Zeroizing::new(decoded).is_empty())
    });
    if !decodes {
        return Err(BuildError::Secret { what: "SAML assertion", problem: "is not in base64" });
    }
    Ok(compact)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.into())
    }

    fn confidential() -> OAuthClient {
        OAuthClient::confidential("id", secret("hunter2")).unwrap()
    }

    #[test]
    fn constructors_refuse_what_the_login_host_would_refuse() {
        let public = || OAuthClient::public("id").unwrap();
        for refused in [
            Grant::client_credentials("a:b", secret("s")),
            Grant::client_credentials("a", secret("")),
            Grant::authorization_code(public(), secret("c"), "https://a.example/"),
            Grant::authorization_code(confidential(), secret(""), "https://a.example/"),
            Grant::authorization_code(confidential(), secret("c"), "/relative"),
            Grant::refresh_token(public(), secret("")),
            Grant::saml2_bearer(public(), "org", secret("PHNhbWw+")),
            Grant::saml2_bearer(confidential(), " ", secret("PHNhbWw+")),
            Grant::saml2_bearer(confidential(), "org", secret("<saml/>")),
            Grant::saml2_bearer(confidential(), "org", secret("")),
        ] {
            assert!(refused.is_err(), "{refused:?}");
        }
    }

    #[test]
    fn assertions_come_in_every_base64() {
        for text in ["PHNhbWw+", "PHNhbWw-", "PHM+PA==", "PHM-PA", "PHNh\r\n bWw+\n"] {
            let grant = Grant::saml2_bearer(confidential(), "org", secret(text)).unwrap();
            let Grant::Saml2Bearer { assertion, .. } = grant else { panic!() };
            assert!(!assertion.expose().contains(char::is_whitespace));
        }
    }

    #[test]
    fn grants_do_not_print_their_secrets() {
        let token = AccessToken::parse("hunter2").unwrap();
        let renewal = Grant::refresh_token(confidential(), secret("hunter2")).unwrap();
        for grant in [
            Grant::StaticToken(token.clone()),
            Grant::client_credentials("id", secret("hunter2")).unwrap(),
            Grant::authorization_code(confidential(), secret("hunter2"), "https://a.example/").unwrap(),
            Grant::saml2_bearer(confidential(), "org", secret("hunter22")).unwrap(),
            Grant::issued(token, None, Some(renewal)),
        ] {
            let printed = format!("{grant:?}");
            assert!(!printed.contains("hunter2") && printed.contains("[redacted]"), "{printed}");
        }
    }

    #[test]
    fn issued_grants_do_not_nest() {
        let token = AccessToken::parse("t").unwrap();
        let renewal = Grant::refresh_token(confidential(), secret("r")).unwrap();
        let inner = Grant::issued(token.clone(), None, Some(renewal));
        let Grant::Issued { renewal, .. } = Grant::issued(token.clone(), None, Some(inner)) else { panic!() };
        assert!(matches!(renewal.as_deref(), Some(Grant::RefreshToken { .. })));
        let of_manual = Grant::issued(token.clone(), None, Some(Grant::StaticToken(token)));
        assert!(matches!(of_manual, Grant::Issued { renewal: None, .. }));
    }
}
