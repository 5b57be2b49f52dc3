//! Turns facts into rows: filter, bucket, group, sum.

use std::collections::{BTreeMap, BTreeSet};

use usage_core::Date;
use usage_core::model::HttpMethod;

use crate::key::{Key, METHODS};
use crate::order::{SortBy, sort};
use crate::world::{Counts, Fact, World, method_of};

/// A parsed query of any family.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// First and last UTC day, inclusive.
    pub(crate) days: (Date, Date),
    pub(crate) filter: Filter,
    pub(crate) bucket: Option<Bucket>,
    pub(crate) grouping: Grouping,
    pub(crate) columns: Columns,
    /// The order of the rows. Ties are in the order of the keys.
    pub(crate) sort: Vec<SortBy>,
    /// Maximum number of rows.
    pub(crate) max_rows: usize,
}

/// Which facts count. `None` matches everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) clients: Option<BTreeSet<u16>>,
    pub(crate) methods: Option<Vec<HttpMethod>>,
    pub(crate) templates: Option<BTreeSet<u16>>,
    pub(crate) users: Option<BTreeSet<u16>>,
    pub(crate) platforms: Option<BTreeSet<u8>>,
    /// Whether the platform's own clients count.
    pub(crate) internal: bool,
}

impl Filter {
    fn passes(&self, fact: &Fact) -> bool {
        let method = || method_of(fact.template, fact.method);
        self.clients.as_ref().is_none_or(|clients| clients.contains(&fact.client))
            && self.templates.as_ref().is_none_or(|templates| templates.contains(&fact.template))
            && self
                .methods
                .as_ref()
                .is_none_or(|methods| method().is_some_and(|method| methods.contains(method)))
            && self.users.as_ref().is_none_or(|users| fact.user.is_some_and(|user| users.contains(&user)))
            && self.platforms.as_ref().is_none_or(|platforms| platforms.contains(&fact.platform))
    }

    /// Returns the client, if the filter matches exactly one.
    fn single_client(&self) -> Option<u16> {
        self.clients.as_ref().filter(|clients| clients.len() == 1)?.first().copied()
    }
}

/// The time buckets of a granularity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bucket {
    Day,
    /// From Monday to Sunday.
    Week,
    Month,
}

impl Bucket {
    /// Returns the first day of the bucket that holds `day`. It may lie before the query's interval.
    fn first_day(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Week => day.plus_days(1 - i64::from(day.weekday())),
            Self::Month => day.first_of_month(),
        }
    }
}

/// The dimensions that the rows are grouped by.
#[expect(clippy::struct_excessive_bools, reason = "one flag a dimension")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Grouping {
    pub(crate) client: bool,
    pub(crate) organization: bool,
    pub(crate) user: bool,
    pub(crate) template: bool,
    pub(crate) method: bool,
    pub(crate) platform: bool,
}

/// The members of a row that are not dimensions, and which members describe the client.
#[expect(clippy::struct_excessive_bools, reason = "one flag a member of the row")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Columns {
    /// A query shows a client's id and name, a simple search the name, a job what it groups by.
    pub(crate) client_id: bool,
    pub(crate) client_name: bool,
    pub(crate) requests: bool,
    pub(crate) status200: bool,
    pub(crate) status300: bool,
    pub(crate) status400: bool,
    pub(crate) status500: bool,
    pub(crate) status429: bool,
}

/// Returns the rows of `plan` in a stable order. Days without data have none.
pub(crate) fn aggregate(world: &World, plan: &Plan) -> Vec<(Key, Counts)> {
    let mut rows: BTreeMap<Key, Counts> = BTreeMap::new();
    let only = plan.filter.single_client();
    let (mut day, last) = plan.days;
    while day <= last {
        let date = plan.bucket.map(|bucket| bucket.first_day(day));
        let mut count = |fact| {
            if plan.filter.passes(&fact) {
                *rows.entry(key(date, &fact, plan.grouping)).or_default() += fact.counts;
            }
        };
        world.visit_day(day, only, &mut count);
        if plan.filter.internal {
            world.visit_internal_day(day, only, &mut count);
        }
        let next = day.plus_days(1);
        if next == day {
            break;
        }
        day = next;
    }
    let mut rows: Vec<_> = rows.into_iter().collect();
    sort(world, &plan.sort, &mut rows);
    rows.truncate(plan.max_rows);
    rows
}

