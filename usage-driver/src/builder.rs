//! The builder of clients: one for all drivers.

use std::marker::PhantomData;
use std::time::Duration;

use usage_core::auth::{AccessToken, Grant};
use usage_core::error::BuildError;
use usage_core::machine::MAX_TIMEOUT;
use usage_core::{BaseUrl, Policy, Region, Secret, Session};

use crate::proxy::Proxy;
use crate::tls::{self, Identity, Roots, TlsOptions};

/// A client that a [`ClientBuilder`] can build. Drivers implement it.
///
/// ```
/// use usage_core::error::BuildError;
/// use usage_driver::{ClientBuilder, ClientConfig, FromConfig};
///
/// /// A client of your own.
/// struct Client(ClientConfig);
///
/// impl FromConfig for Client {
///     const USER_AGENT: &'static str = "example/1.0";
///
///     fn from_config(config: ClientConfig) -> Result<Self, BuildError> {
///         Ok(Self(config))
///     }
/// }
///
/// let client: Client = ClientBuilder::new().access_token("a-token")?.build()?;
/// assert!(client.0.proxy.is_none());
/// # Ok::<(), BuildError>(())
/// ```
pub trait FromConfig: Sized {
    /// The `User-Agent` header of the driver: crate and version.
    const USER_AGENT: &'static str;

    /// Creates a client with this configuration.
    ///
    /// # Errors
    ///
    /// Returns an error if a setting cannot be used.
    fn from_config(config: ClientConfig) -> Result<Self, BuildError>;

    /// Returns a variable of the environment, from which the proxy is read. By default, there are none: this crate reads no
    /// environment.
    fn variable(name: &str) -> Option<String> {
        let _ = name;
        None
    }
}

/// The configuration of a client, from which a driver creates it.
///
/// ```
/// use std::time::Duration;
/// use usage_driver::{ClientBuilder, ClientConfig};
///
/// let config = ClientBuilder::<ClientConfig>::new()
///     .region("eu-central-1".parse()?)
///     .access_token("a-token")?
///     .connect_timeout(Duration::from_secs(3))
///     .build()?;
/// assert_eq!(config.session.api_url().to_string(), "https://api.mypurecloud.de");
/// assert_eq!(config.connect_timeout, Duration::from_secs(3));
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct ClientConfig {
    /// Hosts, credential and headers.
    pub session: Session,
    /// Waits, retries and deadline.
    pub policy: Policy,
    /// How long connecting may take, proxy and TLS included.
    pub connect_timeout: Duration,
    /// The proxy of connections.
    pub proxy: Option<Proxy>,
    /// Trusted roots and the client certificate.
    pub tls: TlsOptions,
}

/// The configuration itself, without a client: for [`Client::with_driver`](crate::blocking::Client::with_driver).
///
/// ```
/// use usage_driver::{ClientBuilder, ClientConfig};
///
/// let config = ClientBuilder::<ClientConfig>::new().region("eu-central-1".parse()?).access_token("a-token")?.build()?;
/// assert_eq!(config.session.api_url().to_string(), "https://api.mypurecloud.de");
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
impl FromConfig for ClientConfig {
    const USER_AGENT: &'static str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

    fn from_config(config: ClientConfig) -> Result<Self, BuildError> {
        Ok(config)
    }
}

/// Builds a client: hosts, credential, patience, and how to connect.
///
/// ```
/// # use usage_core::error::BuildError;
/// # use usage_driver::{ClientBuilder, ClientConfig, FromConfig};
/// # struct Client;
/// # impl FromConfig for Client {
/// #     const USER_AGENT: &'static str = "example/1.0";
/// #     fn from_config(_: ClientConfig) -> Result<Self, BuildError> { Ok(Client) }
/// # }
/// # impl Client { fn builder() -> ClientBuilder<Client> { ClientBuilder::new() } }
/// use usage_core::{Region, Secret};
///
/// let client = Client::builder()
///     .region("eu-central-1".parse()?)
///     .client_credentials("7de3af06-c0b3-4f9b-af45-72f4a14037cc", Secret::new("from a safe place".into()))?
///     .build()?;
/// # Ok::<(), BuildError>(())
/// ```
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder<C> {
    region: Region,
    api_url: Option<BaseUrl>,
    login_url: Option<BaseUrl>,
    grant: Option<Grant>,
    policy: Policy,
    connect_timeout: Duration,
    user_agent: Box<str>,
    /// A value may be a gateway's key, so values do not print.
    headers: Vec<(Box<str>, Secret<String>)>,
    route: Route,
    tls: TlsOptions,
    #[cfg(feature = "gzip")]
    gzip: bool,
    client: PhantomData<fn() -> C>,
}

