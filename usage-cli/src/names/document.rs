//! The names of the ids in a history as a file, so that the next run asks only for new ones.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use usage_core::{Date, Timestamp};
use usage_report::Names;

/// The version of the document that this program writes and reads.
const VERSION: u32 = 1;

/// A JSON document of names:
/// `{"version":1,"fetchedAt":1782864000000,"days":{"2026-06-30":7},"users":{"id":"name"},…}`.
/// The time is in milliseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    version: u32,
    /// When the newest of the names was fetched.
    pub(crate) fetched_at: Timestamp,
    /// The checksums of the days whose ids were all asked for.
    #[serde(default)]
    pub(crate) days: BTreeMap<Date, u32>,
    #[serde(flatten)]
    pub(crate) names: Names,
}

impl Default for Document {
    fn default() -> Self {
        Self {
            version: VERSION,
            fetched_at: Timestamp::UNIX_EPOCH,
            days: BTreeMap::new(),
            names: Names::default(),
        }
    }
}

impl Document {
    /// Reads a document. Names can be fetched again, so one that is damaged or of a later version is no error.
    pub(crate) fn read(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok().filter(|document: &Self| document.version == VERSION)
    }

    /// Returns the document as JSON.
    pub(crate) fn to_json(&self) -> Vec<u8> {
        // Texts and numbers cannot fail to be written.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use usage_report::Subject;

    use super::*;

    #[test]
    fn it_is_read_as_it_was_written() {
        let mut document = Document {
            fetched_at: Timestamp::from_unix_millis(1_782_864_000_000),
            days: BTreeMap::from([("2026-06-30".parse().unwrap(), 7)]),
            ..Document::default()
        };
        document.names.insert(Subject::User, "u", "Ada \"A\" Example");
        let json = document.to_json();
        let wanted = r#"{"version":1,"fetchedAt":1782864000000,"days":{"2026-06-30":7},"users":{"u":"Ada \"A\" Example"}}"#;
        assert_eq!(String::from_utf8(json.clone()).unwrap(), wanted);
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
