//! Texts made from random bytes: states and verifiers.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::failures::BuildError;
use crate::secret::Secret;

/// Encodes `bytes` in base64url, four characters for three bytes. There must be at least `least` and at most 96 bytes.
pub(super) fn encode(what: &'static str, bytes: &[u8], least: usize) -> Result<Secret<String>, BuildError> {
    if bytes.len() < least || bytes.len() > 96 {
        let problem = "is made of too few or too many random bytes";
        return Err(BuildError::Secret { what, problem });
    }
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(bytes)))
}

/// Returns `text` if it consists of `least` to `most` unreserved characters of RFC 3986.
pub(super) fn check(
    what: &'static str,
    text: &str,
    least: usize,
    most: usize,
) -> Result<Secret<String>, BuildError> {
    let problem = |problem| BuildError::Secret { what, problem };
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b)) {
        return Err(problem("has a character other than letters, digits, '-', '.', '_' and '~'"));
    }
    if text.len() < least || text.len() > most {
        return Err(problem("is too short or too long"));
    }
    Ok(Secret::new(text.to_owned()))
}
