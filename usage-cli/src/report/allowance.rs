//! The allowance that months are held against: of the options, or of the configuration.

use clap::Args;
use usage_report::{Allowance, Licenses};

use crate::arguments::value_parsers::number;
use crate::config::{self, ProfileArgs};
use crate::problem::Problem;

/// The options for the allowance.
#[derive(Debug, Default, Args)]
pub(crate) struct AllowanceArgs {
    /// Compare each month with this many requests [default, without --licenses: the configuration's allowance or
    /// licenses]. It applies to each of several organizations
    #[arg(long, value_name = "REQUESTS", value_parser = number(0u64..), conflicts_with = "licenses")]
    allowance: Option<u64>,

    /// Compare each month with the allowance of these licences: cx2-named=40,cx3-concurrent=5,communicate=10. Hourly
    /// licences count hours
    #[arg(long, value_name = "LICENSES")]
    licenses: Option<Licenses>,
}

impl AllowanceArgs {
    /// Returns the allowance that the options give.
    pub(crate) fn given(&self) -> Option<Allowance> {
        let of_licenses = self.licenses.clone().map(Allowance::from);
        of_licenses.or(self.allowance.map(Allowance::requests))
    }

    /// Returns the allowance of the options, or else of the configuration of `profile`.
    pub(crate) fn of(&self, profile: &ProfileArgs, is_simulated: bool) -> Result<Option<Allowance>, Problem> {
        match self.given() {
            Some(allowance) => Ok(Some(allowance)),
            None => config::allowance(profile, is_simulated),
        }
    }

    /// Returns the allowance of one of several organizations of a history or a file: of the options, of `profile` if it is named, of
    /// the profile called `name`, or of the configuration.
    pub(crate) fn of_organization(
        &self,
        profile: &ProfileArgs,
        name: &str,
    ) -> Result<Option<Allowance>, Problem> {
        if self.given().is_some() || profile.is_named() {
            return self.of(profile, false);
        }
        let called = config::profile_called(profile, name)?;
        config::allowance(called.as_ref().unwrap_or(profile), false)
    }
}
