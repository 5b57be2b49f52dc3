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
/// Hand it to a driver's builder (`Client::builder().grant(grant)`) or to a [`Session`](crate::Session). The session
/// asks for a token when it needs one and keeps what it may renew it with: after the first token, a code or an
/// assertion, which are good only once, gives way to the refresh token that came with the token.
///
/// | grant | how to make it | identifies itself by | renewed by |
/// |---|---|---|---|
/// | a token at hand | [`StaticToken`](Self::StaticToken) | | nothing |
/// | client credentials | [`client_credentials`](Self::client_credentials) | `Basic` | itself |
/// | authorization code | [`authorization_code`](Self::authorization_code) | `Basic` | the refresh token of the answer |
/// | authorization code with PKCE | `pkce` (feature `pkce`) | `client_id` in the form | the refresh token of the answer |
/// | refresh token | [`refresh_token`](Self::refresh_token) | as its client does | itself, or the new one of the answer |
/// | SAML 2 bearer | [`saml2_bearer`](Self::saml2_bearer) | `Basic` | the refresh token of the answer, if any |
/// | implicit | [`AuthorizationRequest::implicit`](super::AuthorizationRequest::implicit) | | nothing |
/// | a token saved earlier | [`issued`](Self::issued) | | the grant that it was saved with |
///
/// # What is good only once
///
/// An authorization code, a SAML assertion and, where the service rotates them, a refresh token are spent by their
/// first use. If the answer to that use is lost on the way, they may be spent without a token to show for it. The
/// request is then sent again like every token request: either it had not been carried out and succeeds, or the login
/// host refuses it (`invalid_grant`), which ends the execution as
/// [`Unauthorized::Refused`](crate::error::Unauthorized::Refused) and is not tried again in that session; the user
/// has to log in once more. Copies of such a grant, or of its session, are copies of something that works once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Grant {
    /// A token that the caller has already. When it is refused, nothing renews it.
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
    /// An OAuth client's own id and secret: what a tool without a user has. The client's roles decide what it may do.
    ClientCredentials {
        /// The id of the OAuth client.
        client_id: Box<str>,
        /// Its secret.
        client_secret: Secret<String>,
    },
    /// What the login host handed to a user's browser, to be exchanged for the user's token. Good once.
    #[non_exhaustive]
    AuthorizationCode {
        /// Who the code was made out to.
        client: OAuthClient,
        /// The code, of the redirect.
        code: Secret<String>,
        /// The redirect URI of the authorize request, repeated.
        redirect_uri: Box<str>,
        /// The PKCE verifier whose challenge went with the authorize request.
        code_verifier: Option<Secret<String>>,
    },
    /// What renews a user's token without the user.
    #[non_exhaustive]
    RefreshToken {
        /// Who the refresh token was made out to.
        client: OAuthClient,
        /// The refresh token.
        refresh_token: Secret<String>,
    },
    /// What the organisation's identity provider says of the user. Good once, and for minutes.
    #[non_exhaustive]
    Saml2Bearer {
        /// Who asks on behalf of the user.
        client: OAuthClient,
        /// `orgName`: the short name of the organisation.
        organization: Box<str>,
        /// The assertion, in base64.
        assertion: Secret<String>,
    },
    /// A token that was issued earlier, when it expires, and what to ask for the next one.
    #[non_exhaustive]
    Issued {
        /// The token.
        token: AccessToken,
        /// When it expires, if that is known.
        expires_at: Option<Timestamp>,
        /// What renews it.
        renewal: Option<Box<Grant>>,
    },
}

impl Grant {
    /// The client-credentials grant: `grant_type=client_credentials`.
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

    /// The authorization-code grant of a client with a secret: `grant_type=authorization_code`.
    ///
    /// [`AuthorizationRequest`](super::AuthorizationRequest) makes it out of the redirect; this is for those who have read
    /// the code themselves, and have compared `state`.
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

    /// The authorization-code grant of a client without a secret, with PKCE (RFC 7636): no `Authorization` header,
    /// `client_id` and `code_verifier` in the form.
    ///
    /// [`AuthorizationRequest`](super::AuthorizationRequest) makes it out of the redirect; this is for those who have read
    /// the code themselves, and have compared `state`.
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

    /// The refresh grant: `grant_type=refresh_token`. A client without a secret sends its id in the form.
    ///
    /// An answer may bring a new refresh token, which then takes the place of this one: save
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

    /// The SAML 2 bearer grant: `grant_type=urn:ietf:params:oauth:grant-type:saml2-bearer`.
    ///
    /// `organization` is the short name of the organisation, `assertion` what the identity provider posts as
    /// `SAMLResponse`: XML in base64 (standard or URL-safe, padded or not; line breaks are removed).
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
                problem: "the SAML grant needs the organisation's name".into(),
            });
        }
        let client = client.with_secret("the SAML grant")?;
        let assertion = check_base64(&assertion)?;
        Ok(Self::Saml2Bearer { client, organization: organization.into(), assertion })
    }

    /// A token that was issued earlier, with the moment at which it expires, and the grant that gets the next one.
    ///
    /// For tokens that outlive a process: save [`Session::access_token`](crate::Session::access_token),
    /// [`Session::access_token_expires_at`](crate::Session::access_token_expires_at) and
    /// [`Session::refresh_token`](crate::Session::refresh_token) in a place that only the user can read. The token
    /// is used while it is good and renewed 60 seconds before it expires. Without a renewal (`None`, or a manual
    /// token) it is used to its end, and then
    /// [nothing renews it](crate::error::Unauthorized::CannotRenew).
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

/// The text without its line breaks, if it is base64 in one of its two alphabets.
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
