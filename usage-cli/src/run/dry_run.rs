//! `--dry-run`: the request that would be sent, exactly, but for the token.

use std::env;
use std::fmt::Write as _;
use std::time::SystemTime;

use clap::ValueEnum;
use http::Request;
use http::header::AUTHORIZATION;
use usage_core::auth::{AccessToken, Grant};
use usage_core::{Machine, Next, Session};

use crate::config::Config;
use crate::connection::credentials::{ACCESS_TOKEN, CredentialArgs};
use crate::connection::hosts::HostArgs;
use crate::problem::Problem;
use crate::process::stdout;
use crate::process::variables::Variables;
use crate::service::USER_AGENT;
use crate::service::roots::{Named, RootArgs};
use crate::text::is_printable;
use crate::text::quoting::quoted;

/// How a request is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DryRun {
    /// Method, URL, headers and body
    Text,
    /// A command line; it takes the token from `GENESYSCLOUD_ACCESS_TOKEN`
    Curl,
}

impl DryRun {
    /// Shows the first request of `machine` to the API. No credential is needed, and none is read.
    pub(crate) fn show(
        self,
        mut machine: impl Machine,
        hosts: &HostArgs,
        roots: &RootArgs,
        credentials: &CredentialArgs,
    ) -> Result<(), Problem> {
        let variables: Variables<'_> = &|name| env::var_os(name);
        let config = Config::load(&credentials.profile, variables)?;
        let api = hosts.hosts(variables, &config)?.value.api;
        let token = AccessToken::parse("redacted").map_err(Problem::build)?;
        let session = Session::with_hosts(api.clone(), api, Grant::StaticToken(token));
        let mut session = session.with_header("user-agent", USER_AGENT).map_err(Problem::build)?;
        match machine.next(SystemTime::now().into(), &mut session).next {
            Next::Send(exchange) => {
                let text = match self {
                    Self::Text => text(&exchange.request),
                    Self::Curl => curl(&exchange.request, &roots.named(false, variables, &config)),
                };
                stdout::write(None, |to| to.write_all(text.as_bytes()))
            }
            Next::WaitUntil(..) | Next::Finished => Err(Problem::usage("there is nothing to send")),
        }
    }
}

fn text(request: &Request<Vec<u8>>) -> String {
    let mut text = format!("{} {}\n", request.method(), request.uri());
    for (name, value) in headers(request) {
        let value = if name == AUTHORIZATION.as_str() { "Bearer [redacted]" } else { value };
        // Writing to memory does not fail.
        let _ = writeln!(text, "{name}: {value}");
    }
    format!("{text}\n{}{}", body(request), if request.body().is_empty() { "" } else { "\n\n" })
}

/// Curl reads the variables of the environment itself, so `roots` are those of an option or of the configuration.
fn curl(request: &Request<Vec<u8>>, roots: &[Named]) -> String {
    let mut text = format!("curl --request {} {}", request.method(), quoted(&request.uri().to_string()));
    for root in roots {
        let _ = write!(text, " \\\n  --cacert {}", quoted(&root.path.display().to_string()));
    }
    for (name, value) in headers(request) {
        if name == AUTHORIZATION.as_str() {
            let _ = write!(text, " \\\n  --header \"{name}: Bearer ${ACCESS_TOKEN}\"");
        } else {
            let _ = write!(text, " \\\n  --header {}", quoted(&format!("{name}: {value}")));
        }
    }
    if !request.body().is_empty() {
        let _ = write!(text, " \\\n  --data-raw {}", quoted(&body(request)));
    }
    text + "\n"
}

/// The headers that this program sets; a driver adds `host` and the length.
fn headers(request: &Request<Vec<u8>>) -> impl Iterator<Item = (&str, &str)> {
    let headers = request.headers().iter();
    headers.map(|(name, value)| (name.as_str(), value.to_str().unwrap_or_default()))
}

/// It is JSON, in which a character that is not shown as itself can be written as an escape.
fn body(request: &Request<Vec<u8>>) -> String {
    let mut text = String::new();
    for c in String::from_utf8_lossy(request.body()).chars() {
        if is_printable(c) {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}
