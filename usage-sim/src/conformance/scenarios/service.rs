//! Responses of the service: states of a query, HTTP statuses, and bodies of gateways.

use std::time::Duration;

use usage_core::Policy;

use super::{BY_CLIENT, IN_JOB};
use crate::conformance::scenario::{Scenario, Script, Work};
use crate::fault::{Fault, Match, Rule};

/// Returns a scenario whose first poll gets this status.
fn poll_answered(status: u16) -> Scenario {
    Scenario::new(Work::Organization).fault(Match::Results, Fault::Status(status))
}

/// Returns a scenario with a status after which the same poll is sent again, half a second later.
fn passing(status: u16) -> Scenario {
    poll_answered(status)
        .wire("0 token, 0 submit, 2000 poll, 2500 poll")
        .causes("Authorized Sent Accepted Elapsed Sent Unavailable Elapsed Sent LastPage")
        .rows(BY_CLIENT)
}

/// Returns a scenario with a permanent status of the submit.
fn lasting(status: u16, code: &str) -> Scenario {
    Scenario::new(Work::Organization)
        .fault(Match::Submit, Fault::Status(status))
        .wire("0 token, 0 submit")
        .causes("Authorized Sent Rejected")
        .ends(format!("rejected: {status} {code} (at usage.query after 2 requests)"))
}

fn throttled(retry_after: &str) -> Scenario {
    let fault = Fault::RateLimited { retry_after: Some(retry_after.into()) };
    Scenario::new(Work::Organization)
        .fault(Match::Results, fault)
        .causes("Authorized Sent Accepted Elapsed Sent Throttled Elapsed Sent LastPage")
        .rows(BY_CLIENT)
}

pub(crate) fn query_failed() -> Scenario {
    Scenario::new(Work::Organization)
        .fault(Match::Submit, Fault::FailQuery)
        .wire("0 token, 0 submit, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent QueryFailed")
        .ends("the query ended as Failed: no reason (at usage.query.results after 3 requests)")
}

pub(crate) fn job_failed() -> Scenario {
    Scenario::new(Work::OrganizationJob)
        .fault(Match::Submit, Fault::FailQuery)
        .wire("0 token, 0 submit, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent QueryFailed")
        .ends("the query ended as Failed: internal.server.error (at usage.aggregates.query.jobs.results after 3 requests)")
}

pub(crate) fn job_cancelled() -> Scenario {
    Scenario::new(Work::ClientJob)
        .fault(Match::Submit, Fault::CancelQuery)
        .wire("0 token, 0 submit, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent QueryFailed")
        .ends("the query ended as Cancelled: no reason (at usage.client.aggregates.query.jobs.results after 3 requests)")
}

/// An unknown status counts as pending.
pub(crate) fn unknown_status() -> Scenario {
    Scenario::new(Work::Organization)
        .fault(Match::Results, Fault::UnknownStatus("Paused".into()))
        .wire("0 token, 0 submit, 2000 poll, 6000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent Pending Elapsed Sent LastPage")
        .rows(BY_CLIENT)
}

pub(crate) fn unknown_status_to_the_end() -> Scenario {
    Scenario::new(Work::Organization)
        .always(Match::Results, Fault::UnknownStatus("Paused".into()))
        .policy(|policy| policy.with_deadline(Duration::from_secs(10)))
        .wire("0 token, 0 submit, 2000 poll, 6000 poll, 9000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent Pending Elapsed Sent Pending Elapsed Sent DeadlinePassed")
        .ends(
            "deadline: next at 18000 for Poll, status \"Paused\" (at usage.query.results after 5 requests, can be \
             resumed)",
        )
}

/// With the default policy, a query that takes two seconds is polled four times.
pub(crate) fn default_polls() -> Scenario {
    Scenario::new(Work::Organization)
        .policy(|_| Policy::default().with_jitter(0.0))
        .wire("0 token, 0 submit, 400 poll, 1000 poll, 1900 poll, 3250 poll")
        .rows(BY_CLIENT)
}

/// A query takes 21 s. The first one is pending at 19.7 s and done at 30 s, so the second one is expected to take 24.8 s. It
/// is polled at 19.7 s, too, and then a third of that time later.
pub(crate) fn second_query_is_polled_when_the_first_was_done() -> Scenario {
    Scenario::new(Work::Organization)
        .script(Script::Twice)
        .service(|service| service.with_execution_time(Duration::from_secs(21)))
        .policy(|_| Policy::default().with_jitter(0.0))
        .wire(
            "0 token, 0 submit, 400 poll, 1000 poll, 1900 poll, 3250 poll, 5275 poll, 8312 poll, 12868 poll, 19702 poll, \
             29953 poll, 29953 submit, 30353 poll, 30953 poll, 31853 poll, 33203 poll, 35228 poll, 38265 poll, 42821 poll, \
             49655 poll, 57930 poll",
        )
        .rows(BY_CLIENT)
        .rows(BY_CLIENT)
}

