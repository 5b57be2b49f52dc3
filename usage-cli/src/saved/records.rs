//! Splits CSV (RFC 4180 and common deviations) into cells without copying, except for cells that contain quotation
//! marks.

use std::ops::Range;

/// The location of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Cell {
    /// A range of the text.
    Text(Range<usize>),
    /// A range of the scratch buffer, for cells that contain quotation marks.
    Scratch(Range<usize>),
}

/// The cells of the current record.
#[derive(Debug)]
pub(super) struct Record {
    delimiter: u8,
    cells: Vec<Cell>,
    scratch: String,
    /// Whether a cell is quoted, so that it may contain line breaks.
    has_quotes: bool,
}

/// The result of reading a record at the start of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A record of this many bytes, including its end.
    Record(usize),
    /// More text is needed.
    Incomplete,
    /// A quoted cell is not closed.
    Unquoted,
}

impl Record {
    pub(super) fn new(delimiter: u8) -> Self {
        Self { delimiter, cells: Vec::new(), scratch: String::new(), has_quotes: false }
    }

    /// Reads the record at the start of `text`. `is_end` says whether the text is the rest of the file.
    ///
    /// Records end with a line feed, a carriage return or both. A quotation mark inside an unquoted cell is an
    /// ordinary character.
    pub(super) fn read(&mut self, text: &str, is_end: bool) -> Found {
        self.cells.clear();
        self.scratch.clear();
        self.has_quotes = false;
        let bytes = text.as_bytes();
        let mut at = 0;
        loop {
            let end = if bytes.get(at) == Some(&b'"') {
                match self.quoted(text, at, is_end) {
                    Ok(end) => end,
                    Err(found) => return found,
                }
            } else {
                let end = at + self.plain(&bytes[at..]);
                self.cells.push(Cell::Text(at..end));
                end
            };
            match bytes.get(end) {
                Some(byte) if *byte == self.delimiter => at = end + 1,
                // The next piece may start with the line feed that belongs to this carriage return.
                Some(b'\r') if end + 1 == bytes.len() && !is_end => return Found::Incomplete,
                Some(b'\r') if bytes.get(end + 1) == Some(&b'\n') => return Found::Record(end + 2),
                Some(_) => return Found::Record(end + 1),
                None if is_end => return Found::Record(end),
                None => return Found::Incomplete,
            }
        }
    }

    /// Returns the distance to the delimiter or the end of the record.
    #[inline]
    fn plain(&self, bytes: &[u8]) -> usize {
        memchr::memchr3(self.delimiter, b'\n', b'\r', bytes).unwrap_or(bytes.len())
    }

    /// Reads a quoted cell. Returns the position of its end.
    fn quoted(&mut self, text: &str, start: usize, is_end: bool) -> Result<usize, Found> {
        self.has_quotes = true;
        let bytes = text.as_bytes();
        let scratch = self.scratch.len();
        let mut from = start + 1;
        loop {
            let Some(length) = memchr::memchr(b'"', &bytes[from..]) else {
                return Err(if is_end { Found::Unquoted } else { Found::Incomplete });
            };
            let quote = from + length;
            match bytes.get(quote + 1) {
                Some(b'"') => {
                    self.scratch.push_str(&text[from..=quote]);
                    from = quote + 2;
                }
                None if !is_end => return Err(Found::Incomplete),
                _ => {
                    // Text behind the closing mark belongs to the cell, as in other CSV readers.
                    let end = quote + 1 + self.plain(&bytes[quote + 1..]);
                    if self.scratch.len() == scratch && end == quote + 1 {
                        self.cells.push(Cell::Text(from..quote));
                    } else {
                        self.scratch.push_str(&text[from..quote]);
                        self.scratch.push_str(&text[quote + 1..end]);
                        self.cells.push(Cell::Scratch(scratch..self.scratch.len()));
                    }
                    return Ok(end);
                }
            }
        }
    }

    /// Returns whether the record may contain line breaks.
    pub(super) fn has_quotes(&self) -> bool {
        self.has_quotes
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Returns the cells of the record. `text` must be the one that was read.
    #[inline]
    pub(super) fn cells<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a str> {
        self.cells.iter().map(move |cell| match cell {
            Cell::Text(range) => &text[range.clone()],
            Cell::Scratch(range) => &self.scratch[range.clone()],
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads the records of a text in pieces, without empty lines.
    fn read(text: &str, cut: usize) -> Vec<Vec<String>> {
        let (mut records, mut record) = (Vec::new(), Record::new(b','));
        let (mut buffer, mut pieces) = (String::new(), text.chars().collect::<Vec<_>>());
        loop {
            let is_end = pieces.is_empty();
            match record.read(&buffer, is_end) {
                Found::Incomplete => buffer.extend(pieces.drain(..cut.min(pieces.len()))),
                Found::Unquoted => return vec![vec!["unquoted".into()]],
                Found::Record(0) => return records,
                Found::Record(length) => {
                    let cells: Vec<_> = record.cells(&buffer).map(str::to_owned).collect();
                    if cells != [""] {
                        records.push(cells);
                    }
                    buffer.drain(..length);
                }
            }
        }
    }

    #[test]
    fn records_end_with_any_end_of_a_line() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("a,b{end}\"c \"\"d\"\"{end}\",{end}{end}x,\"y\"z");
            for cut in 1..text.len() {
                let quoted = format!("c \"d\"{end}");
                let wanted = [["a", "b"], [&*quoted, ""], ["x", "yz"]];
                assert_eq!(read(&text, cut), wanted, "{text:?} {cut}");
            }
        }
        assert_eq!(read("a,\"b\n", 2), [["unquoted"]]);
    }

    proptest! {
        #[test]
        fn cells_are_those_of_the_csv_crate(text in "[a,\"\n\rä]{0,24}", cut in 1usize..30) {
            let ours = read(&text, cut);
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let theirs: Vec<Vec<String>> = reader
                .records()
                .map(|record| record.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
                .filter(|cells| cells != &[""])
                .collect();
            // The other reader treats an unclosed quotation mark as closed at the end of the text.
            prop_assume!(ours != [["unquoted"]]);
            prop_assert_eq!(ours, theirs);
        }
    }
}
