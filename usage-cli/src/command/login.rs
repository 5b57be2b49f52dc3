//! `genesys-usage login` and `logout`: log-in with a browser.

use std::env;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use clap::Args;
use usage_core::BaseUrl;
use usage_core::auth::{AuthorizationRequest, Grant, LoginState, OAuthClient, PkceVerifier, RedirectError};

use crate::arguments::value_parsers::{command, duration, number};
use crate::config::secret_source::SecretFrom;
use crate::config::{Config, ProfileArgs};
use crate::connection::caller::Caller;
use crate::connection::credentials::CLIENT_ID;
use crate::connection::hosts::HostArgs;
use crate::connection::{Connection, TimingArgs};
use crate::login::listener::{Listener, Visit};
use crate::login::redirect_uri::RedirectUri;
use crate::login::{Login, Page, Store};
use crate::problem::{Code, Problem};
use crate::process::children;
use crate::process::stderr::{self, WARNING};
use crate::process::variables::{Variables, variable};
use crate::service::Service;
use crate::service::failure;
use crate::text::secrets;

/// The port of the redirect URI. It is fixed because redirect URIs are registered with the OAuth client.
const PORT: u16 = 8085;

/// How long reloads and other tabs are answered after the log-in.
const LINGER: Duration = Duration::from_secs(2);

/// Log in with a browser, and store the log-in for the other commands
///
/// The OAuth client needs a code grant with PKCE and the redirect URI http://localhost:8085/callback, or that of
/// --port or --redirect-uri. The command prints the URL to open, listens on this machine (127.0.0.1 and ::1) until
/// the browser returns, and stores the token in a file that only you can read, one for each profile:
/// ~/.config/genesys-usage/login.json. Other commands use it if they find no other credential, and renew it if the
/// service allows that.
///
/// An OAuth client with a secret (--secret-command, --oauth-client-secret-file) uses the authorization-code grant:
/// its log-in can be renewed without the browser.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LoginArgs {
    /// Log in with this OAuth client [env: GENESYSCLOUD_OAUTHCLIENT_ID]
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,

    /// Read the OAuth client's secret, if it has one, from this file
    #[arg(long, value_name = "FILE", conflicts_with = "secret_command")]
    oauth_client_secret_file: Option<std::path::PathBuf>,

    /// Run this command, which prints the OAuth client's secret, if it has one
    #[arg(long, value_name = "COMMAND", value_parser = command)]
    secret_command: Option<String>,

    /// The port of the redirect URI [default: 8085]
    #[arg(long, value_parser = number(0..=u16::MAX))]
    port: Option<u16>,

    /// The redirect URI [default: http://localhost:PORT/callback]: plain http to localhost, 127.0.0.1 or [::1]
    #[arg(long, value_name = "URI", conflicts_with = "port")]
    redirect_uri: Option<RedirectUri>,

    /// Open the URL in the browser, too
    #[arg(long)]
    open: bool,

    /// How long to wait for the browser
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration)]
    timeout: Duration,

    /// Use the implicit grant, for OAuth clients without another grant. The service is retiring it
    #[arg(long, conflicts_with_all = ["secret_command", "oauth_client_secret_file"])]
    implicit: bool,

    #[command(flatten)]
    hosts: HostArgs,
    #[command(flatten)]
    timing: TimingArgs,
    #[command(flatten)]
    profile: ProfileArgs,
}

const EXAMPLES: &str = "\
Examples:
  genesys-usage login --region eu-central-1 --client-id 7de3af06-c0b3-4f9b-af45-72f4a14037cc --open
      Log in; from now on other commands ask as you.
  genesys-usage login --profile prod
      The same with the region and the client of the configuration's profile.
  genesys-usage logout
      Forget the log-in.";

/// Remove the log-in stored by 'genesys-usage login'
///
/// The token itself stays valid until it expires: the service documents no way to revoke it. The page /logout of the
/// login host ends the browser's own session.
#[derive(Debug, Args)]
#[command(after_help = LOGOUT_EXAMPLES)]
pub(crate) struct LogoutArgs {
    #[command(flatten)]
    profile: ProfileArgs,
}

const LOGOUT_EXAMPLES: &str = "\
Examples:
  genesys-usage logout
  genesys-usage logout --profile prod";

