//! Names behind the ids of rows: users, OAuth clients and the organization, where the credential may read them.
//!
//! A missing name is never an error: the run continues with ids, and one warning says why.

#[cfg_attr(not(test), expect(dead_code, reason = "for datasets, which keep names between runs"))]
mod document;
mod resolve;
mod wanted;

use std::time::Duration;

use usage_core::UsageTable;
use usage_report::Names;

use crate::connection::client::{ServiceClient, keep_token};
use crate::login::Keeper;
use crate::process::stderr::{self, WARNING};

pub(crate) use resolve::resolve;
pub(crate) use wanted::{Wanted, fill_clients};

/// How long each request for names may take, retries included: they are worth less than the rows that wait for them.
const PATIENCE: Duration = Duration::from_secs(30);

/// Returns the name of the organisation, if it may be read within `left`.
pub(crate) async fn of_organization(
    client: &impl ServiceClient,
    keeper: Option<&Keeper>,
    left: Duration,
) -> Names {
    let mut names = Names::default();
    let hurried = hurried(client, left);
    // A role that may query usage need not be able to read the organisation.
    let _ = resolve::organization(&hurried, &mut names).await;
    keep_token(&hurried, keeper);
    names
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
    let hurried = hurried(client, left);
    let warnings = resolve(&hurried, &Wanted::of(tables, &names), &mut names).await;
    keep_token(&hurried, keeper);
    for warning in warnings {
        stderr::labelled("warning", WARNING, warning);
    }
    names
}
