//! TLS with generated certificates.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{
    DEFAULT_VERSIONS, RootCertStore, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion,
};

/// The certificate that a server presents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Certificate {
    /// A valid certificate for `127.0.0.1` and `localhost`, signed by the root of [`Tls::root_pem`].
    #[default]
    Good,
    /// Signed by that root, for another host.
    WrongName,
    /// Signed by that root, expired in 2001.
    Expired,
    /// Self-signed.
    SelfSigned,
}

/// The server's TLS settings: its certificate, the root behind it, and whether it requires a client certificate.
///
/// Keys and certificates are generated for each value.
///
/// ```
/// use usage_sim::{Certificate, ServeOptions, Simulator, SimulatorConfig, Tls, serve};
///
/// let tls = Tls::new(Certificate::Good)?;
/// let root = tls.root_pem().to_owned(); // for the client to trust
/// let server = serve(Simulator::new(SimulatorConfig::default()), ServeOptions::default().with_tls(tls))?;
/// assert!(server.url().starts_with("https://127.0.0.1:"));
/// assert!(root.starts_with("-----BEGIN CERTIFICATE-----"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct Tls {
    certificate: Certificate,
    root_pem: String,
    server_pem: String,
    server_key_pem: String,
    client_pem: String,
    client_key_pem: String,
    demands_client: bool,
    config: Arc<ServerConfig>,
}

impl Tls {
    /// Generates a root and a certificate.
    ///
    /// # Errors
    ///
    /// Returns an error if keys cannot be generated.
    pub fn new(certificate: Certificate) -> io::Result<Self> {
        Self::make(certificate, false, DEFAULT_VERSIONS)
    }

    /// Generates a valid certificate, and requires a client certificate of the same root: see
    /// [`client_pem`](Self::client_pem).
    ///
    /// # Errors
    ///
    /// Returns an error if keys cannot be generated.
    pub fn demanding_client() -> io::Result<Self> {
        Self::make(Certificate::Good, true, DEFAULT_VERSIONS)
    }

    /// Like [`demanding_client`](Self::demanding_client), with TLS 1.2 only. It refuses a client within the handshake,
    /// while TLS 1.3 refuses after the client has completed it.
    ///
    /// # Errors
    ///
    /// Returns an error if keys cannot be generated.
    pub fn demanding_client_in_tls12() -> io::Result<Self> {
        Self::make(Certificate::Good, true, &[&rustls::version::TLS12])
    }

    /// Returns the rustls configuration, for other servers.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// Returns the root's certificate as PEM. It has not signed a self-signed certificate.
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// Returns the server's certificate as PEM, for other servers.
    pub fn server_pem(&self) -> &str {
        &self.server_pem
    }

    /// Returns the key of [`server_pem`](Self::server_pem), as PEM.
    pub fn server_key_pem(&self) -> &str {
        &self.server_key_pem
    }

    /// Returns a client certificate signed by the root, as PEM.
    pub fn client_pem(&self) -> &str {
        &self.client_pem
    }

    /// Returns the key of [`client_pem`](Self::client_pem), as PEM.
    pub fn client_key_pem(&self) -> &str {
        &self.client_key_pem
    }

