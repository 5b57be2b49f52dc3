use std::time::{Duration, Instant, SystemTime};

use usage_core::query::{ClientSummary, OrganizationQuery};
use usage_core::retry::Backoff;
use usage_core::{Interval, Policy, Timestamp};
use usage_driver::FromConfig;
use usage_sim::{ServeOptions, Simulator, SimulatorConfig};

use crate::driver::{Client, Clock, Handle, Pages, Rows, RunAll, SystemClock};
use crate::runtime::run;
use crate::support::{SECRET, Service, Wire, answer, at, query};

const fn is_send<T: Send>() {}
const fn is_sync<T: Sync>() {}
const fn is_unpin<T: Unpin>() {}

const _: () = {
    is_send::<Client>();
    is_sync::<Client>();
    is_send::<Handle<OrganizationQuery>>();
    is_sync::<Handle<OrganizationQuery>>();
    is_send::<Pages<'static>>();
    is_send::<RunAll>();
    is_send::<Rows>();
    is_unpin::<Rows>();
    is_sync::<SystemClock>();
};

#[test]
fn requests_have_the_expected_form() {
    let wire = Wire::start(&[
        &answer("200 OK", r#"{"executionId":"e"}"#),
        &answer("200 OK", r#"{"queryStatus":"Complete","results":[]}"#),
        &answer("200 OK", r#"{"executionId":"e"}"#),
    ]);
    let url = format!("http://{}", wire.address);
    let service = Service::start();
    let client = service.on_virtual_time(at(&url).access_token("Hunter2-Token").unwrap());
    run(async {
        client.run(ClientSummary::new("7de3af06".parse().unwrap())).await.unwrap();
        client.call(query()).await.unwrap();
    });

    let requests = wire.requests();
    let lines = |index: usize| requests[index].lines().collect::<Vec<_>>();
    for index in 0..3 {
        for line in [
            format!("user-agent: {}", Client::USER_AGENT),
            format!("host: {}", wire.address),
            "accept: application/json".to_owned(),
            "authorization: bearer hunter2-token".to_owned(),
        ] {
            assert_eq!(
                lines(index).iter().filter(|found| **found == line).count(),
                1,
                "{line} in {:?}",
                lines(index)
            );
        }
    }
    let compressed =
        requests.iter().filter(|request| request.contains("\r\naccept-encoding: gzip\r\n")).count();
    assert_eq!(compressed, if cfg!(feature = "gzip") { 3 } else { 0 });
    assert_eq!(lines(0)[0], "get /api/v2/oauth/clients/7de3af06/usage/summary http/1.1");
    assert_eq!(lines(1)[0], "get /api/v2/oauth/clients/7de3af06/usage/query/results/e http/1.1");
    assert_eq!(lines(2)[0], "post /api/v2/usage/query http/1.1");
    for get in &requests[..2] {
        assert!(!get.contains("content-length") && !get.contains("transfer-encoding"), "{get}");
    }
    let post = &requests[2];
    let (_, body) = post.split_once("\r\n\r\n").unwrap();
    assert!(post.contains(&format!("content-length: {}\r\n", body.len())), "{post}");
    assert!(post.contains("content-type: application/json\r\n"), "{post}");
    assert!(!post.contains("transfer-encoding"), "{post}");
}

/// A waiting task holds its future in full size.
#[test]
fn a_future_is_small() {
    let client = Service::start().client();
    let run = size_of_val(&client.start(query()).finish());
    assert!(run <= 128, "{run}");
}

#[test]
fn nothing_prints_a_secret() {
    let service = Service::start();
    let client = service.client();
    let mut handle = client.start(query());
    run(handle.next_page()).unwrap();
    let rows = client.start(query()).rows();
    let shown = format!("{client:?} {handle:?} {rows:?}");

    let wire = Wire::start(&[&answer("401 Unauthorized", "{}"), &answer("401 Unauthorized", "{}")]);
    let client = at(&format!("http://{}", wire.address)).access_token("hunter2-token").unwrap();
    let client = service.on_virtual_time(client);
    let error = run(client.run(query())).unwrap_err();
    assert!(error.is_unauthorized(), "{error:?}");
    let shown = format!("{shown} {client:?} {error:?} {error}");

    let error = run(service
        .on_virtual_time(at("http://127.0.0.1:1").access_token("hunter2-token").unwrap())
        .run(query()));
    let shown = format!("{shown} {error:?}");
    assert!(shown.contains("redacted"), "{shown}");
    assert!(
        !shown.contains("hunter2") && !shown.contains(SECRET) && !shown.to_lowercase().contains("bearer"),
        "{shown}"
    );
}

#[test]
fn the_system_clock_waits() {
    let clock = SystemClock::default();
    let wall: Timestamp = SystemTime::now().into();
    assert!(clock.now().saturating_since(wall) < Duration::from_secs(60));
    run(async {
        let until = clock.now().saturating_add(Duration::from_millis(30));
        clock.sleep_until(until).await;
        assert!(clock.now() >= until);
        let started = Instant::now();
        clock.sleep_until(Timestamp::UNIX_EPOCH).await;
        assert!(started.elapsed() < Duration::from_secs(20));
    });
}

#[test]
fn on_real_time() {
    let config = SimulatorConfig::default()
        .with_client("7de3af06", SECRET)
        .with_execution_time(Duration::from_millis(30));
    let server = usage_sim::serve(Simulator::new(config), ServeOptions::default()).unwrap();
    let poll = Backoff::new(Duration::from_millis(10), 2.0, Duration::from_millis(40));
    let client = crate::support::builder(&server.url())
        .policy(Policy::default().with_first_poll(poll.initial).with_poll(poll))
        .build()
        .unwrap();
    let query = OrganizationQuery::new(Interval::last_days(7, SystemTime::now().into()));
    assert!(!run(client.run(query)).unwrap().is_empty());
    assert_eq!(client.policy().poll, poll);
}
