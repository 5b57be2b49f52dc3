//! Text of other programs and other sides: decoded, and made fit for a terminal.

pub(crate) mod number;
pub(crate) mod quoting;
pub(crate) mod secrets;

use std::borrow::Cow;

use usage_core::Secret;

/// The placeholder of a character that is not shown.
pub(crate) const REPLACEMENT: char = '\u{FFFD}';

/// The text of a file that another program wrote: UTF-8, or UTF-16 if it begins with that byte order mark (as
/// PowerShell's redirections write it). The mark is left out.
///
/// # Errors
///
/// Returns what is wrong with `bytes`, without repeating any of them.
pub(crate) fn decoded(bytes: Vec<u8>) -> Result<String, &'static str> {
    let bytes = Secret::new(bytes);
    let text = match bytes.expose().as_slice() {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        [0xef, 0xbb, 0xbf, rest @ ..] | rest => {
            std::str::from_utf8(rest).map_err(|_| "it is neither UTF-8 nor marked as UTF-16")?.to_owned()
        }
    };
    if text.contains('\0') { Err("it is no text: it has NUL bytes") } else { Ok(text) }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, &'static str> {
    let wrong = "it is marked as UTF-16, but is none";
    let (units, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() || units.is_empty() {
        return Err(wrong);
    }
    char::decode_utf16(units.iter().map(|pair| unit(*pair))).collect::<Result<_, _>>().map_err(|_| wrong)
}

/// `text` without blanks, line ends and byte order marks around it: what files, clipboards and variables add to a secret.
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}' || c == '\0')
}

/// `text` as a terminal, a table or a page can show it: each character that would move the cursor, change the direction
/// of others, take no room or have no meaning is replaced. Machine-readable formats keep the text as it is.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if is_plain(text) || text.chars().all(is_printable) {
        return text.into();
    }
    shown(text, |_| REPLACEMENT).into()
}

/// `text` as one printable line.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return text.into();
    }
    let instead = |c: char| match c {
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => ' ',
        _ => REPLACEMENT,
    };
    shown(text, instead).into()
}

/// Returns `text` with `instead` of each character that is not printable. A joiner stays where it has a meaning.
pub(crate) fn shown(text: &str, instead: impl Fn(char) -> char) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.chars();
    let mut before = None;
    while let Some(c) = rest.next() {
        let is_shown = is_printable(c) || joins(before, c, rest.clone().next());
        shown.push(if is_shown { c } else { instead(c) });
        before = Some(c);
    }
    shown
}

/// Returns whether `c` joins its neighbours: two emoji into one picture, or two letters of a script whose letters change
/// with their neighbours. Anywhere else, a joiner is invisible and may make two names look the same.
fn joins(before: Option<char>, c: char, after: Option<char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return false };
    let is_emoji = |c| matches!(c, '\u{2190}'..='\u{2BFF}' | '\u{1F000}'..='\u{1FAFF}');
    // Arabic and its relatives; the scripts of India and Sri Lanka.
    let is_letter = |c| matches!(c, '\u{0620}'..='\u{08FF}' | '\u{0900}'..='\u{0DFF}') && is_printable(c);
    match c {
        '\u{200D}' if is_emoji(before) || before == '\u{FE0F}' => is_emoji(after),
        '\u{200C}' | '\u{200D}' => is_letter(before) && is_letter(after),
        _ => false,
    }
}

/// Whether `text` is plain ASCII, as most is.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// Whether `c` shows as itself and changes nothing around it.
pub(crate) fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        // Characters that have a category of visible ones, and are shown as nothing: fillers, joiners, selectors of
        // variants beyond those of emoji, and all tags.
        '\u{034F}'
        | '\u{115F}'..='\u{1160}'
        | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        | '\u{3164}'
        | '\u{FFA0}'
        | '\u{FE00}'..='\u{FE0D}'
        | '\u{E0000}'..='\u{E0FFF}'
        | '\u{2028}'..='\u{2029}' => false,
        // Blanks of other scripts.
        c if c.is_whitespace() => !c.is_control(),
        // The standard library escapes what is unassigned, private, a control or a format character, and leaves
        // combining characters behind another one.
        c => format!("a{c}").escape_debug().count() == 2,
    }
}

