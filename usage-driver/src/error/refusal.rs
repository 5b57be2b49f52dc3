//! Errors of TLS that are refusals.

use rustls::{AlertDescription, Error};

/// Returns whether `error` says that either side refused the handshake, so that nothing of the request was read. A server
/// may refuse the client's certificate after the handshake has ended for the client.
pub(crate) fn is_refusal(error: &Error) -> bool {
    match error {
        // Only a handshake checks these.
        Error::InvalidCertificate(_)
        | Error::NoCertificatesPresented
        | Error::UnsupportedNameType
        | Error::PeerIncompatible(_) => true,
        // The alerts that RFC 8446, 6.2, defines for handshakes alone.
        Error::AlertReceived(alert) => matches!(
            alert,
            AlertDescription::HandshakeFailure
                | AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateUnknown
                | AlertDescription::CertificateRequired
                | AlertDescription::UnknownCA
                | AlertDescription::AccessDenied
                | AlertDescription::ProtocolVersion
                | AlertDescription::InsufficientSecurity
                | AlertDescription::UnrecognisedName
                | AlertDescription::DecryptError
                | AlertDescription::InappropriateFallback
                | AlertDescription::MissingExtension
                | AlertDescription::UnsupportedExtension
                | AlertDescription::BadCertificateStatusResponse
                | AlertDescription::UnknownPSKIdentity
                | AlertDescription::NoApplicationProtocol
        ),
        _ => false,
    }
}
