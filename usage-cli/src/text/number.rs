//! Numbers for people, in the style of [`usage_report::number`].

use usage_report::Change;

pub(crate) use usage_report::number::{grouped, percent};

/// A count, or a dash if it is absent.
pub(crate) fn count(count: Option<u64>) -> String {
    count.map_or_else(|| "–".into(), |count| grouped(count.into()))
}

/// A rate, or a dash if it is absent.
pub(crate) fn rate(rate: Option<f64>) -> String {
    rate.map_or_else(|| "–".into(), percent)
}

/// `+1,234`, `−56` or `±0`.
pub(crate) fn signed(difference: i64) -> String {
    let size = grouped(difference.unsigned_abs().into());
    match difference {
        0 => "±0".into(),
        1.. => format!("+{size}"),
        _ => format!("−{size}"),
    }
}

/// Formats the growth of a number: `+19.8 %`; `new` if there was none before, `gone` if there is none now.
pub(crate) fn growth(change: &Change) -> String {
    match (change.growth, change.difference) {
        (_, 0) => "±0 %".into(),
        (None, _) => "new".into(),
        (Some(_), _) if change.current.unwrap_or(0) == 0 => "gone".into(),
        (Some(growth), 1..) => format!("+{}", percent(growth)),
        (Some(growth), _) => format!("−{}", percent(growth.abs())),
    }
}

/// `1234567` as `1.2M`: for axes, where room is short.
#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
pub(crate) fn short(count: u64) -> String {
    let (size, unit) = match count {
        0..1_000 => return count.to_string(),
        1_000..1_000_000 => (count as f64 / 1e3, "k"),
        1_000_000..1_000_000_000 => (count as f64 / 1e6, "M"),
        _ => (count as f64 / 1e9, "G"),
    };
    let digits = usize::from(size < 10.0 && (size * 10.0).round() % 10.0 != 0.0);
    format!("{size:.digits$}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_are_short() {
        for (count, text) in
            [(0, "0"), (999, "999"), (1_500, "1.5k"), (2_000, "2k"), (25_000, "25k"), (3_200_000, "3.2M")]
        {
            assert_eq!(short(count), text);
        }
        assert_eq!((signed(-1_234), signed(0), signed(5)), ("−1,234".into(), "±0".into(), "+5".into()));
    }
}
