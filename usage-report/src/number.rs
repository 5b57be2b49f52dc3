//! Numbers as people read them: the one style of counts and fractions in sentences, tables, pages and pictures.
//!
//! - Counts have a comma before each group of three digits: `1,234,567`.
//! - Fractions are written in per cent, with a space before the sign and three digits, of which at most two are behind the
//!   point: `6.67 %`, `66.7 %`, `667 %`; more digits have commas: `1,074 %`. What is not zero never reads as zero (`< 0.01 %`), and what is less than all never
//!   as all (`99.9 %`).

/// Returns `count` with a comma before each group of three digits.
///
/// ```
/// assert_eq!(usage_report::number::grouped(1_234_567), "1,234,567");
/// ```
pub fn grouped(count: u128) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns the fraction `part` in per cent.
///
/// ```
/// use usage_report::number::percent;
///
/// assert_eq!([0.0667, 0.667, 6.67].map(percent), ["6.67 %", "66.7 %", "667 %"]);
/// assert_eq!([0.0, 0.000_01, 0.9999].map(percent), ["0.00 %", "< 0.01 %", "99.9 %"]);
/// ```
pub fn percent(part: f64) -> String {
    let percent = part * 100.0;
    match percent.abs() {
        size if (99.95..100.0).contains(&size) => format!("{:.1} %", 99.9_f64.copysign(percent)),
        size if size >= 999.5 => {
            let sign = if percent < 0.0 { "-" } else { "" };
            format!("{sign}{} %", grouped(whole(size)))
        }
        size if size >= 99.95 => format!("{percent:.0} %"),
        size if size >= 9.995 => format!("{percent:.1} %"),
        size if size > 0.0 && size < 0.005 => "< 0.01 %".into(),
        _ => format!("{percent:.2} %"),
    }
}

/// Returns the nearest whole number.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is too large saturates")]
fn whole(size: f64) -> u128 {
    size.round() as u128
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_have_three_digits() {
        for (part, text) in [
            (0.0, "0.00 %"),
            (0.000_01, "< 0.01 %"),
            (0.000_05, "0.01 %"),
            (0.0123, "1.23 %"),
            (0.099_94, "9.99 %"),
            (0.099_96, "10.0 %"),
            (0.1234, "12.3 %"),
            (0.9994, "99.9 %"),
            (0.999_999, "99.9 %"),
            (1.0, "100 %"),
            (1.5, "150 %"),
            (9.994, "999 %"),
            (9.996, "1,000 %"),
            (12_345.678, "1,234,568 %"),
            (-10.74, "-1,074 %"),
            (-0.25, "-25.0 %"),
            (-0.999_9, "-99.9 %"),
        ] {
            assert_eq!(percent(part), text, "{part}");
        }
    }

    #[test]
    fn groups_have_three_digits() {
        for (count, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (999_999, "999,999")] {
            assert_eq!(grouped(count), text);
        }
        assert_eq!(grouped(u128::from(u64::MAX)), "18,446,744,073,709,551,615");
    }
}
