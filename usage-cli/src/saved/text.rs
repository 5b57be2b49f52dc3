//! Decodes the bytes of a file to text, piece by piece. PowerShell redirections write UTF-16, spreadsheets write a
//! byte order mark before UTF-8, and older programs write Windows-1252.

use std::io::{self, Read};

use crate::saved::parse_error::ParseError;

/// Size of the buffer in bytes.
const PIECE: usize = 64 * 1024;

/// Reads a file as text, in pieces.
pub(super) struct TextReader<R> {
    input: R,
    /// Whether the input has ended. It is not read again: the end of what is typed at a terminal is reported once.
    is_at_end: bool,
    encoding: Option<Encoding>,
    /// The bytes of a character that the last piece cut.
    cut: Vec<u8>,
    text: String,
    bytes: Vec<u8>,
    /// Whether everything so far is ASCII, which all single-byte encodings share.
    is_ascii: bool,
    /// Number of bytes of the file before the text; `None` if the text was decompressed or transcoded.
    skipped: Option<u64>,
    /// Number of lines before the piece.
    lines: u64,
    /// The offset in the text where the piece ends.
    offset: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Windows1252,
    Utf16Le,
    Utf16Be,
}

impl<R: Read> TextReader<R> {
    /// Creates a reader. `is_plain` says whether `input` is the file itself, not a decompressed form of it.
    pub(super) fn new(input: R, is_plain: bool) -> Self {
        Self {
            input,
            is_at_end: false,
            encoding: None,
            cut: Vec::new(),
            text: String::new(),
            bytes: Vec::new(),
            is_ascii: true,
            skipped: is_plain.then_some(0),
            lines: 0,
            offset: 0,
        }
    }

    /// Reads the next piece, which is never empty. Returns `None` at the end.
    pub(super) fn read(&mut self) -> Result<Option<&str>, ParseError> {
        loop {
            self.lines += count_lines(self.text.as_bytes());
            self.text.clear();
            self.bytes.clear();
            self.bytes.append(&mut self.cut);
            if !self.is_at_end {
                let wanted = (PIECE - self.bytes.len()) as u64;
                let read = (&mut self.input).take(wanted).read_to_end(&mut self.bytes);
                let read = read.map_err(|error| ParseError::new(reason(&error)))?;
                self.is_at_end = (read as u64) < wanted;
            }
            let is_end = self.is_at_end;
            if self.bytes.is_empty() {
                return Ok(None);
            }
            let encoding = match self.encoding {
                Some(encoding) => encoding,
                None => self.detect()?,
            };
            match encoding {
                Encoding::Utf8 => self.utf8(is_end)?,
                Encoding::Windows1252 => self.windows_1252(),
                Encoding::Utf16Le => self.utf16(u16::from_le_bytes, is_end)?,
                Encoding::Utf16Be => self.utf16(u16::from_be_bytes, is_end)?,
            }
            if !self.text.is_empty() {
                self.offset += self.text.len() as u64;
                return Ok(Some(&self.text));
            }
            if is_end {
                return Ok(None);
            }
        }
    }

    /// Returns the position in the file of byte `offset` of the text, if known.
    pub(super) fn byte(&self, offset: u64) -> Option<u64> {
        self.skipped.map(|skipped| skipped + offset)
    }

    /// Returns whether the file is in Windows-1252.
    pub(super) fn is_windows_1252(&self) -> bool {
        self.encoding == Some(Encoding::Windows1252)
    }

