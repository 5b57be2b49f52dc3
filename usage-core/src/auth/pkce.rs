use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::auth::random_text;
use crate::failures::BuildError;
use crate::secret::Secret;

/// The secret of one log-in with PKCE (RFC 7636): its hash goes with the user to the login host, and it goes itself
/// with the code. A code that somebody intercepts is of no use to them.
///
/// 43 to 128 letters, digits, `-`, `.`, `_` and `~`. Made of the caller's randomness: this crate has none.
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
    /// How many random bytes a verifier is made of, at least: 256 bits. It may be up to 96.
    pub const MIN_RANDOM_BYTES: usize = 32;

    /// Makes a verifier from 32 to 96 random bytes, which must be from a generator fit for cryptography and be used for
    /// nothing else.
    ///
    /// # Errors
    ///
    /// [`BuildError::Secret`] for fewer or more bytes.
    pub fn from_random(bytes: &[u8]) -> Result<Self, BuildError> {
        random_text::encode("PKCE verifier", bytes, Self::MIN_RANDOM_BYTES).map(Self)
    }

    /// Takes a verifier that was made elsewhere.
    ///
    /// # Errors
    ///
    /// [`BuildError::Secret`] if it is not 43 to 128 of the permitted characters.
    pub fn parse(text: &str) -> Result<Self, BuildError> {
        random_text::check("PKCE verifier", text, 43, 128).map(Self)
    }

    /// The challenge for `code_challenge_method=S256`: the SHA-256 of the verifier in base64url, 43 characters. It
    /// is no secret.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.expose()))
    }

    /// The verifier itself.
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
