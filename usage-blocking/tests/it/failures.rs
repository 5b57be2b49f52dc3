//! The texts of failures. The conformance suite tests what follows them.

use usage_blocking::Client;
use usage_core::Error;
use usage_sim::Refusing;

use crate::support::{SECRET, policy, query, world, world_with};

#[test]
fn a_refused_connection() {
    let refusing = Refusing::new().unwrap();
    let url = refusing.url().parse().unwrap();
    let builder = Client::builder().api_url(url).access_token("hunter2-token").unwrap();
    let client = builder.policy(policy().with_max_failures(1)).build().unwrap();
    let error: Error = client.run(query()).unwrap_err();
    assert!(error.is_service_unavailable() && !error.is_timeout() && !error.can_resume());
    assert!(error.to_string().starts_with("the only try failed: no connection: "), "{error}");
}

#[test]
fn nothing_prints_a_secret() {
    let world = world_with("hunter2-guessed");
    let client = &world.client;
    let error = client.run(query()).unwrap_err();
    let shown = format!(
        "{error} {error:?} {client:?} {:?} {:?}",
        client.start(query()),
        client.start(query()).rows()
    );
    assert!(!shown.contains("hunter2"), "{shown}");

    let world = self::world();
    let mut handle = world.client.start(query());
    handle.next_page().unwrap();
    let shown = format!("{:?} {handle:?}", world.client);
    assert!(!shown.contains(SECRET) && !shown.contains("Bearer"), "{shown}");
}
