//! From chunks of bytes to pieces of text. Characters that are cut by a chunk are reassembled.

/// Checks that a body is UTF-8, chunk by chunk.
#[derive(Debug, Default)]
pub(super) struct Utf8 {
    /// The beginning of a character whose end is in the next chunk.
    cut: [u8; 4],
    cut_len: usize,
}

/// The next bytes of the body are not UTF-8.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotUtf8;

impl Utf8 {
    /// Takes the next piece of text off `chunk`; none when the chunk is used up.
    pub(super) fn next<'a, 'c: 'a>(&'a mut self, chunk: &mut &'c [u8]) -> Result<Option<&'a str>, NotUtf8> {
        if chunk.is_empty() {
            return Ok(None);
        }
        if self.cut_len > 0 {
            return self.complete(chunk);
        }
        let bytes = *chunk;
        match simdutf8::compat::from_utf8(bytes) {
            Ok(text) => {
                *chunk = &[];
                Ok(Some(text))
            }
            Err(error) if error.valid_up_to() > 0 => {
                let (valid, rest) = bytes.split_at(error.valid_up_to());
                *chunk = rest;
                str::from_utf8(valid).map(Some).map_err(|_| NotUtf8)
            }
            Err(error) if error.error_len().is_some() => Err(NotUtf8),
            Err(_) => {
                self.cut_len = bytes.len();
                self.cut[..bytes.len()].copy_from_slice(bytes);
                *chunk = &[];
                Ok(None)
            }
        }
    }

    /// Adds bytes of `chunk` to the character that was cut until it is one.
    fn complete(&mut self, chunk: &mut &[u8]) -> Result<Option<&str>, NotUtf8> {
        while let Some((byte, rest)) = chunk.split_first() {
            *self.cut.get_mut(self.cut_len).ok_or(NotUtf8)? = *byte;
            match str::from_utf8(&self.cut[..=self.cut_len]) {
                Ok(_) => {
                    *chunk = rest;
                    let len = std::mem::take(&mut self.cut_len) + 1;
                    return str::from_utf8(&self.cut[..len]).map(Some).map_err(|_| NotUtf8);
                }
                Err(error) if error.error_len().is_some() => return Err(NotUtf8),
                Err(_) => {
                    *chunk = rest;
                    self.cut_len += 1;
                }
            }
        }
        Ok(None)
    }

    /// Takes the end of the body, which must not be inside a character.
    pub(super) fn finish(&self) -> Result<(), NotUtf8> {
        if self.cut_len == 0 { Ok(()) } else { Err(NotUtf8) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The text before the first error, and whether there is one.
    fn read<'a>(chunks: impl Iterator<Item = &'a [u8]>) -> (String, bool) {
        let (mut utf8, mut text) = (Utf8::default(), String::new());
        for mut chunk in chunks {
            loop {
                match utf8.next(&mut chunk) {
                    Ok(Some(piece)) => text.push_str(piece),
                    Ok(None) => break,
                    Err(NotUtf8) => return (text, true),
                }
            }
        }
        (text, utf8.finish().is_err())
    }

    #[test]
    fn a_cut_character_that_cannot_become_one_is_refused_at_once() {
        for (begin, wrong) in [(&b"\xe4"[..], b"x"), (b"\xf0\x9f", b"\xff"), (b"\xf0", b"\xe4")] {
            let mut utf8 = Utf8::default();
            assert_eq!(utf8.next(&mut &*begin), Ok(None));
            assert_eq!(utf8.next(&mut &wrong[..]), Err(NotUtf8));
        }
    }

    proptest! {
        #[test]
        fn says_what_the_standard_library_says(
            text in "[aä€😀]{0,6}", bytes in proptest::collection::vec(any::<u8>(), 0..4), cut in 1usize..5
        ) {
            let body = [text.as_bytes(), &bytes, text.as_bytes()].concat();
            let valid = str::from_utf8(&body).map_or_else(|error| error.valid_up_to(), str::len);
            let expected = (String::from_utf8_lossy(&body[..valid]).into_owned(), valid < body.len());
            prop_assert_eq!(read(body.chunks(cut)), expected.clone());
            prop_assert_eq!(read([&body[..]].into_iter()), expected);
        }
    }
}
