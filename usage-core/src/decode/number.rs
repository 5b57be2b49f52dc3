//! JSON numbers.

use crate::decode::input::{Fault, Input};

/// A number, as precisely as a results page needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// An integer from 0 to 2^64 - 1, written without fraction and exponent.
    Integer(u64),
    /// Such an integer with a fraction of zeros: `7.0`.
    Whole(u64),
    /// Any other number.
    Other,
}

/// The reader of numbers, one at a time.
#[derive(Debug, Default)]
pub(super) struct NumberReader {
    part: Part,
    /// The value so far, if it is an integer that fits.
    integer: Option<u64>,
    has_fraction: bool,
}

/// The part of a number that was read last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Nothing,
    Minus,
    /// A zero at the beginning, which no digit may follow.
    Zero,
    Integer,
    Point,
    Fraction,
    ExponentMark,
    ExponentSign,
    Exponent,
}

impl NumberReader {
    /// Begins a number, whose first byte is the next one. Returns it if it is an integer of the usual kind.
    #[inline]
    pub(super) fn begin(&mut self, input: &mut Input<'_>) -> Option<u64> {
        let Some((integer, length)) = plain_integer(input.rest()) else {
            *self = Self { part: Part::Nothing, integer: Some(0), has_fraction: false };
            return None;
        };
        input.advance(length);
        Some(integer)
    }

    /// Continues a number that did not end in the piece before. Returns whether its end was reached, which only the byte
    /// after it shows. That byte is not read.
    pub(super) fn go_on(&mut self, input: &mut Input<'_>) -> Result<bool, Fault> {
        while let Some(byte) = input.peek() {
            match self.next_part(byte) {
                Some(part) => {
                    self.part = part;
                    self.count(byte);
                    input.advance(1);
                }
                None if self.is_complete() => return Ok(true),
                None => return Err(input.fault("not a number")),
            }
        }
        Ok(false)
    }

    /// Returns the number that was read.
    pub(super) fn number(&self) -> Number {
        match self.integer {
            Some(integer) if self.has_fraction => Number::Whole(integer),
            Some(integer) => Number::Integer(integer),
            None => Number::Other,
        }
    }

    /// Returns the part of the number that `byte` belongs to; `None` if it does not belong to the number.
    fn next_part(&self, byte: u8) -> Option<Part> {
        match (self.part, byte) {
            (Part::Nothing, b'-') => Some(Part::Minus),
            (Part::Nothing | Part::Minus, b'0') => Some(Part::Zero),
            (Part::Nothing | Part::Minus, b'1'..=b'9') | (Part::Integer, b'0'..=b'9') => Some(Part::Integer),
            (Part::Zero | Part::Integer, b'.') => Some(Part::Point),
            (Part::Point | Part::Fraction, b'0'..=b'9') => Some(Part::Fraction),
            (Part::Zero | Part::Integer | Part::Fraction, b'e' | b'E') => Some(Part::ExponentMark),
            (Part::ExponentMark, b'+' | b'-') => Some(Part::ExponentSign),
            (Part::ExponentMark | Part::ExponentSign | Part::Exponent, b'0'..=b'9') => Some(Part::Exponent),
            _ => None,
        }
    }

    fn is_complete(&self) -> bool {
        matches!(self.part, Part::Zero | Part::Integer | Part::Fraction | Part::Exponent)
    }

    /// Adds a digit of an integer. A fraction of zeros changes nothing. Any other byte makes the number no integer.
    fn count(&mut self, byte: u8) {
        if matches!((self.part, byte), (Part::Point, _) | (Part::Fraction, b'0')) {
            self.has_fraction = true;
            return;
        }
        let digit = matches!(self.part, Part::Zero | Part::Integer).then(|| u64::from(byte - b'0'));
        self.integer =
            self.integer.zip(digit).and_then(|(integer, digit)| integer.checked_mul(10)?.checked_add(digit));
    }
}

