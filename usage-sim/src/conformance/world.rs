//! The environment of a scenario: a service that may be unreachable, another origin, and a clock.

use std::io;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use http::Uri;
use usage_core::error::{Sent, TransportFailure, TransportKind};
use usage_core::{Secret, Timestamp};
use usage_driver::{ClientBuilder, FromConfig};

use super::gate::PATIENCE;
use super::proxy::Proxy;
use super::scenario::{Credential, Reach, Scenario, WRONG_SECRET};
use crate::clock::VirtualClock;
use crate::in_memory::InMemory;
use crate::reply::Reply;
use crate::serve::{Certificate, Refusing, ServeOptions, Server, Tls, serve};
use crate::simulator::Simulator;

/// 2026-07-08, 08:40 UTC.
pub(super) const START: Timestamp = Timestamp::from_unix_millis(1_783_500_000_000);

/// A client that closed its side of a connection informs its pool a moment later, on another thread.
const NOTICED: Duration = Duration::from_millis(200);

/// The environment of a scenario. Clones share it.
#[derive(Clone, Debug)]
pub struct World(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: VirtualClock,
    /// Whether waits last until all connections are closed.
    settles: bool,
    home: Host,
    /// A host that only a client reaches that follows a redirect or a link.
    elsewhere: Host,
    api_url: String,
    login_url: String,
    /// The obstacle between client and service, and whether it is permanent.
    obstacle: Option<(TransportKind, bool)>,
    /// The URL of the proxy.
    proxy_url: Option<String>,
    _proxy: Option<Proxy>,
    tls: Option<Tls>,
    _unserved: Unserved,
}

#[derive(Debug)]
enum Host {
    Memory(Box<Mutex<Simulator>>),
    Served(Server),
}

impl Host {
    fn new(simulator: Simulator, sockets: bool, clock: &VirtualClock, tls: Option<Tls>) -> Self {
        if !sockets {
            return Self::Memory(Box::new(Mutex::new(simulator)));
        }
        let options = ServeOptions::default().with_clock(clock.clone());
        let options = match tls {
            Some(tls) => options.with_tls(tls),
            None => options,
        };
        Self::Served(serve(simulator, options).expect("a loopback port can be had"))
    }

    fn simulator(&self) -> MutexGuard<'_, Simulator> {
        match self {
            Self::Memory(simulator) => simulator.lock().unwrap_or_else(PoisonError::into_inner),
            Self::Served(server) => server.simulator(),
        }
    }

    /// Waits until all connections are closed and the client could notice.
    fn settle(&self) {
        let Self::Served(server) = self else { return };
        let started = Instant::now();
        while server.connections() > 0 {
            assert!(started.elapsed() < PATIENCE, "a connection is still open after {PATIENCE:?}");
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(NOTICED);
    }

    /// Where it listens; in memory it has no port, and `name` says which host it is.
    fn url(&self, name: &str) -> String {
        match self {
            Self::Memory(_) => format!("https://{name}.usage.invalid"),
            Self::Served(server) => server.url(),
        }
    }
}

