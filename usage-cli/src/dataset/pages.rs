//! Decodes the pages of a Parquet column in the form that this program writes: version 1, plain or with a dictionary, each
//! value optional.
//!
//! Sums are made by the dictionary's numbers, so these are kept. The readers of the `parquet` crate return only the texts.

use parquet::basic::Encoding;
use parquet::column::page::Page;

use crate::dataset::file::Pages;

/// The number of an absent text.
pub(crate) const NONE: u32 = u32::MAX;

/// The texts of a column.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    /// The distinct texts. A text may occur twice.
    pub(crate) dictionary: Vec<String>,
    /// The number of each row's text, or [`NONE`].
    pub(crate) numbers: Vec<u32>,
}

impl Texts {
    /// Returns the text of `row`.
    pub(crate) fn get(&self, row: usize) -> Option<&str> {
        let number = *self.numbers.get(row)?;
        self.dictionary.get(number as usize).map(String::as_str)
    }
}

/// The value of an absent count, larger than any count.
pub(crate) const ABSENT: u64 = u64::MAX;

/// The counts of a column: one for each row, or [`ABSENT`].
pub(crate) type Counts = Vec<u64>;

/// Describes why a page cannot be read.
type Wrong = String;

/// Reads all texts of the column chunk `pages` and appends them to `texts`, which then has at most `most` rows.
pub(super) fn read_texts(mut pages: Pages, texts: &mut Texts, most: usize) -> Result<(), Wrong> {
    // The offset of this chunk's dictionary.
    let mut base = texts.dictionary.len();
    while let Some(page) = pages.next()? {
        match page {
            Page::DictionaryPage { buf, num_values, .. } => {
                if num_values as usize > most {
                    return Err("its dictionary has more texts than it has rows".into());
                }
                base = texts.dictionary.len();
                let mut input = Input(&buf);
                for _ in 0..num_values {
                    texts.dictionary.push(input.text()?);
                }
            }
            page => {
                let data = Data::of(&page, most.saturating_sub(texts.numbers.len()))?;
                let known = texts.dictionary.len();
                let numbers = match data.values {
                    Values::Numbers(mut numbers) => {
                        let last = numbers.iter().max().map_or(base, |last| base + *last as usize);
                        if last >= known && !numbers.is_empty() {
                            return Err("a text is not in the dictionary".into());
                        }
                        let base = u32::try_from(base).map_err(wrong)?;
                        for number in &mut numbers {
                            *number += base;
                        }
                        numbers
                    }
                    Values::Plain(bytes) => {
                        let mut input = Input(bytes);
                        let mut numbers = Vec::new();
                        for _ in 0..data.present {
                            numbers.push(u32::try_from(texts.dictionary.len()).map_err(wrong)?);
                            texts.dictionary.push(input.text()?);
                        }
                        numbers
                    }
                };
                data.levels.spread(numbers.into_iter(), &mut texts.numbers, NONE)?;
            }
        }
    }
    Ok(())
}

