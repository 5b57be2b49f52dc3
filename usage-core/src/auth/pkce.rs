//! The verifier of proof key for code exchange (RFC 7636).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::auth::random_text;
use crate::failures::BuildError;
use crate::secret::Secret;

/// The secret of one log-in with PKCE (RFC 7636). Its hash is sent with the authorization request, and the secret
/// itself with the code, so that an intercepted code is useless.
///
/// It consists of 43 to 128 letters, digits, `-`, `.`, `_` and `~`. The caller generates it, because this crate has no
/// randomness.
///
/// ```
/// use usage_core::auth::PkceVerifier;
///
/// let verifier = PkceVerifier::from_random(&[7; 32])?; // of a generator that cannot be guessed
/// assert_eq!(verifier.expose().len(), 43);
/// assert_eq!(verifier.challenge().len(), 43);
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PkceVerifier(Secret<String>);

impl PkceVerifier {
    /// The least number of random bytes of a verifier: 256 bits. The largest number is 96.
    pub const MIN_RANDOM_BYTES: usize = 32;

    /// Creates a verifier from 32 to 96 random bytes of a cryptographically secure generator. Use the bytes for nothing
    /// else.
    ///
    /// # Errors
    ///
    /// [`BuildError::Secret`] if there are fewer or more bytes.
    pub fn from_random(bytes: &[u8]) -> Result<Self, BuildError> {
        random_text::encode("PKCE verifier", bytes, Self::MIN_RANDOM_BYTES).map(Self)
    }

    /// Parses a verifier that was generated elsewhere.
    ///
    /// # Errors
    ///
    /// [`BuildError::Secret`] unless the text consists of 43 to 128 permitted characters.
    pub fn parse(text: &str) -> Result<Self, BuildError> {
        random_text::check("PKCE verifier", text, 43, 128).map(Self)
    }

    /// Returns the challenge for `code_challenge_method=S256`: the SHA-256 of the verifier in base64url, 43 characters.
    /// It is not secret.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.expose()))
    }

    /// Returns the verifier.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    pub(super) fn secret(&self) -> &Secret<String> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 7636, appendix B.
    #[test]
    fn the_rfcs_example() {
        let octets = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105,
            214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
        ];
        let verifier = PkceVerifier::from_random(&octets).unwrap();
        assert_eq!(verifier.expose(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(verifier.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(!format!("{verifier:?}").contains("dBjft"));
    }

    #[test]
    fn refuses_what_the_rfc_refuses() {
        for text in ["", &"x".repeat(42), &"x".repeat(129), &format!("{}+", "x".repeat(50))] {
            let error = PkceVerifier::parse(text).unwrap_err();
            assert!(!error.to_string().contains("xxx"), "{error}");
        }
        for text in ["x".repeat(43), "x".repeat(128), format!("A0-._~{}", "x".repeat(40))] {
            assert_eq!(PkceVerifier::parse(&text).unwrap().expose(), text);
        }
        assert!(PkceVerifier::from_random(&[0; 31]).is_err() && PkceVerifier::from_random(&[0; 97]).is_err());
    }

    proptest! {
        #[test]
        fn verifiers_are_of_the_permitted_length_and_characters(bytes in prop::collection::vec(any::<u8>(), 32..=96)) {
            let verifier = PkceVerifier::from_random(&bytes).unwrap();
            let again = PkceVerifier::parse(verifier.expose()).unwrap();
            prop_assert_eq!(again.challenge(), verifier.challenge());
            prop_assert_eq!(PkceVerifier::parse(&verifier.challenge()).unwrap().expose().len(), 43);
        }
    }
}
