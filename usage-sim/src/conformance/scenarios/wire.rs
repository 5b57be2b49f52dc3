//! Faults between the client and the service.

use std::time::Duration;

use super::{BY_CLIENT, IN_SEARCH, organization, retried};
use crate::conformance::scenario::{Credential, Reach, Scenario, Script, Work};
use crate::fault::{Fault, Match, Rule};
use crate::wire_fault::WireFault;

const RESET: &str = "Reset, sent Maybe";
const TIMEOUT: &str = "Timeout, sent Maybe";

/// The timeout of an exchange in scenarios that wait for it in real time.
const SHORT: Duration = Duration::from_secs(1);

/// Returns a scenario in which `fault` strikes the poll and ends the execution with an error of `kind`.
fn reported(fault: WireFault, kind: &str) -> Scenario {
    organization()
        .fault(Match::Results, fault)
        .policy(|policy| policy.with_max_failures(1))
        .wire("0 token, 0 submit, 2000 poll")
        .causes("Authorized Sent Accepted Elapsed Sent TooManyFailures")
        .ends(format!("1 failures: {kind} (at usage.query.results after 3 requests, can be resumed)"))
}

fn impatient(scenario: Scenario) -> Scenario {
    scenario.policy(|policy| policy.with_exchange_timeout(SHORT))
}

/// The request was not sent, so a submit may be repeated: five attempts.
pub(crate) fn connection_refused() -> Scenario {
    organization()
        .reach(Reach::Refused)
        .credential(Credential::Token)
        .wire("")
        .causes(
            "Sent TransportFailed Elapsed Sent TransportFailed Elapsed Sent TransportFailed Elapsed Sent \
             TransportFailed Elapsed Sent TooManyFailures",
        )
        .ends("5 failures: Connect, sent No (at usage.query after 5 requests)")
}

pub(crate) fn connection_refused_at_login() -> Scenario {
    organization()
        .reach(Reach::Refused)
        .policy(|policy| policy.with_max_failures(2))
        .wire("")
        .causes("TokenUnavailable Elapsed TooManyFailures")
        .ends("2 failures: Connect, sent No (at oauth.token after 2 requests)")
}

pub(crate) fn name_that_does_not_resolve() -> Scenario {
    organization()
        .reach(Reach::Unresolved)
        .credential(Credential::Token)
        .policy(|policy| policy.with_max_failures(2))
        .wire("")
        .causes("Sent TransportFailed Elapsed Sent TooManyFailures")
        .ends("2 failures: Dns, sent No (at usage.query after 2 requests)")
}

pub(crate) fn tls_with_a_known_root() -> Scenario {
    organization().reach(Reach::Tls).wire("0 token, 0 submit, 2000 poll").rows(BY_CLIENT)
}

/// Returns a scenario with an untrusted host, which is not tried again.
fn untrusted(reach: Reach) -> Scenario {
    organization()
        .reach(reach)
        .credential(Credential::Token)
        .wire("")
        .causes("Sent Untrusted")
        .ends("Tls (at usage.query after 1 requests)")
}

pub(crate) fn tls_with_an_unknown_root() -> Scenario {
    untrusted(Reach::TlsOfUnknownRoot)
}

pub(crate) fn tls_with_the_wrong_name() -> Scenario {
    untrusted(Reach::TlsOfWrongName)
}

pub(crate) fn tls_expired() -> Scenario {
    untrusted(Reach::TlsExpired)
}

pub(crate) fn tls_self_signed() -> Scenario {
    untrusted(Reach::TlsSelfSigned)
}

pub(crate) fn tls_with_a_host_without_tls() -> Scenario {
    untrusted(Reach::TlsOfNone)
}

/// The connect timeout includes the handshake.
pub(crate) fn tls_handshake_without_an_end() -> Scenario {
    organization()
        .reach(Reach::TlsInSilence)
        .connect_timeout(SHORT)
        .credential(Credential::Token)
        .policy(|policy| policy.with_max_failures(1))
        .wire("")
        .causes("Sent TooManyFailures")
        .ends("1 failures: Connect, sent No (at usage.query after 1 requests)")
}

