use subtle::ConstantTimeEq as _;

use crate::auth::random_text;
use crate::failures::BuildError;
use crate::secret::Secret;

/// `state`: what ties a redirect to the log-in that it answers, so that nobody can slip in another's code.
///
/// 16 to 512 letters, digits, `-`, `.`, `_` and `~`. Made of the caller's randomness, one for each log-in; it does
/// not print, and comparing it takes the same time wherever it differs.
#[derive(Clone, Debug)]
pub struct LoginState(Secret<String>);

impl LoginState {
    /// How many random bytes a state is made of, at least: 128 bits. It may be up to 96.
    pub const MIN_RANDOM_BYTES: usize = 16;

    /// Makes a state from 16 to 96 random bytes, which must be from a generator fit for cryptography.
    ///
    /// # Errors
    ///
    /// [`BuildError::Secret`] for fewer or more bytes.
    pub fn from_random(bytes: &[u8]) -> Result<Self, BuildError> {
        random_text::encode("state", bytes, Self::MIN_RANDOM_BYTES).map(Self)
    }

    /// Takes a state that was made elsewhere, such as by a web session.
    ///
    /// # Errors
    ///
    /// [`BuildError::Secret`] if it is not 16 to 512 of the permitted characters.
    pub fn parse(text: &str) -> Result<Self, BuildError> {
        random_text::check("state", text, 16, 512).map(Self)
    }

    /// Whether `text`, which came with a redirect, is this state.
    pub fn matches(&self, text: &str) -> bool {
        self.expose().as_bytes().ct_eq(text.as_bytes()).into()
    }

    /// The state itself.
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
