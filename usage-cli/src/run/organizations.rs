//! The same work for several organizations, some of them at once.

use futures_util::stream::{self, StreamExt};
use usage_driver::futures::{Client, Driver};

use crate::config::ProfileArgs;
use crate::config::transport::Transport;
use crate::connection::Connection;
use crate::connection::organizations::{AT_ONCE, Participant};
use crate::problem::{Code, Problem};
use crate::process::stderr::{self, ERROR, HINT};
use crate::service::tokio_runtime;

/// Work to do for each of several organizations.
pub(crate) trait Work {
    type Output;

    /// Does the work for one of them. A problem stops this organization only.
    async fn of<D: Driver>(&self, organization: Organization<'_, D>) -> Result<Self::Output, Problem>;
}

/// An organization and the client that asks its service.
#[derive(Clone, Copy)]
pub(crate) struct Organization<'a, D> {
    /// The name of its profile.
    pub(crate) name: &'a str,
    pub(crate) profile: &'a ProfileArgs,
    pub(crate) connection: &'a Connection,
    pub(crate) client: &'a Client<D>,
}

/// Does `work` for each of `participants`, at most [`AT_ONCE`] concurrently, and hands each result to `each` when it is
/// there. The transport is tokio, unless a participant names async-std.
///
/// # Errors
///
/// Returns the problem of `each`, which stops all.
pub(crate) fn for_each<W: Work>(
    participants: Vec<Participant>,
    work: &W,
    each: impl FnMut(String, Result<W::Output, Problem>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let is_async_std = participants.iter().any(|participant| {
        participant.connection.as_ref().is_ok_and(|connection| connection.transport == Transport::AsyncStd)
    });
    if is_async_std {
        async_std::task::block_on(all::<W, usage_async_std::AsyncStd>(participants, work, each))
    } else {
        let runtime = tokio_runtime().map_err(Problem::build)?;
        runtime.block_on(all::<W, usage_tokio::Tokio>(participants, work, each))
    }
}

async fn all<W: Work, D: Driver>(
    participants: Vec<Participant>,
    work: &W,
    mut each: impl FnMut(String, Result<W::Output, Problem>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let one = |Participant { name, profile, connection }: Participant| async move {
        let result = match connection {
            Ok(connection) => one::<W, D>(&name, &profile, &connection, work).await,
            Err(problem) => Err(problem),
        };
        (name, result)
    };
    let mut results = stream::iter(participants.into_iter().map(one)).buffer_unordered(AT_ONCE);
    while let Some((name, result)) = results.next().await {
        each(name, result)?;
    }
    Ok(())
}

async fn one<W: Work, D: Driver>(
    name: &str,
    profile: &ProfileArgs,
    connection: &Connection,
    work: &W,
) -> Result<W::Output, Problem> {
    let client = connection.client().map_err(Problem::build)?;
    work.of::<D>(Organization { name, profile, connection, client: &client }).await
}

/// The organizations of a command that failed. The others go on.
#[derive(Debug, Default)]
pub(crate) struct Failures(Vec<(String, Problem)>);

impl Failures {
    /// Adds the organization called `name`, and reports why it failed. Hints are for `-v`, and for wrong usage.
    pub(crate) fn add(&mut self, name: &str, problem: &Problem, verbosity: u8) {
        stderr::labelled("error", ERROR, format!("{name}: {problem}"));
        if verbosity > 0 || problem.code() == Code::Usage {
            problem.hints().iter().for_each(|hint| stderr::labelled("hint", HINT, format!("{name}: {hint}")));
        }
        self.0.push((name.to_owned(), problem.clone()));
    }

    /// Returns the names of the organizations, each with its problem.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Problem)> {
        self.0.iter().map(|(name, problem)| (&**name, problem))
    }

    /// Returns the problem to end with if any of `number` organizations failed; `hint` says what became of the others.
    pub(crate) fn end(&self, number: usize, hint: &str) -> Result<(), Problem> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut names: Vec<_> = self.iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        let problem = format!("{} of {number} organizations failed: {}", names.len(), names.join(", "));
        Err(Problem::new(Code::Partial, problem).with_hint(hint))
    }
}
