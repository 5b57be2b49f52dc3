use std::future::poll_fn;
use std::pin::Pin;

use futures_core::Stream;
use usage_core::query::SimpleSearch;
use usage_core::{Error, UsageTable};
use usage_sim::{Authorization, Operation};

use crate::runtime::run;
use crate::support::{Service, in_memory, query};

#[test]
fn rows_are_returned_one_by_one() {
    let search = SimpleSearch::new("2026-06-01/2026-06-08".parse().unwrap());
    let service = Service::start();
    let mut rows = service.client().start(search.clone()).rows();
    let streamed = run(async {
        let mut streamed = Vec::new();
        while let Some(record) = rows.next().await {
            streamed.push(record.unwrap());
        }
        assert!(rows.next().await.is_none());
        streamed
    });
    assert_eq!(streamed, in_memory(search).into_iter().collect::<Vec<_>>());
}

#[test]
fn rows_are_a_stream_that_ends_with_its_error() {
    let service = Service::start();
    let mut handle = service.client().start(query());
    handle.cancel();
    let mut rows: Pin<Box<dyn Stream<Item = Result<_, Error>> + Send>> = Box::pin(handle.rows());
    run(async {
        let first = poll_fn(|cx| rows.as_mut().poll_next(cx)).await.unwrap();
        assert!(first.unwrap_err().to_string().starts_with("cancelled"));
        assert!(poll_fn(|cx| rows.as_mut().poll_next(cx)).await.is_none());
    });
}

#[test]
fn pages_are_returned_one_by_one() {
    let service = Service::start();
    let mut handle = service.client().start(SimpleSearch::new("2026-06-01/2026-06-08".parse().unwrap()));
    let first = run(handle.next_page()).unwrap().unwrap();
    assert_eq!((first.len(), handle.execution().pages()), (1000, 1));
    // Another runtime may continue it.
    let rest = run(handle.finish()).unwrap();
    assert!(rest.len() > 1000);
}

#[test]
fn pages_are_a_stream_whose_last_page_is_repeated_until_it_is_acknowledged() {
    let service = Service::start();
    let search = SimpleSearch::new("2026-06-01/2026-06-08".parse().unwrap());
    let (client, all) = (service.client(), in_memory(search.clone()));
    let mut handle = client.start(search);
    let first = run(async { handle.pages().next().await.unwrap().unwrap() });
    let restored = || client.restore(handle.snapshot()).unwrap();
    assert_eq!(run(restored().finish()).unwrap(), all);
    handle.acknowledge();
    let rest = run(async { client.restore(handle.snapshot()).unwrap().await }).unwrap();
    assert_eq!(rest.len(), all.len() - first.len());

    let mut pages: Pin<Box<dyn Stream<Item = Result<UsageTable, Error>> + Send + '_>> =
        Box::pin(handle.pages());
    let mut table = first;
    run(async {
        while let Some(page) = poll_fn(|cx| pages.as_mut().poll_next(cx)).await {
            table.append(&page.unwrap());
        }
    });
    drop(pages);
    assert_eq!(table, all);
    assert!(handle.snapshot().is_complete());
}

#[test]
fn a_handle_is_a_future_of_its_rows() {
    let service = Service::start();
    let handle = service.client().start(query());
    assert_eq!(run(async { handle.await }).unwrap(), in_memory(query()));
}

#[test]
fn a_single_endpoint() {
    let service = Service::start();
    let client = service.client();
    let submission = run(client.call(query())).unwrap();
    let id = submission.execution_id.unwrap();
    let rows = run(client.attach(query(), id.parse().unwrap()).finish()).unwrap();
    assert_eq!(rows, in_memory(query()));
}

#[test]
fn clones_share_token_and_budget() {
    let service = Service::start();
    let client = service.client();
    run(async { client.clone().run(query()).await.and(client.run(query()).await) }).unwrap();
    assert_eq!(service.journal(|entry| entry.operation == Some(Operation::Token)).len(), 1);
    let basic = service.journal(|entry| entry.authorization == Authorization::Basic);
    assert!(basic.iter().all(|entry| entry.operation == Some(Operation::Token)));
    assert!(client.session().rate_budget().window(service.now()).is_some());
}
