//! The legal transitions of the poll machine, as data. A debug assertion checks every transition against them.

use crate::phase::{Cause, Phase, Transition};
use Cause as C;
use Phase as P;

/// A transition: the phase before, the cause, and the phase after.
pub type Edge = (Phase, Cause, Phase);

/// All transitions to a phase other than [`Phase::Failed`].
pub const EDGES: &[Edge] = &[
    (P::ReadySubmit, C::Sent, P::InFlightSubmit),
    (P::ReadySubmit, C::Authorized, P::ReadySubmit),
    (P::ReadySubmit, C::TokenUnavailable, P::WaitSubmit),
    (P::InFlightSubmit, C::Accepted, P::WaitPoll),
    (P::InFlightSubmit, C::Throttled, P::WaitSubmit),
    (P::InFlightSubmit, C::Unavailable, P::WaitSubmit),
    (P::InFlightSubmit, C::TransportFailed, P::WaitSubmit),
    (P::InFlightSubmit, C::TokenRefused, P::ReadySubmit),
    (P::InFlightSubmit, C::Abandoned, P::ReadySubmit),
    (P::WaitSubmit, C::Elapsed, P::ReadySubmit),
    (P::ReadyPoll, C::Sent, P::InFlightPoll),
    (P::ReadyPoll, C::Authorized, P::ReadyPoll),
    (P::ReadyPoll, C::TokenUnavailable, P::WaitPoll),
    (P::InFlightPoll, C::Pending, P::WaitPoll),
    (P::InFlightPoll, C::NotFoundYet, P::WaitPoll),
    (P::InFlightPoll, C::Throttled, P::WaitPoll),
    (P::InFlightPoll, C::Unavailable, P::WaitPoll),
    (P::InFlightPoll, C::TransportFailed, P::WaitPoll),
    (P::InFlightPoll, C::TokenRefused, P::ReadyPoll),
    (P::InFlightPoll, C::Abandoned, P::ReadyPoll),
    (P::InFlightPoll, C::MorePages, P::ReadyPoll),
    (P::InFlightPoll, C::LastPage, P::Complete),
    (P::InFlightPoll, C::RepeatedCursor, P::Complete),
    (P::WaitPoll, C::Elapsed, P::ReadyPoll),
];

/// All transitions to [`Phase::Failed`].
pub const FAILING_EDGES: &[(Phase, Cause)] = &[
    (P::ReadySubmit, C::Unauthorized),
    (P::ReadySubmit, C::Rejected),
    (P::ReadySubmit, C::Undecodable),
    (P::ReadySubmit, C::Untrusted),
    (P::ReadySubmit, C::TooManyFailures),
    (P::ReadySubmit, C::DeadlinePassed),
    (P::ReadySubmit, C::Unbuildable),
    (P::ReadySubmit, C::Cancelled),
    (P::InFlightSubmit, C::Unauthorized),
    (P::InFlightSubmit, C::Rejected),
    (P::InFlightSubmit, C::Undecodable),
    (P::InFlightSubmit, C::Untrusted),
    (P::InFlightSubmit, C::TooManyFailures),
    (P::InFlightSubmit, C::DeadlinePassed),
    (P::InFlightSubmit, C::AmbiguousSubmit),
    (P::InFlightSubmit, C::Cancelled),
    (P::WaitSubmit, C::Cancelled),
    (P::ReadyPoll, C::Unauthorized),
    (P::ReadyPoll, C::Rejected),
    (P::ReadyPoll, C::Undecodable),
    (P::ReadyPoll, C::Untrusted),
    (P::ReadyPoll, C::TooManyFailures),
    (P::ReadyPoll, C::DeadlinePassed),
    (P::ReadyPoll, C::Unbuildable),
    (P::ReadyPoll, C::Cancelled),
    (P::InFlightPoll, C::Unauthorized),
    (P::InFlightPoll, C::Rejected),
    (P::InFlightPoll, C::Undecodable),
    (P::InFlightPoll, C::Untrusted),
    (P::InFlightPoll, C::TooManyFailures),
    (P::InFlightPoll, C::DeadlinePassed),
    (P::InFlightPoll, C::QueryFailed),
    (P::InFlightPoll, C::Cancelled),
    (P::WaitPoll, C::Cancelled),
];

/// Returns whether `transition` is one of [`EDGES`] or [`FAILING_EDGES`].
pub fn is_legal(transition: Transition) -> bool {
    let Transition { from, to, cause } = transition;
    if to == Phase::Failed {
        FAILING_EDGES.contains(&(from, cause))
    } else {
        EDGES.contains(&(from, cause, to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn final_phases_have_no_way_out_and_every_phase_has_a_way_in() {
        for phase in Phase::ALL {
            let ways_out = EDGES.iter().filter(|(from, _, _)| from == phase).count();
            assert_eq!(ways_out == 0, phase.is_final(), "{phase}");
            let ways_in = EDGES.iter().filter(|(_, _, to)| to == phase).count();
            assert!(ways_in > 0 || *phase == Phase::Failed, "{phase}");
        }
    }

    #[test]
    fn every_phase_that_is_not_final_can_be_cancelled() {
        for phase in Phase::ALL {
            assert_eq!(FAILING_EDGES.contains(&(*phase, Cause::Cancelled)), !phase.is_final(), "{phase}");
        }
    }

    #[test]
    fn no_transition_is_listed_twice() {
        for (index, edge) in EDGES.iter().enumerate() {
            assert!(!EDGES[index + 1..].contains(edge), "{edge:?}");
        }
        for (index, edge) in FAILING_EDGES.iter().enumerate() {
            assert!(!FAILING_EDGES[index + 1..].contains(edge), "{edge:?}");
        }
    }
}