    /// Detects the encoding from the first bytes.
    fn detect(&mut self) -> Result<Encoding, ParseError> {
        refuse_binary(&self.bytes)?;
        let (encoding, mark) = match *self.bytes {
            [0xFF, 0xFE, ..] => (Encoding::Utf16Le, 2),
            [0xFE, 0xFF, ..] => (Encoding::Utf16Be, 2),
            [0xEF, 0xBB, 0xBF, ..] => (Encoding::Utf8, 3),
            [0, 1..=0x7F, ..] => (Encoding::Utf16Be, 0),
            [1..=0x7F, 0, ..] => (Encoding::Utf16Le, 0),
            _ => (Encoding::Utf8, 0),
        };
        self.bytes.drain(..mark);
        // A byte order mark means UTF-8.
        self.is_ascii = mark == 0;
        self.skipped =
            self.skipped.filter(|_| encoding == Encoding::Utf8).map(|skipped| skipped + mark as u64);
        self.encoding = Some(encoding);
        Ok(encoding)
    }

    fn utf8(&mut self, is_end: bool) -> Result<(), ParseError> {
        let cut = if is_end { 0 } else { cut_character(&self.bytes) };
        self.cut.extend(self.bytes.drain(self.bytes.len() - cut..));
        match String::from_utf8(std::mem::take(&mut self.bytes)) {
            Ok(text) => {
                self.is_ascii = self.is_ascii && text.is_ascii();
                self.bytes = std::mem::replace(&mut self.text, text).into_bytes();
                Ok(())
            }
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                self.bytes = error.into_bytes();
                if self.is_ascii && self.bytes[..valid].is_ascii() {
                    self.bytes.append(&mut self.cut);
                    self.encoding = Some(Encoding::Windows1252);
                    self.skipped = None;
                    self.windows_1252();
                    return Ok(());
                }
                let line = self.lines + 1 + count_lines(&self.bytes[..valid]);
                Err(ParseError::at(
                    "",
                    line,
                    "this is neither UTF-8 nor any other encoding that is read here",
                ))
            }
        }
    }

    fn windows_1252(&mut self) {
        self.text.clear();
        self.text.extend(self.bytes.iter().map(|byte| match byte {
            0x80..=0x9F => UPPER[usize::from(byte - 0x80)],
            _ => char::from(*byte),
        }));
    }

    fn utf16(&mut self, unit: fn([u8; 2]) -> u16, is_end: bool) -> Result<(), ParseError> {
        let (units, rest) = self.bytes.as_chunks::<2>();
        let is_high = |bytes: &[u8; 2]| (0xD800..0xDC00).contains(&unit(*bytes));
        let units = match units.split_last() {
            Some((last, before)) if is_high(last) && !is_end => {
                self.cut.extend_from_slice(last);
                before
            }
            _ => units,
        };
        self.cut.extend_from_slice(rest);
        self.text.clear();
        for decoded in char::decode_utf16(units.iter().map(|bytes| unit(*bytes))) {
            let Ok(c) = decoded else {
                let line = self.lines + 1 + count_lines(self.text.as_bytes());
                return Err(ParseError::at("", line, "this is not UTF-16"));
            };
            self.text.push(c);
        }
        if is_end && !rest.is_empty() {
            return Err(ParseError::new("this is not UTF-16: it has an odd number of bytes"));
        }
        Ok(())
    }

    /// Returns the piece that was read last.
    pub(super) fn piece(&self) -> &str {
        &self.text
    }

    /// Returns the offset in the text where the last piece ends.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns the number of lines before the last piece.
    pub(super) fn lines_before(&self) -> u64 {
        self.lines
    }
}

/// Counts the line endings in `bytes`.
pub(super) fn count_lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// Returns how many bytes at the end of `bytes` start an incomplete character.
fn cut_character(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(3);
    let Some(start) = (tail..bytes.len()).rev().find(|place| bytes[*place] & 0xC0 != 0x80) else { return 0 };
    let length = match bytes[start] {
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xFF => 4,
        _ => 1,
    };
    let there = bytes.len() - start;
    if there < length { there } else { 0 }
}

/// Returns why a compressed stream, or a file, cannot be read.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the compressed data ends early".into(),
        _ => error.to_string(),
    }
}

