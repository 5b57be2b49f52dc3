//! Transports: cut bodies with any framing, connections that close unannounced, proxies that refuse, and requests that
//! are not sent because time is short.

use std::time::Duration;

use super::{BY_CLIENT, ambiguous_submit, organization, retried};
use crate::conformance::scenario::{Credential, Reach, Scenario};
use crate::fault::{Fault, Match};
use crate::wire_fault::{Framing, WireFault};

pub(crate) fn body_ends_with_the_connection_over_tls() -> Scenario {
    organization()
        .always(Match::Any, WireFault::Framed(Framing::UntilClose))
        .reach(Reach::Tls)
        .wire("0 token, 0 submit, 2000 poll")
        .rows(BY_CLIENT)
}

pub(crate) fn reset_in_a_body_without_a_length() -> Scenario {
    retried(WireFault::ResetMidBody)
}

pub(crate) fn reset_in_a_body_without_a_length_over_tls() -> Scenario {
    retried(WireFault::ResetMidBody).reach(Reach::Tls)
}

pub(crate) fn reset_in_a_body_without_a_length_of_a_submit() -> Scenario {
    ambiguous_submit(WireFault::ResetMidBody)
}

/// TLS tells when a connection ends; if it does not, the body was cut.
pub(crate) fn cut_in_a_body_without_a_length_over_tls() -> Scenario {
    retried(WireFault::Framed(Framing::HalfUntilClose)).reach(Reach::Tls)
}

pub(crate) fn cut_in_a_body_without_a_length_of_a_submit_over_tls() -> Scenario {
    ambiguous_submit(WireFault::Framed(Framing::HalfUntilClose)).reach(Reach::Tls)
}

pub(crate) fn closed_between_chunks_over_tls() -> Scenario {
    retried(WireFault::Framed(Framing::ChunksWithoutEnd)).reach(Reach::Tls)
}

/// Every connection is closed after a response that announced to keep it open, before the client can notice: the submit
/// uses a new connection.
pub(crate) fn submit_behind_a_closed_connection() -> Scenario {
    organization()
        .always(Match::Token, WireFault::CloseAfterReply)
        .wire("0 token, 0 submit, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent LastPage")
        .rows(BY_CLIENT)
}

/// The rate limit allows the submit 150 ms before the deadline, which is too late for its response.
pub(crate) fn submit_just_before_the_deadline() -> Scenario {
    organization()
        .credential(Credential::Token)
        .policy(|policy| policy.with_deadline(Duration::from_millis(2150)))
        .fault(Match::Submit, Fault::RateLimited { retry_after: Some("2".into()) })
        .wire("0 submit")
        .causes("Sent DeadlinePassed")
        .ends(
            "deadline: next at 2000 for RateLimit, last 429 too.many.requests (at usage.query after 1 requests)",
        )
}

pub(crate) fn through_a_proxy() -> Scenario {
    organization().reach(Reach::Proxy).wire("0 token, 0 submit, 2000 poll").rows(BY_CLIENT)
}

/// Returns a scenario in which the proxy refuses permanently.
fn refused_for_good(reach: Reach) -> Scenario {
    organization()
        .reach(reach)
        .credential(Credential::Token)
        .wire("")
        .causes("Sent Untrusted")
        .ends("Connect (at usage.query after 1 requests)")
}

pub(crate) fn proxy_refuses_with_401() -> Scenario {
    refused_for_good(Reach::ProxyAnswers401)
}

pub(crate) fn proxy_refuses_with_403() -> Scenario {
    refused_for_good(Reach::ProxyAnswers403)
}

pub(crate) fn proxy_refuses_with_407() -> Scenario {
    refused_for_good(Reach::ProxyAnswers407)
}

/// Returns a scenario in which the proxy is temporarily out of order, or the host is not a proxy. Nothing was sent.
fn tried_again(reach: Reach) -> Scenario {
    organization()
        .reach(reach)
        .credential(Credential::Token)
        .policy(|policy| policy.with_max_failures(2))
        .wire("")
        .causes("Sent TransportFailed Elapsed Sent TooManyFailures")
        .ends("2 failures: Connect, sent No (at usage.query after 2 requests)")
}

pub(crate) fn proxy_refuses_with_502() -> Scenario {
    tried_again(Reach::ProxyAnswers502)
}

pub(crate) fn proxy_answers_with_html() -> Scenario {
    tried_again(Reach::ProxyAnswersHtml)
}

pub(crate) fn proxy_closes() -> Scenario {
    tried_again(Reach::ProxyCloses)
}

pub(crate) fn proxy_is_not_there() -> Scenario {
    tried_again(Reach::ProxyIsAbsent)
}

/// The connect timeout includes the tunnel.
pub(crate) fn proxy_is_silent() -> Scenario {
    tried_again(Reach::ProxyIsSilent).connect_timeout(Duration::from_millis(300))
}

/// The exchange may time out before the connect timeout; then nothing was sent.
pub(crate) fn exchange_ends_before_there_is_a_connection() -> Scenario {
    organization()
        .reach(Reach::TlsInSilence)
        .credential(Credential::Token)
        .policy(|policy| policy.with_exchange_timeout(Duration::from_millis(300)).with_max_failures(2))
        .wire("")
        .causes("Sent TransportFailed Elapsed Sent TooManyFailures")
        .ends("2 failures: Connect, sent No (at usage.query after 2 requests)")
}

/// A service with TLS 1.2 refuses within the handshake, one with TLS 1.3 after it.
pub(crate) fn tls12_without_the_certificate_of_the_client() -> Scenario {
    organization()
        .reach(Reach::TlsOfNobodyInTls12)
        .credential(Credential::Token)
        .wire("")
        .causes("Sent Untrusted")
        .ends("Tls (at usage.query after 1 requests)")
}