/// How connections reach the service.
#[derive(Debug)]
enum Route {
    /// As the variables of the environment say.
    Environment,
    Direct,
    Proxy(Proxy),
}

impl<C: FromConfig> ClientBuilder<C> {
    /// How long connecting may take by default.
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

    /// Creates a builder for the default region, without a credential.
    #[expect(clippy::new_without_default, reason = "a client is not built by default: it needs a credential")]
    pub fn new() -> Self {
        Self {
            region: Region::default(),
            api_url: None,
            login_url: None,
            grant: None,
            policy: Policy::default(),
            connect_timeout: Self::CONNECT_TIMEOUT,
            user_agent: C::USER_AGENT.into(),
            headers: Vec::new(),
            route: Route::Environment,
            tls: TlsOptions::default(),
            #[cfg(feature = "gzip")]
            gzip: true,
            client: PhantomData,
        }
    }

    /// Sets the region of the organization, which names its hosts.
    pub fn region(mut self, region: Region) -> Self {
        self.region = region;
        self
    }

    /// Sends everything to `url`, requests as well as credentials: for a simulated service, or a gateway with one origin.
    ///
    /// ```
    /// # use usage_core::error::BuildError;
    /// # use usage_driver::{ClientBuilder, ClientConfig, FromConfig};
    /// # struct Client;
    /// # impl FromConfig for Client {
    /// #     const USER_AGENT: &'static str = "example/1.0";
    /// #     fn from_config(_: ClientConfig) -> Result<Self, BuildError> { Ok(Client) }
    /// # }
    /// # impl Client { fn builder() -> ClientBuilder<Client> { ClientBuilder::new() } }
    /// let client = Client::builder().url("http://127.0.0.1:8080".parse()?).access_token("a-token")?.build()?;
    /// # Ok::<(), BuildError>(())
    /// ```
    pub fn url(self, url: BaseUrl) -> Self {
        self.api_url(url.clone()).login_url(url)
    }

    /// Sends requests, with the access token, to `url` instead of the region's API host. Its path, if any, is put before
    /// the path of every request, as gateways require.
    pub fn api_url(mut self, url: BaseUrl) -> Self {
        self.api_url = Some(url);
        self
    }

    /// Sends credentials to `url`, which may have a path, instead of the region's login host.
    pub fn login_url(mut self, url: BaseUrl) -> Self {
        self.login_url = Some(url);
        self
    }

    /// Sets the OAuth grant with which access tokens are obtained.
    pub fn grant(mut self, grant: Grant) -> Self {
        self.grant = Some(grant);
        self
    }

    /// Obtains access tokens with the client-credentials grant.
    ///
    /// # Errors
    ///
    /// Returns an error if the id is not valid or the secret is empty.
    pub fn client_credentials(
        self,
        client_id: &str,
        client_secret: Secret<String>,
    ) -> Result<Self, BuildError> {
        Ok(self.grant(Grant::client_credentials(client_id, client_secret)?))
    }

    /// Uses an access token that the caller has already.
    ///
    /// # Errors
    ///
    /// Returns an error if the token is empty or has anything but visible ASCII.
    pub fn access_token(self, token: &str) -> Result<Self, BuildError> {
        Ok(self.grant(Grant::StaticToken(AccessToken::parse(token)?)))
    }