/// Refuses binary files by their first bytes.
fn refuse_binary(bytes: &[u8]) -> Result<(), ParseError> {
    let problem = match bytes {
        [b'P', b'A', b'R', b'1', ..] => "this is Parquet, which is written here, but not read",
        [b'P', b'K', 3, 4, ..] => "this is a workbook or another archive; save its sheet as CSV",
        [0xD0, 0xCF, 0x11, 0xE0, ..] => "this is a workbook; save its sheet as CSV",
        [0x28, 0xB5, 0x2F, 0xFD, ..] => "this is compressed with zstd; unpack it first",
        [0xFD, b'7', b'z', b'X', b'Z', ..] => "this is compressed with xz; unpack it first",
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] => "this is compressed with bzip2; unpack it first",
        [0x89, b'P', b'N', b'G', ..] => "this is an image, such as a chart; a report is made of rows",
        [b'%', b'P', b'D', b'F', ..] => "this is a PDF; a report is made of rows",
        _ => return Ok(()),
    };
    Err(ParseError::new(problem))
}

/// The characters of Windows-1252 where ISO 8859-1 has control characters. Five bytes are undefined.
const UPPER: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A reader that returns at most the given number of bytes at once, and its end once.
    struct Slow<'a>(&'a [u8], usize, bool);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let length = buffer.len().min(self.1).min(self.0.len());
            let (piece, rest) = self.0.split_at(length);
            buffer[..length].copy_from_slice(piece);
            self.0 = rest;
            assert!(!self.2, "read beyond the end");
            self.2 = length == 0;
            Ok(length)
        }
    }

    fn read(bytes: &[u8]) -> Result<String, ParseError> {
        let mut reader = TextReader::new(Slow(bytes, 7919, false), true);
        let mut text = String::new();
        while let Some(piece) = reader.read()? {
            text.push_str(piece);
        }
        Ok(text)
    }

    proptest! {
        #[test]
        fn every_encoding_gives_the_text(text in "[a-zäß€😀\n]{1,40}", times in prop_oneof![Just(1usize), Just(3000)]) {
            // Long enough that pieces cut characters.
            let text = format!("a{}", text.repeat(times));
            let mark = |text: &str| format!("\u{feff}{text}");
            let utf16 = |order: fn(u16) -> [u8; 2]| mark(&text).encode_utf16().flat_map(order).collect::<Vec<_>>();
            prop_assert_eq!(&read(text.as_bytes()).unwrap(), &text);
            prop_assert_eq!(&read(mark(&text).as_bytes()).unwrap(), &text);
            prop_assert_eq!(&read(&utf16(u16::to_le_bytes)).unwrap(), &text);
            prop_assert_eq!(&read(&utf16(u16::to_be_bytes)).unwrap(), &text);
        }

        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = read(&bytes);
        }
    }

    #[test]
    fn what_is_ascii_before_it_is_no_utf8_is_of_windows() {
        assert_eq!(read(b"Zo\xeb \x80\x93").unwrap(), "Zoë €“");
        let late = [&b"a\n".repeat(PIECE), &b"Zo\xeb"[..]].concat();
        assert!(read(&late).unwrap().ends_with("a\nZoë"));
        let mixed = [&"ä\n".repeat(PIECE).into_bytes()[..], b"\nZo\xeb"].concat();
        let flaw = read(&mixed).unwrap_err();
        assert_eq!(flaw.line, PIECE as u64 + 2, "{}", flaw.problem);
        assert!(read(b"\xEF\xBB\xBF\xeb").is_err());
    }

    #[test]
    fn what_is_no_text_is_refused_by_name() {
        for (bytes, word) in [
            (&b"PAR1"[..], "Parquet"),
            (b"PK\x03\x04", "workbook"),
            (b"\x89PNG", "image"),
            (b"\x28\xB5\x2F\xFD", "zstd"),
            (b"\xFF\xFEa", "odd number"),
            (b"\xFF\xFE\x00\xD8", "not UTF-16"),
        ] {
            let flaw = read(bytes).unwrap_err();
            assert!(flaw.problem.contains(word), "{}", flaw.problem);
        }
    }
}
