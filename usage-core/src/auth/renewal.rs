//! The grant that follows a token response.

use crate::auth::{Grant, TokenResponse};
use crate::failures::BuildError;
use crate::secret::Secret;
use crate::time::Timestamp;

impl Grant {
    /// Returns whether this grant can replace a refused or expired token without the user.
    ///
    /// A code or an assertion cannot, because it works only once. After the first token, the refresh token of the
    /// response renews it.
    pub fn can_renew(&self) -> bool {
        match self {
            Self::ClientCredentials { .. } | Self::RefreshToken { .. } => true,
            Self::StaticToken(_) | Self::AuthorizationCode { .. } | Self::Saml2Bearer { .. } => false,
            Self::Issued { renewal, .. } => renewal.as_ref().is_some_and(|renewal| renewal.can_renew()),
        }
    }

    /// Returns the grant [`Issued`](Self::Issued) with the token of `answer`, which arrived at `now`, and with what
    /// renews it.
    ///
    /// This is for callers who send [`token_request`](Self::token_request) themselves, to log a user in before the
    /// first query. A session does it by itself.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the token of the response cannot be used as a bearer token.
    ///
    /// # Examples
    ///
    /// ```
    /// use usage_core::auth::{Grant, OAuthClient, TokenResponse};
    /// use usage_core::{Secret, Timestamp};
    ///
    /// let grant = Grant::refresh_token(OAuthClient::public("7de3af06")?, Secret::new("old".to_owned()))?;
    /// let request = grant.token_request(&"https://login.mypurecloud.de".parse()?)?;
    /// // a driver sends it
    /// let body = br#"{"access_token":"t","token_type":"bearer","expires_in":86399,"refresh_token":"new"}"#;
    /// let answer = TokenResponse::from_response(&http::Response::new(&body[..]))?;
    /// let grant = grant.answered(Timestamp::from_unix_millis(1_782_864_000_000), &answer)?;
    ///
    /// let next = grant.token_request(&"https://login.mypurecloud.de".parse()?)?.unwrap();
    /// assert_eq!(next.body(), b"grant_type=refresh_token&refresh_token=new&client_id=7de3af06");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn answered(&self, now: Timestamp, answer: &TokenResponse) -> Result<Self, BuildError> {
        let expires_at = answer.life().map(|life| now.saturating_add(life));
        Ok(Self::issued(answer.bearer()?, expires_at, self.after(answer)))
    }

    /// Returns the grant that renews the token of `answer`, the response to this grant's request.
    pub(crate) fn after(&self, answer: &TokenResponse) -> Option<Self> {
        let fresh = answer.refresh_token.as_ref().filter(|token| !token.expose().is_empty());
        match self {
            Self::StaticToken(_) => None,
            Self::Issued { renewal, .. } => renewal.as_ref().and_then(|renewal| renewal.after(answer)),
            Self::ClientCredentials { .. } => Some(self.clone()),
            Self::RefreshToken { client, refresh_token } => Some(Self::RefreshToken {
                client: client.clone(),
                refresh_token: fresh.unwrap_or(refresh_token).clone(),
            }),
            Self::AuthorizationCode { client, .. } | Self::Saml2Bearer { client, .. } => {
                fresh.map(|token| Self::RefreshToken { client: client.clone(), refresh_token: token.clone() })
            }
        }
    }

    /// Returns the refresh token that this grant would send.
    pub(crate) fn current_refresh_token(&self) -> Option<&Secret<String>> {
        match self {
            Self::RefreshToken { refresh_token, .. } => Some(refresh_token),
            Self::Issued { renewal, .. } => {
                renewal.as_ref().and_then(|renewal| renewal.current_refresh_token())
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::{AccessToken, OAuthClient};

    const NOW: Timestamp = Timestamp::from_unix_millis(1_000_000);

    fn answer(json: &str) -> TokenResponse {
        serde_json::from_str(json).unwrap()
    }

    fn client() -> OAuthClient {
        OAuthClient::confidential("id", Secret::new("s".into())).unwrap()
    }

    fn code() -> Grant {
        Grant::authorization_code(client(), Secret::new("c".into()), "https://a.example/").unwrap()
    }

    #[test]
    fn an_issued_token_is_renewed_with_what_its_renewal_asks_with() {
        let token = AccessToken::parse("t").unwrap();
        let refresh_token = |renewal| {
            let grant = Grant::issued(token.clone(), None, renewal);
            grant.current_refresh_token().map(|token| token.expose().clone())
        };
        assert_eq!(refresh_token(Some(refresh("r"))).as_deref(), Some("r"));
        assert_eq!(refresh_token(Some(code())), None);
        assert_eq!(refresh_token(None), None);
    }

    fn refresh(token: &str) -> Grant {
        Grant::refresh_token(client(), Secret::new(token.into())).unwrap()
    }

    fn token_after(grant: &Grant, json: &str) -> Option<String> {
        grant.after(&answer(json))?.current_refresh_token().map(|token| token.expose().clone())
    }

    #[test]
    fn what_is_good_once_gives_way_to_the_refresh_token() {
        let saml = Grant::saml2_bearer(client(), "org", Secret::new("PHM+".into())).unwrap();
        for grant in [code(), saml] {
            assert!(!grant.can_renew());
            let after = token_after(&grant, r#"{"access_token":"t","refresh_token":"r"}"#);
            assert_eq!(after.as_deref(), Some("r"));
            for none in [r#"{"access_token":"t"}"#, r#"{"access_token":"t","refresh_token":""}"#] {
                assert!(grant.after(&answer(none)).is_none());
            }
        }
    }

    #[test]
    fn refresh_tokens_rotate_if_the_answer_brings_a_new_one() {
        let fresh = r#"{"access_token":"t","refresh_token":"new"}"#;
        assert_eq!(token_after(&refresh("old"), fresh).as_deref(), Some("new"));
        assert_eq!(token_after(&refresh("old"), r#"{"access_token":"t"}"#).as_deref(), Some("old"));
        let issued = Grant::issued(AccessToken::parse("t").unwrap(), None, Some(refresh("old")));
        assert!(issued.can_renew());
        assert_eq!(token_after(&issued, fresh).as_deref(), Some("new"));
    }

    #[test]
    fn client_credentials_stay_whatever_comes() {
        let grant = Grant::client_credentials("id", Secret::new("s".into())).unwrap();
        let after = grant.after(&answer(r#"{"access_token":"t","refresh_token":"r"}"#)).unwrap();
        assert!(matches!(after, Grant::ClientCredentials { .. }) && after.can_renew());
        assert!(after.current_refresh_token().is_none());
    }

    #[test]
    fn an_answer_becomes_an_issued_token() {
        let json = r#"{"access_token":"t","expires_in":300,"refresh_token":"r"}"#;
        let Grant::Issued { token, expires_at, renewal } = code().answered(NOW, &answer(json)).unwrap()
        else {
            panic!()
        };
        assert_eq!(token.expose(), "t");
        assert_eq!(expires_at, Some(Timestamp::from_unix_millis(1_300_000)));
        assert!(renewal.is_some_and(|renewal| renewal.can_renew()));
        assert!(code().answered(NOW, &answer(r#"{"access_token":"a b"}"#)).is_err());
    }
}
