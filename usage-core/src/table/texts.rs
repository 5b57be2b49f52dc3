//! The texts of a table in one buffer, by symbol.

/// Texts in one buffer, each identified by a small number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    buffer: String,
    /// Where each text begins and ends in the buffer.
    bounds: Vec<(usize, usize)>,
}

/// The number of a text within one [`UsageTable`](crate::UsageTable), for lookups that are faster than comparing texts.
///
/// Two rows of the same table have the same symbol in a column exactly if they have the same text there. Symbols of
/// different tables are unrelated. [`UsageRow::symbol`](crate::UsageRow::symbol) returns it.
///
/// ```
/// use usage_core::{Column, UsageRecord, UsageTable};
///
/// let user = |id: &str| UsageRecord { user_id: Some(id.into()), ..Default::default() };
/// let table: UsageTable = [user("ada"), user("bob"), user("ada"), user("")].into_iter().collect();
/// let symbols: Vec<_> = table.iter().map(|row| row.symbol(Column::UserId)).collect();
/// assert!(symbols[0] == symbols[2] && symbols[0] != symbols[1]);
/// assert_eq!(symbols[3].number(), 0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(pub(super) u32);

impl Texts {
    /// Adds `text` and returns its symbol: 0, which stands for no text, if it is empty or if there are too many texts for
    /// 32 bits.
    pub(crate) fn push(&mut self, text: &str) -> Symbol {
        if text.is_empty() {
            return Symbol::default();
        }
        let Ok(number) = u32::try_from(self.bounds.len() + 1) else { return Symbol::default() };
        let start = self.buffer.len();
        self.buffer.push_str(text);
        self.bounds.push((start, self.buffer.len()));
        Symbol(number)
    }

    /// Replaces all texts with the parts of `text` between these bounds.
    pub(crate) fn assign(&mut self, text: &str, bounds: &[(usize, usize)]) {
        self.clear();
        self.buffer.push_str(text);
        self.bounds.extend_from_slice(bounds);
    }

    #[inline]
    pub(crate) fn get(&self, symbol: Symbol) -> Option<&str> {
        let (start, end) = self.bounds(symbol)?;
        self.buffer.get(start..end)
    }

    /// Returns whether `symbol` identifies `text`.
    #[inline]
    pub(super) fn is(&self, symbol: Symbol, text: &str) -> bool {
        let Some((start, end)) = self.bounds(symbol) else { return false };
        let (known, text) = (self.buffer.as_bytes().get(start..end).unwrap_or_default(), text.as_bytes());
        // Different texts mostly differ in their first word.
        known.len() == text.len() && known.first_chunk::<8>() == text.first_chunk() && known == text
    }

    #[inline]
    fn bounds(&self, symbol: Symbol) -> Option<(usize, usize)> {
        self.bounds.get(symbol.index()?).copied()
    }

    pub(crate) fn clear(&mut self) {
        self.buffer.clear();
        self.bounds.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.bounds.len()
    }

    /// Returns the texts in the order of their numbers, from 1.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (1..).map_while(|number| self.get(Symbol(number)))
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.buffer.shrink_to_fit();
        self.bounds.shrink_to_fit();
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.buffer.capacity() + self.bounds.capacity() * size_of::<(usize, usize)>()
    }
}

impl Symbol {
    /// Returns the symbol of the text at `index`, from 0.
    pub(crate) fn nth(index: usize) -> Self {
        Self(u32::try_from(index + 1).unwrap_or_default())
    }

    /// Returns the number: 0 where there is no text, otherwise at most the number of different texts in the table.
    #[inline]
    pub fn number(self) -> usize {
        self.0 as usize
    }

    /// Returns the index of the text, from 0; `None` if there is no text.
    #[inline]
    pub(super) fn index(self) -> Option<usize> {
        usize::try_from(self.0).ok()?.checked_sub(1)
    }

    /// Returns the symbol in another table, where texts 1, 2, … have the symbols `moved`.
    pub(super) fn translate(self, moved: &[Self]) -> Self {
        self.index().and_then(|index| moved.get(index)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_and_the_empty_one_is_none() {
        let mut texts = Texts::default();
        let symbols = ["a", "", "äöü", "a"].map(|text| texts.push(text));
        assert_eq!(symbols.map(|symbol| texts.get(symbol)), [Some("a"), None, Some("äöü"), Some("a")]);
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["a", "äöü", "a"]);
        assert_eq!(texts.get(Symbol(9)), None);
        texts.clear();
        assert_eq!((texts.len(), texts.get(Symbol(1))), (0, None));
    }
}
