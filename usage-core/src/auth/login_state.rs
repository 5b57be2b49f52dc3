//! The `state` of a log-in.

use subtle::ConstantTimeEq as _;

use crate::auth::random_text;
use crate::failures::BuildError;
use crate::secret::Secret;

/// The `state` parameter of a log-in, which ties a redirect to it and prevents the injection of another log-in's code.
///
/// It consists of 16 to 512 letters, digits, `-`, `.`, `_` and `~`. The caller generates a random one for each log-in.
/// It does not print, and is compared in constant time.
///
/// ```
/// use usage_core::auth::LoginState;
///
/// // Take the bytes from a cryptographically secure generator, and keep the state with the user's web session.
/// let state = LoginState::from_random(&[7; 16])?;
/// let saved = LoginState::parse(state.expose())?;
/// assert!(saved.matches(state.expose()) && !saved.matches("another"));
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct LoginState(Secret<String>);

impl LoginState {
    /// The least number of random bytes of a state: 128 bits. The largest number is 96.
    pub const MIN_RANDOM_BYTES: usize = 16;

    /// Creates a state from 16 to 96 random bytes of a cryptographically secure generator.
    ///
    /// # Errors
    ///
    /// [`BuildError::Secret`] if there are fewer or more bytes.
    pub fn from_random(bytes: &[u8]) -> Result<Self, BuildError> {
        random_text::encode("state", bytes, Self::MIN_RANDOM_BYTES).map(Self)
    }

    /// Parses a state that was generated elsewhere, for example by a web session.
    ///
    /// # Errors
    ///
    /// [`BuildError::Secret`] unless the text consists of 16 to 512 permitted characters.
    pub fn parse(text: &str) -> Result<Self, BuildError> {
        random_text::check("state", text, 16, 512).map(Self)
    }

    /// Returns whether `text`, the `state` of a redirect, is equal to this state.
    pub fn matches(&self, text: &str) -> bool {
        self.expose().as_bytes().ct_eq(text.as_bytes()).into()
    }

    /// Returns the state.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn is_long_enough_not_to_be_guessed_and_does_not_print() {
        assert!(LoginState::from_random(&[1; 15]).is_err() && LoginState::from_random(&[1; 97]).is_err());
        assert!(LoginState::from_random(&[1; 96]).is_ok());
        for text in ["", "fifteen-letters", "with a space in it", &"x".repeat(513)] {
            assert!(LoginState::parse(text).is_err(), "{text}");
        }
        let state = LoginState::from_random(&[1; 16]).unwrap();
        assert_eq!(state.expose(), "AQEBAQEBAQEBAQEBAQEBAQ");
        assert!(!format!("{state:?}").contains("AQEB"));
    }

    proptest! {
        #[test]
        fn matches_itself_and_nothing_else(state in "[a-zA-Z0-9._~-]{16,40}", other in "[a-zA-Z0-9._~-]{0,40}") {
            let parsed = LoginState::parse(&state).unwrap();
            prop_assert!(parsed.matches(&state));
            prop_assert_eq!(parsed.matches(&other), state == other);
            let longer = format!("{state}x");
            prop_assert!(!parsed.matches(&state[1..]) && !parsed.matches(&longer));
        }
    }
}
