//! Rate limits: waits that a 429 demands, and irregular windows.

use std::time::Duration;

use super::{BY_CLIENT, organization};
use crate::conformance::scenario::{Scenario, Script};
use crate::fault::{Fault, Match, Rule};

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn throttled(headers: &[(&str, &str)], body: &str) -> Fault {
    Fault::StatusWith { status: 429, headers: pairs(headers), body: body.as_bytes().to_vec() }
}

/// The window of the token began with the submit and ends a minute later.
pub(crate) fn throttled_429_until_the_window_ends() -> Scenario {
    organization()
        .fault(Match::Results, throttled(&[], ""))
        .wire("0 token, 0 submit, 2000 poll, 60000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent Throttled Elapsed Sent LastPage")
        .rows(BY_CLIENT)
}

/// The service's clock is twenty minutes ahead of the client's.
pub(crate) fn throttled_429_until_a_date_of_another_clock() -> Scenario {
    let headers =
        [("Date", "Wed, 08 Jul 2026 09:00:02 GMT"), ("Retry-After", "Wed, 08 Jul 2026 09:00:09 GMT")];
    organization()
        .fault(Match::Results, throttled(&headers, ""))
        .wire("0 token, 0 submit, 2000 poll, 9000 poll")
        .rows(BY_CLIENT)
}

pub(crate) fn throttled_429_for_an_absurd_time() -> Scenario {
    organization()
        .fault(Match::Results, throttled(&[("Retry-After", "99999999999999")], ""))
        .wire("0 token, 0 submit, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent DeadlinePassed")
        .ends(
            "deadline: next at 86402000 for RateLimit, last 429 without a code (at usage.query.results after 3 \
             requests, can be resumed)",
        )
}

/// A wait that the service demands is not a failure, however often it occurs.
pub(crate) fn throttled_429_ten_times() -> Scenario {
    organization()
        .rule(Rule::new(Match::Results, throttled(&[("Retry-After", "40")], "")).times(10))
        .wire(
            "0 token, 0 submit, 2000 poll, 42000 poll, 82000 poll, 122000 poll, 162000 poll, 202000 poll, 242000 poll, \
             282000 poll, 322000 poll, 362000 poll, 402000 poll",
        )
        .rows(BY_CLIENT)
}

/// The end of its window stays a minute away, which must not stop the client.
pub(crate) fn window_that_slides() -> Scenario {
    let sliding = Fault::Headers(pairs(&[
        ("inin-ratelimit-allowed", "300"),
        ("inin-ratelimit-count", "290"),
        ("inin-ratelimit-reset", "60"),
    ]));
    organization()
        .service(|service| service.with_execution_time(Duration::from_secs(30)))
        .always(Match::Any, sliding)
        .wire("0 token, 0 submit, 2000 poll, 6000 poll, 12000 poll, 21000 poll, 34500 poll")
        .rows(BY_CLIENT)
}

/// A window that is over tells nothing about the next one.
pub(crate) fn window_that_is_over() -> Scenario {
    let over = Fault::Headers(pairs(&[
        ("inin-ratelimit-allowed", "300"),
        ("inin-ratelimit-count", "300"),
        ("inin-ratelimit-reset", "0"),
    ]));
    organization().always(Match::Any, over).wire("0 token, 0 submit, 2000 poll").rows(BY_CLIENT)
}

/// However far its end is, it is believed for a minute and a second.
pub(crate) fn window_with_an_absurd_end() -> Scenario {
    let absurd = Fault::Headers(pairs(&[
        ("inin-ratelimit-allowed", "1"),
        ("inin-ratelimit-count", "18446744073709551615"),
        ("inin-ratelimit-reset", "18446744073709551615"),
    ]));
    organization().fault(Match::Submit, absurd).wire("0 token, 0 submit, 61000 poll").rows(BY_CLIENT)
}

/// A limit that the service stated once also applies to the next minute.
pub(crate) fn limit_is_known_in_the_next_minute() -> Scenario {
    organization()
        .service(|service| service.with_rate_limit(2))
        .script(Script::Twice)
        .wire("0 token, 0 submit, 2000 poll, 60000 submit, 62000 poll")
        .rows(BY_CLIENT)
        .rows(BY_CLIENT)
}

/// The login host also limits the rate.
pub(crate) fn throttled_429_at_login() -> Scenario {
    organization()
        .rule(Rule::new(Match::Token, throttled(&[("Retry-After", "3")], "")).times(2))
        .wire("0 token, 3000 token, 6000 token, 6000 submit, 8000 poll")
        .rows(BY_CLIENT)
}
