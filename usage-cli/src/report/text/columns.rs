//! Which columns a list has in the terminal. What is narrow loses first the bar of the share, then the trend, then the
//! rates, and shortens names last.

use unicode_width::UnicodeWidthStr;

use crate::report::text::Page;
use crate::report::text::lists::Line;
use crate::text::number::count;

/// How wide a bar, a rate, a share and the gap between columns are.
const BAR: usize = 12;
const RATE: usize = 10;
const SHARE: usize = 8;
const GAP: usize = 2;

/// How wide a trend is: at least enough to be seen, at most a month day by day.
const NARROWEST_TREND: usize = 8;
const WIDEST_TREND: usize = 31;

/// From which width on there are rates, and how much of a name is kept in any case.
const WITH_RATES: usize = 56;
const SHORTEST_NAME: usize = 12;

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
    /// Returns the columns of `lines`, with a trend if each has its day.
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
