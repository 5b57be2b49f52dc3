//! The names behind the ids of what was collected.

use usage_core::Timestamp;
use usage_driver::futures::{Client, Driver};

use crate::connection::Connection;
use crate::dataset::Organization;
use crate::names;
use crate::problem::Problem;

/// Fetches the names behind the ids of days that were not looked through before, and keeps them in the history. Sends
/// nothing if there is no such day. Returns a warning for what failed, to be tried again by the next run.
pub(super) async fn complete<D: Driver>(
    organization: &Organization,
    connection: &Connection,
    client: &Client<D>,
    now: Timestamp,
) -> Vec<String> {
    let mut document = organization.names();
    let wanted = match organization.wanted_names(&document) {
        Ok(Some(wanted)) => wanted,
        Ok(None) => return Vec::new(),
        Err(problem) => return vec![of(&problem)],
    };
    let (keeper, left) = (connection.keeper.as_ref(), client.policy().deadline);
    let mut warnings = names::fetch(client, keeper, &wanted, left, &mut document.names).await;
    if warnings.is_empty() {
        organization.cover_names(&mut document);
    }
    document.fetched_at = now;
    warnings.extend(organization.keep_names(&document).err().map(|problem| of(&problem)));
    warnings
}

fn of(problem: &Problem) -> String {
    format!("names are missing: {}", problem.message())
}
