//! Recent texts of a column, found by their first bytes.

use crate::table::{Column, Symbol};

/// A cache of recent texts, as they are in the document, and their symbols.
///
/// A text is looked up by its first bytes, before its end is searched and before it is hashed. Texts with the same first
/// bytes replace each other.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// The number of a text, from 1, for each hash of first bytes. Empty until the first text is added.
    numbers: Vec<u16>,
    texts: Vec<Text>,
}

#[derive(Debug)]
struct Text {
    /// The text and its quotation mark.
    bytes: [u8; MAX_LENGTH + 1],
    length: u8,
    column: Column,
    symbol: Symbol,
}

/// The number of hashes: several for each text, so that few texts collide.
const HASHES: usize = 1 << HASH_BITS;
const HASH_BITS: u32 = 12;

/// The maximum number of texts, after which the cache is cleared. The whole cache takes 25 KB.
const MAX_TEXTS: usize = 384;

/// The maximum length of a text in the cache, that of an id, in bytes.
const MAX_LENGTH: usize = 36;

impl Memo {
    /// Returns the symbol and the length of the text at the beginning of `rest`, if it is in the cache.
    #[inline(always)]
    pub(super) fn find(&self, column: Column, rest: &[u8]) -> Option<(Symbol, usize)> {
        let number = *self.numbers.get(hash(column, rest)?)?;
        let text = self.texts.get(usize::from(number).wrapping_sub(1))?;
        let length = usize::from(text.length);
        let is_there = text.column == column && rest.get(..=length) == text.bytes.get(..=length);
        is_there.then_some((text.symbol, length))
    }

    /// Adds `symbol` for the text of `length` bytes at the beginning of `rest`. The text has no escapes, and a
    /// quotation mark follows it.
    #[inline(never)]
    pub(super) fn add(&mut self, column: Column, rest: &[u8], length: usize, symbol: Symbol) {
        let (Some(hash), Some(inside)) = (hash(column, rest), rest.get(..=length)) else { return };
        let mut text = Text { bytes: [0; MAX_LENGTH + 1], length: 0, column, symbol };
        let (Ok(length), Some(bytes)) = (u8::try_from(length), text.bytes.get_mut(..=length)) else { return };
        bytes.copy_from_slice(inside);
        text.length = length;
        if self.numbers.is_empty() {
            self.numbers = vec![0; HASHES];
            self.texts.reserve_exact(MAX_TEXTS);
        }
        if let Some(known) = self.texts.get_mut(usize::from(self.numbers[hash]).wrapping_sub(1)) {
            *known = text;
            return;
        }
        if self.texts.len() == MAX_TEXTS {
            self.texts.clear();
            self.numbers.fill(0);
        }
        self.texts.push(text);
        self.numbers[hash] = u16::try_from(self.texts.len()).unwrap_or_default();
    }
}

/// Returns the hash of the first bytes of a text and of those after it; `None` at the end of a piece.
///
/// After a short text, these are the literal that follows it in every row.
#[inline(always)]
fn hash(column: Column, rest: &[u8]) -> Option<usize> {
    let [first, second] = *rest.as_chunks::<8>().0.first_chunk::<2>()?;
    let (first, second) = (u64::from_le_bytes(first), u64::from_le_bytes(second));
    let hash = (first ^ second.rotate_left(23) ^ column as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    usize::try_from(hash >> (u64::BITS - HASH_BITS)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(text: &str) -> Vec<u8> {
        format!("{text}\",\"status200\":7,").into_bytes()
    }

    fn add(memo: &mut Memo, text: &str, number: usize) {
        memo.add(Column::UserId, &rest(text), text.len(), Symbol::nth(number));
    }

    fn find(memo: &Memo, text: &str) -> Option<(Symbol, usize)> {
        memo.find(Column::UserId, &rest(text))
    }

    #[test]
    fn a_text_is_found_in_its_column_and_whole() {
        let mut memo = Memo::default();
        assert_eq!(find(&memo, "a"), None);
        add(&mut memo, "a", 3);
        assert_eq!(find(&memo, "a"), Some((Symbol::nth(3), 1)));
        assert_eq!(memo.find(Column::ClientId, &rest("a")), None);
        assert_eq!((find(&memo, "ab"), find(&memo, "")), (None, None));
        for end in 0..16 {
            assert_eq!(memo.find(Column::UserId, &rest("a")[..end]), None);
        }
    }

    #[test]
    fn texts_with_the_same_beginning_take_turns() {
        let (mut memo, one) = (Memo::default(), "x".repeat(20));
        let other = format!("{one}y");
        for _ in 0..3 {
            add(&mut memo, &one, 1);
            assert_eq!((find(&memo, &one), find(&memo, &other)), (Some((Symbol::nth(1), 20)), None));
            add(&mut memo, &other, 2);
            assert_eq!((find(&memo, &one), find(&memo, &other)), (None, Some((Symbol::nth(2), 21))));
        }
        assert_eq!(memo.texts.len(), 1);
    }

    #[test]
    fn texts_have_a_limit_in_length_and_number() {
        let mut memo = Memo::default();
        for (length, is_kept) in [(0, true), (MAX_LENGTH, true), (MAX_LENGTH + 1, false), (300, false)] {
            let text = "x".repeat(length);
            add(&mut memo, &text, length);
            assert_eq!(find(&memo, &text).is_some(), is_kept, "{length}");
        }
        for number in 0..10 * MAX_TEXTS {
            let text = number.to_string();
            add(&mut memo, &text, number);
            assert_eq!(find(&memo, &text), Some((Symbol::nth(number), text.len())));
            assert!(memo.texts.len() <= MAX_TEXTS);
        }
    }
}
