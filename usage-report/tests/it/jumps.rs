//! Days of a client that are far from its usual ones, and clients that are new.

use proptest::prelude::*;
use usage_core::{Date, UsageRecord, UsageTable};
use usage_report::{ClientDays, JumpOptions, Period};

use crate::support::{date, period, row, table};

fn days(rows: &UsageTable, known: Period) -> ClientDays {
    let mut days = ClientDays::new(known);
    days.add(rows);
    days
}

/// A client of office days: five days of 1,000, two of nothing, for eight weeks from Monday, 2026-06-01, on.
fn office(last: u64) -> (UsageTable, Period) {
    let known = period("2026-06-01", "2026-07-26");
    let rows = known.iter().filter_map(|day| {
        let requests = if day == known.last_day() { last } else { 1_000 };
        (day.weekday() <= 5 || day == known.last_day()).then(|| row(day, "Office", "a", requests))
    });
    (table(rows), known)
}

#[test]
fn a_day_is_held_against_its_own_weekday() {
    let known = period("2026-06-01", "2026-07-26");
    // 10,000 every Monday, 100 on other days: no Monday is a jump, and a Tuesday like a Monday is.
    let rows = known.iter().map(|day| {
        let requests = if day.weekday() == 1 || day == date("2026-07-21") { 10_000 } else { 100 };
        row(day, "Weekly", "a", requests)
    });
    let jumps = days(&table(rows), known).jumps(known, &JumpOptions::default());
    assert_eq!(jumps.iter().map(|jump| jump.date).collect::<Vec<_>>(), [date("2026-07-21")]);
    assert_eq!(
        (jumps[0].requests, jumps[0].excess(), jumps[0].client.label()),
        (10_000, 9_900, Some("Weekly"))
    );
}

#[test]
fn a_weekday_that_is_always_quiet_is_held_against_the_other_days() {
    let sunday = |requests| {
        let (rows, known) = office(requests);
        days(&rows, known).jumps(known.last_day().into(), &JumpOptions::default())
    };
    assert!(sunday(1_000).is_empty());
    assert_eq!(sunday(4_000).len(), 1);
}

#[test]
fn a_factor_and_a_least_number_of_requests_decide() {
    let (rows, known) = office(4_000);
    let jumps = |options: &JumpOptions| days(&rows, known).jumps(known, options).len();
    assert_eq!(jumps(&JumpOptions::default().with_factor(4.0)), 1);
    assert_eq!(jumps(&JumpOptions::default().with_factor(4.1)), 0);
    assert_eq!(jumps(&JumpOptions::default().with_min_excess(3_000)), 1);
    assert_eq!(jumps(&JumpOptions::default().with_min_excess(3_001)), 0);
}

#[test]
fn a_client_that_began_lately_is_new_and_does_not_jump() {
    let (rows, known) = office(1_000);
    let begun = date("2026-07-22");
    let mut days = days(&rows, known);
    days.add(&table([row(begun, "Bot", "a", 90_000), row(begun.plus_days(1), "Bot", "a", 10_000)]));
    days.add(&table([row(begun, "Other", "a", 5)]));
    assert!(days.jumps(known, &JumpOptions::default()).is_empty());
    let tested = period("2026-07-20", "2026-07-26");
    let new: Vec<_> =
        days.new_clients(tested).into_iter().map(|new| (new.name, new.requests, new.date)).collect();
    assert_eq!(
        new,
        [(Some("Bot".into()), Some(100_000), Some(begun)), (Some("Other".into()), Some(5), Some(begun))]
    );
    // With no day before, nobody can be new.
    assert!(days.new_clients(known).is_empty());
    assert!(days.new_clients(period("2027-01-01", "2027-01-02")).is_empty());
}

#[test]
fn in_a_short_history_all_earlier_days_without_jumps_are_the_usual() {
    let known = period("2026-10-29", "2026-11-27");
    let (first, last) = (date("2026-11-06"), date("2026-11-18"));
    let rows = known
        .iter()
        .map(|day| row(day, "Loader", "a", if day >= first && day <= last { 260_000 } else { 40_000 }));
    let days = days(&table(rows), known);
    assert!(days.jumps(known, &JumpOptions::default()).is_empty());
    let mut found: Vec<_> =
        days.jumps(known, &JumpOptions::default().with_min_days(8)).iter().map(|jump| jump.date).collect();
    found.sort();
    assert_eq!(found, period("2026-11-06", "2026-11-18").iter().collect::<Vec<_>>());
    // The first day has 8 days before it.
    assert_eq!(days.jumps(known, &JumpOptions::default().with_min_days(9)).len(), 12);
}

#[test]
fn a_weekly_batch_is_no_jump_in_a_short_history() {
    for start in 0..7 {
        for length in 8..=30 {
            let first = date("2026-09-07").plus_days(start);
            let known = Period::new(first, first.plus_days(length - 1)).unwrap();
            for batch in [&[1][..], &[6, 7], &[1, 2, 3, 4, 5]] {
                let requests = |day: Date| if batch.contains(&day.weekday()) { 9_000 } else { 500 };
                let rows = known.iter().map(|day| row(day, "Batch", "a", requests(day)));
                let jumps = days(&table(rows), known).jumps(known, &JumpOptions::default().with_min_days(7));
                assert_eq!(jumps, [], "{batch:?} in {known}");
            }
        }
    }
}

