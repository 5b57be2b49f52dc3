//! Access tokens: fetched once, renewed once, shared, refused.

use std::time::Duration;

use super::{BY_CLIENT, organization};
use crate::conformance::scenario::{Credential, Scenario, Script};
use crate::fault::{Fault, Match, Rule};

/// A new token, and the same poll at once.
pub(crate) fn unauthorized_401_once() -> Scenario {
    organization()
        .fault(Match::Results, Fault::Status(401))
        .wire("0 token, 0 submit, 2000 poll, 2000 token, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent TokenRefused Authorized Sent LastPage")
        .rows(BY_CLIENT)
}

pub(crate) fn unauthorized_401_twice() -> Scenario {
    organization()
        .rule(Rule::new(Match::Results, Fault::Status(401)).times(2))
        .wire("0 token, 0 submit, 2000 poll, 2000 token, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent TokenRefused Authorized Sent Unauthorized")
        .ends("unauthorized: 401 bad.credentials (at usage.query.results after 5 requests, can be resumed)")
}

/// A static token cannot be renewed.
pub(crate) fn unauthorized_401_of_the_callers_token() -> Scenario {
    organization()
        .credential(Credential::Token)
        .fault(Match::Results, Fault::Status(401))
        .wire("0 submit, 2000 poll")
        .causes("Sent Accepted Elapsed Sent Unauthorized")
        .ends("unauthorized: 401 bad.credentials (at usage.query.results after 2 requests, can be resumed)")
}

pub(crate) fn token_endpoint_400() -> Scenario {
    organization()
        .always(Match::Token, Fault::Status(400))
        .wire("0 token")
        .causes("Unauthorized")
        .ends("unauthorized: 400 invalid_client (at oauth.token after 1 requests)")
}

pub(crate) fn token_endpoint_401() -> Scenario {
    organization()
        .credential(Credential::WrongSecret)
        .wire("0 token")
        .causes("Unauthorized")
        .ends("unauthorized: 401 invalid_client (at oauth.token after 1 requests)")
}

/// The next execution does not send a refused credential again.
pub(crate) fn token_endpoint_401_is_remembered() -> Scenario {
    organization()
        .credential(Credential::WrongSecret)
        .script(Script::Twice)
        .wire("0 token")
        .ends("unauthorized: 401 invalid_client (at oauth.token after 1 requests)")
        .ends("unauthorized: 401 invalid_client (at oauth.token after 0 requests)")
}

pub(crate) fn token_endpoint_500_then_fine() -> Scenario {
    organization()
        .rule(Rule::new(Match::Token, Fault::Status(500)).times(2))
        .wire("0 token, 500 token, 1500 token, 1500 submit, 3500 poll")
        .causes("TokenUnavailable Elapsed TokenUnavailable Elapsed Authorized Sent Accepted Elapsed Sent LastPage")
        .rows(BY_CLIENT)
}

/// The second execution uses the token of the first.
pub(crate) fn one_token_for_two_executions() -> Scenario {
    organization()
        .script(Script::Twice)
        .wire("0 token, 0 submit, 2000 poll, 2000 submit, 4000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent LastPage Sent Accepted Elapsed Sent LastPage")
        .rows(BY_CLIENT)
        .rows(BY_CLIENT)
}

/// Of two concurrent executions, one fetches the token and the other waits for it.
pub(crate) fn one_fetch_for_two_executions_at_once() -> Scenario {
    organization()
        .script(Script::AtOnce)
        .wire("0 token, 0 submit, 2000 poll, 2000 submit, 4000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent LastPage Sent Accepted Elapsed Sent LastPage")
        .rows(BY_CLIENT)
        .rows(BY_CLIENT)
}

/// A token that is about to expire is renewed before it is refused.
pub(crate) fn token_renewed_ahead_of_its_end() -> Scenario {
    organization()
        .service(|service| {
            service.with_token_lifetime(Duration::from_secs(10)).with_execution_time(Duration::from_secs(12))
        })
        .wire("0 token, 0 submit, 2000 poll, 6000 poll, 12000 token, 12000 poll")
        .rows(BY_CLIENT)
}
