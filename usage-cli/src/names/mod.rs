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

use crate::connection::caller::Caller;
use crate::process::stderr::{self, WARNING};

pub(crate) use resolve::resolve;
pub(crate) use wanted::{Wanted, fill_clients};

/// How long each request for names may take, retries included: they are worth less than the rows that wait for them.
const PATIENCE: Duration = Duration::from_secs(30);

/// Returns the names behind the ids of `tables`, as far as they can be had within `left`, and warns of those that cannot.
pub(crate) fn of_tables(caller: &mut Caller, tables: &[UsageTable], left: Duration) -> Names {
    let mut names = Names::default();
    caller.limit(left.min(PATIENCE));
    for warning in resolve(caller, &Wanted::of(tables, &names), &mut names) {
        stderr::labelled("warning", WARNING, warning);
    }
    names
}
