//! Text that is the same in every document.

/// Returns the rest of `bytes` after `literal`, if they begin with it.
#[inline(always)]
pub(super) fn strip_literal<'a>(bytes: &'a [u8], literal: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = bytes.split_at_checked(literal.len())?;
    // Most are 8 to 24 bytes long: these are two or three words, which overlap.
    let is_there = start.first_chunk::<8>() == literal.first_chunk()
        && start.last_chunk::<8>() == literal.last_chunk()
        && match literal.len() {
            8..=16 => true,
            17..=24 => start[8..16] == literal[8..16],
            _ => start == literal,
        };
    is_there.then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strip<'a>(text: &'a str, literal: &str) -> Option<&'a [u8]> {
        strip_literal(text.as_bytes(), literal.as_bytes())
    }

    #[test]
    fn a_literal_is_found_at_the_beginning_only() {
        for length in 0..40 {
            let literal = &"abcdefghijklmnopqrstuvwxyz0123456789ABCDEF"[..length];
            let text = format!("{literal}behind");
            assert_eq!(strip(&text, literal), Some(&b"behind"[..]));
            assert_eq!(strip(literal, literal), Some(&b""[..]));
            for place in 0..length {
                assert_eq!(strip(&literal[..place], literal), None);
                let mut other = text.clone().into_bytes();
                other[place] ^= 1;
                assert_eq!(strip(str::from_utf8(&other).unwrap(), literal), None, "{length} {place}");
            }
        }
    }
}