#[test]
fn a_jump_in_a_short_history_is_held_against_its_own_weekday() {
    // 9,000 on Mondays, 500 on other days: 20,000 on the second Monday is no jump, and 9,000 on a Tuesday is.
    let known = period("2026-09-07", "2026-09-20");
    let jumps = |odd: &str, requests: u64| {
        let usual = |day: Date| if day.weekday() == 1 { 9_000 } else { 500 };
        let rows = known
            .iter()
            .map(|day| row(day, "Batch", "a", if day == date(odd) { requests } else { usual(day) }));
        days(&table(rows), known).jumps(known, &JumpOptions::default().with_min_days(7))
    };
    assert!(jumps("2026-09-14", 20_000).is_empty());
    let tuesday = jumps("2026-09-15", 9_000);
    assert!(tuesday.len() == 1 && (tuesday[0].usual - 500.0).abs() < 1e-9, "{tuesday:?}");
    let monday = jumps("2026-09-14", 90_000);
    assert!(monday.len() == 1 && (monday[0].usual - 9_000.0).abs() < 1e-9, "{monday:?}");
}

#[test]
fn a_monthly_batch_jumps_in_the_first_month_only() {
    let known = period("2026-08-01", "2026-11-30");
    for is_batch in
        [|day: Date| day.day() == 1, |day: Date| day == day.last_of_month(), |day: Date| day.day() == 15]
    {
        let rows =
            known.iter().map(|day| row(day, "Billing", "a", if is_batch(day) { 50_000 } else { 1_000 }));
        let jumps = days(&table(rows), known).jumps(known, &JumpOptions::default());
        let found: Vec<_> = jumps.iter().map(|jump| jump.date).collect();
        assert!(found.len() <= 1 && found.iter().all(|date| date.month() == 8), "{found:?}");
    }
    // Ten times the batch of the month before is a jump.
    let requests = |day: Date| match (day.month(), day.day()) {
        (11, 1) => 500_000,
        (_, 1) => 50_000,
        _ => 1_000,
    };
    let rows = known.iter().map(|day| row(day, "Billing", "a", requests(day)));
    let jumps = days(&table(rows), known).jumps(known, &JumpOptions::default());
    assert_eq!(jumps.iter().map(|jump| jump.date).collect::<Vec<_>>(), [date("2026-11-01")]);
}

#[test]
fn a_client_has_its_latest_name() {
    let known = period("2026-07-01", "2026-07-10");
    let old = row(date("2026-07-02"), "Old", "a", 1);
    let new = UsageRecord { client_id: old.client_id.clone(), ..row(date("2026-07-05"), "New", "a", 1) };
    for rows in [[old.clone(), new.clone()], [new, old]] {
        let names: Vec<_> = days(&table(rows), known)
            .new_clients(period("2026-07-02", "2026-07-10"))
            .into_iter()
            .map(|new| new.name.unwrap())
            .collect();
        assert_eq!(names, ["New"]);
    }
}

#[test]
fn years_without_end_do_not_fill_the_memory() {
    let known = period("0001-01-01", "9998-12-31");
    let rows = table([row(date("9998-12-31"), "Late", "a", 1_000), row(date("0001-01-01"), "Early", "a", 1)]);
    let new = days(&rows, known).new_clients(date("9998-12-31").into());
    assert_eq!(new.len(), 1);
}

proptest! {
    #[test]
    fn every_jump_is_what_it_says(
        requests in proptest::collection::vec(0u64..5_000, 1..100),
        factor in 1.0..10.0f64,
        (from, length) in (0i64..100, 0i64..40),
    ) {
        let first = date("2026-06-01");
        let known = Period::new(first, first.plus_days(i64::try_from(requests.len()).unwrap() - 1)).unwrap();
        let rows = table(known.iter().zip(&requests).map(|(day, requests)| row(day, "Any", "a", *requests)));
        let tested = Period::new(first.plus_days(from), first.plus_days(from + length)).unwrap();
        let options = JumpOptions::default().with_factor(factor);
        let jumps = days(&rows, known).jumps(tested, &options);
        prop_assert!(jumps.is_sorted_by(|a, b| a.excess() >= b.excess()));
        for jump in jumps {
            prop_assert!(tested.contains(jump.date) && known.contains(jump.date));
            let day = usize::try_from(first.days_until(jump.date)).unwrap();
            prop_assert_eq!(jump.requests, requests[day]);
            prop_assert!(jump.factor() >= factor && jump.usual > 0.0 && jump.excess() >= options.min_excess);
            prop_assert!(day >= 7 * options.min_weeks);
            let weeks = (1..=options.weeks).map_while(|week| day.checked_sub(7 * week));
            let mut before: Vec<_> = weeks.map(|day| requests[day]).collect();
            before.sort_unstable();
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let highest = before.last().copied().unwrap() as f64;
            prop_assert!(jump.usual <= highest || before[before.len() / 2] == 0);
        }
    }
}
