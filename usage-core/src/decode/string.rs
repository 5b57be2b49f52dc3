//! JSON strings.

use crate::decode::input::{Fault, Input};

/// The maximum length of a string of a results page, in bytes of UTF-8 without escapes: of names and values, also of those
/// that are skipped.
pub const MAX_PAGE_STRING: usize = 64 * 1024;

/// The reader of strings, one at a time.
///
/// A string without escapes within one piece is a slice of that piece. Any other string is assembled in a reused buffer.
#[derive(Debug, Default)]
pub(super) struct StringReader {
    /// The start of the string, at its quotation mark.
    start: u64,
    buffer: String,
    within: Within,
    /// The first half of a surrogate pair, and the start of its escape.
    high_surrogate: Option<(u16, u64)>,
}

/// The kind of the string's next byte.
#[derive(Clone, Copy, Debug, Default)]
enum Within {
    /// A character, an escape or the end.
    #[default]
    Characters,
    /// The byte after a backslash, which is at `start`.
    Escape { start: u64 },
    /// A digit of `\uXXXX`, with the number of digits to come.
    Hex { start: u64, digits_left: u8, code: u16 },
}

impl StringReader {
    /// Begins a string, whose quotation mark is the next byte. Returns it if it is complete and has no escapes.
    #[inline]
    pub(super) fn begin<'a>(&mut self, input: &mut Input<'a>) -> Option<&'a str> {
        if let Some(length) = plain_string(input.rest()) {
            let text = input.ahead(1, length - 2);
            input.advance(length);
            return Some(text);
        }
        self.start = input.offset();
        self.buffer.clear();
        self.within = Within::Characters;
        self.high_surrogate = None;
        input.advance(1);
        None
    }

    /// Continues a string that did not end in the piece before. Returns whether its end was read; then the string is
    /// [`text`](Self::text).
    pub(super) fn go_on(&mut self, input: &mut Input<'_>) -> Result<bool, Fault> {
        while let Some(byte) = input.peek() {
            match self.within {
                Within::Characters => {
                    if self.read_characters(input, byte)? {
                        return Ok(true);
                    }
                }
                Within::Escape { start } => self.read_escape(input, start, byte)?,
                Within::Hex { start, digits_left, code } => {
                    self.read_digit(input, start, digits_left, code, byte)?;
                }
            }
        }
        Ok(false)
    }

    /// Returns the string that was read.
    pub(super) fn text(&self) -> &str {
        &self.buffer
    }

    fn read_characters(&mut self, input: &mut Input<'_>, byte: u8) -> Result<bool, Fault> {
        if byte == b'\\' {
            self.within = Within::Escape { start: input.offset() };
            input.advance(1);
            return Ok(false);
        }
        self.no_high_surrogate()?;
        match byte {
            b'"' => {
                input.advance(1);
                Ok(true)
            }
            0..0x20 => Err(input.fault("a control character in a string")),
            _ => {
                let plain = plain_run(input.rest());
                self.add(input.take(plain))?;
                Ok(false)
            }
        }
    }

    fn read_escape(&mut self, input: &mut Input<'_>, start: u64, byte: u8) -> Result<(), Fault> {
        let character = match byte {
            b'u' => {
                input.advance(1);
                self.within = Within::Hex { start, digits_left: 4, code: 0 };
                return Ok(());
            }
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            _ => return Err(Fault { offset: start, problem: "not an escape sequence" }),
        };
        self.no_high_surrogate()?;
        input.advance(1);
        self.within = Within::Characters;
        self.add(character.encode_utf8(&mut [0; 4]))
    }

    fn read_digit(
        &mut self,
        input: &mut Input<'_>,
        start: u64,
        digits_left: u8,
        code: u16,
        byte: u8,
    ) -> Result<(), Fault> {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            b'A'..=b'F' => byte - b'A' + 10,
            _ => return Err(Fault { offset: start, problem: "not an escape sequence" }),
        };
        input.advance(1);
        let code = (code << 4) | u16::from(digit);
        if digits_left > 1 {
            self.within = Within::Hex { start, digits_left: digits_left - 1, code };
            return Ok(());
        }
        self.within = Within::Characters;
        self.add_code_unit(code, start)
    }

    /// Adds a UTF-16 code unit: a character, or one half of one.
    fn add_code_unit(&mut self, unit: u16, start: u64) -> Result<(), Fault> {
        let units = match (self.high_surrogate.take(), unit) {
            (None, 0xD800..0xDC00) => {
                self.high_surrogate = Some((unit, start));
                return Ok(());
            }
            (None, unit) => [unit, 0],
            (Some((high, _)), 0xDC00..0xE000) => [high, unit],
            (Some((_, start)), _) => return Err(Fault { offset: start, problem: LONE_SURROGATE }),
        };
        match char::decode_utf16(units).next() {
            Some(Ok(character)) => self.add(character.encode_utf8(&mut [0; 4])),
            _ => Err(Fault { offset: start, problem: LONE_SURROGATE }),
        }
    }

    /// Only a second escape can follow the first half of a surrogate pair.
    fn no_high_surrogate(&self) -> Result<(), Fault> {
        match self.high_surrogate {
            Some((_, start)) => Err(Fault { offset: start, problem: LONE_SURROGATE }),
            None => Ok(()),
        }
    }

    fn add(&mut self, text: &str) -> Result<(), Fault> {
        if self.buffer.len() + text.len() > MAX_PAGE_STRING {
            return Err(Fault { offset: self.start, problem: "the string is too long" });
        }
        self.buffer.push_str(text);
        Ok(())
    }
}

