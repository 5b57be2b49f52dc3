//! Names behind the ids of rows: users, OAuth clients and the organization, where the credential may read them.
//!
//! A missing name is never an error: the run continues with ids, and one warning says why.

#[cfg(feature = "parquet")]
mod document;
mod resolve;
mod wanted;

use std::time::Duration;

use usage_core::UsageTable;
#[cfg(feature = "parquet")]
use usage_core::platform::OrganizationMe;
use usage_report::Names;

use crate::connection::client::{ServiceClient, keep_token};
use crate::login::Keeper;
use crate::process::stderr::{self, WARNING};

#[cfg(feature = "parquet")]
pub(crate) use document::Document;
pub(crate) use wanted::{Wanted, fill_clients};

/// Maximum length of the id of an organization, which is a UUID.
#[cfg(feature = "parquet")]
const MAX_ID: usize = 100;

/// How long each request for names may take, retries included: they are worth less than the rows that wait for them.
const PATIENCE: Duration = Duration::from_secs(30);

/// Returns the name of the organization, if it may be read within `left`.
pub(crate) async fn of_organization(
    client: &impl ServiceClient,
    keeper: Option<&Keeper>,
    left: Duration,
) -> Names {
    let mut names = Names::default();
    let hurried = hurried(client, left);
    // A role that may query usage need not be able to read the organization.
    let _ = resolve::organization(&hurried, &mut names).await;
    keep_token(&hurried, keeper);
    names
}

/// Returns the id of the organization, if it may be read within `left`.
#[cfg(feature = "parquet")]
pub(crate) async fn organization_id(
    client: &impl ServiceClient,
    keeper: Option<&Keeper>,
    left: Duration,
) -> Option<String> {
    let hurried = hurried(client, left);
    let organization = hurried.call(OrganizationMe).await;
    keep_token(&hurried, keeper);
    organization.ok()?.id.filter(|id| (1..=MAX_ID).contains(&id.len()))
}

fn hurried<C: ServiceClient>(client: &C, left: Duration) -> C {
    let policy = client.policy();
    client.clone().with_policy(policy.with_deadline(policy.deadline.min(left).min(PATIENCE)))
}

/// Returns the names behind the ids of `tables`, as far as they can be had within `left`, and warns of those that cannot.
pub(crate) async fn of_tables(
    client: &impl ServiceClient,
    keeper: Option<&Keeper>,
    tables: &[UsageTable],
    left: Duration,
) -> Names {
    let mut names = Names::default();
    let wanted = Wanted::of(tables, &names);
    for warning in fetch(client, keeper, &wanted, left, &mut names).await {
        stderr::labelled("warning", WARNING, warning);
    }
    names
}

/// Adds the names that are `wanted`, and that of the organization, to `names`, as far as they can be had within `left`.
/// Returns a sentence for each kind that cannot.
pub(crate) async fn fetch(
    client: &impl ServiceClient,
    keeper: Option<&Keeper>,
    wanted: &Wanted,
    left: Duration,
    names: &mut Names,
) -> Vec<String> {
    let hurried = hurried(client, left);
    let warnings = resolve::resolve(&hurried, wanted, names).await;
    keep_token(&hurried, keeper);
    warnings
}