pub(crate) fn run(args: &LoginArgs) -> Result<(), Problem> {
    let variables: Variables<'_> = &|name| env::var_os(name);
    let config = Config::load(&args.profile, variables)?;
    let store = store(&config)?;
    let hosts = args.hosts.hosts(variables, &config)?.value;
    let login_url = match hosts.login {
        Some(login) => login,
        None if hosts.api.is_loopback() => hosts.api.clone(),
        None => {
            return Err(Problem::usage("--api-url does not say where to log in")
                .with_hint("give --login-url as well"));
        }
    };
    // Errors are reported before the browser opens.
    let service = Service { api_url: hosts.api.clone(), login_url: login_url.clone() };
    args.timing.route(&service, variables, &config)?;
    let client_id = args.client_id(variables, &config)?;
    let listener = Listener::bind(&args.redirect_uri(&config), args.implicit)
        .map_err(|(address, error)| cannot_listen(address, &error))?;
    let request = args.request(&client_id, listener.uri())?;
    // The code can be exchanged only once, so check first that the result can be stored.
    store.check()?;
    show(&request, &login_url, args.open)?;

    let (grant, visit) = wait(&listener, &request, Instant::now() + args.timeout)?;
    let login = Login {
        api_url: hosts.api,
        login_url,
        client_id,
        secret: args.secret(),
        access_token: String::new().into(),
        expires_at: None,
        refresh_token: None,
    };
    let kept = exchanged(grant, login, &args.timing, &config).and_then(|login| {
        store.write(&login, &store.lock()?)?;
        Ok(login)
    });
    let page = if kept.is_ok() { Page::logged_in() } else { Page::failed() };
    visit.answer(page);
    // Other tabs may have connected meanwhile.
    listener.linger(page, Instant::now());
    let login = kept?;
    stderr::line(format_args!("Logged in at {}; kept in {}.", login.login_url, store.path().display()));
    stderr::line(match (login.expires_at, &login.refresh_token) {
        (_, Some(_)) => "It is renewed without the browser when it expires.".to_owned(),
        (Some(end), None) => format!("It expires at {end}, and then 'genesys-usage login' renews it."),
        (None, None) => "The service does not say when it expires.".to_owned(),
    });
    listener.linger(page, Instant::now() + LINGER);
    Ok(())
}

fn cannot_listen(address: SocketAddr, error: &std::io::Error) -> Problem {
    let (port, ip) = (address.port(), address.ip());
    let problem = Problem::usage(format!("cannot listen on port {port} of {ip}: {error}"));
    let problem = match error.kind() {
        ErrorKind::AddrInUse if ip.is_ipv6() => {
            problem.with_hint("the program that listens there would receive the log-in: end it")
        }
        _ => problem,
    };
    problem.with_hint(
        "another port needs another redirect URI: register it with the OAuth client, and give --port or --redirect-uri",
    )
}

pub(crate) fn log_out(args: &LogoutArgs) -> Result<(), Problem> {
    let config = Config::load(&args.profile, &|name| env::var_os(name))?;
    let store = store(&config)?;
    let removed = store.remove(&store.lock()?)?;
    stderr::line(if removed { "Logged out." } else { "There was no log-in." });
    Ok(())
}

fn store(config: &Config) -> Result<Store, Problem> {
    Store::of(config.profile())
        .ok_or_else(|| Problem::usage("there is no home directory to keep a log-in in"))
}

impl LoginArgs {
    fn client_id(&self, variables: Variables<'_>, config: &Config) -> Result<String, Problem> {
        let configured = || config.own(|settings| settings.client_id.clone()).map(|(id, _)| id);
        let id = self.client_id.clone().map_or_else(|| variable(variables, CLIENT_ID), |id| Ok(Some(id)))?;
        id.or_else(configured).ok_or_else(|| {
            Problem::usage("which OAuth client?")
                .with_hint(format!("give --client-id ID, set {CLIENT_ID}, or configure oauth-client-id"))
        })
    }

    fn secret(&self) -> Option<SecretFrom> {
        let command = self.secret_command.clone().map(SecretFrom::Command);
        // Other commands may run in another directory.
        let absolute = |path: &std::path::PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        command.or_else(|| self.oauth_client_secret_file.as_ref().map(absolute).map(SecretFrom::File))
    }

    fn redirect_uri(&self, config: &Config) -> RedirectUri {
        let configured = || config.own(|settings| settings.login_port).map(|(port, _)| port);
        let of_port = || RedirectUri::of_port(self.port.or_else(configured).unwrap_or(PORT));
        self.redirect_uri.clone().unwrap_or_else(of_port)
    }