pub(crate) fn tls_untrusted_at_login() -> Scenario {
    organization()
        .reach(Reach::TlsSelfSigned)
        .wire("")
        .causes("Untrusted")
        .ends("Tls (at oauth.token after 1 requests)")
}

pub(crate) fn tls_with_a_certificate_of_the_client() -> Scenario {
    organization().reach(Reach::TlsOfBoth).wire("0 token, 0 submit, 2000 poll").rows(BY_CLIENT)
}

pub(crate) fn tls_without_the_certificate_of_the_client() -> Scenario {
    untrusted(Reach::TlsOfNobody)
}

pub(crate) fn closed_before_the_head() -> Scenario {
    retried(WireFault::CloseBeforeReply)
}

pub(crate) fn closed_before_the_head_is_reported() -> Scenario {
    reported(WireFault::CloseBeforeReply, RESET)
}

pub(crate) fn closed_in_the_head() -> Scenario {
    reported(WireFault::CloseMidHead, RESET)
}

pub(crate) fn closed_in_the_body() -> Scenario {
    retried(WireFault::CloseMidBody)
}

pub(crate) fn closed_in_the_body_is_reported() -> Scenario {
    reported(WireFault::CloseMidBody, RESET)
}

pub(crate) fn closed_in_the_body_over_tls() -> Scenario {
    retried(WireFault::CloseMidBody).reach(Reach::Tls)
}

/// The rate limit in a head counts even if its body does not arrive: one request a minute.
pub(crate) fn head_counts_without_its_body() -> Scenario {
    organization()
        .service(|service| service.with_rate_limit(1))
        .fault(Match::Submit, WireFault::CloseMidBody)
        .policy(|policy| policy.with_resubmit(true))
        .wire("0 token, 0 submit, 60000 submit, 120000 poll")
        .rows(BY_CLIENT)
}

/// The submit may have arrived: sending it again could run the query twice.
pub(crate) fn submit_of_unknown_fate() -> Scenario {
    organization()
        .fault(Match::Submit, WireFault::CloseBeforeReply)
        .wire("0 token, 0 submit")
        .causes("Authorized Sent AmbiguousSubmit")
        .ends("ambiguous submit: Reset (at usage.query after 2 requests)")
}

pub(crate) fn submit_of_unknown_fate_sent_again() -> Scenario {
    organization()
        .fault(Match::Submit, WireFault::CloseMidBody)
        .policy(|policy| policy.with_resubmit(true))
        .wire("0 token, 0 submit, 500 submit, 2500 poll")
        .causes("Authorized Sent TransportFailed Elapsed Sent Accepted Elapsed Sent LastPage")
        .rows(BY_CLIENT)
}

/// A token whose response breaks off is requested again.
pub(crate) fn token_response_that_breaks_off() -> Scenario {
    organization()
        .fault(Match::Token, WireFault::CloseMidBody)
        .wire("0 token, 500 token, 500 submit, 2500 poll")
        .causes("TokenUnavailable Elapsed Authorized Sent Accepted Elapsed Sent LastPage")
        .rows(BY_CLIENT)
}

/// The server closes a connection that it announced to keep open: the next request uses another connection.
pub(crate) fn kept_connection_closed_between_exchanges() -> Scenario {
    organization()
        .service(|service| service.with_execution_time(Duration::from_secs(5)))
        .always(Match::Any, WireFault::CloseAfterReply)
        .settles()
        .credential(Credential::Token)
        .wire("0 submit, 2000 poll, 6000 poll")
        .causes("Sent Accepted Elapsed Sent Pending Elapsed Sent LastPage")
        .rows(BY_CLIENT)
}

pub(crate) fn garbage_instead_of_an_answer() -> Scenario {
    reported(WireFault::Garbage(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()), RESET)
}

pub(crate) fn silence() -> Scenario {
    impatient(retried(WireFault::Hang))
}

