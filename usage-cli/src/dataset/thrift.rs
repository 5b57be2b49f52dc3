//! Walks over structures in Thrift's compact protocol before the `parquet` crate reads them.
//!
//! The crate skips an unknown list of booleans by counting to the length that it claims, without a byte for each. A few
//! bytes would keep it busy for hours.

/// Maximum depth of structures and lists. The metadata of Parquet is at most seven deep.
const MAX_DEPTH: u32 = 16;

/// Returns the length of the structure that `bytes` begin with, and the value of its integer with the id `field`.
///
/// Returns `None` if the structure is cut, too deep, or has a list whose elements take no bytes.
pub(super) fn walk(bytes: &[u8], field: i64) -> Option<(usize, Option<i64>)> {
    let (mut input, mut id, mut found) = (Input(bytes), 0, None);
    loop {
        let (delta, kind) = input.field()?;
        if (delta, kind) == END {
            return Some((bytes.len() - input.0.len(), found));
        }
        id = if delta == 0 { input.integer()? } else { id.saturating_add(delta.into()) };
        match kind {
            INTEGERS..=LAST_INTEGER if id == field => found = Some(input.integer()?),
            _ => input.skip(kind, MAX_DEPTH)?,
        }
    }
}

/// The header of the end of a structure.
const END: (u8, u8) = (0, 0);

/// The first and the last type of the integers that have a variable length.
const INTEGERS: u8 = 4;
const LAST_INTEGER: u8 = 6;

/// The unread rest of a structure.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    /// Reads the header of a field: the distance of its id from that of the field before, 0 if the id follows, and its
    /// type.
    fn field(&mut self) -> Option<(u8, u8)> {
        let header = self.byte()?;
        Some((header >> 4, header & 0x0F))
    }

    fn skip(&mut self, kind: u8, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            // A boolean of a field is in the type.
            1 | 2 => Some(()),
            3 => self.take(1),
            INTEGERS..=LAST_INTEGER => self.number().map(drop),
            7 => self.take(8),
            8 => {
                let length = self.number()?;
                self.take(usize::try_from(length).ok()?)
            }
            9 | 10 => self.skip_list(depth),
            12 => loop {
                let (delta, kind) = self.field()?;
                if (delta, kind) == END {
                    return Some(());
                }
                if delta == 0 {
                    self.number()?;
                }
                self.skip(kind, depth)?;
            },
            13 => self.take(16),
            // Parquet has no maps.
            _ => None,
        }
    }

    fn skip_list(&mut self, depth: u32) -> Option<()> {
        let header = self.byte()?;
        let length = if header >> 4 == 15 { self.number()? } else { u64::from(header >> 4) };
        let kind = header & 0x0F;
        if length > 0 && kind <= 2 {
            return None;
        }
        (0..length).try_for_each(|_| self.skip(kind, depth))
    }

    fn take(&mut self, length: usize) -> Option<()> {
        self.0 = self.0.get(length..)?;
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// Reads a number whose lowest bit is its sign.
    fn integer(&mut self) -> Option<i64> {
        let number = self.number()?;
        let half = i64::try_from(number >> 1).ok()?;
        Some(if number & 1 == 0 { half } else { !half })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn structures_are_measured_and_lists_without_bytes_are_refused() {
        // Fields 1 and 3, which are integers, a text, a list of two integers, a structure, and one byte more.
        let whole = [0x15, 0x02, 0x25, 0x09, 0x18, 1, b'a', 0x19, 0x25, 2, 4, 0x1C, 0x11, 0, 0, 9];
        assert_eq!(walk(&whole, 3), Some((15, Some(-5))));
        assert_eq!(walk(&whole, 2), Some((15, None)));
        for cut in 0..15 {
            assert_eq!(walk(&whole[..cut], 3), None, "{cut}");
        }
        // Two thousand million booleans, also in a list of lists, and a structure within itself.
        assert_eq!(walk(&[0x59, 0xF1, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0], 3), None);
        assert_eq!(walk(&[0x59, 0x19, 0xF2, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0], 3), None);
        assert_eq!(walk(&vec![0x1C; 100_000], 3), None);
        // A number of ten bytes, and one of more.
        let long = [&[0x16][..], &[0xFF; 9], &[0x01, 0]].concat();
        assert_eq!(walk(&long, 1), Some((12, Some(i64::MIN))));
        assert_eq!(walk(&[&[0x16][..], &[0xFF; 10], &[0x01, 0]].concat(), 1), None);
    }
}
