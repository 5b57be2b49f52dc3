//! The TLS settings of the builder, and the configuration of rustls that follows from them.

#[cfg(feature = "rustls")]
mod config;

use std::fmt;

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use usage_core::Secret;
use usage_core::error::BuildError;

/// Trusted roots and the client certificate.
///
/// ```
/// use usage_driver::{ClientBuilder, ClientConfig, Roots};
///
/// // A builder without TLS settings trusts the bundled roots and presents no certificate.
/// let tls = ClientBuilder::<ClientConfig>::new().access_token("a-token")?.build()?.tls;
/// assert_eq!(tls.roots, Roots::Bundled);
/// assert!(tls.extra_roots.is_empty() && tls.identity.is_none());
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TlsOptions {
    /// The root store.
    pub roots: Roots,
    /// Additional roots.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// The certificate that the client presents if the server asks for one (mTLS).
    pub identity: Option<Identity>,
}

/// Root certificates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Roots {
    /// Mozilla's, as of the build of the driver.
    #[default]
    Bundled,
    /// Those of the operating system, including roots that its administrator added. Needs the feature `platform-verifier`
    /// of the driver.
    Platform,
}

/// A client certificate and its key. `Debug` shows neither.
///
/// ```no_run
/// use usage_core::Secret;
/// use usage_driver::Identity;
///
/// let (chain, key) = (std::fs::read("client.pem")?, Secret::new(std::fs::read("client.key")?));
/// let identity = Identity::from_pem(&chain, key)?;
/// println!("{} certificates", identity.chain().len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: Secret<Vec<u8>>,
}

impl Identity {
    /// Parses PEM: the client's certificate, followed by its intermediates, and the key of the first, as PKCS#8, PKCS#1 or
    /// SEC1, not encrypted. Building the client checks that the two belong together.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no certificate or no key, or one that cannot be read.
    pub fn from_pem(chain: &[u8], key: Secret<Vec<u8>>) -> Result<Self, BuildError> {
        let chain = certificates("client certificate", chain)?;
        PrivateKeyDer::from_pem_slice(key.expose()).map_err(|_| BuildError::Secret {
            what: "key of the client certificate",
            problem: "is not there; give it as PEM, not encrypted",
        })?;
        Ok(Self { chain, key })
    }

    /// Returns the certificates, the client's own first.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// Returns the key, as PEM.
    pub fn key(&self) -> &Secret<Vec<u8>> {
        &self.key
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// Returns all certificates in `pem`, at least one.
pub(crate) fn certificates(what: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, BuildError> {
    let refuse = |problem: &str| BuildError::Client { problem: format!("the {what} {problem}").into() };
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err(refuse("is not there; give it as PEM")),
        Ok(found) => Ok(found),
        Err(_) => Err(refuse("is broken PEM")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    const KEY: &str = "-----BEGIN PRIVATE KEY-----\naHVudGVyMg==\n-----END PRIVATE KEY-----\n";

    #[test]
    fn missing_certificates_and_keys_are_refused_before_anything_is_sent() {
        let twice = format!("# two\n{CERTIFICATE}{KEY}{CERTIFICATE}");
        assert_eq!(certificates("root", twice.as_bytes()).unwrap().len(), 2);
        let error = certificates("root certificate", KEY.as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the client cannot be built: the root certificate is not there; give it as PEM"
        );
        assert!(certificates("root", &CERTIFICATE.as_bytes()[..40]).is_err());
        assert!(certificates("root", CERTIFICATE.replace("MAA=", "M=A").as_bytes()).is_err());

        let key = || Secret::new(KEY.as_bytes().to_vec());
        let identity = Identity::from_pem(CERTIFICATE.as_bytes(), key()).unwrap();
        assert_eq!((identity.chain().len(), identity.key().expose().as_slice()), (1, KEY.as_bytes()));
        assert_eq!(format!("{identity:?}"), "Identity { .. }");
        let swapped = Identity::from_pem(KEY.as_bytes(), Secret::new(CERTIFICATE.as_bytes().to_vec()));
        assert!(swapped.is_err());
        let broken = Secret::new(KEY.replace("aHVu", "a!Vu").into_bytes());
        let error = Identity::from_pem(CERTIFICATE.as_bytes(), broken).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the key of the client certificate is not there; give it as PEM, not encrypted"
        );
    }
}
