//! TLS as the builder wants it: ureq's, on rustls and ring. What ureq would find out only when it connects is tried here.

use std::fmt::Display;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};
use usage_core::error::BuildError;
use usage_core::{Identity, Roots, TlsOptions};

pub(crate) fn config(options: &TlsOptions) -> Result<TlsConfig, BuildError> {
    let identity = options.identity.as_ref().map(client_certificate).transpose()?;
    let provider = Arc::new(ring::default_provider());
    let builder = TlsConfig::builder().unversioned_rustls_crypto_provider(provider);
    Ok(builder.root_certs(roots(options)?).client_cert(identity).build())
}

/// ureq takes a list or one of its own sets: extra roots are added to the list of that set.
fn roots(options: &TlsOptions) -> Result<RootCerts, BuildError> {
    let mut checked = RootCertStore::empty();
    for root in &options.extra_roots {
        checked.add(root.clone()).map_err(refused)?;
    }
    let and_extra = |set: &[CertificateDer<'_>]| {
        set.iter().chain(&options.extra_roots).map(|root| Certificate::from_der(root).to_owned()).into()
    };
    match options.roots {
        Roots::Bundled if options.extra_roots.is_empty() => Ok(RootCerts::WebPki),
        Roots::Bundled => Ok(and_extra(webpki_root_certs::TLS_SERVER_ROOT_CERTS)),
        #[cfg(feature = "platform-verifier")]
        Roots::Platform if options.extra_roots.is_empty() => Ok(RootCerts::PlatformVerifier),
        #[cfg(feature = "platform-verifier")]
        Roots::Platform => Ok(and_extra(&rustls_native_certs::load_native_certs().certs)),
        _ => Err(refused("the platform's roots need the feature platform-verifier of the driver")),
    }
}

fn client_certificate(identity: &Identity) -> Result<ClientCert, BuildError> {
    let pem = identity.key().expose();
    let key = PrivateKeyDer::from_pem_slice(pem).map_err(refused)?;
    CertifiedKey::from_der(identity.chain().to_vec(), key, &ring::default_provider()).map_err(refused)?;
    let key = PrivateKey::from_pem(pem).map_err(refused)?;
    let chain: Vec<_> = identity.chain().iter().map(|one| Certificate::from_der(one).to_owned()).collect();
    Ok(ClientCert::new_with_certs(&chain, key))
}

pub(crate) fn refused(problem: impl Display) -> BuildError {
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
        rustls::Error::InvalidCertificate(_)
        | rustls::Error::NoCertificatesPresented
        | rustls::Error::UnsupportedNameType
        | rustls::Error::PeerIncompatible(_)
        // It does not speak TLS.
        | rustls::Error::InvalidMessage(_) => true,
        _ => false,
    }
}
