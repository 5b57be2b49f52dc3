//! `genesys-usage config`: shows the configuration and the source of each setting.

use std::borrow::Cow;
use std::env;

use clap::{Args, Subcommand};
use serde::Serialize;
use usage_core::Policy;

use crate::arguments::deferred::Deferred;
use crate::config::secret_source::{SecretFrom, program_of};
use crate::config::transport::Transport;
use crate::config::{self, Config, PROFILE};
use crate::connection::TimingArgs;
use crate::connection::credentials::{CredentialArgs, Source};
use crate::connection::hosts::HostArgs;
use crate::login::Store;
use crate::output::document::DocumentArgs;
use crate::output::listing::{Column, List};
use crate::problem::Problem;
use crate::process::stdout;
use crate::process::variables::Variables;

/// Show the configuration
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Show every setting that a command with these options would use, and its source, without secrets
    Show(Deferred<ShowArgs>),
    /// Show where the configuration file is looked up
    #[command(after_help = EXAMPLES)]
    Path,
}

/// Show every setting that a command with these options would use, and its source, without secrets
///
/// For each setting, the first of these sources that has it wins: an option; the environment; the profile in
/// ~/.config/genesys-usage/config.toml; that file's settings for all profiles; the profile in the official
/// command-line client's ~/.gc/config.toml; the SDKs' ~/.genesyscloud{go,python,java,dotnet,javascript}/config; the
/// log-in stored by 'genesys-usage login'; the default. No secret is read, and no command for one is run.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
struct ShowArgs {
    #[command(flatten)]
    hosts: HostArgs,
    #[command(flatten)]
    timing: TimingArgs,
    #[command(flatten)]
    credentials: CredentialArgs,
    #[command(flatten)]
    output: DocumentArgs<List>,
}

const EXAMPLES: &str = "\
Examples:
  genesys-usage config show
  genesys-usage config show --profile prod --format json
  genesys-usage config path

An example of a configuration:
  profile = \"prod\"
  [profiles.prod]
  region = \"eu-central-1\"
  oauth-client-id = \"7de3af06-c0b3-4f9b-af45-72f4a14037cc\"
  secret-command = \"pass show genesys/usage\"
  deadline = \"30m\"";

/// A setting, its value and its source.
#[derive(Debug, Serialize)]
struct Setting {
    name: &'static str,
    value: String,
    from: String,
}

static COLUMNS: [Column<Setting>; 3] = [
    Column { name: "name", title: "Setting", cell: |setting| Some(setting.name.into()) },
    Column { name: "value", title: "Value", cell: |setting| Some(Cow::Borrowed(&setting.value)) },
    Column { name: "from", title: "From", cell: |setting| Some(Cow::Borrowed(&setting.from)) },
];

pub(crate) fn run(args: &ConfigArgs) -> Result<(), Problem> {
    match &args.command {
        ConfigCommand::Show(args) => args.output.write("settings", &COLUMNS, &settings(args)?),
        ConfigCommand::Path => {
            let path = config::default_path();
            let path = path.ok_or_else(|| Problem::usage("there is no home directory to look in"))?;
            stdout::write(None, |to| writeln!(to, "{}", path.display()))
        }
    }
}

fn settings(args: &ShowArgs) -> Result<Vec<Setting>, Problem> {
    let variables: Variables<'_> = &|name| env::var_os(name);
    let config = Config::load(&args.credentials.profile, variables)?;
    let mut settings = Vec::new();
    let mut add =
        |name, value: String, from: &str| settings.push(Setting { name, value, from: from.to_owned() });

    let profile_from = match args.credentials.profile.is_named() {
        true => "--profile",
        false if env::var_os(PROFILE).is_some_and(|name| !name.is_empty()) => PROFILE,
        false => "configuration",
    };
    match config.profile() {
        Some(profile) => add("profile", profile.to_owned(), profile_from),
        None => add("profile", "none".into(), "default"),
    }
    let source = args.credentials.source(variables, &config);
    if let Ok(login @ Source::Login(..)) = &source {
        let service = args.hosts.service(login, variables, &config)?;
        add("api-url", service.api_url.to_string(), "login");
        add("login-url", service.login_url.to_string(), "login");
    } else {
        let hosts = args.hosts.hosts(variables, &config)?;
        add("api-url", hosts.value.api.to_string(), &hosts.place);
        if let Some(login) = &hosts.value.login {
            add("login-url", login.to_string(), &hosts.place);
        }
    }
    match source {
        Ok(Source::AccessToken(token)) => add("access-token", shown(&token.value), &token.place),
        Ok(Source::Client { id, secret }) => {
            add("oauth-client-id", id.value, &id.place);
            add("oauth-client-secret", shown(&secret.value), &secret.place);
        }
        Ok(Source::Login(login, store)) => add_login(&mut add, &login, &store),
        Err(problem) => add("credential", format!("none: {problem}"), "nowhere"),
    }
    if let Some(proxy) = config.proxy(variables)? {
        add("proxy", proxy.value.to_string(), &proxy.place);
    }
    let transport = config.own(|settings| settings.transport);
    match (args.timing.transport, transport) {
        (Some(transport), _) => add("transport", transport.to_string(), "--transport"),
        (None, Some((transport, from))) => add("transport", transport.to_string(), from),
        (None, None) => add("transport", Transport::default().to_string(), "default"),
    }
    let deadline = config.own(|settings| settings.deadline);
    let text = |deadline| humantime::format_duration(deadline).to_string();
    match (args.timing.deadline, deadline) {
        (Some(deadline), _) => add("deadline", text(deadline), "--deadline"),
        (None, Some((deadline, from))) => add("deadline", text(deadline), from),
        (None, None) => add("deadline", text(Policy::default().deadline), "default"),
    }
    let encrypted = true;
    for named in args.timing.roots.named(encrypted, variables, &config) {
        add("ca-file", named.path.display().to_string(), &named.place);
    }
    if let (true, from) = args.timing.roots.system_roots(&config) {
        add("system-roots", "true".into(), from);
    }
    if let Some((allowance, from)) = config.own(|settings| settings.allowance) {
        add("allowance", allowance.to_string(), from);
    }
    if let Some((licenses, from)) = config.own(|settings| settings.licenses.clone()) {
        add("licenses", licenses.to_string(), from);
    }
    if let Some((port, from)) = config.own(|settings| settings.login_port) {
        add("login-port", port.to_string(), from);
    }
    Ok(settings)
}

fn add_login(add: &mut impl FnMut(&'static str, String, &str), login: &crate::login::Login, store: &Store) {
    let from = store.path().display().to_string();
    add("oauth-client-id", login.client_id.clone(), &from);
    add("access-token", usage_core::REDACTED.into(), &from);
    if let Some(end) = login.expires_at {
        add("access-token-expires", end.to_string(), &from);
    }
    if login.refresh_token.is_some() {
        add("refresh-token", usage_core::REDACTED.into(), &from);
    }
}

/// Describes where a secret comes from, without the secret.
fn shown(secret: &SecretFrom) -> String {
    match secret {
        SecretFrom::Value(_) => usage_core::REDACTED.into(),
        SecretFrom::File(path) => format!("of the file {}", path.display()),
        SecretFrom::Command(command) => format!("of the command {}", program_of(command)),
    }
}
