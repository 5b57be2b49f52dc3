//! Several organizations at once: each is a profile of the configuration, with its own service and credential.

use std::env;

use clap::Args;

use crate::config::{self, Config, ProfileArgs};
use crate::connection::credentials::{ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, CredentialArgs};
use crate::connection::hosts::REGION;
use crate::connection::{Connection, TargetArgs, TimingArgs};
use crate::problem::Problem;
use crate::process::stderr::{self, WARNING};
use crate::process::variables::{Variables, variable};

/// Maximum number of organizations queried at the same time. Each has its own rate limit, so this only bounds
/// connections and memory.
pub(crate) const AT_ONCE: usize = 32;

/// The option to use all profiles.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Configuration")]
pub(crate) struct AllProfilesArgs {
    /// Use all profiles of the configuration, each an organization
    #[arg(long, conflicts_with_all = ["profile", "simulate"])]
    pub(crate) all_profiles: bool,
}

/// An organization and its connection.
#[derive(Debug)]
pub(crate) struct Participant {
    /// Its name in histories and reports: the name of the profile.
    pub(crate) name: String,
    /// Selects the settings of its profile.
    pub(crate) profile: ProfileArgs,
    /// The connection, or why its settings do not give one. One organization's wrong settings do not stop the others.
    pub(crate) connection: Result<Connection, Problem>,
}

/// The organizations that a command works on.
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
    /// Returns the organizations that the options name, which may be a single one. A single organization without a
    /// profile is called `name`, or `default`.
    ///
    /// # Errors
    ///
    /// Returns a problem if several organizations would share one credential or one host.
    #[cfg(feature = "parquet")]
    pub(crate) fn of(
        target: &'a TargetArgs,
        timing: &'a TimingArgs,
        credentials: &'a CredentialArgs,
        all: &AllProfilesArgs,
        name: Option<&str>,
    ) -> Result<Self, Problem> {
        if let Some(several) = Self::several(target, timing, credentials, all)? {
            if name.is_none() {
                return Ok(several);
            }
            return Err(Problem::usage(
                "--organization names one organization, and there are several profiles",
            )
            .with_hint("leave it out: each organization is called as its profile"));
        }
        let variables: Variables<'_> = &|name| env::var_os(name);
        let name = match name {
            Some(name) => name.to_owned(),
            None if target.simulate => "simulated".to_owned(),
            None => Config::load(&credentials.profile, variables)?.profile().unwrap_or("default").to_owned(),
        };
        Ok(Self { target, timing, credentials, profiles: Vec::new(), name })
    }

    /// Returns the organizations that the options name if they name several profiles, or all.
    ///
    /// # Errors
    ///
    /// Returns a problem if the configuration lacks one of the profiles, or if several organizations would share one
    /// credential or one host.
    pub(crate) fn several(
        target: &'a TargetArgs,
        timing: &'a TimingArgs,
        credentials: &'a CredentialArgs,
        all: &AllProfilesArgs,
    ) -> Result<Option<Self>, Problem> {
        let profiles = if all.all_profiles {
            config::profiles(&credentials.profile)?
        } else {
            credentials.profile.each()
        };
        if profiles.len() < 2 && !all.all_profiles {
            return Ok(None);
        }
        let variables: Variables<'_> = &|name| env::var_os(name);
        check_several(target, credentials, variables)?;
        for profile in &profiles {
            Config::load(profile, variables)?;
        }
        Ok(Some(Self { target, timing, credentials, profiles, name: String::new() }))
    }

    /// Returns the profiles, if there are several.
    pub(crate) fn profiles(&self) -> &[ProfileArgs] {
        &self.profiles
    }

    /// Returns whether there may be more than one.
    #[cfg(feature = "parquet")]
    pub(crate) fn are_several(&self) -> bool {
        !self.profiles.is_empty()
    }

    /// Refuses settings that give no connection, of a single organization. No secret is read, and no request is sent.
    #[cfg(feature = "parquet")]
    pub(crate) fn check(&self) -> Result<(), Problem> {
        if self.are_several() || self.target.simulate {
            return Ok(());
        }
        let variables: Variables<'_> = &|name| env::var_os(name);
        let config = Config::load(&self.credentials.profile, variables)?;
        let source = self.credentials.source(variables, &config)?;
        self.target.hosts.service(&source, variables, &config).map(drop)
    }

    /// Opens a connection to each. Renews log-ins that are about to expire.
    pub(crate) fn connect(&self) -> Vec<Participant> {
        let connect = |credentials: &CredentialArgs| Connection::open(self.target, self.timing, credentials);
        if self.profiles.is_empty() {
            let (name, profile) = (self.name.clone(), self.credentials.profile.clone());
            return vec![Participant { name, profile, connection: connect(self.credentials) }];
        }
        let of_profile = |profile: &ProfileArgs| {
            let credentials = CredentialArgs::of_profile(profile.clone());
            let name = profile.name().unwrap_or_default().to_owned();
            Participant { name, profile: profile.clone(), connection: connect(&credentials) }
        };
        let participants: Vec<_> = self.profiles.iter().map(of_profile).collect();
        warn_of_twins(&participants);
        participants
    }
}

/// Warns if two of `participants` are the same organization for certain: its requests count twice in all sums.
fn warn_of_twins(participants: &[Participant]) {
    for (place, one) in participants.iter().enumerate() {
        let is_twin = |other: &&Participant| match (&one.connection, &other.connection) {
            (Ok(one), Ok(other)) => one.has_credential_of(other),
            _ => false,
        };
        if let Some(other) = participants.iter().take(place).find(is_twin) {
            let (one, other) = (&one.name, &other.name);
            let text =
                format!("the profiles '{other}' and '{one}' are one organization: its requests count twice");
            stderr::labelled("warning", WARNING, text);
        }
    }
}

/// Refuses options that would send one organization's credential to all hosts, or all credentials to one host.
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
