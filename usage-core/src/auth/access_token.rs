use std::fmt;

use http::HeaderValue;

use crate::error::BuildError;
use crate::secret::Secret;

/// An access token: goes into `Authorization: Bearer` of requests to the configured API host, and nowhere else.
#[derive(Clone)]
pub struct AccessToken(Secret<String>);

impl AccessToken {
    /// Takes a token that fits into a header: visible ASCII, not empty. Surrounding white space is cut off.
    pub fn parse(text: &str) -> Result<Self, BuildError> {
        let text = text.trim();
        let problem = |problem| BuildError::Secret { what: "access token", problem };
        if text.is_empty() {
            return Err(problem("is empty"));
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(problem("has a character that does not fit into a header"));
        }
        Ok(Self(Secret::new(text.to_owned())))
    }

    /// The header's value, marked sensitive so that `http`'s own `Debug` does not show it.
    pub(crate) fn bearer(&self) -> HeaderValue {
        let text = zeroize::Zeroizing::new(format!("Bearer {}", self.0.expose()));
        let mut value = HeaderValue::from_str(&text).expect("a token of visible ASCII is a header value");
        value.set_sensitive(true);
        value
    }

    /// The token itself.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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
