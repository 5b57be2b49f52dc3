//! What to do about failures that are not the service's: certificates, proxies, clocks.

use usage_core::error::{TransportFailure, TransportKind};

/// What to do about a certificate that is refused, if the reason is known.
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
