//! Access tokens, stored as the value of their header.

use std::fmt;

use bytes::Bytes;
use http::HeaderValue;
use zeroize::Zeroizing;

use crate::failures::BuildError;
use crate::secret::REDACTED;

/// An access token, sent as `Authorization: Bearer` to the configured API host and to no other host.
///
/// The token is stored as the value of that header and marked sensitive, so that `http`'s `Debug` does not show it. Its
/// memory is zeroed when the last request that carries it is dropped.
///
/// ```
/// use usage_core::auth::AccessToken;
///
/// let token = AccessToken::parse(" a-token\n")?;
/// assert_eq!(token.expose(), "a-token");
/// assert_eq!(format!("{token:?}"), "[redacted]");
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone)]
pub struct AccessToken {
    bearer: HeaderValue,
}

/// The prefix of the token in the header.
const SCHEME: &str = "Bearer ";

impl AccessToken {
    /// Parses an access token. Surrounding white space is removed.
    ///
    /// # Errors
    ///
    /// [`BuildError::Secret`] if the text is empty or contains anything but visible ASCII characters.
    pub fn parse(text: &str) -> Result<Self, BuildError> {
        let text = text.trim();
        let problem = |problem| BuildError::Secret { what: "access token", problem };
        if text.is_empty() {
            return Err(problem("is empty"));
        }
        let unfit = || problem("has a character that does not fit into a header");
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(unfit());
        }
        let bearer = Bytes::from_owner(Zeroizing::new([SCHEME, text].concat().into_bytes()));
        let mut bearer = HeaderValue::from_maybe_shared(bearer).map_err(|_| unfit())?;
        bearer.set_sensitive(true);
        Ok(Self { bearer })
    }

    pub(crate) fn bearer(&self) -> HeaderValue {
        self.bearer.clone()
    }

    /// Returns the token.
    pub fn expose(&self) -> &str {
        self.bearer.to_str().ok().and_then(|value| value.strip_prefix(SCHEME)).unwrap_or_default()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_would_break_the_header_and_does_not_repeat_it() {
        for text in ["", "  ", "hunter2\r\nx: y", "hunter2 hunter2", "hünter2"] {
            let error = AccessToken::parse(text).unwrap_err();
            assert!(!format!("{error:?} {error}").contains("nter2"));
        }
        assert_eq!(AccessToken::parse(" abc\n").unwrap().expose(), "abc");
    }

    #[test]
    fn does_not_print() {
        let token = AccessToken::parse("hunter2").unwrap();
        assert!(!format!("{token:?} {:?}", token.bearer()).contains("hunter2"));
    }
}