pub(crate) fn silence_is_reported() -> Scenario {
    impatient(reported(WireFault::Hang, TIMEOUT))
}

pub(crate) fn silence_at_login() -> Scenario {
    impatient(organization())
        .fault(Match::Token, WireFault::Hang)
        .wire("0 token, 500 token, 500 submit, 2500 poll")
        .causes("TokenUnavailable Elapsed Authorized Sent Accepted Elapsed Sent LastPage")
        .rows(BY_CLIENT)
}

pub(crate) fn silence_after_a_submit() -> Scenario {
    impatient(organization())
        .fault(Match::Submit, WireFault::Hang)
        .wire("0 token, 0 submit")
        .causes("Authorized Sent AmbiguousSubmit")
        .ends("ambiguous submit: Timeout (at usage.query after 2 requests)")
}

pub(crate) fn silence_in_the_body() -> Scenario {
    impatient(reported(WireFault::HangMidBody, TIMEOUT))
}

pub(crate) fn silence_over_tls() -> Scenario {
    silence().reach(Reach::Tls)
}

/// Each byte arrives in time, but the last one does not.
pub(crate) fn drip_past_the_timeout() -> Scenario {
    let drip = WireFault::Drip { interval: Duration::from_millis(50), bytes: 1 };
    impatient(reported(drip, TIMEOUT))
}

/// Gateways add headers of their own.
pub(crate) fn large_head() -> Scenario {
    organization()
        .fault(Match::Results, WireFault::OversizedHead { bytes: 48 * 1024 })
        .wire("0 token, 0 submit, 2000 poll")
        .rows(BY_CLIENT)
}

pub(crate) fn oversized_head() -> Scenario {
    reported(WireFault::OversizedHead { bytes: 1024 * 1024 }, RESET)
}

/// A submission is never this large.
pub(crate) fn oversized_body() -> Scenario {
    refused_body(Fault::Oversized { bytes: 4 * 1024 * 1024 })
}

/// An endless body is refused at its limit, not at the timeout.
pub(crate) fn endless_body() -> Scenario {
    refused_body(WireFault::EndlessBody.into())
}

/// A small body that is huge when it is decoded.
pub(crate) fn gzip_bomb() -> Scenario {
    refused_body(Fault::GzipBomb { bytes: 4 * 1024 * 1024 })
}

fn refused_body(fault: Fault) -> Scenario {
    organization()
        .policy(|policy| policy.with_exchange_timeout(Duration::from_secs(5)))
        .fault(Match::Submit, fault)
        .wire("0 token, 0 submit")
        .causes("Authorized Sent Undecodable")
        .ends(
            "unreadable answer at $ (byte 1048576): the body has more than 1048576 bytes (at usage.query after 2 \
             requests)",
        )
}

pub(crate) fn gzip() -> Scenario {
    organization().always(Match::Any, Fault::Gzip).wire("0 token, 0 submit, 2000 poll").rows(BY_CLIENT)
}

pub(crate) fn garbage_between_chunks() -> Scenario {
    reported(WireFault::GarbageMidBody, RESET)
}

/// A failed attempt between two pages neither loses nor repeats rows.
pub(crate) fn broken_page_is_fetched_again() -> Scenario {
    Scenario::new(Work::Search)
        .rule(Rule::new(Match::Results, WireFault::CloseMidBody).skip(1))
        .wire("0 token, 0 submit, 2000 poll, 2000 page, 2500 page, 2500 page")
        .rows(IN_SEARCH)
}

/// The connection of a dropped future is not used again: its late response would be taken for the next one.
pub(crate) fn late_responses_are_ignored() -> Scenario {
    impatient(organization())
        .script(Script::Twice)
        .fault(Match::Results, WireFault::HangMidBody)
        .wire("0 token, 0 submit, 2000 poll, 2500 poll, 2500 submit, 4500 poll")
        .rows(BY_CLIENT)
        .rows(BY_CLIENT)
}
