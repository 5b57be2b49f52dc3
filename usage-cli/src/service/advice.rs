//! Advice for failures that the service did not cause: certificates, proxies, clocks.

use http::StatusCode;
use usage_core::error::{Error, Failure, ForeignAnswer, TransportFailure, TransportKind};

use crate::service::Service;

/// The endpoint that the login host serves.
const TOKEN: &str = "oauth.token";

/// Returns a description of the response if it does not look like one of the service.
pub(crate) fn foreign(error: &Error) -> Option<ForeignAnswer> {
    match error.failure() {
        Failure::Decode(error) => error.foreign().cloned(),
        _ => error.api_error()?.foreign(),
    }
}

/// Returns advice about a response that did not come from `service`, or that says it is unavailable.
pub(crate) fn about_answer(error: &Error, service: &Service) -> Vec<String> {
    let host = if error.endpoint() == TOKEN { &service.login_url } else { &service.api_url };
    let status = error.api_error().map(|refusal| refusal.status);
    let mut hints = Vec::new();
    if let Some(foreign) = foreign(error) {
        hints.push(format!(
            "{host} gave this answer ({foreign}), and it does not look like the service's: does a proxy, a captive portal \
             or a gateway answer in its place?"
        ));
    }
    match status {
        Some(StatusCode::PROXY_AUTHENTICATION_REQUIRED) => hints.push(
            "the proxy wants credentials: HTTPS_PROXY=http://user:password@host:port names them".into(),
        ),
        Some(status) if status.is_server_error() => hints.push(
            "the service, or what stands before it, is out of order: try again in some minutes, and see the vendor's status \
             page"
                .into(),
        ),
        _ => {}
    }
    hints
}

/// Returns advice about a refused certificate, if the reason is known.
pub(crate) fn about_tls(failure: &TransportFailure) -> Option<String> {
    if failure.kind != TransportKind::Tls {
        return None;
    }
    let text = failure.text.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let advice = if has(&["unknownissuer", "unknown issuer", "unknownca", "unknown ca"]) {
        "a proxy or a gateway of your company may have signed this certificate: --ca-file FILE trusts its root, and \
         --system-roots what this machine trusts"
    } else if has(&["not valid for name", "notvalidforname", "not valid for any names"]) {
        "the certificate is another host's: is the region or the URL right, and does a proxy or a captive portal answer \
         in the service's place?"
    } else if has(&["expired", "not yet valid", "notvalidyet"]) {
        "is this machine's clock right? If it is, the certificate is the fault of whoever runs the host, or a proxy"
    } else if has(&["invalidcontenttype", "corrupt message", "invalid message"]) {
        "what answers does not speak TLS: is the port right, and is a proxy in between?"
    } else if has(&["certificate required", "certificaterequired", "handshakefailure", "handshake failure"]) {
        "the host wants something that this program does not offer, such as a client certificate"
    } else {
        return None;
    };
    Some(advice.into())
}

#[cfg(test)]
mod tests {
    use usage_core::error::Sent;

    use super::*;

    #[test]
    fn a_certificate_that_is_refused_has_advice_by_its_reason() {
        for (text, wanted) in [
            ("invalid peer certificate: UnknownIssuer", "--ca-file FILE"),
            ("received fatal alert: UnknownCA", "--system-roots"),
            ("invalid peer certificate: certificate not valid for name \"a\"", "another host's"),
            ("invalid peer certificate: certificate expired: verification time", "clock"),
            ("invalid peer certificate: certificate not valid yet: NotValidYet", "clock"),
            ("received corrupt message of type InvalidContentType", "does not speak TLS"),
            ("received fatal alert: CertificateRequired", "client certificate"),
        ] {
            let failure = TransportFailure::new(TransportKind::Tls, Sent::No, text);
            assert!(about_tls(&failure).unwrap().contains(wanted), "{text}");
            let other = TransportFailure::new(TransportKind::Reset, Sent::No, text);
            assert_eq!(about_tls(&other), None);
        }
    }
}
