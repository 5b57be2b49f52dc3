//! Token responses in every form that RFC 6749 allows, and in others that occur.

use super::BY_CLIENT;
use crate::conformance::scenario::{Scenario, Work};
use crate::fault::{Fault, Match};

/// A token in this form is accepted.
fn accepted(members: &[(&str, &str)]) -> Scenario {
    let members = members.iter().map(|(name, json)| ((*name).to_owned(), (*json).to_owned())).collect();
    Scenario::new(Work::Organization)
        .fault(Match::Token, Fault::Amended(members))
        .wire("0 token, 0 submit, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent LastPage")
        .rows(BY_CLIENT)
}

/// The type is compared without case (RFC 6749, 5.1).
pub(crate) fn token_type_in_capitals() -> Scenario {
    accepted(&[("token_type", "\"BEARER\"")])
}

/// The lifetime is recommended, not required.
pub(crate) fn token_without_a_lifetime() -> Scenario {
    accepted(&[("expires_in", "")])
}

/// Unknown members are skipped.
pub(crate) fn token_with_more_members() -> Scenario {
    accepted(&[("scope", "\"usage\""), ("id_token", "{}"), ("issued_at", "\"1783500000\"")])
}

pub(crate) fn token_with_a_refresh_token() -> Scenario {
    accepted(&[("refresh_token", "\"r-1\"")])
}