const LONE_SURROGATE: &str = "half a surrogate pair";

/// Returns the length of the string at the beginning of `bytes`, with quotation marks, if it is complete and has no
/// escapes.
#[inline(always)]
pub(super) fn plain_string(bytes: &[u8]) -> Option<usize> {
    let inside = bytes.get(1..)?;
    let length = plain_text(inside)?;
    (inside.get(length) == Some(&b'"')).then_some(length + 2)
}

/// Returns the number of plain bytes at the beginning of `bytes`, if that is within the limit of a string. A quotation mark
/// after them ends the string.
#[inline(always)]
pub(super) fn plain_text(bytes: &[u8]) -> Option<usize> {
    let plain = plain_run(bytes);
    (plain <= MAX_PAGE_STRING).then_some(plain)
}

/// Returns the number of bytes at the beginning of `bytes` that are neither a quotation mark nor a backslash nor a control
/// character.
#[inline(always)]
fn plain_run(bytes: &[u8]) -> usize {
    let mut plain = 0;
    // Two words at a time: most texts have two to five.
    let (words, _) = bytes.as_chunks::<8>();
    let (pairs, _) = words.as_chunks::<2>();
    for [first, second] in pairs {
        let first = special_bytes(u64::from_le_bytes(*first));
        let second = special_bytes(u64::from_le_bytes(*second));
        if first | second != 0 {
            let (word, special) = if first != 0 { (0, first) } else { (8, second) };
            return plain + word + special.trailing_zeros() as usize / 8;
        }
        plain += 16;
    }
    plain + plain_bytes(&bytes[plain..])
}

/// Like [`plain_run`], for the last few bytes.
#[cold]
fn plain_bytes(bytes: &[u8]) -> usize {
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    bytes.iter().position(is_special).unwrap_or(bytes.len())
}

/// Returns the highest bit of each byte of `word` that ends a plain run. Only the lowest such bit is exact, as a borrow may
/// set bits above it.
#[inline]
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 0xFF;
    const HIGH_BITS: u64 = ONES * 0x80;
    // With their second bits flipped, `"` is next to the control characters and the space is not.
    let quote_or_control = (word ^ (ONES * 0x02)).wrapping_sub(ONES * 0x21);
    let backslash = (word ^ (ONES * 0x5C)).wrapping_sub(ONES);
    (quote_or_control | backslash) & !word & HIGH_BITS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(literal: &str, cut: usize) -> Result<Option<String>, Fault> {
        let mut reader = StringReader::default();
        let mut begun = false;
        let mut offset = 0;
        for piece in literal.split_inclusive(|_| true).collect::<Vec<_>>().chunks(cut) {
            let piece = piece.concat();
            let mut input = Input::new(&piece, offset);
            if !begun {
                begun = true;
                if let Some(text) = reader.begin(&mut input) {
                    return Ok(Some(text.into()));
                }
            }
            if reader.go_on(&mut input)? {
                return Ok(Some(reader.text().into()));
            }
            offset = input.offset();
        }
        Ok(None)
    }

    #[test]
    fn resolves_escapes() {
        let literal = r#""a\"\\\/\b\f\n\r\t\u00e4\u20ac\ud83d\ude00\uD83D\uDE00\u0000é""#;
        for cut in 1..literal.len() {
            let text = read(literal, cut).unwrap().unwrap();
            assert_eq!(text, "a\"\\/\u{8}\u{c}\n\r\tä€😀😀\0é");
        }
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (literal, offset, problem) in [
            ("\"ab\ncd\"", 3, "a control character in a string"),
            (r#""ab\x""#, 3, "not an escape sequence"),
            (r#""\u12g4""#, 1, "not an escape sequence"),
            (r#""a\ud83d""#, 2, LONE_SURROGATE),
            (r#""a\ud83db""#, 2, LONE_SURROGATE),
            (r#""a\ud83d\n""#, 2, LONE_SURROGATE),
            (r#""a\ud83d\u0041""#, 2, LONE_SURROGATE),
            (r#""a\ud83d\ud83d""#, 2, LONE_SURROGATE),
            (r#""a\ude00""#, 2, LONE_SURROGATE),
        ] {
            for cut in 1..literal.len() {
                assert_eq!(read(literal, cut), Err(Fault { offset, problem }), "{literal} cut at {cut}");
            }
        }
        assert_eq!(read("\"ab", 1), Ok(None));
    }

    #[test]
    fn strings_have_a_limit() {
        for (length, allowed) in
            [(MAX_PAGE_STRING - 1, true), (MAX_PAGE_STRING, true), (MAX_PAGE_STRING + 1, false)]
        {
            for character in ["x", "\\n"] {
                let literal = format!("\"{}\"", character.repeat(length));
                for cut in [1, 4096, literal.len()] {
                    let read = read(&literal, cut);
                    assert_eq!(read.is_ok(), allowed, "{length} {cut}");
                    assert!(allowed || read == Err(Fault { offset: 0, problem: "the string is too long" }));
                }
            }
        }
    }

    proptest! {
        #[test]
        fn plain_runs_end_where_a_simple_search_says(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let simple = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
            prop_assert_eq!(plain_run(&bytes), simple.unwrap_or(bytes.len()));
        }
    }
}
