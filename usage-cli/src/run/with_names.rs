//! The rows of a run, and the names behind their ids.

use std::time::Instant;

use crate::connection::caller::Job;
use crate::connection::client::ServiceClient;
use crate::names;
use crate::run::divide::Divisible;
use crate::run::fetch::{Fetch, Fetched, Stopped};

/// Which names are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Naming {
    None,
    /// The organization's, which is left out if it may not be read.
    Organization,
    /// Those of users, OAuth clients and the organization.
    All,
}

impl Naming {
    /// Returns what `--names` says.
    pub(crate) fn of(are_wanted: bool) -> Self {
        if are_wanted { Self::All } else { Self::None }
    }
}

/// Fetches rows and the names behind their ids within one deadline.
pub(crate) struct WithNames<'a, Q> {
    pub(crate) fetch: Fetch<'a, Q>,
    pub(crate) names: Naming,
}

impl<Q: Divisible> Job for WithNames<'_, Q> {
    type Output = Result<Fetched, Stopped>;

    async fn run<C: ServiceClient>(self, client: &C) -> Self::Output {
        let (began, keeper) = (Instant::now(), self.fetch.keeper);
        let mut fetched = self.fetch.run(client).await?;
        let left = client.policy().deadline.saturating_sub(began.elapsed());
        fetched.names = match self.names {
            Naming::None => return Ok(fetched),
            Naming::Organization => names::of_organization(client, keeper, left).await,
            Naming::All => names::of_tables(client, keeper, &fetched.tables, left).await,
        };
        Ok(fetched)
    }
}
