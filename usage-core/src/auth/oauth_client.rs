//! OAuth clients, confidential or public.

use crate::failures::BuildError;
use crate::secret::Secret;

/// An OAuth client of the organization, as it authenticates to the login host.
///
/// A *confidential* client has a secret and authenticates with an `Authorization: Basic` header. A *public* client runs
/// where a secret cannot be kept, for example on a user's machine. It sends its id in the form and uses PKCE instead of
/// a secret.
///
/// ```
/// use usage_core::Secret;
/// use usage_core::auth::OAuthClient;
///
/// let client = OAuthClient::confidential("7de3af06", Secret::new("from a safe place".to_owned()))?;
/// assert!(!client.is_public());
/// assert!(OAuthClient::public("7de3af06")?.is_public());
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct OAuthClient {
    id: Box<str>,
    secret: Option<Secret<String>>,
}

impl OAuthClient {
    /// Returns a client with a secret.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the id is empty or contains a colon or anything but visible ASCII, or if the secret is empty.
    pub fn confidential(id: &str, secret: Secret<String>) -> Result<Self, BuildError> {
        Ok(Self { id: check_id(id)?, secret: Some(not_empty("client secret", secret)?) })
    }

    /// Returns a client without a secret.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the id is empty or contains a colon or anything but visible ASCII.
    pub fn public(id: &str) -> Result<Self, BuildError> {
        Ok(Self { id: check_id(id)?, secret: None })
    }

    /// Returns the id of the client, as the service's administration pages show it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns whether the client has no secret.
    pub fn is_public(&self) -> bool {
        self.secret.is_none()
    }

    pub(super) fn secret(&self) -> Option<&Secret<String>> {
        self.secret.as_ref()
    }

    /// Returns the client if it has a secret. `grant` names the grant that requires one.
    pub(super) fn with_secret(self, grant: &'static str) -> Result<Self, BuildError> {
        if self.is_public() {
            let problem = format!("{grant} is for OAuth clients with a secret");
            return Err(BuildError::Client { problem: problem.into() });
        }
        Ok(self)
    }
}

/// Checks the id of a client. A colon in it would move a part of the id into the secret of a `Basic` header.
pub(super) fn check_id(id: &str) -> Result<Box<str>, BuildError> {
    let id = id.trim();
    if id.is_empty() || id.contains(':') || !id.bytes().all(|b| b.is_ascii_graphic()) {
        let problem = "is empty or has a character that an OAuth client id never has";
        return Err(BuildError::Id { what: "OAuth client id", text: id.into(), problem });
    }
    Ok(id.into())
}

pub(super) fn not_empty(what: &'static str, secret: Secret<String>) -> Result<Secret<String>, BuildError> {
    if secret.expose().is_empty() {
        return Err(BuildError::Secret { what, problem: "is empty" });
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_ids_that_would_shift_into_the_secret() {
        for id in ["", " ", "a:b", "a b", "ä"] {
            assert!(OAuthClient::public(id).is_err(), "{id:?}");
            assert!(OAuthClient::confidential(id, Secret::new("s".into())).is_err(), "{id:?}");
        }
        assert!(OAuthClient::confidential("a", Secret::new(String::new())).is_err());
        assert_eq!(OAuthClient::public(" a\n").unwrap().id(), "a");
    }

    #[test]
    fn only_a_client_with_a_secret_passes_for_one() {
        assert!(OAuthClient::public("a").unwrap().with_secret("this").is_err());
        let client = OAuthClient::confidential("a", Secret::new("hunter2".into())).unwrap();
        assert!(!format!("{client:?}").contains("hunter2"));
        assert!(!client.is_public() && client.with_secret("this").is_ok());
    }
}
