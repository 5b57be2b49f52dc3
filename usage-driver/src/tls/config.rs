//! The configuration of rustls.

use std::fmt::Display;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use usage_core::error::BuildError;

use crate::tls::{Roots, TlsOptions};

impl TlsOptions {
    /// For drivers: returns the configuration of rustls, with `provider` for the cryptography.
    ///
    /// Reading the roots of the operating system is I/O: for [`Roots::Platform`], a driver passes the verifier, with the
    /// additional roots in it.
    ///
    /// # Errors
    ///
    /// Returns an error if the driver has no verifier for [`Roots::Platform`], or if a root, the identity or its key
    /// cannot be used.
    pub fn client_config(
        &self,
        provider: Arc<CryptoProvider>,
        platform: Option<Arc<dyn ServerCertVerifier>>,
    ) -> Result<ClientConfig, BuildError> {
        let builder = ClientConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().map_err(BuildError::client)?;
        let builder = match (self.roots, platform) {
            (Roots::Bundled, _) => builder.with_root_certificates(self.bundled()?),
            (Roots::Platform, Some(verifier)) => {
                builder.dangerous().with_custom_certificate_verifier(verifier)
            }
            (Roots::Platform, None) => {
                let problem = "the platform's roots need the feature platform-verifier of the driver";
                return Err(BuildError::client(problem));
            }
        };
        let Some(identity) = &self.identity else { return Ok(builder.with_no_client_auth()) };
        let key = PrivateKeyDer::from_pem_slice(identity.key().expose()).map_err(BuildError::client)?;
        builder.with_client_auth_cert(identity.chain().to_vec(), key).map_err(BuildError::client)
    }

    /// For drivers that can read the operating system's roots: like [`client_config`](Self::client_config), with `verifier`
    /// to create the verifier for [`Roots::Platform`] from the additional roots.
    ///
    /// # Errors
    ///
    /// Returns an error if a root, the identity or its key cannot be used, or if the operating system's roots cannot be
    /// read.
    pub fn client_config_with<V: ServerCertVerifier + 'static, E: Display>(
        &self,
        provider: Arc<CryptoProvider>,
        verifier: impl FnOnce(Vec<CertificateDer<'static>>, Arc<CryptoProvider>) -> Result<V, E>,
    ) -> Result<ClientConfig, BuildError> {
        if self.roots == Roots::Bundled {
            return self.client_config(provider, None);
        }
        let verifier =
            verifier(self.extra_roots.clone(), Arc::clone(&provider)).map_err(BuildError::client)?;
        self.client_config(provider, Some(Arc::new(verifier)))
    }

    fn bundled(&self) -> Result<RootCertStore, BuildError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for root in &self.extra_roots {
            roots.add(root.clone()).map_err(BuildError::client)?;
        }
        Ok(roots)
    }
}

#[cfg(test)]
mod tests {
    use rustls::crypto::ring;

    use super::*;

    fn config(options: &TlsOptions) -> Result<ClientConfig, BuildError> {
        options.client_config(Arc::new(ring::default_provider()), None)
    }

    #[test]
    fn unusable_roots_are_refused_when_the_client_is_built() {
        config(&TlsOptions::default()).unwrap();
        let no_root = CertificateDer::from(vec![0x30, 0]);
        assert!(config(&TlsOptions { extra_roots: vec![no_root], ..TlsOptions::default() }).is_err());
        let error = config(&TlsOptions { roots: Roots::Platform, ..TlsOptions::default() }).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the client cannot be built: the platform's roots need the feature platform-verifier of the driver"
        );
    }
}
