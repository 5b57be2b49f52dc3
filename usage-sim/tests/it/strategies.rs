//! The public strategies generate what they document, and reach every case.

use std::cell::Cell;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use usage_core::decode::{PageDecoder, ResponseDecoder, ResultsPage};
use usage_core::error::{ApiError, DecodeError};
use usage_core::query::OrganizationQuery;
use usage_core::{Error, Scope, UsageTable};
use usage_driver::blocking::Client;
use usage_driver::{ClientBuilder, ClientConfig};
use usage_sim::in_memory::InMemory;
use usage_sim::strategies::{damaged, error_response, page, record, rows, scope, submission};

fn decode(body: &[u8]) -> Result<ResultsPage, DecodeError> {
    let mut decoder = PageDecoder::default();
    decoder.push(body)?;
    decoder.finish()
}

/// Runs a query against a service that answers the submit and then polls with these responses.
fn run(submit: http::Response<Vec<u8>>, poll: http::Response<Vec<u8>>) -> Result<UsageTable, Error> {
    let service = InMemory::new(move |_, request| {
        let response = if request.method() == "POST" { &submit } else { &poll };
        Ok(response.clone().into())
    });
    let config = ClientBuilder::<ClientConfig>::new().access_token("a-token").unwrap().build().unwrap();
    Client::with_driver(service, config).run(OrganizationQuery::new("2026-07-01/2026-07-07".parse().unwrap()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pages_are_valid_and_damaged_ones_never_panic(body in page(), broken in damaged(page())) {
        prop_assert!(decode(&body).is_ok());
        let _ = decode(&broken);
    }

    #[test]
    fn counts_of_a_record_agree(record in record()) {
        let classes = [record.status200, record.status300, record.status400, record.status500];
        let all: Option<u64> = classes.into_iter().sum();
        prop_assert_eq!(record.requests, all);
        prop_assert!(record.status429 <= record.status400);
        prop_assert!(all.is_none_or(|all| all <= usage_core::UsageRecord::MAX_COUNT));
    }

    #[test]
    fn rows_and_scopes_survive_writing_and_reading(rows in rows(0..20), scope in scope()) {
        let records: Vec<_> = rows.iter().map(|row| row.to_record()).collect();
        prop_assert_eq!(records.into_iter().collect::<UsageTable>(), rows);
        let json = serde_json::to_string(&scope).unwrap();
        prop_assert_eq!(serde_json::from_str::<Scope>(&json).unwrap(), scope);
    }

    #[test]
    fn a_client_ends_with_rows_or_an_error_for_any_response(
        submit in prop_oneof![submission().prop_map(http::Response::new), error_response()],
        poll in prop_oneof![page().prop_map(http::Response::new), damaged(page()).prop_map(http::Response::new), error_response()],
    ) {
        if let Err(error) = run(submit, poll) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn refusals_are_errors_of_the_service(response in error_response()) {
        let (head, body) = response.into_parts();
        let error = ApiError::from_response(head.status, &head.headers, &body);
        prop_assert_eq!(error.status, head.status);
    }
}

/// Draws `cases` values.
fn draw<S: Strategy>(strategy: &S, cases: usize) -> Vec<S::Value> {
    let mut runner = TestRunner::deterministic();
    (0..cases).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

#[test]
fn the_strategies_reach_every_case() {
    let scopes = draw(&scope(), 200);
    let families: BTreeSet<_> = scopes.iter().filter_map(|scope| scope.family.clone()).collect();
    assert_eq!(families.len(), 6);
    assert!(
        scopes.iter().any(|scope| scope.query.is_none()) && scopes.iter().any(|scope| !scope.is_complete())
    );
    let pages = draw(&page(), 200);
    for list in ["\"results\"", "\"entities\""] {
        assert!(pages.iter().any(|page| String::from_utf8_lossy(page).contains(list)));
    }
    let (valid, broken) = (Cell::new(0), Cell::new(0));
    for body in draw(&damaged(page()), 200) {
        let count = if decode(&body).is_ok() { &valid } else { &broken };
        count.set(count.get() + 1);
    }
    assert!(valid.get() > 0 && broken.get() > 100, "{valid:?} valid, {broken:?} broken");
    let found: Vec<_> =
        draw(&submission(), 100).into_iter().map(|body| String::from_utf8(body).unwrap()).collect();
    assert!(
        found.iter().any(|body| body.contains("evil")) && found.iter().any(|body| body.contains("jobId"))
    );
}
