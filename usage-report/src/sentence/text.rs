//! Names and numbers in sentences.

use crate::identity::Identity;

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
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns `12 %`, and `1.2 %` of less than ten.
pub(super) fn percent(part: f64) -> String {
    let percent = part * 100.0;
    match percent {
        // Nearly all is not all.
        _ if (99.5..100.0).contains(&percent) => format!("{:.1} %", percent.min(99.9)),
        _ if percent >= 9.95 => format!("{percent:.0} %"),
        _ if percent >= 0.095 => format!("{percent:.1} %"),
        _ if percent > 0.0 && percent < 0.005 => "less than 0.01 %".into(),
        _ => format!("{percent:.2} %"),
    }
}