pub(crate) fn missing_status() -> Scenario {
    Scenario::new(Work::Organization)
        .fault(Match::Results, Fault::MissingStatus)
        .wire("0 token, 0 submit, 2000 poll, 6000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent Pending Elapsed Sent LastPage")
        .rows(BY_CLIENT)
}

pub(crate) fn repeated_cursor() -> Scenario {
    Scenario::new(Work::Search)
        .always(Match::Results, Fault::RepeatCursor)
        .wire("0 token, 0 submit, 2000 poll, 2000 page")
        .causes("Authorized Sent Accepted Elapsed Sent MorePages Sent RepeatedCursor")
        .ends("1000 rows")
}

/// Only the cursor of an absolute `nextUri` is used: the token is not sent to another host.
pub(crate) fn next_uri_of_another_origin() -> Scenario {
    Scenario::new(Work::OrganizationJob)
        .rule_with_elsewhere(|url| Rule::new(Match::Results, Fault::AbsoluteNextUri(url.into())).always())
        .wire("0 token, 0 submit, 2000 poll, 2000 page, 2000 page")
        .rows(IN_JOB)
}

/// An absolute `resultsUri` is not used at all.
pub(crate) fn results_uri_of_another_origin() -> Scenario {
    Scenario::new(Work::Organization)
        .rule_with_elsewhere(|url| Rule::new(Match::Submit, Fault::AbsoluteNextUri(url.into())))
        .wire("0 token, 0 submit, 2000 poll")
        .rows(BY_CLIENT)
}

pub(crate) fn redirected_token_request() -> Scenario {
    redirected(Match::Token)
        .wire("0 token")
        .causes("Rejected")
        .ends("rejected: 302 without a code (at oauth.token after 1 requests)")
}

pub(crate) fn redirected_submit() -> Scenario {
    redirected(Match::Submit)
        .wire("0 token, 0 submit")
        .causes("Authorized Sent Rejected")
        .ends("rejected: 302 without a code (at usage.query after 2 requests)")
}

pub(crate) fn redirected_poll() -> Scenario {
    redirected(Match::Results)
        .wire("0 token, 0 submit, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent Rejected")
        .ends("rejected: 302 without a code (at usage.query.results after 3 requests)")
}

fn redirected(on: Match) -> Scenario {
    Scenario::new(Work::Organization).rule_with_elsewhere(move |url| {
        Rule::new(on.clone(), Fault::Redirect(format!("{url}/api/v2/usage/query")))
    })
}

pub(crate) fn bad_request_400() -> Scenario {
    lasting(400, "bad.request")
}

pub(crate) fn forbidden_403() -> Scenario {
    Scenario::new(Work::Organization)
        .service(|service| service.with_permissions(["usage:client:view"]))
        .wire("0 token, 0 submit")
        .causes("Authorized Sent Rejected")
        .ends("rejected: 403 missing.any.permissions (at usage.query after 2 requests)")
}

/// Not all stores of the service know the execution yet.
pub(crate) fn not_found_404_within_the_grace() -> Scenario {
    Scenario::new(Work::Organization)
        .rule(Rule::new(Match::Results, Fault::Status(404)).times(2))
        .wire("0 token, 0 submit, 2000 poll, 4000 poll, 6000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent NotFoundYet Elapsed Sent NotFoundYet Elapsed Sent LastPage")
        .rows(BY_CLIENT)
}

pub(crate) fn not_found_404_after_the_grace() -> Scenario {
    Scenario::new(Work::Organization)
        .always(Match::Results, Fault::Status(404))
        .policy(|policy| policy.with_not_found_grace(Duration::from_secs(3)))
        .wire("0 token, 0 submit, 2000 poll, 4000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent NotFoundYet Elapsed Sent Rejected")
        .ends("rejected: 404 not.found (at usage.query.results after 4 requests)")
}

pub(crate) fn timed_out_408() -> Scenario {
    passing(408)
}

pub(crate) fn conflict_409() -> Scenario {
    lasting(409, "conflict")
}

pub(crate) fn too_large_413() -> Scenario {
    lasting(413, "request.entity.too.large")
}

pub(crate) fn unsupported_415() -> Scenario {
    lasting(415, "unsupported.media.type")
}