fn key(date: Option<Date>, fact: &Fact, grouping: Grouping) -> Key {
    let method = || {
        let method = method_of(fact.template, fact.method)?;
        (0u8..).zip(METHODS).find(|(_, known)| *known == method).map(|(index, _)| index)
    };
    Key {
        date,
        client: grouping.client.then_some(fact.client),
        template: grouping.template.then_some(fact.template),
        method: if grouping.method { method() } else { None },
        user: if grouping.user { fact.user } else { None },
        platform: grouping.platform.then_some(fact.platform),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plan(first: &str, days: i64, bucket: Option<Bucket>, flags: u8) -> Plan {
        let first: Date = first.parse().unwrap();
        let flag = |n: u8| flags & (1 << n) != 0;
        Plan {
            days: (first, first.plus_days(days - 1)),
            filter: Filter::default(),
            bucket,
            grouping: Grouping {
                client: flag(0),
                organization: flag(1),
                user: flag(2),
                template: flag(3),
                method: flag(4),
                platform: flag(5),
            },
            columns: Columns {
                client_id: true,
                client_name: true,
                requests: true,
                status200: true,
                status300: true,
                status400: true,
                status500: true,
                status429: true,
            },
            sort: Vec::new(),
            max_rows: usize::MAX,
        }
    }

    fn total(rows: &[(Key, Counts)]) -> Counts {
        let mut total = Counts::default();
        for (_, counts) in rows {
            total += *counts;
        }
        total
    }

    #[test]
    fn buckets_begin_on_monday_and_on_the_first() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        assert_eq!(Bucket::Week.first_day(day("2026-07-01")), day("2026-06-29"));
        assert_eq!(Bucket::Week.first_day(day("2026-06-29")), day("2026-06-29"));
        assert_eq!(Bucket::Week.first_day(day("2026-07-05")), day("2026-06-29"));
        assert_eq!(Bucket::Month.first_day(day("2026-07-31")), day("2026-07-01"));
        assert_eq!(Bucket::Day.first_day(day("2026-07-31")), day("2026-07-31"));
    }

    #[test]
    fn filters_divide_the_whole() {
        let world = World::new(2, "own");
        let all = plan("2026-07-01", 3, None, 0b10001);
        let whole = aggregate(&world, &all);
        let mut sum = Counts::default();
        for method in METHODS {
            let filter = Filter { methods: Some(vec![method.clone()]), ..Filter::default() };
            sum += total(&aggregate(&world, &Plan { filter, ..all.clone() }));
        }
        assert_eq!(sum, total(&whole));
        let filter = Filter { clients: Some([4, 5].into()), ..Filter::default() };
        let two = aggregate(&world, &Plan { filter, ..all.clone() });
        let wanted: Vec<_> = whole.into_iter().filter(|(key, _)| matches!(key.client, Some(4 | 5))).collect();
        assert_eq!(two, wanted);
    }

    #[test]
    fn the_platforms_own_clients_count_only_if_asked_for() {
        let world = World::new(2, "own");
        let all = plan("2026-07-01", 3, None, 1);
        let is_internal = |(key, _): &(Key, Counts)| {
            key.client.and_then(|client| world.client(client)).is_some_and(|client| client.internal)
        };
        let without = aggregate(&world, &all);
        assert!(!without.iter().any(is_internal));
        let filter = Filter { internal: true, ..Filter::default() };
        let (own, others): (Vec<_>, Vec<_>) =
            aggregate(&world, &Plan { filter, ..all }).into_iter().partition(is_internal);
        assert_eq!((own.len(), others), (2, without));
    }

    #[test]
    fn the_end_of_the_calendar_does_not_panic() {
        let end = Date::new(9998, 12, 31).unwrap();
        let plan = Plan { days: (end, end), ..plan("2026-07-01", 1, Some(Bucket::Day), 0) };
        assert_eq!(aggregate(&World::new(1, "own"), &plan).len(), 1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn totals_do_not_depend_on_the_grouping(
            seed in 0u64..4, days in 1i64..9, flags in 0u8..64, internal: bool,
            bucket in prop::sample::select(vec![None, Some(Bucket::Day), Some(Bucket::Week), Some(Bucket::Month)]),
        ) {
            let world = World::new(seed, "own");
            let filter = Filter { internal, ..Filter::default() };
            let plain = Plan { filter: filter.clone(), ..plan("2026-06-27", days, None, 0) };
            let plain = aggregate(&world, &plain);
            prop_assert_eq!(plain.len(), 1);
            let grouped = aggregate(&world, &Plan { filter, ..plan("2026-06-27", days, bucket, flags) });
            prop_assert_eq!(total(&grouped), total(&plain));
            prop_assert!(grouped.windows(2).all(|pair| pair[0].0 < pair[1].0), "no key twice");
        }
    }
}
