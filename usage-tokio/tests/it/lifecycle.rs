use std::time::Duration;

use usage_core::Policy;
use usage_sim::{Fault, Match, Rule, WireFault};

use crate::runtime::{run, timeout};
use crate::support::{Service, in_memory, query};

#[test]
fn no_row_is_lost_if_a_future_is_dropped() {
    let drip = WireFault::Drip { interval: Duration::from_millis(5), bytes: 200 };
    let service = Service::with(Rule::new(Match::Results, drip).always());
    // The first poll finds the query done.
    let policy = Policy::default().with_first_poll(Duration::from_secs(20));
    let mut rows = service.client_with(policy).start(query()).rows();
    let mut dropped = 0;
    let streamed = run(async {
        let mut streamed = Vec::new();
        loop {
            match timeout(Duration::from_millis(3), rows.next()).await {
                Some(Some(record)) => streamed.push(record.unwrap()),
                Some(None) => return streamed,
                None => dropped += 1,
            }
        }
    });
    assert!(dropped > 0);
    assert_eq!(streamed, in_memory(query()).into_iter().collect::<Vec<_>>());
    assert_eq!(service.polls(), 1, "the request went on while nobody asked");
}

/// A caller that applies its own timeout to each attempt.
#[test]
fn a_token_exchange_outlives_the_future_that_asked_for_it() {
    let drip = WireFault::Drip { interval: Duration::from_millis(20), bytes: 20 };
    let service = Service::with(Rule::new(Match::Token, Fault::from(drip)));
    let client = service.client_with(Policy::default());
    let mut dropped = 0;
    run(async {
        while timeout(Duration::from_millis(10), client.log_in()).await.is_none() {
            dropped += 1;
        }
    });
    assert!(dropped > 1);
    let tokens = service.journal(|entry| entry.target == "/oauth/token").len();
    assert_eq!(tokens, 1, "one exchange, whoever asked");
    assert_eq!(run(client.run(query())).unwrap(), in_memory(query()));
}
