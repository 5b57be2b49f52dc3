//! The check of redirect URIs.

use crate::failures::BuildError;

/// Checks that a redirect URI is absolute, printable and without a fragment (RFC 6749, section 3.1.2).
pub(super) fn check(text: &str) -> Result<Box<str>, BuildError> {
    let refuse = |problem| BuildError::BaseUrl { text: text.into(), problem };
    let (scheme, rest) = text.split_once("://").ok_or_else(|| refuse("is not absolute"))?;
    if scheme.is_empty() || rest.is_empty() {
        return Err(refuse("is not absolute"));
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(refuse("has a character that must be percent-encoded"));
    }
    if text.contains('#') {
        return Err(refuse("has a fragment"));
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_can_be_registered() {
        for text in ["https://app.example/cb?x=1", "http://localhost:8085/", "com.example.app://cb"] {
            assert_eq!(&*check(text).unwrap(), text);
        }
        for text in ["", "/cb", "://x", "https://", "https://a.example/#x", "https://a.example/ü", "a b://c"]
        {
            assert!(check(text).is_err(), "{text:?}");
        }
    }
}
