//! The names of a run as a file, so that the next run asks only for new ones.

use serde::{Deserialize, Serialize};
use usage_core::Timestamp;
use usage_report::Names;

/// The version of the document that this program writes and reads.
const VERSION: u32 = 1;

/// A JSON document of names: `{"version":1,"fetchedAt":1782864000000,"users":{"id":"name"},…}`.
/// The time is in milliseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    version: u32,
    /// When the newest of the names was fetched.
    pub(crate) fetched_at: Timestamp,
    #[serde(flatten)]
    pub(crate) names: Names,
}

impl Document {
    pub(crate) fn new(names: Names, fetched_at: Timestamp) -> Self {
        Self { version: VERSION, fetched_at, names }
    }

    /// Reads a document. Names can be fetched again, so one that is damaged or of a later version is no error.
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok().filter(|document: &Self| document.version == VERSION)
    }

    /// Returns the document as JSON.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        // Texts and a number cannot fail to be written.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use usage_report::Subject;

    use super::*;

    #[test]
    fn it_is_read_as_it_was_written() {
        let mut names = Names::default();
        names.insert(Subject::User, "u", "Ada \"A\" Example");
        let document = Document::new(names, Timestamp::from_unix_millis(1_782_864_000_000));
        let json = document.to_json();
        assert_eq!(
            String::from_utf8(json.clone()).unwrap(),
            r#"{"version":1,"fetchedAt":1782864000000,"users":{"u":"Ada \"A\" Example"}}"#
        );
        assert_eq!(Document::read(&json), Some(document));
    }

    #[test]
    fn what_is_damaged_or_later_is_as_good_as_absent() {
        let later = br#"{"version":2,"fetchedAt":1782864000000}"#;
        for json in [&b""[..], b"{", b"[]", b"{}", later] {
            assert_eq!(Document::read(json), None);
        }
    }
}
