use std::time::Duration;

use usage_sim::{Match, Rule, WireFault};

use crate::runtime::{run, timeout};
use crate::support::{Service, in_memory, query};

#[test]
fn a_row_whose_future_is_dropped_comes_later() {
    let drip = WireFault::Drip { interval: Duration::from_millis(5), bytes: 200 };
    let service = Service::with(Rule::new(Match::Results, drip).always());
    let mut rows = service.client().start(query()).rows();
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
    assert_eq!(service.polls(), 2, "the request went on while nobody asked");
}
