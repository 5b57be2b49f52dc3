//! Bytes of a file to text. PowerShell writes UTF-16 when it redirects, and spreadsheets put a mark before UTF-8.

use std::borrow::Cow;

use crate::saved::flaw::Flaw;

/// The text, without a byte order mark. Offsets into it are those into the file, but for a mark and UTF-16.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Flaw> {
    match bytes {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0x1F, 0x8B, ..] => {
            Err(Flaw::new(0, "it is compressed; unpack it first: gunzip -c FILE | … report -"))
        }
        [b'P', b'A', b'R', b'1', ..] => Err(Flaw::new(0, "Parquet is written here, but not read")),
        [0xEF, 0xBB, 0xBF, rest @ ..] => utf8(rest, 3),
        _ => utf8(bytes, 0),
    }
}

fn utf8(bytes: &[u8], start: usize) -> Result<Cow<'_, str>, Flaw> {
    let text = str::from_utf8(bytes);
    text.map(Cow::Borrowed).map_err(|error| Flaw::new(start + error.valid_up_to(), "this is not UTF-8"))
}

fn utf16(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> Result<Cow<'static, str>, Flaw> {
    let (units, rest) = bytes.as_chunks::<2>();
    let mut text = String::with_capacity(units.len());
    let mut offset = 2;
    for decoded in char::decode_utf16(units.iter().map(|bytes| unit(*bytes))) {
        let c = decoded.map_err(|_| Flaw::new(offset, "this is not UTF-16"))?;
        offset += 2 * c.len_utf16();
        text.push(c);
    }
    if rest.is_empty() { Ok(text.into()) } else { Err(Flaw::new(offset, "this is not UTF-16")) }
}
