use rustls::{AlertDescription, Error};

/// Whether this says, whenever it comes, that the handshake was refused, by either side: then nothing of the request
/// was looked at. A service's refusal of a certificate may come when the handshake is over for the client.
pub(crate) fn is_refusal(error: &Error) -> bool {
    match error {
        // What only a handshake looks at.
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
