//! Thresholds as the command line has them.

use std::fmt;
use std::str::FromStr;

/// A fraction, written as a percentage: `80%`, `0.5%`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Percent(pub(crate) f64);

impl FromStr for Percent {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
        let percent = number.filter(|number| number.is_finite() && *number > 0.0 && *number <= 10_000.0);
        percent.map(|number| Self(number / 100.0)).ok_or("write a share as 80% or 0.5%")
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.2}", self.0 * 100.0);
        write!(f, "{}%", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl Percent {
    /// Returns it with all of its digits and without the sign, as thresholds are written.
    pub(crate) fn digits(self) -> String {
        let text = format!("{:.6}", self.0 * 100.0);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

/// A factor of the usual value, written `3x` or `2.5x`; more than 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(crate) struct Factor(pub(crate) f64);

impl FromStr for Factor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = text.strip_suffix('x').and_then(|number| number.trim().parse::<f64>().ok());
        let factor = number.filter(|number| *number > 1.0 && *number <= 1_000_000.0);
        factor.map(Self).ok_or("write a factor above 1 as 3x or 2.5x")
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.2}", self.0);
        write!(f, "{}x", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_parsed_and_written() {
        for (text, shown) in [("80%", "80%"), ("0.5 %", "0.5%"), ("100.00%", "100%"), ("120%", "120%")] {
            assert_eq!(text.parse::<Percent>().unwrap().to_string(), shown);
        }
        for text in ["80", "", "%", "-1%", "0%", "NaN%", "inf%", "1e9%"] {
            assert!(text.parse::<Percent>().is_err(), "{text}");
        }
    }

    #[test]
    fn factors_are_parsed_and_written() {
        for (text, shown) in [("3x", "3x"), ("2.50x", "2.5x"), ("1.01 x", "1.01x")] {
            assert_eq!(text.parse::<Factor>().unwrap().to_string(), shown);
        }
        for text in ["3", "", "x", "1x", "0.5x", "-3x", "NaNx", "infx", "3%"] {
            assert!(text.parse::<Factor>().is_err(), "{text}");
        }
    }
}