impl World {
    pub(super) fn new(scenario: &Scenario, sockets: bool) -> Self {
        let clock = VirtualClock::new(START);
        let tls = scenario.reach.tls();
        let home = Host::new(Simulator::new(scenario.config.clone()), sockets, &clock, tls.clone());
        let elsewhere = Host::new(Simulator::new(scenario.config.clone()), sockets, &clock, None);
        for rule in &scenario.rules {
            home.simulator().inject(rule(&elsewhere.url("elsewhere")));
        }
        let unserved = Unserved::new().expect("loopback ports can be had");
        let (api_url, login_url) = match scenario.reach {
            Reach::TlsOfNone if sockets => both_names(&home.url("api").replace("http:", "https:")),
            Reach::TlsInSilence if sockets => both_names(&unserved.silent_url()),
            Reach::Refused if sockets => both_names(&unserved.refusing.url()),
            Reach::Unresolved => ("https://api.usage.invalid".into(), "https://login.usage.invalid".into()),
            _ if sockets => both_names(&home.url("api")),
            _ => (home.url("api"), home.url("login")),
        };
        let proxy = scenario.reach.proxy().filter(|_| sockets);
        let proxy = proxy.map(|refusal| Proxy::start(refusal).expect("a loopback port can be had"));
        let proxy_url = match scenario.reach {
            Reach::ProxyIsAbsent if sockets => Some(unserved.refusing.url()),
            Reach::ProxyIsSilent if sockets => Some(unserved.silent_url().replace("https:", "http:")),
            _ => proxy.as_ref().map(Proxy::url),
        };
        Self(Arc::new(Inner {
            proxy_url,
            _proxy: proxy,
            clock,
            settles: scenario.settles,
            home,
            elsewhere,
            api_url,
            login_url,
            obstacle: scenario.reach.obstacle(),
            tls,
            _unserved: unserved,
        }))
    }

    /// Returns the virtual time.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    /// Moves the clock to `until`; drivers call this to wait. It may block for a while, asynchronous drivers too: some
    /// scenarios wait until all connections are closed.
    pub fn wait_until(&self, until: Timestamp) {
        if self.0.settles {
            self.0.home.settle();
        }
        self.0.clock.advance_to(until);
    }

    /// Returns the driver of clients in memory, whose service this world is.
    pub fn in_memory(&self) -> InMemory {
        let world = self.clone();
        InMemory::new(move |_, request| world.handle(request))
    }

    /// Locks the service. No request is answered while the guard lives.
    pub(super) fn simulator(&self) -> MutexGuard<'_, Simulator> {
        self.0.home.simulator()
    }

    /// Returns the number of requests at the host that none should reach.
    pub(super) fn led_astray(&self) -> usize {
        self.0.elsewhere.simulator().journal().len()
    }

    /// Returns whether a fault struck.
    pub(super) fn struck(&self) -> bool {
        self.simulator().journal().iter().any(|entry| entry.fault.is_some())
    }

    /// Returns which of the two hosts of the service a request was sent to.
    pub(super) fn name_of(&self, host: &str) -> &'static str {
        if self.0.login_url.ends_with(&format!("//{host}")) { "login" } else { "api" }
    }

    /// Returns a builder of a client for this world.
    pub(super) fn builder<C: FromConfig>(&self, scenario: &Scenario) -> ClientBuilder<C> {
        let mut builder = ClientBuilder::new()
            .api_url(self.0.api_url.parse().expect("a base URL"))
            .login_url(self.0.login_url.parse().expect("a base URL"))
            .direct()
            .connect_timeout(scenario.connect_timeout)
            .policy(scenario.policy);
        if let Some(url) = &self.0.proxy_url {
            builder = builder.proxy(url.parse().expect("a proxy"));
        }
        if let Some(tls) = self.0.tls.as_ref().filter(|_| scenario.reach.is_root_known()) {
            builder = builder.root_certificates(tls.root_pem().as_bytes()).expect("a certificate");
        }
        if let Some(tls) = self.0.tls.as_ref().filter(|_| scenario.reach == Reach::TlsOfBoth) {
            let key = Secret::new(tls.client_key_pem().as_bytes().to_vec());
            builder = builder
                .client_certificate(tls.client_pem().as_bytes(), key)
                .expect("a certificate and its key");
        }
        let mut service = self.simulator();
        let id = service.client_id().to_owned();
        let secret = |text: &str| Secret::new(text.to_owned());
        let with_credential = match scenario.credential {
            Credential::Secret => builder.client_credentials(&id, secret(service.client_secret())),
            Credential::WrongSecret => builder.client_credentials(&id, secret(WRONG_SECRET)),
            Credential::Token => builder.access_token(&service.issue_token(START)),
        };
        with_credential.expect("a credential")
    }

    /// Returns the reply to a request of a client in memory.
    pub(super) fn handle(&self, request: http::Request<Vec<u8>>) -> Result<Reply, TransportFailure> {
        if let Some((kind, permanent)) = self.0.obstacle {
            let mut failure = TransportFailure::new(kind, Sent::No, "");
            failure.permanent = permanent;
            return Err(failure);
        }
        let host = if self.is_elsewhere(request.uri()) { &self.0.elsewhere } else { &self.0.home };
        Ok(host.simulator().handle(self.now(), request))
    }

    fn is_elsewhere(&self, uri: &Uri) -> bool {
        uri.host().is_some_and(|host| self.0.elsewhere.url("elsewhere").contains(host))
    }
}

