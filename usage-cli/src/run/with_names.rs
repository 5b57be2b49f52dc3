//! The rows of a run, and the names behind their ids.

use std::time::Instant;

use crate::connection::caller::Job;
use crate::connection::client::ServiceClient;
use crate::names;
use crate::run::divide::Divisible;
use crate::run::fetch::{Fetch, Fetched, Stopped};

/// Fetches rows and, if `names` is set, the names behind their ids, within one deadline.
pub(crate) struct WithNames<'a, Q> {
    pub(crate) fetch: Fetch<'a, Q>,
    pub(crate) names: bool,
}

impl<Q: Divisible> Job for WithNames<'_, Q> {
    type Output = Result<Fetched, Stopped>;

    async fn run<C: ServiceClient>(self, client: &C) -> Self::Output {
        let (began, keeper) = (Instant::now(), self.fetch.keeper);
        let mut fetched = self.fetch.run(client).await?;
        if self.names {
            let left = client.policy().deadline.saturating_sub(began.elapsed());
            fetched.names = names::of_tables(client, keeper, &fetched.tables, left).await;
        }
        Ok(fetched)
    }
}
