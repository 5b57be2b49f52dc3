//! The ways to obtain rows, and the requests that are sent.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use usage_blocking::Handle;
use usage_core::events::EventDefinitions;
use usage_core::model::{HttpMethod, SearchColumn};
use usage_core::query::{OrganizationQuery, SimpleSearch};
use usage_core::{Event, Interval, Phase, UsageQuery, UsageRow};

use crate::support::world;

fn june() -> Interval {
    "2026-06-01/2026-06-30".parse().unwrap()
}

#[test]
fn simple_search_page_by_page_and_row_by_row() {
    let world = world();
    let columns =
        [SearchColumn::Date, SearchColumn::ClientName, SearchColumn::TemplateUri, SearchColumn::Status200];
    let search = SimpleSearch::new(june()).with_columns(columns).with_http_methods([HttpMethod::Get]);
    let mut handle = world.client.start(search.clone());
    let mut pages = Vec::new();
    while let Some(page) = handle.next_page().unwrap() {
        pages.push(page.len());
    }
    assert!(pages.len() > 1 && pages[0] == 1000, "{pages:?}");
    assert!(handle.next_page().unwrap().is_none());

    let rows: Vec<_> = world.client.start(search.clone()).rows().map(Result::unwrap).collect();
    assert_eq!(rows.len(), pages.iter().sum::<usize>());
    assert_eq!(world.client.run(search).unwrap().into_iter().collect::<Vec<_>>(), rows);
}

#[test]
fn pages_are_an_iterator_whose_last_page_is_repeated_until_it_is_acknowledged() {
    let world = world();
    let search = SimpleSearch::new("2026-06-01/2026-06-08".parse().unwrap());
    let all = world.client.run(search.clone()).unwrap();
    let mut handle = world.client.start(search);
    let first = handle.pages().next().unwrap().unwrap();
    let rest = |handle: &Handle<_>| world.client.restore(handle.snapshot()).unwrap().finish().unwrap();
    assert_eq!(rest(&handle), all);
    handle.acknowledge();
    assert_eq!(rest(&handle).len(), all.len() - first.len());
    let mut table = first;
    handle.pages().for_each(|page| table.append(&page.unwrap()));
    assert_eq!(table, all);
    assert!(handle.snapshot().is_complete());

    let mut cancelled = world.client.start(OrganizationQuery::new(june()));
    cancelled.cancel();
    let mut pages = cancelled.pages();
    assert!(pages.next().unwrap().is_err());
    assert!(pages.next().is_none());
}

#[test]
fn a_single_endpoint_is_called_without_polling() {
    let world = world();
    let mut handle = world.client.start(OrganizationQuery::new(june()));
    handle.next_page().unwrap();
    let id = handle.execution().id().unwrap().clone();
    let page = world.client.call(OrganizationQuery::new(june()).results(&id, None)).unwrap();
    assert_eq!(page.status.unwrap().as_str(), "Complete");
    assert!(!page.rows.is_empty());
}

#[test]
fn an_observer_sees_every_step_and_an_execution_can_be_attached_to() {
    let world = world();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let observed = Arc::clone(&seen);
    let handle = world.client.start(OrganizationQuery::new(june()));
    let mut handle = handle.observe(move |execution, event| {
        observed.lock().unwrap().push((execution.phase(), event));
    });
    let rows = handle.next_page().unwrap().unwrap();
    assert!(handle.next_page().unwrap().is_none());
    let seen = seen.lock().unwrap();
    assert!(seen.iter().any(|(_, event)| matches!(event, Event::Waiting(..))));
    assert_eq!(seen.last().unwrap().0, Phase::Complete);

    let id = handle.execution().id().unwrap().clone();
    let attached = world.client.attach(OrganizationQuery::new(june()), id).finish().unwrap();
    assert_eq!(attached, rows);
}

#[test]
fn a_get_has_no_body_and_sends_the_user_agent() {
    let world = world();
    world.client.run(OrganizationQuery::new(june())).unwrap();
    let request = OrganizationQuery::new(june()).results(&"x".parse().unwrap(), None);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let reader = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        let length = stream.read(&mut head).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}").unwrap();
        String::from_utf8_lossy(&head[..length]).to_ascii_lowercase()
    });
    let builder = usage_blocking::Client::builder().api_url(url.parse().unwrap());
    builder.access_token("t").unwrap().build().unwrap().call(request).unwrap();
    let head = reader.join().unwrap();
    assert!(!head.contains("content-length") && !head.contains("transfer-encoding"), "{head}");
    assert!(head.contains(concat!("user-agent: usage-blocking/", env!("CARGO_PKG_VERSION"))), "{head}");
    assert!(
        head.contains("accept: application/json")
            && head.contains("accept-encoding: gzip") == cfg!(feature = "gzip"),
        "{head}"
    );
}

#[test]
fn a_visitor_may_call_the_service() {
    let world = world();
    let client = world.client.clone();
    let (inner, calls) = (client.clone(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&calls);
    let visitor = move |_: UsageRow<'_>| {
        if counted.fetch_add(1, Ordering::SeqCst) == 0 {
            assert!(!inner.call(EventDefinitions).unwrap().entities.is_empty());
        }
    };
    client.start(OrganizationQuery::new(june())).for_each_row(visitor).unwrap();
    assert!(calls.load(Ordering::SeqCst) > 0);
}
