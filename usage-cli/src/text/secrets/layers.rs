//! Decodes encoded texts, and maps each byte back to its place in the text.
//!
//! Servers put what they repeat into URLs, pages and JSON, and into each other. A secret is looked for below each layer.

use std::ops::Range;

/// Maximum number of nested encodings.
const MAX_LAYERS: usize = 4;

/// A text below some layers of encoding.
#[derive(Debug, Default)]
pub(super) struct Layer {
    bytes: Vec<u8>,
    /// For each byte, its place in the text itself.
    from: Vec<Range<usize>>,
}

/// `text` itself, and what is below each of its encodings.
pub(super) fn layers(text: &str) -> Vec<Layer> {
    let from = (0..text.len()).map(|at| at..at + 1).collect();
    let mut layers = vec![Layer { bytes: text.as_bytes().to_vec(), from }];
    while layers.len() < MAX_LAYERS
        && let Some(below) = layers.last().and_then(Layer::below)
    {
        layers.push(below);
    }
    layers
}

impl Layer {
    /// Returns the text below one more encoding, or `None` if nothing is encoded.
    fn below(&self) -> Option<Self> {
        let (mut below, mut at) = (Self::default(), 0);
        let mut is_encoded = false;
        while let (Some(rest), Some(place)) = (self.bytes.get(at..), self.from.get(at)) {
            let (length, decoded) = match decoded(rest) {
                Some(found) => {
                    is_encoded = true;
                    found
                }
                None => (1, rest.get(..1)?.to_vec()),
            };
            let end = self.from.get(at + length - 1).map_or(place.end, |last| last.end);
            below.from.extend(decoded.iter().map(|_| place.start..end));
            below.bytes.extend(decoded);
            at += length;
        }
        is_encoded.then_some(below)
    }

    /// Where `secret` is in the text, whatever the case of its letters. Of a secret that is longer than `head`, so many
    /// bytes are enough, and as many more as are alike.
    pub(super) fn places(&self, secret: &[u8], head: usize) -> Vec<Range<usize>> {
        let length = secret.len().min(head);
        let is_alike = |(one, other): &(&u8, &u8)| one.eq_ignore_ascii_case(other);
        let mut places = Vec::new();
        for at in 0..(self.bytes.len() + 1).saturating_sub(length) {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let alike = rest.iter().zip(secret).take_while(is_alike).count();
            if alike >= length
                && let (Some(first), Some(last)) = (self.from.get(at), self.from.get(at + alike - 1))
            {
                places.push(first.start..last.end);
            }
        }
        places
    }
}

/// Decodes the character at the beginning of `bytes`, and returns its encoded length.
fn decoded(bytes: &[u8]) -> Option<(usize, Vec<u8>)> {
    match bytes {
        [b'%', rest @ ..] | [b'\\', b'x', rest @ ..] => {
            let byte = u8::try_from(number(rest.get(..2)?, 16)?).ok()?;
            Some((bytes.len() - rest.len() + 2, vec![byte]))
        }
        [b'&', rest @ ..] => {
            // The longest is &#x10FFFF;
            let end = rest.iter().take(10).position(|byte| *byte == b';')?;
            Some((end + 2, of_entity(rest.get(..end)?)?))
        }
        [b'\\', b'u', b'{', rest @ ..] => {
            let end = rest.iter().take(8).position(|byte| *byte == b'}')?;
            Some((end + 4, utf8(number(rest.get(..end)?, 16)?)?))
        }
        [b'\\', b'u', rest @ ..] => {
            let first = number(rest.get(..4)?, 16)?;
            match rest.get(4..10) {
                Some([b'\\', b'u', second @ ..]) if (0xD800..0xDC00).contains(&first) => {
                    let second = number(second, 16)?.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
                    Some((12, utf8(0x10000 + ((first - 0xD800) << 10) + second)?))
                }
                _ => Some((6, utf8(first)?)),
            }
        }
        [b'\\', c @ (b'"' | b'\'' | b'\\' | b'/'), ..] => Some((2, vec![*c])),
        _ => None,
    }
}

fn of_entity(name: &[u8]) -> Option<Vec<u8>> {
    match name {
        b"amp" => Some(b"&".to_vec()),
        b"lt" => Some(b"<".to_vec()),
        b"gt" => Some(b">".to_vec()),
        b"quot" => Some(b"\"".to_vec()),
        b"apos" => Some(b"'".to_vec()),
        [b'#', b'x' | b'X', digits @ ..] => utf8(number(digits, 16)?),
        [b'#', digits @ ..] => utf8(number(digits, 10)?),
        _ => None,
    }
}

fn number(digits: &[u8], base: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
    u32::from_str_radix(digits, base).ok()
}

fn utf8(number: u32) -> Option<Vec<u8>> {
    char::from_u32(number).map(|c| c.to_string().into_bytes())
}
