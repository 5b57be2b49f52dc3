//! Queries whose results the service cuts off, and how they are divided so that it does not.

use usage_core::query::{
    ClientJob, ClientQuery, ClientSummary, OrganizationJob, OrganizationQuery, SimpleSearch,
};
use usage_core::{Date, Interval, UsageQuery};

/// A query that may be divided by days.
pub(crate) trait Divisible: UsageQuery {
    /// The rows at which the service ends a result without saying so; `None` if no such limit is known.
    const MAX_ROWS: Option<u32> = None;

    /// Two queries of half the days each, which together are this one; `None` for a single day.
    fn halves(&self) -> Option<[Self; 2]> {
        None
    }

    /// The days that it is about, for people.
    fn extent(&self) -> String {
        String::new()
    }

    /// The one day that it is about; `None` if there are several.
    fn single_day(&self) -> Option<Date> {
        None
    }

    /// Whether a result of so many rows may lack some.
    fn may_be_cut_off(rows: usize) -> bool {
        Self::MAX_ROWS.is_some_and(|max| rows >= max as usize)
    }
}

impl Divisible for OrganizationQuery {}
impl Divisible for ClientQuery {}
impl Divisible for ClientSummary {}
impl Divisible for OrganizationJob {}
impl Divisible for ClientJob {}

impl Divisible for SimpleSearch {
    const MAX_ROWS: Option<u32> = Some(Self::MAX_RECORDS);

    fn halves(&self) -> Option<[Self; 2]> {
        let of = |interval| {
            let mut half = self.clone();
            half.interval = interval;
            half
        };
        <[Interval; 2]>::try_from(self.interval.split(self.interval.days().div_ceil(2)))
            .ok()
            .map(|halves| halves.map(of))
    }

    fn single_day(&self) -> Option<Date> {
        Some(self.interval.first_day()).filter(|first| *first == self.interval.last_day())
    }

    fn extent(&self) -> String {
        match (self.interval.first_day(), self.interval.last_day()) {
            (first, last) if first == last => first.to_string(),
            (first, last) => format!("{first} to {last}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use usage_core::Date;

    use super::*;

    #[test]
    fn a_single_day_has_no_halves() {
        for interval in ["2026-07-01/2026-07-01", "2026-07-01T00:00:00Z/2026-07-01T23:59:59Z"] {
            assert!(SimpleSearch::new(interval.parse().unwrap()).halves().is_none(), "{interval}");
        }
        assert!(!OrganizationQuery::may_be_cut_off(usize::MAX));
        assert!(SimpleSearch::may_be_cut_off(20_000) && !SimpleSearch::may_be_cut_off(19_999));
    }

    proptest! {
        /// However often a search is divided, its days are searched once each, and by the same filters.
        #[test]
        fn halves_of_halves_are_the_whole(first in 738_000i64..742_000, days in 1i64..400, exact: bool) {
            let first = Date::new(1, 1, 1).unwrap().plus_days(first);
            let last = first.plus_days(days - 1);
            let time = if exact { "" } else { "T00:00:00.000Z" };
            let text = format!("{first}{time}/{last}{time}");
            let search = SimpleSearch::new(text.parse().unwrap()).with_template_uris(["api/v2/users"]);
            let (mut to_do, mut single) = (vec![search], Vec::new());
            while let Some(search) = to_do.pop() {
                match search.halves() {
                    Some(halves) => to_do.extend(halves.into_iter().rev()),
                    None => single.push(search),
                }
            }
            prop_assert_eq!(i64::try_from(single.len()), Ok(days));
            for (place, search) in (0i64..).zip(&single) {
                let day = first.plus_days(place);
                prop_assert_eq!((search.interval.first_day(), search.interval.last_day()), (day, day));
                prop_assert_eq!(&search.template_uris, &["api/v2/users".to_owned()]);
            }
        }
    }
}
