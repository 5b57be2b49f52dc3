//! Texts as words of a command line that can be copied.

use std::path::Path;

/// `text` as one word of a command line, whatever is in it.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// `path` as one word of a command line that can be copied.
pub(crate) fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    word(&if text.starts_with('-') { format!("./{text}") } else { text })
}

/// `value` of an option as one word of a command line that can be copied.
pub(crate) fn value_word(option: &str, value: &str) -> String {
    let between = if value.starts_with('-') { '=' } else { ' ' };
    format!("{option}{between}{}", word(value))
}

/// `text` as one word, in quotes if it needs them.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+:@%,=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) { text.to_owned() } else { quoted(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stays_one_word() {
        for (path, word) in [
            ("run.json", "run.json"),
            ("a/b c", "'a/b c'"),
            ("it's", r"'it'\''s'"),
            ("-x", "./-x"),
            ("", "''"),
            ("$HOME", "'$HOME'"),
        ] {
            assert_eq!(shell_word(Path::new(path)), word);
        }
        for (value, words) in [
            ("9f32b7cf", "--attach 9f32b7cf"),
            ("-x", "--attach=-x"),
            ("a; rm -rf ~", "--attach 'a; rm -rf ~'"),
        ] {
            assert_eq!(value_word("--attach", value), words);
        }
    }
}
