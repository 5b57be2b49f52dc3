//! Responses that differ from the documentation: the status decides.

use super::{BY_CLIENT, IN_JOB};
use crate::conformance::scenario::{Operation, Scenario, Work};
use crate::fault::{Fault, Match};

fn amended(members: &[(&str, &str)]) -> Fault {
    Fault::Amended(members.iter().map(|(name, json)| ((*name).to_owned(), (*json).to_owned())).collect())
}

/// A running query whose response has odd members is polled again; a query that is done returns its rows.
pub(crate) fn odd_members_beside_the_status() -> Scenario {
    let odd = amended(&[
        ("cursors", "\"x\""),
        ("selfUri", "7"),
        ("total", "\"many\""),
        ("errorBody", "[]"),
        ("nextUri", "{\"after\":1}"),
    ]);
    Scenario::new(Work::Organization)
        .always(Match::Results, odd)
        .wire("0 token, 0 submit, 2000 poll")
        .rows(BY_CLIENT)
}

pub(crate) fn cursor_of_a_family_without_pages() -> Scenario {
    Scenario::new(Work::Client)
        .always(Match::Results, amended(&[("cursors", r#"{"after":"x"}"#), ("nextUri", r#""/x?after=y""#)]))
        .wire("0 token, 0 submit, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent LastPage")
        .rows(1)
}

pub(crate) fn running_job_with_a_next_uri() -> Scenario {
    Scenario::new(Work::OrganizationJob)
        .service(|service| service.with_execution_time(std::time::Duration::from_secs(5)))
        .fault(Match::Results, amended(&[("nextUri", r#""/api/v2/usage/aggregates/query/jobs/x""#)]))
        .wire("0 token, 0 submit, 2000 poll, 6000 poll, 6000 page, 6000 page")
        .rows(IN_JOB)
}

pub(crate) fn failed_job_with_an_error_body_of_another_type() -> Scenario {
    Scenario::new(Work::OrganizationJob)
        .fault(Match::Results, amended(&[("queryStatus", "\"Failed\""), ("errorBody", "\"it broke\"")]))
        .wire("0 token, 0 submit, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent QueryFailed")
        .ends(
            "the query ended as Failed: no reason (at usage.aggregates.query.jobs.results after 3 requests)",
        )
}

/// It is done without a list: no rows and no failure.
pub(crate) fn done_without_a_list() -> Scenario {
    Scenario::new(Work::Organization)
        .fault(Match::Results, amended(&[("results", "")]))
        .wire("0 token, 0 submit, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent LastPage")
        .rows(0)
}

pub(crate) fn submission_with_an_odd_uri() -> Scenario {
    Scenario::new(Work::Organization)
        .fault(Match::Submit, amended(&[("resultsUri", "[7]")]))
        .wire("0 token, 0 submit, 2000 poll")
        .rows(BY_CLIENT)
}

pub(crate) fn events_without_a_list() -> Scenario {
    Scenario::new(Work::Call(Operation::Events))
        .fault(Match::Event, amended(&[("entities", "null"), ("nextUri", "7"), ("previousUri", "{}")]))
        .wire("0 token, 0 call")
        .ends("0 events")
}
