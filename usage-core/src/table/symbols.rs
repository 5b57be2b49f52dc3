use std::collections::HashMap;

/// Texts, each kept once and named by a small number.
#[derive(Clone, Debug, Default)]
pub(super) struct Symbols {
    texts: Vec<Box<str>>,
    numbers: HashMap<Box<str>, Symbol>,
}

/// The number of a text; 0 is no text, `n` is the text at `n - 1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Symbol(u32);

impl Symbols {
    /// The number of `text`. An empty text is none; so is one past the four billionth.
    pub(super) fn intern(&mut self, text: &str) -> Symbol {
        if text.is_empty() {
            return Symbol::default();
        }
        if let Some(symbol) = self.numbers.get(text) {
            return *symbol;
        }
        let Ok(number) = u32::try_from(self.texts.len() + 1) else { return Symbol::default() };
        self.texts.push(text.into());
        self.numbers.insert(text.into(), Symbol(number));
        Symbol(number)
    }

    pub(super) fn text(&self, symbol: Symbol) -> Option<&str> {
        let index = usize::try_from(symbol.0).ok()?.checked_sub(1)?;
        self.texts.get(index).map(AsRef::as_ref)
    }

    /// The texts, in the order of their numbers from 1.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(AsRef::as_ref)
    }
}

impl Symbol {
    /// This symbol in another table, whose numbers for texts 1, 2, … are `moved`.
    pub(super) fn translate(self, moved: &[Self]) -> Self {
        let index = usize::try_from(self.0).ok().and_then(|n| n.checked_sub(1));
        index.and_then(|index| moved.get(index)).copied().unwrap_or_default()
    }
}
