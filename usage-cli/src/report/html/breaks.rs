//! Positions of line breaks: after each slash of a URI, and not within a date of a sentence.

use std::fmt::{self, Write};

use crate::chart::svg::Escaped;

/// A text that may break behind each slash.
pub(super) struct Breakable<'a>(pub(super) &'a str);

impl fmt::Display for Breakable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Escaped(self.0).to_string().replace('/', "/<wbr>"))
    }
}

/// A sentence whose dates and months do not break at their hyphens, nor numbers before their per cent sign.
pub(super) struct Dated<'a>(pub(super) &'a str);

impl fmt::Display for Dated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.0.split(' ').enumerate() {
            if index > 0 {
                f.write_char(if word.starts_with('%') { '\u{a0}' } else { ' ' })?;
            }
            match date_at_start(word) {
                0 => Escaped(word).fmt(f)?,
                end => write!(f, "<time>{}</time>{}", &word[..end], Escaped(&word[end..]))?,
            }
        }
        Ok(())
    }
}

/// Returns how long the date or the month is that `word` begins with; 0 if there is none.
fn date_at_start(word: &str) -> usize {
    let is = |pattern: &str| {
        word.len() >= pattern.len()
            && word.bytes().zip(pattern.bytes()).all(|(byte, of)| match of {
                b'0' => byte.is_ascii_digit(),
                of => byte == of,
            })
    };
    let end = if is("0000-00-00") {
        10
    } else if is("0000-00") {
        7
    } else {
        return 0;
    };
    let is_longer = word[end..].starts_with(|next: char| next.is_alphanumeric() || next == '-');
    if is_longer { 0 } else { end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_do_not_break() {
        let text = "from 2026-10-01 to 2026-10-31, of <2026-11>: 12345678-1234-x 2026-10-011 2026-12.";
        let html = "from <time>2026-10-01</time> to <time>2026-10-31</time>, of &lt;2026-11&gt;: 12345678-1234-x \
                    2026-10-011 <time>2026-12</time>.";
        assert_eq!(Dated(text).to_string(), html);
    }

    #[test]
    fn a_number_keeps_its_sign() {
        assert_eq!(Dated("4.8 % of all").to_string(), "4.8\u{a0}% of all");
    }

    #[test]
    fn a_uri_breaks_behind_its_slashes() {
        assert_eq!(Breakable("api/v2/<x>").to_string(), "api/<wbr>v2/<wbr>&lt;x&gt;");
    }
}
