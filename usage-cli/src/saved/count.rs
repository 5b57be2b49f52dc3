//! Parses counts as spreadsheets, data frames and scripts write them.

use usage_core::UsageRecord;

use crate::saved::parse_error::Wrong;

/// Parses the counts of one file, and remembers what a point and a comma mean in it.
#[derive(Debug)]
pub(super) struct Counts {
    /// The conventional thousands separator where the file comes from.
    conventional: char,
    thousands: Option<char>,
    decimal: Option<char>,
}

impl Counts {
    /// Returns a parser for a table whose cells are separated by `delimiter`. With semicolons, the comma is the
    /// decimal sign.
    pub(super) fn of_table(delimiter: u8) -> Self {
        let conventional = if delimiter == b';' { '.' } else { ',' };
        Self { conventional, thousands: None, decimal: None }
    }

    /// Parses `text`. Returns `None` if it stands for a missing count.
    ///
    /// Accepts integers, with or without thousands separators or a fraction of zeros. An ambiguous point or comma is
    /// an error: `7.000` may be seven or seven thousand.
    #[inline]
    pub(super) fn read(&mut self, text: &str) -> Result<Option<u64>, Wrong> {
        let bytes = text.as_bytes();
        if !bytes.is_empty() && bytes.len() <= 18 && bytes.iter().all(u8::is_ascii_digit) {
            return Ok(Some(bytes.iter().fold(0, |count, digit| count * 10 + u64::from(digit - b'0'))));
        }
        self.read_other(text)
    }

    #[cold]
    fn read_other(&mut self, text: &str) -> Result<Option<u64>, Wrong> {
        let trimmed = text.trim();
        if is_nothing(trimmed) {
            return Ok(None);
        }
        let digits = self.digits(trimmed).map_err(|problem| Wrong::from(format!("{text:?} is {problem}")))?;
        match digits.parse::<u64>() {
            Ok(count) if count <= UsageRecord::MAX_COUNT => Ok(Some(count)),
            _ => Err(format!("{text:?} is no count: it is larger than {}", UsageRecord::MAX_COUNT).into()),
        }
    }

    /// Returns the digits of the integer in `text`.
    fn digits(&mut self, text: &str) -> Result<String, &'static str> {
        const NONE: &str = "no count";
        let is_blank = |c: char| c.is_whitespace() || matches!(c, '\'' | '\u{2019}' | '_');
        let marks: String = text.chars().filter(|c| !c.is_ascii_digit()).collect();
        let Some(last) = marks.chars().next_back() else { return Ok(text.to_owned()) };
        let is_repeated = marks.chars().count() > 1 && marks.chars().all(|mark| mark == last);

        let (whole, fraction) = match last {
            '.' | ',' if !is_repeated => {
                let (whole, fraction) = text.rsplit_once(last).ok_or(NONE)?;
                let is_alone = marks.len() == 1;
                if is_alone && self.separates_thousands(last, whole, fraction)? {
                    (text, "")
                } else {
                    self.decimal = Some(last);
                    (whole, fraction)
                }
            }
            _ => (text, ""),
        };
        if !fraction.chars().all(|c| c == '0') || (fraction.is_empty() && whole.len() < text.len()) {
            return Err("no count: a count is a whole number");
        }
        let mut separators = whole.chars().filter(|c| !c.is_ascii_digit());
        if let Some(separator) = separators.next() {
            let groups: Vec<&str> = whole.split(separator).collect();
            let is_grouped =
                groups.iter().skip(1).all(|group| group.len() == 3) && (1..=3).contains(&groups[0].len());
            if !is_grouped || !(is_blank(separator) || matches!(separator, '.' | ',')) {
                return Err(NONE);
            }
            if matches!(separator, '.' | ',') {
                self.thousands = Some(separator);
            }
            if groups.iter().any(|group| !group.bytes().all(|byte| byte.is_ascii_digit())) {
                return Err(NONE);
            }
        }
        if self.thousands.is_some() && self.thousands == self.decimal {
            return Err("not certain: other counts of this file use the same sign in another way");
        }
        Ok(whole.chars().filter(char::is_ascii_digit).collect())
    }

    /// Returns whether `mark`, the only one in a text, separates thousands rather than a fraction.
    fn separates_thousands(&self, mark: char, whole: &str, fraction: &str) -> Result<bool, &'static str> {
        let can_be = fraction.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
        if !can_be || self.decimal == Some(mark) {
            return Ok(false);
        }
        if mark == self.conventional || self.thousands == Some(mark) {
            return Ok(true);
        }
        Err("not certain: is it a fraction, or thousands?")
    }
}