    /// Sets waits, retries and the deadline.
    ///
    /// ```
    /// # use usage_core::error::BuildError;
    /// # use usage_driver::{ClientBuilder, ClientConfig, FromConfig};
    /// # struct Client;
    /// # impl FromConfig for Client {
    /// #     const USER_AGENT: &'static str = "example/1.0";
    /// #     fn from_config(_: ClientConfig) -> Result<Self, BuildError> { Ok(Client) }
    /// # }
    /// # impl Client { fn builder() -> ClientBuilder<Client> { ClientBuilder::new() } }
    /// use std::time::Duration;
    /// use usage_core::Policy;
    ///
    /// let patient = Policy::default().with_deadline(Duration::from_secs(3600));
    /// let client = Client::builder()
    ///     .access_token("a-token")?
    ///     .policy(patient)
    ///     .connect_timeout(Duration::from_secs(30))
    ///     .user_agent("nightly-report/1.0")
    ///     .header("x-gateway-key", "from a safe place")
    ///     .proxy("http://proxy.example:3128".parse()?)
    ///     .build()?;
    /// # Ok::<(), BuildError>(())
    /// ```
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets how long connecting may take, proxy and TLS included; [`CONNECT_TIMEOUT`](Self::CONNECT_TIMEOUT) by default.
    /// More than a year counts as a year.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the `User-Agent` header, instead of crate and version of the driver.
    pub fn user_agent(mut self, text: &str) -> Self {
        self.user_agent = text.into();
        self
    }

    /// Adds a header to every request. See [`Session::with_header`] for those that are refused.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), Secret::new(value.to_owned())));
        self
    }

    /// Connects through this proxy, instead of through that of the environment.
    ///
    /// Without this and without [`direct`](Self::direct), `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` decide; see
    /// [`Proxy::from_variables`].
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.route = Route::Proxy(proxy);
        self
    }

    /// Connects without a proxy, whatever the environment says.
    pub fn direct(mut self) -> Self {
        self.route = Route::Direct;
        self
    }

    /// Trusts additional root certificates, one or more as PEM: of a gateway or an inspecting proxy, for example.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no certificate in `pem`, or one that cannot be read.
    pub fn root_certificates(mut self, pem: &[u8]) -> Result<Self, BuildError> {
        self.tls.extra_roots.extend(tls::certificates("root certificate", pem)?);
        Ok(self)
    }

    /// Trusts the roots of the operating system, instead of the [bundled](Roots::Bundled) ones.
    pub fn platform_roots(mut self) -> Self {
        self.tls.roots = Roots::Platform;
        self
    }

    /// Presents this certificate to a service or gateway that asks for one (mTLS). Certificate and key are PEM; see
    /// [`Identity::from_pem`].
    ///
    /// # Errors
    ///
    /// Returns an error if there is no certificate or no key, or one that cannot be read.
    pub fn client_certificate(mut self, chain: &[u8], key: Secret<Vec<u8>>) -> Result<Self, BuildError> {
        self.tls.identity = Some(Identity::from_pem(chain, key)?);
        Ok(self)
    }

    /// Sets whether responses may be compressed, which is the default. Limits on their size apply to the decompressed body.
    #[cfg(feature = "gzip")]
    pub fn gzip(mut self, allowed: bool) -> Self {
        self.gzip = allowed;
        self
    }

    /// Builds the client. Nothing is sent.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no credential, if a header cannot be sent, if certificates or keys cannot be used,
    /// or if connections would go through a proxy of the environment that cannot be used.
    pub fn build(self) -> Result<C, BuildError> {
        let no_credential = "give it client credentials, an access token or another grant";
        let grant = self.grant.ok_or_else(|| BuildError::Client { problem: no_credential.into() })?;
        let api = self.api_url.unwrap_or_else(|| self.region.api_url());
        let login = self.login_url.unwrap_or_else(|| self.region.login_url());
        let targets = [api.root(), login.root()];
        let mut session =
            Session::with_hosts(api, login, grant).with_header("user-agent", &self.user_agent)?;
        for (name, value) in &self.headers {
            session = session.with_header(name, value.expose())?;
        }
        #[cfg(feature = "gzip")]
        if self.gzip {
            session = session.with_gzip();
        }
        let proxy = match self.route {
            Route::Environment => Proxy::for_targets(C::variable, &targets)?,
            Route::Direct => None,
            Route::Proxy(proxy) => Some(proxy),
        };
        C::from_config(ClientConfig {
            session,
            policy: self.policy,
            connect_timeout: self.connect_timeout.min(MAX_TIMEOUT),
            proxy,
            tls: self.tls,
        })
    }
}
