//! Names and counts in sentences.

use crate::identity::Identity;
use crate::number::grouped;

/// The most characters that a sentence has of a name.
const MAX_NAME: usize = 80;

/// Returns the name in one line of bounded length.
pub(super) fn name(of: &Identity) -> String {
    let text = of.to_string();
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let mut line: String = text.chars().take(MAX_NAME).map(printable).collect();
    if text.chars().nth(MAX_NAME).is_some() {
        line.push('…');
    }
    line
}

/// Returns the name as the start of a sentence. Names stay as they are; what is said of an id gets a capital.
pub(super) fn start(of: &Identity) -> String {
    let text = name(of);
    let mut chars = text.chars();
    match chars.next().filter(|_| of.name.is_none()) {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => text,
    }
}

/// Returns `1,234,567`.
pub(super) fn count(number: u64) -> String {
    grouped(number.into())
}
