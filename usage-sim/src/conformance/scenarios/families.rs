//! Each family from the query to its rows, and the operations without polling.

use std::time::Duration;

use super::{BY_CLIENT, IN_JOB, IN_SEARCH};
use crate::conformance::scenario::{Credential, Operation, Scenario, Work};
use crate::fault::Match;
use crate::wire_fault::WireFault;

const TOKEN_SUBMIT_POLL: &str = "0 token, 0 submit, 2000 poll";
const ONE_PAGE: &str = "Authorized Sent Accepted Elapsed Sent LastPage";

fn one_page(work: Work) -> Scenario {
    Scenario::new(work).wire(TOKEN_SUBMIT_POLL).causes(ONE_PAGE)
}

fn call(operation: Operation) -> Scenario {
    Scenario::new(Work::Call(operation)).wire("0 token, 0 call")
}

pub(crate) fn organization_query() -> Scenario {
    one_page(Work::Organization).rows(BY_CLIENT)
}

pub(crate) fn client_query() -> Scenario {
    one_page(Work::Client).rows(1)
}

pub(crate) fn client_summary() -> Scenario {
    one_page(Work::Summary).rows(1)
}

pub(crate) fn simple_search_in_pages() -> Scenario {
    Scenario::new(Work::Search)
        .wire("0 token, 0 submit, 2000 poll, 2000 page, 2000 page")
        .causes("Authorized Sent Accepted Elapsed Sent MorePages Sent MorePages Sent LastPage")
        .rows(IN_SEARCH)
}

pub(crate) fn organization_job_in_pages() -> Scenario {
    Scenario::new(Work::OrganizationJob)
        .wire("0 token, 0 submit, 2000 poll, 2000 page, 2000 page")
        .causes("Authorized Sent Accepted Elapsed Sent MorePages Sent MorePages Sent LastPage")
        .rows(IN_JOB)
}

pub(crate) fn client_job() -> Scenario {
    one_page(Work::ClientJob).rows(4)
}

pub(crate) fn a_token_of_the_caller() -> Scenario {
    Scenario::new(Work::Organization)
        .credential(Credential::Token)
        .wire("0 submit, 2000 poll")
        .causes("Sent Accepted Elapsed Sent LastPage")
        .rows(BY_CLIENT)
}

pub(crate) fn submit_alone() -> Scenario {
    Scenario::new(Work::Call(Operation::Submit)).wire("0 token, 0 submit").ends("a submission")
}

pub(crate) fn event_definitions() -> Scenario {
    call(Operation::Definitions).ends("9 definitions")
}

pub(crate) fn event_definition_by_id() -> Scenario {
    call(Operation::Definition).wire("0 token, 0 call, 0 call").ends("a definition")
}

pub(crate) fn event_query() -> Scenario {
    call(Operation::Events).ends("76 events")
}

pub(crate) fn event_aggregates() -> Scenario {
    call(Operation::EventAggregates).ends("5 aggregates")
}

pub(crate) fn users() -> Scenario {
    call(Operation::Users).ends("7 users")
}

pub(crate) fn oauth_clients() -> Scenario {
    call(Operation::OAuthClients).ends("125 clients")
}

pub(crate) fn organization_me() -> Scenario {
    call(Operation::OrganizationMe).ends("Example Org")
}

/// A role without the permission is refused at once.
pub(crate) fn users_forbidden() -> Scenario {
    call(Operation::Users)
        .service(|service| service.with_permissions(["usage:organization:view"]))
        .ends("rejected: 403 missing.any.permissions (at users after 2 requests)")
}

/// The query takes long, and is polled less and less often.
pub(crate) fn pending_for_long() -> Scenario {
    Scenario::new(Work::Organization)
        .service(|service| service.with_execution_time(Duration::from_secs(100)))
        .wire("0 token, 0 submit, 2000 poll, 6000 poll, 12000 poll, 21000 poll, 34500 poll, 54750 poll, 85125 poll, 130687 poll")
        .causes(
            "Authorized Sent Accepted Elapsed Sent Pending Elapsed Sent Pending Elapsed Sent Pending Elapsed Sent \
             Pending Elapsed Sent Pending Elapsed Sent Pending Elapsed Sent Pending Elapsed Sent LastPage",
        )
        .rows(BY_CLIENT)
}

/// Every response may come in chunks of any size.
pub(crate) fn chunked_answers() -> Scenario {
    one_page(Work::Organization).always(Match::Any, WireFault::Chunked { bytes: 7 }).rows(BY_CLIENT)
}

/// A slow response is not a timeout.
pub(crate) fn slow_answers() -> Scenario {
    let drip = WireFault::Drip { interval: Duration::from_millis(1), bytes: 199 };
    one_page(Work::Organization).always(Match::Any, drip).rows(BY_CLIENT)
}