    fn request(&self, client_id: &str, redirect_uri: &RedirectUri) -> Result<AuthorizationRequest, Problem> {
        let redirect_uri = redirect_uri.to_string();
        let state = LoginState::from_random(&random::<{ LoginState::MIN_RANDOM_BYTES }>()?);
        let state = state.map_err(Problem::build)?;
        let request = match self.secret() {
            _ if self.implicit => AuthorizationRequest::implicit(client_id, &redirect_uri, state),
            Some(secret) => {
                let secret = secret.read()?;
                secrets::know_client(client_id, secret.expose());
                OAuthClient::confidential(client_id, secret)
                    .and_then(|client| AuthorizationRequest::code(client, &redirect_uri, state))
            }
            None => PkceVerifier::from_random(&random::<{ PkceVerifier::MIN_RANDOM_BYTES }>()?)
                .and_then(|verifier| AuthorizationRequest::pkce(client_id, &redirect_uri, state, verifier)),
        };
        request.map_err(Problem::build)
    }
}

fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    let filled = getrandom::fill(&mut bytes);
    filled.map_err(|error| Problem::usage(format!("this system gives no random bytes: {error}")))?;
    Ok(bytes)
}

/// Prints the URL on a line of its own, so that it can be copied.
fn show(request: &AuthorizationRequest, login_url: &BaseUrl, open: bool) -> Result<(), Problem> {
    let url = request.url(login_url).map_err(Problem::build)?.to_string();
    stderr::line("Open this address in a browser on this machine, and log in:");
    stderr::line(&url);
    if open && let Err(error) = opened(&url) {
        stderr::labelled("warning", WARNING, format!("cannot open a browser: {error}"));
    }
    Ok(())
}

/// Starts the user's program for opening URLs. Its failure does not matter, because the URL is printed.
fn opened(url: &str) -> std::io::Result<()> {
    let program = match env::var_os("GENESYSCLOUD_BROWSER").or_else(|| env::var_os("BROWSER")) {
        Some(browser) if !browser.is_empty() => browser,
        _ if cfg!(target_os = "macos") => "open".into(),
        _ if cfg!(windows) => "explorer".into(),
        _ => "xdg-open".into(),
    };
    let nothing = Stdio::null;
    children::command(program).arg(url).stdin(nothing()).stdout(nothing()).stderr(nothing()).spawn().map(drop)
}

/// Answers requests until one brings the response to `request`.
fn wait(
    listener: &Listener,
    request: &AuthorizationRequest,
    deadline: Instant,
) -> Result<(Grant, Visit), Problem> {
    let mut last = None;
    while let Some(visit) = listener.next(deadline) {
        let error = match request.grant(SystemTime::now().into(), visit.redirect.expose()) {
            Ok(grant) => {
                know_code(visit.redirect.expose());
                return Ok((grant, visit));
            }
            Err(error) => error,
        };
        if let RedirectError::Refused(refusal) = &error
            && refusal.state_matched
        {
            visit.answer(Page::refused());
            return Err(Problem::new(Code::Unauthorized, &error).with_hint(
                "the OAuth client needs this grant and this redirect URI, and you the right to use it",
            ));
        }
        visit.answer(Page::not_this_log_in());
        let said = unproven(&error);
        // Any program on this machine may send requests repeatedly.
        if last.as_ref() != Some(&said) {
            stderr::labelled("warning", WARNING, format!("{said}; still waiting"));
        }
        last = Some(said);
    }
    let problem = Problem::new(Code::Deadline, "the browser did not return in time")
        .with_hint("--timeout allows more time; the browser must be on this machine");
    Err(problem.with_hints(last.map(|said| format!("what came was no answer to this log-in: {said}"))))
}

/// Describes a request that does not prove to come from the login host, without repeating its content.
fn unproven(error: &RedirectError) -> String {
    match error {
        RedirectError::Refused(_) => "a redirect says that the login host refused, but has no state".into(),
        error => error.to_string(),
    }
}

/// Registers the code or the token in `redirect` as a secret, so that no error prints it.
fn know_code(redirect: &str) {
    let query = redirect.split_once('?').map_or(redirect, |(_, query)| query);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if matches!(&*name, "code" | "access_token") {
            secrets::know(&value);
        }
    }
}

/// Exchanges `grant` for a token and adds it to the log-in.
fn exchanged(grant: Grant, mut login: Login, timing: &TimingArgs, config: &Config) -> Result<Login, Problem> {
    let service = Service { api_url: login.api_url.clone(), login_url: login.login_url.clone() };
    let connection = Connection::to_log_in(service, grant, timing, &|name| env::var_os(name), config)?;
    let caller = Caller::new(&connection).map_err(Problem::build)?;
    caller.log_in().map_err(|error| failure::of_call(&error, caller.service(), &[]))?;
    login.take(&caller.session());
    Ok(login)
}
