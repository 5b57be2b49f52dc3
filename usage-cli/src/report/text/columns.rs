//! The columns of a list in the terminal. In a narrow one, first the bar of the share is left out, then the trend, then the
//! rates, and names are shortened last.

use unicode_width::UnicodeWidthStr;
use usage_report::Counts;

use crate::report::text::Page;
use crate::text::number::count;

/// The widths of a bar, a rate, a share and the gap between columns.
const BAR: usize = 12;
const RATE: usize = 10;
const SHARE: usize = 8;
const GAP: usize = 2;

/// The least and the greatest width of a trend: a month day by day.
const NARROWEST_TREND: usize = 8;
const WIDEST_TREND: usize = 31;

/// The least width of a line with rates, and the least width of a name.
const WITH_RATES: usize = 56;
const SHORTEST_NAME: usize = 12;

/// A line of a list.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) counts: Counts,
    /// The share of all requests, or of what the heading names.
    pub(super) share: Option<f64>,
    /// The requests of each bucket; empty for the sum of the others.
    pub(super) series: Vec<Option<u64>>,
}

/// The widths of columns; 0 is a column that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) name: usize,
    pub(super) requests: usize,
    pub(super) bar: usize,
    pub(super) share: usize,
    pub(super) rate: usize,
    pub(super) trend: usize,
}

impl Columns {
    /// Returns the columns of `lines`. There is a trend only if the buckets have dates.
    pub(super) fn of(lines: &[Line], page: &Page, is_dated: bool) -> Self {
        let requests = lines.iter().map(|line| count(line.counts.requests).len()).max().unwrap_or(0).max(8);
        let widest = lines.iter().map(|line| line.name.width()).max().unwrap_or(0);
        let has_rates =
            lines.iter().any(|line| line.counts.status400.is_some() || line.counts.status429.is_some());
        let has_trend = is_dated && lines.iter().any(|line| line.series.len() > 1);
        let whole = Self {
            name: widest,
            requests,
            bar: BAR,
            share: SHARE,
            rate: if has_rates { RATE } else { 0 },
            trend: if has_trend { WIDEST_TREND } else { 0 },
        };
        if page.is_free { whole } else { whole.within(page.width) }
    }

    /// Returns the columns that lines of `width` have room for. A name takes at most half of a line.
    fn within(self, width: usize) -> Self {
        let rate = if width >= WITH_RATES { self.rate } else { 0 };
        let left = width.saturating_sub(3 * GAP + self.requests + self.share + 2 * rate);
        let name = self.name.min(left.min(width / 2).max(SHORTEST_NAME));
        let left = left.saturating_sub(name);
        let trend = self.trend.min(left.saturating_sub(GAP));
        let trend = if trend < NARROWEST_TREND { 0 } else { trend };
        let left = left.saturating_sub(if trend > 0 { GAP + trend } else { 0 });
        let bar = if left > self.bar { self.bar } else { 0 };
        Self { name, bar, rate, trend, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Columns =
        Columns { name: 36, requests: 9, bar: BAR, share: SHARE, rate: RATE, trend: WIDEST_TREND };

    #[test]
    fn what_is_narrow_loses_columns_in_order() {
        let of = |width| {
            let Columns { name, bar, rate, trend, .. } = WHOLE.within(width);
            (name, trend, rate, bar)
        };
        assert_eq!(of(125), (36, 31, 10, 13 - 1));
        assert_eq!(of(124), (36, 31, 10, 0));
        // An id of 36 characters is whole in 80 columns.
        assert_eq!(of(90), (36, 9, 10, 0));
        assert_eq!(of(80), (36, 0, 10, 0));
        assert_eq!(of(60), (17, 0, 10, 0));
        assert_eq!(of(55), (27, 0, 0, 0));
        assert_eq!(of(20), (12, 0, 0, 0));
    }
}
