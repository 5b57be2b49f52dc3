//! Several organisations at once: each is a profile of the configuration, with its own service and credential.

use std::env;

use clap::Args;

use crate::config::{self, Config, ProfileArgs};
use crate::connection::credentials::{ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, CredentialArgs};
use crate::connection::hosts::REGION;
use crate::connection::{Connection, TargetArgs, TimingArgs};
use crate::problem::Problem;
use crate::process::variables::{Variables, variable};

/// How many organisations are asked at the same time. Each has its own budget of requests; this bounds connections and
/// memory.
pub(crate) const AT_ONCE: usize = 32;

/// Whether all profiles are meant.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct AllProfilesArgs {
    /// Ask the organisations of all profiles of the configuration
    #[arg(long, conflicts_with = "profile")]
    pub(crate) all_profiles: bool,
}

/// One organisation, and how it is reached.
#[derive(Debug)]
pub(crate) struct Participant {
    /// Its name in histories and reports: that of the profile.
    pub(crate) name: String,
    /// What its settings lead to. Those of one organisation being wrong is no reason not to ask the others.
    pub(crate) connection: Result<Connection, Problem>,
}

/// The organisations that a command is about.
#[derive(Debug)]
pub(crate) struct Organizations<'a> {
    target: &'a TargetArgs,
    timing: &'a TimingArgs,
    credentials: &'a CredentialArgs,
    /// The profiles, if several are named.
    profiles: Vec<ProfileArgs>,
    name: String,
}

impl<'a> Organizations<'a> {
    /// Those that the options name. One organisation without a profile is called `name`, or else `default`.
    ///
    /// # Errors
    ///
    /// Returns a problem if there are several, and a credential or a host that would be used for all of them.
    pub(crate) fn of(
        target: &'a TargetArgs,
        timing: &'a TimingArgs,
        credentials: &'a CredentialArgs,
        all: &AllProfilesArgs,
        name: Option<&str>,
    ) -> Result<Self, Problem> {
        let variables: Variables<'_> = &|name| env::var_os(name);
        let profiles = if all.all_profiles {
            config::profiles(&credentials.profile)?
        } else {
            credentials.profile.each()
        };
        let is_several = profiles.len() > 1 || all.all_profiles;
        if is_several {
            check_several(target, credentials, variables)?;
            if name.is_some() {
                return Err(Problem::usage(
                    "--organization names one organisation, and there are several profiles",
                )
                .with_hint("leave it out: each organisation is called as its profile"));
            }
        }
        let own = match name {
            Some(name) => name.to_owned(),
            None if target.simulate => "simulated".to_owned(),
            None if is_several => String::new(),
            None => Config::load(&credentials.profile, variables)?.profile().unwrap_or("default").to_owned(),
        };
        let profiles = if is_several { profiles } else { Vec::new() };
        Ok(Self { target, timing, credentials, profiles, name: own })
    }

    /// Whether there may be more than one.
    pub(crate) fn are_several(&self) -> bool {
        !self.profiles.is_empty()
    }

    /// Opens a connection to each. A log-in that is about to expire is renewed.
    pub(crate) fn connect(&self) -> Vec<Participant> {
        let connect = |credentials: &CredentialArgs| Connection::open(self.target, self.timing, credentials);
        if self.profiles.is_empty() {
            return vec![Participant { name: self.name.clone(), connection: connect(self.credentials) }];
        }
        let of_profile = |profile: &ProfileArgs| {
            let credentials = CredentialArgs::of_profile(profile.clone());
            let name = profile.name().unwrap_or_default().to_owned();
            Participant { name, connection: connect(&credentials) }
        };
        self.profiles.iter().map(of_profile).collect()
    }
}

/// Refuses what would send one organisation's credential to all, or all to one host.
fn check_several(
    target: &TargetArgs,
    credentials: &CredentialArgs,
    variables: Variables<'_>,
) -> Result<(), Problem> {
    let several = "there are several profiles";
    if target.hosts.is_given() || credentials.is_given() {
        return Err(Problem::usage(format!("an option names a host or a credential, and {several}"))
            .with_hint("leave it out: each profile of the configuration has its own"));
    }
    for name in [ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, REGION] {
        if variable(variables, name)?.is_some() {
            return Err(Problem::usage(format!("{name} is set and would be used for all, and {several}"))
                .with_hint(format!("unset {name}: each profile of the configuration has its own")));
        }
    }
    Ok(())
}
