//! Interns texts, with bounded work for texts whose hashes collide.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

use crate::table::Column;
use crate::table::texts::{Symbol, Texts};

/// The maximum number of texts of a hash chain that are compared before a text is stored again.
///
/// The hash has no secret key, so a hostile server could send texts that all collide. With this bound, interning costs a
/// bounded number of comparisons, and a text that is stored twice costs only the memory of the second copy. Other texts do
/// not form chains of this length.
const MAX_CHAIN: usize = 32;

/// An interner: it keeps each text once, identified by a small number.
///
/// A chained hash table of numbers. The texts themselves are in [`Texts`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Interner {
    texts: Texts,
    /// One entry for each text, in the order of the symbols.
    links: Vec<Link>,
    /// The first symbol of each chain. The length is a power of two, at least the number of texts.
    chains: Vec<Symbol>,
    /// The last symbol of each column, which is very often the next one too.
    last: [Symbol; Column::ALL.len()],
}

#[derive(Clone, Copy, Debug)]
struct Link {
    hash: u32,
    next: Symbol,
}

impl Interner {
    pub(crate) fn texts(&self) -> &Texts {
        &self.texts
    }

    /// Returns the symbol of `text`, the next value of `column`.
    #[inline(always)]
    pub(crate) fn intern_in(&mut self, column: Column, text: &str) -> Symbol {
        let last = self.last[column as usize];
        if self.texts.is(last, text) {
            return last;
        }
        let symbol = self.intern(text);
        self.last[column as usize] = symbol;
        symbol
    }

    /// Returns the symbol of `text`, which is 0 if it is empty.
    #[inline(always)]
    pub(crate) fn intern(&mut self, text: &str) -> Symbol {
        if text.is_empty() {
            return Symbol::default();
        }
        let hash = hash(text);
        match self.find(text, hash) {
            Some(symbol) => symbol,
            None => self.add(text, hash),
        }
    }

    #[inline(always)]
    fn find(&self, text: &str, hash: u32) -> Option<Symbol> {
        let mut symbol = *self.chains.get(self.chain(hash))?;
        for _ in 0..MAX_CHAIN {
            let link = self.links[symbol.index()?];
            if link.hash == hash && self.texts.is(symbol, text) {
                return Some(symbol);
            }
            symbol = link.next;
        }
        None
    }

    #[cold]
    fn add(&mut self, text: &str, hash: u32) -> Symbol {
        let symbol = self.texts.push(text);
        if self.links.len() < self.texts.len() {
            self.links.push(Link { hash, next: Symbol::default() });
            if self.links.len() > self.chains.len() {
                self.rebuild_chains();
            } else {
                self.enchain(symbol);
            }
        }
        symbol
    }

    /// Puts `symbol` at the beginning of its chain.
    fn enchain(&mut self, symbol: Symbol) {
        let Some(index) = symbol.index() else { return };
        let chain = self.chain(self.links[index].hash);
        self.links[index].next = std::mem::replace(&mut self.chains[chain], symbol);
    }

    fn rebuild_chains(&mut self) {
        let chains = self.links.len().next_power_of_two().max(16);
        self.chains = vec![Symbol::default(); chains];
        for number in (1..).take(self.links.len()) {
            self.enchain(Symbol(number));
        }
    }

    /// Returns the index of a hash's chain; any number if there are no chains yet.
    #[inline]
    fn chain(&self, hash: u32) -> usize {
        hash as usize & self.chains.len().wrapping_sub(1)
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.texts.shrink_to_fit();
        self.links.shrink_to_fit();
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.texts.heap_bytes()
            + self.links.capacity() * size_of::<Link>()
            + self.chains.capacity() * size_of::<Symbol>()
    }
}

/// A hash without a random key, so that this crate is deterministic.
#[expect(clippy::cast_possible_truncation, reason = "half of the hash is enough")]
#[inline]
fn hash(text: &str) -> u32 {
    const SEED: u64 = 0x7573_6167_652d_726f;
    let mut hasher = FixedState::with_seed(SEED).build_hasher();
    hasher.write(text.as_bytes());
    hasher.finish() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_kept_once() {
        let mut interner = Interner::default();
        let texts: Vec<String> = (0..1000).map(|n| format!("text {n}")).collect();
        let symbols: Vec<Symbol> = texts.iter().map(|text| interner.intern(text)).collect();
        for (text, symbol) in texts.iter().zip(&symbols) {
            assert_eq!(interner.intern(text), *symbol);
            assert_eq!(interner.intern_in(Column::ClientId, text), *symbol);
            assert_eq!(interner.intern_in(Column::ClientId, text), *symbol);
            assert_eq!(interner.texts().get(*symbol), Some(&**text));
        }
        assert_eq!(interner.texts().len(), 1000);
        assert_eq!(interner.intern(""), Symbol::default());
    }

    #[test]
    fn a_chain_made_by_an_attacker_is_not_searched_to_its_end() {
        // As if all texts had the same hash: each is added to one chain by hand.
        let mut interner = Interner::default();
        for n in 0..MAX_CHAIN {
            let text = format!("text {n}");
            assert_eq!(interner.find(&text, 7), None);
            interner.add(&text, 7);
        }
        assert!(interner.find("text 0", 7).is_some());
        interner.add("one more", 7);
        assert_eq!(interner.find("text 0", 7), None);
        let again = interner.add("text 0", 7);
        assert_eq!(interner.find("text 0", 7), Some(again));
        assert_eq!(interner.texts().get(again), Some("text 0"));
    }
}