    fn make(
        certificate: Certificate,
        demands_client: bool,
        versions: &[&'static SupportedProtocolVersion],
    ) -> io::Result<Self> {
        let root = root().map_err(io::Error::other)?;
        let (signed, key) = server_certificate(certificate, &root).map_err(io::Error::other)?;
        let (server_pem, server_key_pem) = (signed.pem(), key.serialize_pem());
        let (client_pem, client_key_pem) = client_certificate(&root).map_err(io::Error::other)?;
        let config = config(&root, signed.der().clone(), key.into(), demands_client, versions)
            .map_err(io::Error::other)?;
        Ok(Self {
            certificate,
            root_pem: root.pem(),
            server_pem,
            server_key_pem,
            client_pem,
            client_key_pem,
            demands_client,
            config: Arc::new(config),
        })
    }

    /// Returns the stream over `socket`. The handshake happens in the first read.
    pub(super) fn accept(&self, socket: TcpStream) -> io::Result<Stream> {
        let connection = ServerConnection::new(Arc::clone(&self.config)).map_err(io::Error::other)?;
        Ok(Stream(StreamOwned::new(connection, socket)))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("certificate", &self.certificate)
            .field("demands_client", &self.demands_client)
            .finish_non_exhaustive()
    }
}

/// A served connection. It does not send `close_notify` when dropped, so that a client can detect a cut body.
pub(super) struct Stream(StreamOwned<ServerConnection, TcpStream>);

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl super::connection::Connection for Stream {
    fn announce_end(&mut self) {
        self.0.conn.send_close_notify();
        let _ = self.0.flush();
    }
}

fn root() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, "usage-sim root");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn server_certificate(
    certificate: Certificate,
    root: &CertifiedIssuer<'static, KeyPair>,
) -> Result<(rcgen::Certificate, KeyPair), rcgen::Error> {
    let mut params = if certificate == Certificate::WrongName {
        CertificateParams::new(["elsewhere.invalid".to_owned()])?
    } else {
        let mut params = CertificateParams::new(["localhost".to_owned()])?;
        params.subject_alt_names.push(SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        params
    };
    params.distinguished_name.push(rcgen::DnType::CommonName, "usage-sim");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    if certificate == Certificate::Expired {
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(2001, 1, 1);
    }
    let key = KeyPair::generate()?;
    let signed = match certificate {
        Certificate::SelfSigned => params.self_signed(&key)?,
        _ => params.signed_by(&key, root)?,
    };
    Ok((signed, key))
}

fn client_certificate(root: &CertifiedIssuer<'static, KeyPair>) -> Result<(String, String), rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, "a client");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate()?;
    Ok((params.signed_by(&key, root)?.pem(), key.serialize_pem()))
}

fn config(
    root: &CertifiedIssuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    demands_client: bool,
    versions: &[&'static SupportedProtocolVersion],
) -> Result<ServerConfig, Box<dyn std::error::Error + Send + Sync>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions)?;
    let config = if demands_client {
        let mut roots = RootCertStore::empty();
        roots.add(root.der().clone())?;
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
        config.with_client_cert_verifier(verifier)
    } else {
        config.with_no_client_auth()
    };
    Ok(config.with_single_cert(vec![certificate], key)?)
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::pem::PemObject;
    use rustls::{AlertDescription, CertificateError, ClientConfig, ClientConnection, Error};

    use super::*;
    use crate::{ServeOptions, Simulator, SimulatorConfig, serve};

    /// Returns the response to an unknown path for a client that trusts `root`.
    fn asked(tls: &Tls, root: &str, with_certificate: bool) -> Result<String, Error> {
        let server =
            serve(Simulator::new(SimulatorConfig::default()), ServeOptions::default().with_tls(tls.clone()));
        let server = server.unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(root.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots);
        let config = if with_certificate {
            let certificate = CertificateDer::from_pem_slice(tls.client_pem().as_bytes()).unwrap();
            let key = PrivateKeyDer::from_pem_slice(tls.client_key_pem().as_bytes()).unwrap();
            config.with_client_auth_cert(vec![certificate], key).unwrap()
        } else {
            config.with_no_client_auth()
        };
        let connection = ClientConnection::new(Arc::new(config), "127.0.0.1".try_into().unwrap()).unwrap();
        let mut stream = StreamOwned::new(connection, TcpStream::connect(server.address()).unwrap());
        let mut head = [0; 12];
        let asked = stream
            .write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            .and_then(|()| stream.read_exact(&mut head));
        asked.map_err(|error| {
            error.get_ref().and_then(|error| error.downcast_ref::<Error>()).unwrap().clone()
        })?;
        Ok(String::from_utf8_lossy(&head).into_owned())
    }

    #[test]
    fn each_certificate_has_the_flaw_of_its_name() {
        let refused = |certificate| {
            let tls = Tls::new(certificate).unwrap();
            match asked(&tls, tls.root_pem(), false) {
                Err(Error::InvalidCertificate(error)) => Some(error),
                other => panic!("{other:?}"),
            }
        };
        let good = Tls::new(Certificate::Good).unwrap();
        assert_eq!(asked(&good, good.root_pem(), false).unwrap(), "HTTP/1.1 404");
        let stranger = Tls::new(Certificate::Good).unwrap();
        assert!(asked(&good, stranger.root_pem(), false).is_err());
        assert!(matches!(refused(Certificate::Expired), Some(CertificateError::ExpiredContext { .. })));
        assert!(matches!(
            refused(Certificate::WrongName),
            Some(CertificateError::NotValidForNameContext { .. })
        ));
        assert!(refused(Certificate::SelfSigned).is_some());
    }

    #[test]
    fn a_client_without_certificate_is_refused() {
        for tls in [Tls::demanding_client().unwrap(), Tls::demanding_client_in_tls12().unwrap()] {
            assert_eq!(asked(&tls, tls.root_pem(), true).unwrap(), "HTTP/1.1 404");
            let refused = asked(&tls, tls.root_pem(), false);
            assert_eq!(refused, Err(Error::AlertReceived(AlertDescription::CertificateRequired)));
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let shown = format!("{:?}", Tls::new(Certificate::Expired).unwrap());
        assert_eq!(shown, "Tls { certificate: Expired, demands_client: false, .. }");
    }
}
