use serde::{Deserialize, Deserializer};

use crate::secret::Secret;

/// The login host's answer to a token request.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct TokenAnswer {
    /// The token, not yet checked for use in a header.
    #[serde(deserialize_with = "secret")]
    pub access_token: Secret<String>,
    /// `bearer`.
    pub token_type: Option<String>,
    /// How long the token lives, in seconds. The service documents 300 to 172,800.
    pub expires_in: Option<u64>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret<String>, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_documented_answer_and_does_not_print_it() {
        let answer: TokenAnswer =
            serde_json::from_str(r#"{"access_token":"hunter2","token_type":"bearer","expires_in":86399}"#)
                .unwrap();
        assert_eq!(answer.access_token.expose(), "hunter2");
        assert_eq!(answer.expires_in, Some(86_399));
        assert!(!format!("{answer:?}").contains("hunter2"));
    }
}
