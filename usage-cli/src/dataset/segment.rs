//! Encodes names of organizations as path segments: `organization=Acme%2FNorth`.
//!
//! Hive, and every engine that follows it, writes characters that paths cannot hold as `%` and two hexadecimal
//! digits, and decodes them. Letters and digits of all scripts stay, because Spark decodes one byte at a time.

use std::fmt::Write as _;

/// The prefix of the directories of organizations.
pub(crate) const PREFIX: &str = "organization=";

/// Maximum length of a directory name in bytes, below the 255 of file systems.
const MAX_BYTES: usize = 240;

/// Hive's name for a missing value.
const NO_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

/// Returns the directory name of `organization`, or `None` if the name is empty or too long.
pub(crate) fn directory_name(organization: &str) -> Option<String> {
    let mut name = PREFIX.to_owned();
    let is_reserved = organization.eq_ignore_ascii_case(NO_VALUE);
    for (at, c) in organization.char_indices() {
        let is_plain = c.is_alphanumeric() || ['-', '_', '.'].contains(&c);
        if is_plain && !(is_reserved && at == 0) {
            name.push(c);
            continue;
        }
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            // Writing to memory does not fail.
            let _ = write!(name, "%{byte:02X}");
        }
    }
    (!organization.is_empty() && name.len() <= MAX_BYTES).then_some(name)
}

/// Returns the organization whose directory is called `name`, or `None` if no organization's is.
pub(crate) fn organization(name: &str) -> Option<String> {
    let text = name.strip_prefix(PREFIX)?;
    let decoded = percent_encoding::percent_decode_str(text).decode_utf8().ok()?;
    (directory_name(&decoded).as_deref() == Some(name)).then(|| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use std::path::{Component, Path};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_names_stay_and_others_are_escaped() {
        for (name, wanted) in [
            ("acme-2", "organization=acme-2"),
            ("Söhne", "organization=Söhne"),
            ("..", "organization=.."),
            ("a/b\\c", "organization=a%2Fb%5Cc"),
            ("100%=x", "organization=100%25%3Dx"),
            ("two words", "organization=two%20words"),
            ("\u{202e}x", "organization=%E2%80%AEx"),
            (NO_VALUE, "organization=%5F_HIVE_DEFAULT_PARTITION__"),
        ] {
            assert_eq!(directory_name(name).as_deref(), Some(wanted));
        }
        assert_eq!(directory_name(""), None);
        assert_eq!(directory_name(&"/".repeat(90)), None);
        assert_eq!(organization("date=2026-10-01"), None);
        for name in ["organization=", "organization=a b", "organization=%61", "organization=%FF"] {
            assert_eq!(organization(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn every_name_is_one_part_of_a_path_and_comes_back(name in ".{1,40}") {
            if let Some(directory) = directory_name(&name) {
                let components: Vec<_> = Path::new(&directory).components().collect();
                prop_assert!(matches!(components[..], [Component::Normal(_)]), "{}", directory);
                prop_assert!(!directory.contains(|c: char| c.is_control() || "/\\:*?\"<>|".contains(c)));
                prop_assert_eq!(organization(&directory), Some(name));
            }
        }
    }
}