impl Default for Counts {
    fn default() -> Self {
        Self::of_table(b',')
    }
}

/// Returns whether a trimmed text stands for a missing value, as data frames and databases write it.
pub(super) fn is_nothing(text: &str) -> bool {
    matches!(
        text,
        "" | "NaN"
            | "nan"
            | "NaT"
            | "null"
            | "NULL"
            | "Null"
            | "None"
            | "NA"
            | "<NA>"
            | "N/A"
            | "#N/A"
            | "\\N"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Parses the counts of one file. Returns the index of the first wrong one otherwise.
    fn read(delimiter: u8, texts: &[&str]) -> Result<Vec<Option<u64>>, usize> {
        let mut counts = Counts::of_table(delimiter);
        texts.iter().enumerate().map(|(index, text)| counts.read(text).map_err(|_| index)).collect()
    }

    #[test]
    fn counts_are_read_as_programs_write_them() {
        for (delimiter, text, count) in [
            (b',', "7", 7),
            (b',', " 7 ", 7),
            (b',', "007", 7),
            (b',', "7.0", 7),
            (b',', "7.00", 7),
            (b';', "7,0", 7),
            (b';', "7.0", 7),
            (b',', "1,234", 1234),
            (b';', "1.234", 1234),
            (b'\t', "1,234,567", 1_234_567),
            (b',', "1.234.567", 1_234_567),
            (b',', "1,234.0", 1234),
            (b';', "1.234,00", 1234),
            (b',', "1 234 567", 1_234_567),
            (b',', "1\u{a0}234", 1234),
            (b',', "1\u{202f}234", 1234),
            (b';', "1'234", 1234),
            (b';', "1\u{2019}234", 1234),
            (b',', "9223372036854775807", 9_223_372_036_854_775_807),
        ] {
            assert_eq!(read(delimiter, &[text]), Ok(vec![Some(count)]), "{text}");
        }
        for nothing in ["", " ", "NaN", "null", "None", "<NA>"] {
            assert_eq!(read(b',', &[nothing]), Ok(vec![None]));
        }
    }

    #[test]
    fn what_is_no_count_or_not_certain_is_refused() {
        for (delimiter, text) in [
            (b',', "-1"),
            (b',', "+1"),
            (b',', "7.5"),
            (b',', "7."),
            (b',', ".0"),
            (b',', "7.000"),
            (b',', "1.234"),
            (b';', "1,234"),
            (b';', "7,000"),
            (b',', "1,23"),
            (b',', "1,2345"),
            (b',', "12 34"),
            (b',', "1234,567"),
            (b',', ",123"),
            (b',', "1,234,56"),
            (b',', "1e3"),
            (b',', "1E+05"),
            (b',', "7%"),
            (b',', "many"),
            (b',', "0x10"),
            (b',', "\u{661}"),
            (b',', "9223372036854775808"),
            (b',', "99999999999999999999999"),
        ] {
            assert_eq!(read(delimiter, &[text]), Err(0), "{text}");
        }
    }

    #[test]
    fn one_sign_means_one_thing_in_a_file() {
        assert_eq!(read(b';', &["1.234", "5.0"]), Err(1));
        assert_eq!(read(b',', &["5.0", "1.000"]), Ok(vec![Some(5), Some(1)]));
        assert_eq!(read(b',', &["1.234.567", "1.234"]), Ok(vec![Some(1_234_567), Some(1234)]));
        assert_eq!(read(b',', &["1,234", "5.0", "2,000.0"]), Ok(vec![Some(1234), Some(5), Some(2000)]));
    }

    proptest! {
        #[test]
        fn every_count_is_read_from_every_writing(count in 0..=UsageRecord::MAX_COUNT, thousands in "[,' ]") {
            let digits = count.to_string();
            let mut grouped = String::new();
            for (index, digit) in digits.chars().enumerate() {
                if index > 0 && (digits.len() - index) % 3 == 0 {
                    grouped.push_str(&thousands);
                }
                grouped.push(digit);
            }
            for text in [&digits, &format!("{digits}.0"), &grouped] {
                prop_assert_eq!(Counts::default().read(text), Ok(Some(count)), "{}", text);
            }
        }

        #[test]
        fn nothing_panics(texts in proptest::collection::vec("[0-9., '\u{a0}eE+-]{0,12}", 0..4)) {
            let mut counts = Counts::default();
            for text in texts {
                let _ = counts.read(&text);
            }
        }
    }
}
