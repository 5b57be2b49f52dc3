//! How traffic changes with the day of the week and over the years, in thousandths.

use usage_core::Date;

use super::clients::Rhythm;

/// Returns the share of an average working day.
pub(super) fn weekday_permille(rhythm: Rhythm, day: Date) -> u64 {
    let week: [u64; 7] = match rhythm {
        Rhythm::Office => [1_060, 1_020, 1_000, 990, 930, 90, 40],
        Rhythm::Centre => [1_120, 1_040, 1_000, 990, 960, 420, 230],
        Rhythm::Scheduled => [1_000, 1_000, 1_000, 1_000, 1_000, 960, 940],
    };
    usize::try_from(day.weekday() - 1).ok().and_then(|index| week.get(index)).copied().unwrap_or(1_000)
}

/// Returns the growth since the start of 2024: a fifth of that year's traffic each year.
pub(super) fn growth_permille(day: Date) -> u64 {
    let years_end = i64::from(day.year() - 2024) * 200;
    let in_year = i64::from(day.month() - 1) * 200 / 12 + i64::from(day.day()) * 200 / 372;
    u64::try_from((1_000 + years_end + in_year).clamp(300, 4_000)).unwrap_or(1_000)
}
