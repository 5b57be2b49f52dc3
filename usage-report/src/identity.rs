//! Which client, user, URI, … a number is about.

use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::subject::{Key, Subject};

/// Identifies a client, user, URI, …, so that a number can be linked to its row of a list.
///
/// Serialized, it is an object of `subject` (`client`, `uri`, …), `id` and `name`; what is absent is left out.
///
/// ```
/// use usage_report::{Identity, Subject};
///
/// let client = Identity::new(Subject::Client, Some("7de3af06"), Some("Nightly Export"));
/// assert_eq!(client.to_string(), "Nightly Export");
/// assert_eq!(Identity::new(Subject::User, Some("ada"), None).to_string(), "user ada");
/// assert_eq!(Identity::new(Subject::Uri, None, None).to_string(), "an unknown URI");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Identity {
    /// What kind of thing it is.
    pub subject: Subject,
    /// Its id, if it has one.
    pub id: Option<String>,
    /// Its name. Without id and name, it stands for the rows that do not say which one they are about.
    pub name: Option<String>,
}

impl Identity {
    /// Creates an identity from an id, a name, or both.
    pub fn new(subject: Subject, id: Option<&str>, name: Option<&str>) -> Self {
        Self { subject, id: id.map(Into::into), name: name.map(Into::into) }
    }

    /// Returns the name, or else the id.
    pub fn label(&self) -> Option<&str> {
        self.name.as_deref().or(self.id.as_deref())
    }

    /// Returns what tells it apart from others of its subject.
    pub(crate) fn key(&self) -> Key<'_> {
        Key::of(self.id.as_deref(), self.name.as_deref())
    }
}

impl fmt::Display for Identity {
    /// Writes the name as part of a sentence. An id without a name is preceded by its subject.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, &self.id) {
            (Some(name), _) => f.pad(name),
            (None, Some(id)) => f.pad(&format!("{} {id}", self.subject.singular())),
            (None, None) => f.pad(&format!("an unknown {}", self.subject.singular())),
        }
    }
}

impl Serialize for Identity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("subject", &self.subject.singular().to_lowercase())?;
        for (name, text) in [("id", &self.id), ("name", &self.name)] {
            if let Some(text) = text {
                map.serialize_entry(name, text)?;
            }
        }
        map.end()
    }
}
