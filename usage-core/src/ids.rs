//! Identifiers of the service, validated when they are parsed.

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

            /// Returns the text, unchanged.
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
    /// The id of a submitted query: `executionId` of the query endpoints.
    ///
    /// It becomes exactly one path segment: not empty, not `.` or `..`, without control characters and at most
    /// [`MAX_ID_LEN`] bytes.
    ///
    /// ```
    /// use usage_core::ExecutionId;
    ///
    /// let id: ExecutionId = "9f32b7cf-1111-4222-8333-444455556666".parse()?;
    /// assert_eq!(id.as_str().len(), 36);
    /// assert!(ExecutionId::parse("..").is_err());
    /// # Ok::<(), usage_core::error::BuildError>(())
    /// ```
    ExecutionId, "execution id", check_segment
}

id! {
    /// The id of an OAuth client, `clientId` in paths. The rules of [`ExecutionId`] apply.
    ClientId, "client id", check_segment
}

id! {
    /// The id of a kind of operational event, `eventDefinitionId` in paths. The rules of [`ExecutionId`] apply.
    EventDefinitionId, "event definition id", check_segment
}

id! {
    /// The id of a user, `id` in queries of [`Users`](crate::platform::Users). The rules of [`ExecutionId`] apply.
    UserId, "user id", check_segment
}

id! {
    /// An opaque paging cursor, `cursors.after`: not empty, at most [`MAX_CURSOR_LEN`] bytes.
    Cursor, "cursor", check_cursor
}

/// Returns the problem of a text that would not stay one path segment or one printed line.
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
