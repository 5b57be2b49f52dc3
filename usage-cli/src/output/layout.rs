//! Columns of text: how wide they are, padded and cut in a terminal.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The side of its column that a cell is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Returns `cell` with spaces up to `width` columns of a terminal.
pub(crate) fn padded(cell: &str, width: usize, align: Align) -> String {
    let padding = " ".repeat(width.saturating_sub(cell.width()));
    match align {
        Align::Left => format!("{cell}{padding}"),
        Align::Right => format!("{padding}{cell}"),
    }
}

/// Returns one line of `cells`, `gap` columns apart, without spaces at its end.
pub(crate) fn line(cells: impl IntoIterator<Item = String>, gap: usize) -> String {
    let cells: Vec<_> = cells.into_iter().collect();
    cells.join(&" ".repeat(gap)).trim_end().to_owned()
}

/// Returns both ends of `text` and `…` between them, if it is wider than `width`.
pub(crate) fn shortened(text: Cow<'_, str>, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return text;
    }
    let room = width.saturating_sub(1);
    let head = taken(text.chars(), room.div_ceil(2));
    let tail: String = taken(text.chars().rev(), room / 2).chars().rev().collect();
    format!("{head}…{tail}").into()
}

/// Returns as many of `chars` as fit into `width`.
fn taken(chars: impl Iterator<Item = char>, width: usize) -> String {
    let mut left = width;
    let fits = |c: &char| match left.checked_sub(c.width().unwrap_or(0)) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    chars.take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(shortened("夜間エクスポート".into(), 7), "夜…ート".replace("ート", "ト"));
        assert_eq!(padded("夜間", 6, Align::Left), "夜間  ");
        assert_eq!(padded("夜間", 6, Align::Right), "  夜間");
    }

    #[test]
    fn a_line_ends_with_its_last_cell() {
        let cells = [("a", 3, Align::Left), ("1", 2, Align::Right), ("", 4, Align::Left)];
        let cells = cells.map(|(cell, width, align)| padded(cell, width, align));
        assert_eq!(line(cells, 2), "a     1");
    }
}