/// `Retry-After` is the lower limit of the wait.
pub(crate) fn throttled_429_for_seconds() -> Scenario {
    throttled("7").wire("0 token, 0 submit, 2000 poll, 9000 poll")
}

/// 2026-07-08 08:40:30 is thirty seconds after the start.
pub(crate) fn throttled_429_until_a_date() -> Scenario {
    throttled("Wed, 08 Jul 2026 08:40:30 GMT").wire("0 token, 0 submit, 2000 poll, 30000 poll")
}

/// The end of the service's window counts if there is no `Retry-After`.
pub(crate) fn throttled_429_with_nonsense() -> Scenario {
    throttled("soon").wire("0 token, 0 submit, 2000 poll, 60000 poll")
}

/// A wait that would end after the deadline is not started.
pub(crate) fn throttled_429_for_hours() -> Scenario {
    let fault = Fault::RateLimited { retry_after: Some("7200".into()) };
    Scenario::new(Work::Organization)
        .fault(Match::Results, fault)
        .wire("0 token, 0 submit, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent DeadlinePassed")
        .ends(
            "deadline: next at 7202000 for RateLimit, last 429 too.many.requests (at usage.query.results after 3 \
             requests, can be resumed)",
        )
}

/// The service's own limit: when its headers tell that it is reached, nothing is sent until the minute is over.
pub(crate) fn budget_of_the_minute_is_kept() -> Scenario {
    Scenario::new(Work::Organization)
        .service(|service| service.with_rate_limit(3))
        .script(Script::Twice)
        .wire("0 token, 0 submit, 2000 poll, 2000 submit, 60000 poll")
        .rows(BY_CLIENT)
        .rows(BY_CLIENT)
}

pub(crate) fn failing_500() -> Scenario {
    passing(500)
}

pub(crate) fn unavailable_503() -> Scenario {
    passing(503)
}

pub(crate) fn timed_out_504() -> Scenario {
    passing(504)
}

/// Five consecutive failures end the execution; the waits between them double.
pub(crate) fn unavailable_503_to_the_end() -> Scenario {
    Scenario::new(Work::Organization)
        .always(Match::Results, Fault::Status(503))
        .wire("0 token, 0 submit, 2000 poll, 2500 poll, 3500 poll, 5500 poll, 9500 poll")
        .causes(
            "Authorized Sent Accepted Elapsed Sent Unavailable Elapsed Sent Unavailable Elapsed Sent Unavailable \
             Elapsed Sent Unavailable Elapsed Sent TooManyFailures",
        )
        .ends(
            "5 failures: 503 service.unavailable (at usage.query.results after 7 requests, can be resumed)",
        )
}

/// A gateway's page with status 502.
pub(crate) fn html_error_page() -> Scenario {
    Scenario::new(Work::Organization)
        .rule(Rule::new(Match::Submit, Fault::Html).times(2))
        .wire("0 token, 0 submit, 500 submit, 1500 submit, 3500 poll")
        .causes(
            "Authorized Sent Unavailable Elapsed Sent Unavailable Elapsed Sent Accepted Elapsed Sent LastPage",
        )
        .rows(BY_CLIENT)
}

/// A gateway's page with status 200.
pub(crate) fn html_page_with_200() -> Scenario {
    let page = stand_in(200, "text/html", b"<html>Welcome</html>");
    Scenario::new(Work::Organization)
        .fault(Match::Results, page)
        .wire("0 token, 0 submit, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent Undecodable")
        .ends(
            "unreadable answer at $ (byte 0): this is not JSON (200 OK with text/html: Welcome) (at usage.query.results after 3 requests, can be \
             resumed)",
        )
}

pub(crate) fn no_content_204() -> Scenario {
    Scenario::new(Work::Organization)
        .fault(Match::Submit, stand_in(204, "application/json", b""))
        .wire("0 token, 0 submit")
        .causes("Authorized Sent Undecodable")
        .ends("unreadable answer at $ (byte 0): the body is empty (204 No Content with application/json but no text) (at usage.query after 2 requests)")
}

pub(crate) fn empty_200() -> Scenario {
    Scenario::new(Work::Organization)
        .fault(Match::Results, stand_in(200, "application/json", b""))
        .wire("0 token, 0 submit, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent Undecodable")
        .ends(
            "unreadable answer at $ (byte 0): the body is empty (200 OK with application/json but no text) (at usage.query.results after 3 requests, can be \
             resumed)",
        )
}

fn stand_in(status: u16, content_type: &str, body: &[u8]) -> Fault {
    let headers = vec![("Content-Type".to_owned(), content_type.to_owned())];
    Fault::StatusWith { status, headers, body: body.to_vec() }
}
