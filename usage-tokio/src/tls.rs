//! TLS as the builder wants it: rustls, on ring.

use std::fmt::Display;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use usage_core::error::BuildError;
use usage_core::{Roots, TlsOptions};

pub(crate) fn config(options: &TlsOptions) -> Result<ClientConfig, BuildError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(refused)?;
    let builder = match options.roots {
        Roots::Bundled => builder.with_root_certificates(bundled(options)?),
        #[cfg(feature = "platform-verifier")]
        Roots::Platform => {
            let extra = options.extra_roots.iter().cloned();
            let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(extra, provider);
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier.map_err(refused)?))
        }
        _ => return Err(refused("the platform's roots need the feature platform-verifier of the driver")),
    };
    let Some(identity) = &options.identity else { return Ok(builder.with_no_client_auth()) };
    let key = PrivateKeyDer::from_pem_slice(identity.key().expose()).map_err(refused)?;
    builder.with_client_auth_cert(identity.chain().to_vec(), key).map_err(refused)
}

fn bundled(options: &TlsOptions) -> Result<RootCertStore, BuildError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for root in &options.extra_roots {
        roots.add(root.clone()).map_err(refused)?;
    }
    Ok(roots)
}

fn refused(problem: impl Display) -> BuildError {
    BuildError::Client { problem: problem.to_string().into() }
}

/// Whether this says that the handshake was refused, by either side: then nothing of the request was looked at. A
/// service's refusal of a certificate may come when the handshake is over for the client.
pub(crate) fn is_refusal(error: &rustls::Error) -> bool {
    use rustls::AlertDescription as Alert;
    match error {
        rustls::Error::AlertReceived(alert) => matches!(
            alert,
            Alert::HandshakeFailure
                | Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::CertificateRequired
                | Alert::UnknownCA
                | Alert::AccessDenied
                | Alert::ProtocolVersion
                | Alert::InsufficientSecurity
                | Alert::UnrecognisedName
        ),
        _ => false,
    }
}
