//! Damaged documents.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// Pieces of JSON, and bytes that are not UTF-8, to be inserted anywhere.
const FRAGMENTS: &[&[u8]] = &[
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"-",
    b"1e999",
    b"null",
    b"\\ud800",
    b"\0",
    b"\n",
    b"\xff",
    b"\xed\xa0\x80",
    b"9223372036854775808",
    b"[[[[[[[[",
    b"\xef\xbb\xbf",
    b"{\"requests\":",
];

/// A change of a document.
#[derive(Clone, Debug)]
enum Damage {
    Cut(Index),
    Flip(Index, u8),
    Insert(Index, &'static [u8]),
    Remove(Index, usize),
    Repeat(Index, usize),
}

/// Returns documents of `sound` with one to three kinds of damage: cut off, with bytes changed, inserted, removed or
/// repeated. Some are still valid.
///
/// ```
/// use proptest::prelude::*;
/// use usage_core::decode::{PageDecoder, ResponseDecoder};
/// use usage_sim::strategies::{damaged, page};
///
/// proptest!(|(body in damaged(page()))| {
///     let mut decoder = PageDecoder::default();
///     let _ = decoder.push(&body).and_then(|()| decoder.finish()); // an error, but no panic
/// });
/// ```
pub fn damaged(sound: impl Strategy<Value = Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let place = any::<Index>;
    let damage = prop_oneof![
        place().prop_map(Damage::Cut),
        (place(), any::<u8>()).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        (place(), proptest::sample::select(FRAGMENTS)).prop_map(|(at, piece)| Damage::Insert(at, piece)),
        (place(), 1usize..20).prop_map(|(at, length)| Damage::Remove(at, length)),
        (place(), 1usize..200).prop_map(|(at, length)| Damage::Repeat(at, length)),
    ];
    (sound, vec(damage, 1..4)).prop_map(|(mut document, damages)| {
        for damage in &damages {
            apply(&mut document, damage);
        }
        document
    })
}

fn apply(document: &mut Vec<u8>, damage: &Damage) {
    let place = |index: &Index| index.index(document.len() + 1);
    let piece = |at: usize, length: usize| at..(at + length).min(document.len());
    match damage {
        Damage::Cut(at) => document.truncate(place(at)),
        Damage::Flip(at, bits) => {
            let at = place(at);
            if let Some(byte) = document.get_mut(at) {
                *byte ^= bits;
            }
        }
        Damage::Insert(at, fragment) => {
            let at = place(at);
            document.splice(at..at, fragment.iter().copied());
        }
        Damage::Remove(at, length) => {
            let range = piece(place(at), *length);
            document.drain(range);
        }
        Damage::Repeat(at, length) => {
            let range = piece(place(at), *length);
            document.extend_from_within(range);
        }
    }
}
