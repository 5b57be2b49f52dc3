//! Executions over the driver that a connection names.

use std::sync::MutexGuard;

use usage_core::driver::futures;
use usage_core::error::{BuildError, Error};
use usage_core::execution::RestoreError;
use usage_core::{Execution, Notice, Session, Snapshot, UsageQuery, UsageTable};

use crate::connect::Connection;
use crate::observer::Observer;
use crate::transport::{Transport, tokio_runtime};

/// An execution that ended badly.
#[derive(Debug)]
pub(crate) struct Stopped {
    /// Which one, from 0.
    pub(crate) part: usize,
    pub(crate) error: Error,
}

impl From<BuildError> for Stopped {
    fn from(error: BuildError) -> Self {
        Self { part: 0, error: error.into() }
    }
}

/// Goes on with the executions `parts`, one after the other in one session, and reads all rows of each. The deadline
/// of them all begins now.
pub(crate) fn fetch<Q: UsageQuery + Send + 'static>(
    connection: &Connection,
    parts: Vec<Snapshot<Q>>,
    observer: &Observer,
) -> Result<Vec<UsageTable>, Stopped> {
    match connection.transport {
        Transport::Blocking => blocking(&connection.client()?, connection, parts, observer),
        Transport::Tokio => {
            let client: usage_tokio::Client = connection.client()?;
            tokio_runtime()?.block_on(futures(&client, connection, parts, observer))
        }
        Transport::AsyncStd => {
            let client: usage_async_std::Client = connection.client()?;
            async_std::task::block_on(futures(&client, connection, parts, observer))
        }
    }
}

fn blocking<Q: UsageQuery + Send + 'static>(
    client: &usage_blocking::Client,
    connection: &Connection,
    parts: Vec<Snapshot<Q>>,
    observer: &Observer,
) -> Result<Vec<UsageTable>, Stopped> {
    let handles = all(parts, |snapshot| client.restore(snapshot))?;
    let mut tables = Vec::new();
    for (part, handle) in handles.into_iter().enumerate() {
        let mut handle = handle.observe(of_part(connection, observer, part, client));
        let mut table = UsageTable::new();
        while let Some(page) = handle.next_page().map_err(|error| Stopped { part, error })? {
            observer.progress.rows(page.len());
            table.absorb(page);
        }
        tables.push(table);
    }
    Ok(tables)
}

async fn futures<Q: UsageQuery + Send + 'static, D: futures::Drive>(
    client: &futures::Client<D>,
    connection: &Connection,
    parts: Vec<Snapshot<Q>>,
    observer: &Observer,
) -> Result<Vec<UsageTable>, Stopped> {
    let handles = all(parts, |snapshot| client.restore(snapshot))?;
    let mut tables = Vec::new();
    for (part, handle) in handles.into_iter().enumerate() {
        let mut handle = handle.observe(of_part(connection, observer, part, client));
        let mut table = UsageTable::new();
        while let Some(page) = handle.next_page().await.map_err(|error| Stopped { part, error })? {
            observer.progress.rows(page.len());
            table.absorb(page);
        }
        tables.push(table);
    }
    Ok(tables)
}

/// Restores all of them at once, before the first is driven: so they have one deadline.
fn all<Q, H>(
    parts: Vec<Snapshot<Q>>,
    restore: impl FnMut(Snapshot<Q>) -> Result<H, RestoreError>,
) -> Result<Vec<H>, BuildError> {
    let handles: Result<_, _> = parts.into_iter().map(restore).collect();
    handles.map_err(|error| BuildError::Client { problem: error.to_string().into() })
}

fn of_part<Q: UsageQuery, C: HasSession>(
    connection: &Connection,
    observer: &Observer,
    part: usize,
    client: &C,
) -> impl FnMut(&Execution<Q>, Notice) + Send + 'static {
    let (observer, kept) =
        (observer.clone(), connection.keeper.clone().map(|keeper| (keeper, client.clone())));
    move |execution, notice| {
        // Before anything else: the old token may be spent.
        if let (Some((keeper, client)), Notice::Moved(_)) = (&kept, notice) {
            keeper.look(&client.session());
        }
        observer.notice(part, execution, notice);
    }
}

/// The clients of all drivers.
trait HasSession: Clone + Send + 'static {
    fn session(&self) -> MutexGuard<'_, Session>;
}

impl HasSession for usage_blocking::Client {
    fn session(&self) -> MutexGuard<'_, Session> {
        self.session()
    }
}

impl<D: futures::Drive> HasSession for futures::Client<D> {
    fn session(&self) -> MutexGuard<'_, Session> {
        self.session()
    }
}
