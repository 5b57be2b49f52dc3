//! Proof key for code exchange (RFC 7636), method S256.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Returns whether `text` can be a challenge: a SHA-256 hash in base64url without padding.
pub(super) fn is_challenge(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|hash| hash.len() == 32)
}

/// Returns whether `challenge` was made from `verifier`.
pub(super) fn proves(verifier: &str, challenge: &str) -> bool {
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (43..=128).contains(&verifier.len())
        && verifier.bytes().all(is_unreserved)
        && URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == challenge
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(is_challenge(challenge) && proves(verifier, challenge));
        assert!(!proves(&verifier[1..], challenge) && !proves(&verifier.to_lowercase(), challenge));
    }

    #[test]
    fn verifiers_have_the_form_of_the_rfc() {
        for verifier in ["", &"a".repeat(42), &"a".repeat(129), &"ä".repeat(30), &" ".repeat(50)] {
            assert!(!proves(verifier, &URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))), "{verifier}");
        }
        let longest = "~".repeat(128);
        assert!(proves(&longest, &URL_SAFE_NO_PAD.encode(Sha256::digest(&longest))));
        for challenge in ["", "abc", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"] {
            assert!(!is_challenge(challenge), "{challenge}");
        }
    }
}