/// The two hosts of the service are two names of one listener.
fn both_names(url: &str) -> (String, String) {
    (url.to_owned(), url.replace("127.0.0.1", "localhost"))
}

/// Two loopback addresses without a service while this value lives: one is silent, the other refuses connections.
#[derive(Debug)]
struct Unserved {
    /// Accepts connections and sends nothing.
    silent: TcpListener,
    refusing: Refusing,
}

impl Unserved {
    fn new() -> io::Result<Self> {
        Ok(Self { silent: TcpListener::bind("127.0.0.1:0")?, refusing: Refusing::new()? })
    }

    fn silent_url(&self) -> String {
        format!("https://{}", self.silent.local_addr().expect("it is bound"))
    }
}

impl Reach {
    fn tls(self) -> Option<Tls> {
        let certificate = match self {
            Self::TlsOfBoth | Self::TlsOfNobody => return Some(Tls::demanding_client().expect("keys")),
            Self::TlsOfNobodyInTls12 => return Some(Tls::demanding_client_in_tls12().expect("keys")),
            Self::Tls | Self::TlsOfUnknownRoot => Certificate::Good,
            Self::TlsOfWrongName => Certificate::WrongName,
            Self::TlsExpired => Certificate::Expired,
            Self::TlsSelfSigned => Certificate::SelfSigned,
            _ => return None,
        };
        Some(Tls::new(certificate).expect("keys"))
    }

    fn is_root_known(self) -> bool {
        self != Self::TlsOfUnknownRoot
    }

    /// Returns the response of the proxy, or `None` if it tunnels.
    #[expect(clippy::option_option, reason = "no proxy, and a proxy that refuses nothing")]
    fn proxy(self) -> Option<Option<&'static str>> {
        Some(match self {
            Self::Proxy => None,
            Self::ProxyAnswers401 => {
                Some("HTTP/1.1 401 Unauthorized\r\nServer: tinyproxy\r\n\r\n<html>No</html>")
            }
            Self::ProxyAnswers403 => Some("HTTP/1.1 403 Filtered\r\nContent-Length: 0\r\n\r\n"),
            Self::ProxyAnswers407 => Some("HTTP/1.0 407 Proxy Authentication Required\r\n\r\n"),
            Self::ProxyAnswers502 => Some("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"),
            Self::ProxyAnswersHtml => Some("<html><body>A portal</body></html>"),
            Self::ProxyCloses => Some(""),
            _ => return None,
        })
    }

    /// Returns the failure that a client sees, and whether it is permanent.
    fn obstacle(self) -> Option<(TransportKind, bool)> {
        match self {
            Self::Plain | Self::Tls | Self::TlsOfBoth | Self::Proxy => None,
            Self::Refused
            | Self::TlsInSilence
            | Self::ProxyAnswers502
            | Self::ProxyAnswersHtml
            | Self::ProxyCloses
            | Self::ProxyIsAbsent
            | Self::ProxyIsSilent => Some((TransportKind::Connect, false)),
            Self::ProxyAnswers401 | Self::ProxyAnswers403 | Self::ProxyAnswers407 => {
                Some((TransportKind::Connect, true))
            }
            Self::Unresolved => Some((TransportKind::Dns, false)),
            _ => Some((TransportKind::Tls, true)),
        }
    }
}