/// Returns the known word that is most similar to `text`, if one is similar enough.
pub(crate) fn meant<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = known.into_iter().map(|word| (strsim::jaro_winkler(text, word), word));
    let best = scored.filter(|(score, _)| *score > 0.8).max_by(|one, other| one.0.total_cmp(&other.0));
    best.map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_hides_or_means_nothing_is_replaced() {
        for hidden in [
            '\0',
            '\u{7}',
            '\u{1b}',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{ad}',
            '\u{34f}',
            '\u{61c}',
            '\u{115f}',
            '\u{180e}',
            '\u{200b}',
            '\u{200c}',
            '\u{200d}',
            '\u{200e}',
            '\u{200f}',
            '\u{202a}',
            '\u{202b}',
            '\u{202c}',
            '\u{202d}',
            '\u{202e}',
            '\u{2028}',
            '\u{2029}',
            '\u{2060}',
            '\u{2064}',
            '\u{2066}',
            '\u{2067}',
            '\u{2068}',
            '\u{2069}',
            '\u{206f}',
            '\u{3164}',
            '\u{e000}',
            '\u{f8ff}',
            '\u{fdd0}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{fffe}',
            '\u{ffff}',
            '\u{1d173}',
            '\u{1fffe}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e0100}',
            '\u{e01ef}',
            '\u{f0000}',
            '\u{10ffff}',
            '\u{0378}',
            '\u{50000}',
        ] {
            assert_eq!(printable(&format!("a{hidden}b")), "a\u{FFFD}b", "{:x}", u32::from(hidden));
            assert!(!one_line(&format!("a{hidden}b")).contains(hidden), "{:x}", u32::from(hidden));
        }
        for lonely in
            ["\u{200d}👩", "👩\u{200d}", "👩\u{200d}a", "a\u{200d}👩", "م\u{200c}a", "👩\u{200d}\u{200d}💻"]
        {
            assert!(printable(lonely).contains(REPLACEMENT), "{lonely:?}");
        }
        assert_eq!(one_line("a\r\nb\tc\u{2028}d\u{202e}"), "a  b c d\u{FFFD}");
    }

    #[test]
    fn what_people_write_stays() {
        for text in [
            "",
            "plain 'text' \"with\" \\ marks",
            "Müller, cafe\u{301}",
            "東京\u{3000}支店",
            "שלום",
            "a\u{a0}b",
            "❤\u{fe0f}",
            "हिन्दी",
            "\u{fffd}",
            "👩\u{200d}💻 👩🏽\u{200d}🚒 🏳\u{fe0f}\u{200d}🌈",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
        ] {
            assert_eq!((printable(text), one_line(text)), (text.into(), text.into()));
        }
    }

    #[test]
    fn marks_of_the_encoding_are_left_out() {
        let utf16 = |mark: &[u8], bytes: fn(u16) -> [u8; 2]| {
            [mark, &"hé 🙂".encode_utf16().flat_map(bytes).collect::<Vec<_>>()].concat()
        };
        for bytes in [
            "hé 🙂".as_bytes().to_vec(),
            "\u{feff}hé 🙂".as_bytes().to_vec(),
            utf16(&[0xff, 0xfe], u16::to_le_bytes),
            utf16(&[0xfe, 0xff], u16::to_be_bytes),
        ] {
            assert_eq!(decoded(bytes).unwrap(), "hé 🙂");
        }
        assert_eq!(decoded(Vec::new()).unwrap(), "");
        for bytes in
            [&b"\xff"[..], b"\xff\xfe", b"\xff\xfea", b"\xff\xfe\x00\xd8", b"h\0o\0", b"\xfe\xff\0\0"]
        {
            assert!(decoded(bytes.to_vec()).is_err(), "{bytes:?}");
        }
        assert_eq!(trimmed("\u{feff} \r\ns3cret\r\n\t "), "s3cret");
    }
}
