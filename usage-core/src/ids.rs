//! Identifiers of the service: parsed once, safe everywhere after.

use std::sync::Arc;

use crate::failures::BuildError;

/// The longest identifier that is accepted, in bytes. The service's own are UUIDs of 36.
pub const MAX_ID_LEN: usize = 256;

/// The longest paging cursor that is accepted, in bytes.
pub const MAX_CURSOR_LEN: usize = 8192;

macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $what:literal, $check:expr) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            #[doc = concat!("Parses a ", $what, ".")]
            ///
            /// # Errors
            ///
            /// [`BuildError::Id`] if the text is empty, too long or cannot be used in a URL.
            pub fn parse(text: impl Into<Box<str>>) -> Result<Self, BuildError> {
                let text = text.into();
                match $check(&text) {
                    Ok(()) => Ok(Self(text.into())),
                    Err(problem) => Err(BuildError::Id { what: $what, text, problem }),
                }
            }

            /// The text, as the service wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = BuildError;

            fn from_str(text: &str) -> Result<Self, BuildError> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = BuildError;

            fn try_from(text: String) -> Result<Self, BuildError> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().into()
            }
        }
    };
}

id! {
    /// What a submit answers with and a poll asks for: `executionId` of the query endpoints.
    ///
    /// Never empty, `.` or `..`, without control characters, at most [`MAX_ID_LEN`] bytes; it becomes exactly
    /// one path segment.
    ExecutionId, "execution id", check_segment
}

id! {
    /// The id of an OAuth client, `clientId` in paths. The same rules as for [`ExecutionId`].
    ClientId, "client id", check_segment
}

id! {
    /// The id of a kind of operational event, `eventDefinitionId` in paths. The same rules as for [`ExecutionId`].
    EventDefinitionId, "event definition id", check_segment
}

id! {
    /// The id of a user, `id` in queries of [`Users`](crate::platform::Users). The same rules as for [`ExecutionId`].
    UserId, "user id", check_segment
}

id! {
    /// A paging cursor: `cursors.after`, opaque, at most [`MAX_CURSOR_LEN`] bytes, never empty.
    Cursor, "cursor", check_cursor
}

/// Refuses what would not stay one path segment, or would not be printed as one line.
fn check_segment(text: &str) -> Result<(), &'static str> {
    match text {
        "" => Err("is empty"),
        "." | ".." => Err("would change the path"),
        _ if text.len() > MAX_ID_LEN => Err("is too long"),
        _ if text.chars().any(char::is_control) => Err("has a control character"),
        _ => Ok(()),
    }
}

fn check_cursor(text: &str) -> Result<(), &'static str> {
    match text {
        "" => Err("is empty"),
        _ if text.len() > MAX_CURSOR_LEN => Err("is too long"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_one_segment() {
        for text in ["", ".", "..", "a\nb", &"x".repeat(MAX_ID_LEN + 1)] {
            assert!(ExecutionId::parse(text).is_err(), "{text:?}");
            assert!(serde_json::from_str::<ExecutionId>(&serde_json::to_string(text).unwrap()).is_err());
        }
        for text in ["...", "a/b", "ü", " ", &"x".repeat(MAX_ID_LEN)] {
            assert_eq!(ExecutionId::parse(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn cursors_have_a_limit() {
        assert!(Cursor::parse("").is_err());
        assert!(Cursor::parse("x".repeat(MAX_CURSOR_LEN)).is_ok());
        assert!(Cursor::parse("x".repeat(MAX_CURSOR_LEN + 1)).is_err());
    }
}