/// Returns the integer at the beginning of `bytes` and its length, if it is of the usual kind and the byte after it is
/// there.
#[inline(always)]
pub(super) fn plain_integer(bytes: &[u8]) -> Option<(u64, usize)> {
    // More digits may exceed 64 bits.
    const MAX_DIGITS: usize = 18;
    let (mut integer, mut length) = (0u64, 0);
    let behind = loop {
        let byte = *bytes.get(length)?;
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break byte;
        }
        integer = integer.wrapping_mul(10).wrapping_add(digit.into());
        length += 1;
    };
    let usual = match length {
        1 => true,
        2..=MAX_DIGITS => bytes[0] != b'0',
        _ => false,
    };
    (usual && !matches!(behind, b'.' | b'e' | b'E')).then_some((integer, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_way_is_for_integers_of_the_usual_kind() {
        for (text, read) in [
            ("0,", Some((0, 1))),
            ("42}", Some((42, 2))),
            ("999999999999999999 ", Some((999_999_999_999_999_999, 18))),
            ("1000000000000000000 ", None),
            ("042,", None),
            ("00,", None),
            ("4.2,", None),
            ("4e2,", None),
            ("4E2,", None),
            ("-4,", None),
            (",", None),
            // The end of the piece: more digits may follow.
            ("42", None),
            ("", None),
        ] {
            assert_eq!(plain_integer(text.as_bytes()), read, "{text}");
        }
    }

    fn read(text: &str, cut: usize) -> Result<Option<(Number, u64)>, Fault> {
        let mut reader = NumberReader::default();
        for (index, piece) in text.as_bytes().chunks(cut).enumerate() {
            let mut input = Input::new(str::from_utf8(piece).unwrap(), (index * cut) as u64);
            if index == 0
                && let Some(integer) = reader.begin(&mut input)
            {
                return Ok(Some((Number::Integer(integer), input.offset())));
            }
            if reader.go_on(&mut input)? {
                return Ok(Some((reader.number(), input.offset())));
            }
        }
        Ok(None)
    }

    #[test]
    fn reads_numbers() {
        for (text, number) in [
            ("0", Number::Integer(0)),
            ("7", Number::Integer(7)),
            ("123456789012345678", Number::Integer(123_456_789_012_345_678)),
            ("1234567890123456789", Number::Integer(1_234_567_890_123_456_789)),
            ("18446744073709551615", Number::Integer(u64::MAX)),
            ("18446744073709551616", Number::Other),
            ("99999999999999999999999", Number::Other),
            ("-1", Number::Other),
            ("-0", Number::Other),
            ("7.0", Number::Whole(7)),
            ("7.000", Number::Whole(7)),
            ("0.00", Number::Whole(0)),
            ("7.010", Number::Other),
            ("7.0e1", Number::Other),
            ("-7.0", Number::Other),
            ("18446744073709551616.0", Number::Other),
            ("0.5e-10", Number::Other),
            ("1E+2", Number::Other),
            ("1e999", Number::Other),
        ] {
            for cut in 1..=text.len() + 1 {
                for behind in [",", " ", "}", "x"] {
                    let length = text.len() as u64;
                    assert_eq!(read(&format!("{text}{behind}"), cut), Ok(Some((number, length))), "{text}");
                }
                assert_eq!(read(text, cut), Ok(None), "its end is not in sight");
            }
        }
        // The byte after it is not a part of the number, although it is a digit.
        assert_eq!(read("01,", 3), Ok(Some((Number::Integer(0), 1))));
        assert_eq!(read("-01,", 1), Ok(Some((Number::Other, 2))));
    }

    #[test]
    fn refuses_what_is_none() {
        for (text, offset) in
            [("-,", 1), ("-x", 1), ("1.,", 2), ("1.e1", 2), ("1e,", 2), ("1e+,", 3), ("--1", 1)]
        {
            for cut in 1..=text.len() {
                assert_eq!(read(text, cut), Err(Fault { offset, problem: "not a number" }), "{text}");
            }
        }
    }
}
