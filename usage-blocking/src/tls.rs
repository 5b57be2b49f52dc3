//! TLS as the builder wants it: ureq's, on rustls and ring.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};
use usage_core::error::BuildError;
use usage_core::{Identity, Roots, TlsOptions};

pub(crate) fn config(options: &TlsOptions) -> Result<TlsConfig, BuildError> {
    let provider = Arc::new(ring::default_provider());
    // What ureq would find out only when it connects is tried here, but for the platform's roots.
    let mut tried = options.clone();
    if cfg!(feature = "platform-verifier") {
        tried.roots = Roots::Bundled;
    }
    tried.client_config(Arc::clone(&provider), None)?;
    let identity = options.identity.as_ref().map(client_certificate).transpose()?;
    let builder = TlsConfig::builder().unversioned_rustls_crypto_provider(provider);
    Ok(builder.root_certs(roots(options)?).client_cert(identity).build())
}

/// ureq takes a list or one of its own sets: extra roots are added to the list of that set.
fn roots(options: &TlsOptions) -> Result<RootCerts, BuildError> {
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
        _ => Err(BuildError::client("the driver does not know these roots")),
    }
}

fn client_certificate(identity: &Identity) -> Result<ClientCert, BuildError> {
    let key = PrivateKey::from_pem(identity.key().expose()).map_err(BuildError::client)?;
    let chain: Vec<_> = identity.chain().iter().map(|one| Certificate::from_der(one).to_owned()).collect();
    Ok(ClientCert::new_with_certs(&chain, key))
}
