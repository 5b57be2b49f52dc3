//! The session against a model: the events of `usage_driver::fuzzing`, drawn at random.

use proptest::prelude::*;
use usage_driver::fuzzing::{Event, Fleet};

fn event() -> impl Strategy<Value = Event> {
    let place = || 0u8..4;
    let status = || prop::sample::select(vec![302u16, 400, 401, 403, 429, 500, 503]);
    prop_oneof![
        12 => (place(), 0u16..1000).prop_map(|(place, stale)| Event::Ask(place, stale)),
        6 => place().prop_map(|place| Event::Answer(place, None)),
        2 => (place(), status()).prop_map(|(place, status)| Event::Answer(place, Some(status))),
        5 => Just(Event::Exchange(None)),
        2 => status().prop_map(|status| Event::Exchange(Some(status))),
        1 => Just(Event::Break),
        1 => Just(Event::Die),
        2 => place().prop_map(Event::Cancel),
        3 => place().prop_map(Event::Replace),
        6 => (0u32..400_000).prop_map(Event::Pass),
        1 => (0u32..10_000_000).prop_map(Event::StepBack),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 800, ..ProptestConfig::default() })]

    #[test]
    fn one_token_exchange_at_a_time_and_no_refresh_token_is_lost_or_used_twice(
        events in prop::collection::vec(event(), 1..80),
    ) {
        let mut fleet = Fleet::default();
        for event in events {
            fleet.apply(event);
        }
    }
}