/// Reads all counts of the column chunk `pages` and appends them to `counts`, which then has at most `most` rows.
pub(super) fn read_counts(mut pages: Pages, counts: &mut Counts, most: usize) -> Result<(), Wrong> {
    let mut dictionary: Vec<u64> = Vec::new();
    while let Some(page) = pages.next()? {
        match page {
            Page::DictionaryPage { buf, num_values, .. } => {
                let mut input = Input(&buf);
                dictionary = (0..num_values).map(|_| input.count()).collect::<Result<_, _>>()?;
            }
            page => {
                let data = Data::of(&page, most.saturating_sub(counts.len()))?;
                match data.values {
                    Values::Numbers(numbers) => {
                        if numbers.iter().any(|number| *number as usize >= dictionary.len()) {
                            return Err("a count is not in the dictionary".into());
                        }
                        let values = numbers.iter().map(|number| dictionary[*number as usize]);
                        data.levels.spread(values, counts, ABSENT)?;
                    }
                    Values::Plain(bytes) => {
                        let mut input = Input(bytes);
                        let values: Vec<u64> =
                            (0..data.present).map(|_| input.count()).collect::<Result<_, _>>()?;
                        data.levels.spread(values.into_iter(), counts, ABSENT)?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// A data page.
struct Data<'a> {
    levels: Levels,
    /// Number of values that are not null.
    present: usize,
    values: Values<'a>,
}

enum Values<'a> {
    /// The indices of the values in the dictionary.
    Numbers(Vec<u32>),
    Plain(&'a [u8]),
}

/// The definition levels: which rows have a value.
enum Levels {
    All,
    /// 1 for each row that has one.
    Some(Vec<u32>),
}

impl<'a> Data<'a> {
    /// Decodes a page of at most `most` rows. The number of rows that a page claims is not trusted with memory.
    fn of(page: &'a Page, most: usize) -> Result<Self, Wrong> {
        let Page::DataPage { buf, num_values, encoding, def_level_encoding, .. } = page else {
            return Err("a page has another version than 1".into());
        };
        if *def_level_encoding != Encoding::RLE {
            return Err(format!("a page has levels in the encoding {def_level_encoding}"));
        }
        let rows = *num_values as usize;
        if rows > most {
            return Err("its pages have more rows than it names".into());
        }
        let mut input = Input(buf);
        let length = input.number()? as usize;
        let levels = Levels::of(input.take(length)?, rows)?;
        let present = match &levels {
            Levels::All => rows,
            Levels::Some(levels) => levels.iter().filter(|level| **level == 1).count(),
        };
        let values = match encoding {
            Encoding::PLAIN => Values::Plain(input.0),
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                let [width] = *input.take(1)? else { return Err(short()) };
                Values::Numbers(runs(input.0, width.into(), present)?)
            }
            encoding => return Err(format!("a page has values in the encoding {encoding}")),
        };
        Ok(Self { levels, present, values })
    }
}

impl Levels {
    fn of(bytes: &[u8], rows: usize) -> Result<Self, Wrong> {
        if rows == 0 {
            return Ok(Self::All);
        }
        // Most columns have a value in every row, which is one run.
        let mut input = Input(bytes);
        let header = input.varint()?;
        let is_whole = header & 1 == 0 && usize::try_from(header >> 1).is_ok_and(|length| length >= rows);
        if is_whole && input.take(1)? == [1] {
            return Ok(Self::All);
        }
        runs(bytes, 1, rows).map(Self::Some)
    }

    /// Appends one entry for each row to `to`: the next of `values`, or `none`.
    fn spread<T: Copy>(
        &self,
        mut values: impl Iterator<Item = T>,
        to: &mut Vec<T>,
        none: T,
    ) -> Result<(), Wrong> {
        match self {
            Self::All => to.extend(values),
            Self::Some(levels) => {
                for level in levels {
                    let value = if *level == 1 { values.next().ok_or_else(short)? } else { none };
                    to.push(value);
                }
            }
        }
        Ok(())
    }
}

/// Decodes `count` numbers of `width` bits in the hybrid encoding: runs of equal numbers and bit-packed groups of eight.
fn runs(bytes: &[u8], width: u32, count: usize) -> Result<Vec<u32>, Wrong> {
    if width > 32 {
        return Err(format!("a page has numbers of {width} bits"));
    }
    let mut input = Input(bytes);
    // The length that a page claims is not trusted with memory.
    let mut numbers = Vec::with_capacity(count.min(1 << 20));
    if width == 0 {
        numbers.resize(count, 0);
        return Ok(numbers);
    }
    while numbers.len() < count {
        let header = input.varint()?;
        let left = count - numbers.len();
        if header & 1 == 0 {
            let length = usize::try_from(header >> 1).unwrap_or(usize::MAX).min(left);
            let value = input.take(width.div_ceil(8) as usize)?;
            let value = value.iter().rev().fold(0u32, |value, byte| value << 8 | u32::from(*byte));
            if length == 0 || (width < 32 && value >> width != 0) {
                return Err("a run of a page is empty or has too large a number".into());
            }
            numbers.resize(numbers.len() + length, value);
        } else {
            let groups = usize::try_from(header >> 1).unwrap_or(usize::MAX);
            let packed = groups.saturating_mul(width as usize).min(input.0.len());
            let packed = input.take(packed)?;
            unpack(packed, width, left.min(groups.saturating_mul(8)), &mut numbers)?;
        }
    }
    Ok(numbers)
}

/// Appends `count` bit-packed numbers of `width` bits, least significant bit first, to `to`.
fn unpack(bytes: &[u8], width: u32, count: usize, to: &mut Vec<u32>) -> Result<(), Wrong> {
    if count == 0 || bytes.len().saturating_mul(8) < count.saturating_mul(width as usize) {
        return Err(short());
    }
    let mask = u32::MAX >> (32 - width);
    let number = |at: usize| {
        let bit = at * width as usize;
        // A number of at most 32 bits that begins within a byte is within the eight bytes from there.
        let rest = bytes.get(bit / 8..).unwrap_or_default();
        let eight = rest.first_chunk().copied().unwrap_or_else(|| {
            let mut eight = [0; 8];
            eight.iter_mut().zip(rest).for_each(|(to, byte)| *to = *byte);
            eight
        });
        #[expect(clippy::cast_possible_truncation, reason = "the mask has 32 bits at most")]
        let number = (u64::from_le_bytes(eight) >> (bit % 8)) as u32 & mask;
        number
    };
    to.extend((0..count).map(number));
    Ok(())
}

/// The unread rest of a page.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Wrong> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number(&mut self) -> Result<u32, Wrong> {
        let bytes: [u8; 4] = self.take(4)?.try_into().map_err(wrong)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn count(&mut self) -> Result<u64, Wrong> {
        let bytes: [u8; 8] = self.take(8)?.try_into().map_err(wrong)?;
        u64::try_from(i64::from_le_bytes(bytes)).map_err(|_| "a count is negative".to_owned())
    }

    fn text(&mut self) -> Result<String, Wrong> {
        let length = self.number()? as usize;
        let text = std::str::from_utf8(self.take(length)?);
        text.map(str::to_owned).map_err(|_| "a text is not UTF-8".to_owned())
    }

    fn varint(&mut self) -> Result<u64, Wrong> {
        let mut value = 0;
        for shift in (0..35).step_by(7) {
            let [byte] = *self.take(1)? else { return Err(short()) };
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("a page has a number without an end".into())
    }
}

fn wrong(error: impl std::fmt::Display) -> Wrong {
    error.to_string()
}

fn short() -> Wrong {
    "a page ends early".to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn runs_and_packed_groups_are_read_as_they_are_specified() {
        // The example of the format's specification: 0 to 7 in three bits each.
        assert_eq!(runs(&[0x03, 0x88, 0xC6, 0xFA], 3, 8).unwrap(), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(runs(&[0x08, 0x07, 0x03, 0x88, 0xC6, 0xFA], 3, 9).unwrap(), [7, 7, 7, 7, 0, 1, 2, 3, 4]);
        assert_eq!(runs(&[], 0, 3).unwrap(), [0, 0, 0]);
        for (bytes, width, count) in [
            (&[0x03, 0x88][..], 3, 8),
            (&[0x08], 3, 4),
            (&[0x00, 0x01], 3, 4),
            (&[], 1, 1),
            (&[0x80; 6], 1, 1),
            (&[0x02, 0], 33, 1),
        ] {
            assert!(runs(bytes, width, count).is_err(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_in_a_page_is_an_error_or_as_many_numbers(
            bytes in proptest::collection::vec(any::<u8>(), 0..60), width in 0u32..40, count in 0usize..5000,
        ) {
            if let Ok(numbers) = runs(&bytes, width, count) {
                prop_assert_eq!(numbers.len(), count);
                prop_assert!(width >= 32 || numbers.iter().all(|number| *number < 1 << width));
            }
        }
    }
}
