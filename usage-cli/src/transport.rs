//! Executions over one of the drivers. The drivers are alike; nothing is decided here.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use usage_core::error::{BuildError, Error};
use usage_core::execution::RestoreError;
use usage_core::{Execution, Notice, Snapshot, UsageQuery, UsageTable};

use crate::connect::Connection;
use crate::observer::Observer;

/// What carries the requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Transport {
    /// Threads and ureq
    #[default]
    Blocking,
    /// tokio and hyper
    Tokio,
    /// async-std and hyper
    AsyncStd,
}

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
        Transport::Blocking => blocking(connection, parts, observer),
        Transport::Tokio => tokio_runtime()?.block_on(tokio(connection, parts, observer)),
        Transport::AsyncStd => async_std::task::block_on(async_std(connection, parts, observer)),
    }
}

fn blocking<Q: UsageQuery + Send + 'static>(
    connection: &Connection,
    parts: Vec<Snapshot<Q>>,
    observer: &Observer,
) -> Result<Vec<UsageTable>, Stopped> {
    let client: usage_blocking::Client = connection.client()?;
    let handles = all(parts, |snapshot| client.restore(snapshot))?;
    let mut tables = Vec::new();
    for (part, handle) in handles.into_iter().enumerate() {
        let table = handle.observe(of_part(observer, part)).finish();
        tables.push(table.map_err(|error| Stopped { part, error })?);
    }
    Ok(tables)
}

async fn tokio<Q: UsageQuery + Send + 'static>(
    connection: &Connection,
    parts: Vec<Snapshot<Q>>,
    observer: &Observer,
) -> Result<Vec<UsageTable>, Stopped> {
    let client: usage_tokio::Client = connection.client()?;
    let handles = all(parts, |snapshot| client.restore(snapshot))?;
    let mut tables = Vec::new();
    for (part, handle) in handles.into_iter().enumerate() {
        let table = handle.observe(of_part(observer, part)).finish().await;
        tables.push(table.map_err(|error| Stopped { part, error })?);
    }
    Ok(tables)
}

fn tokio_runtime() -> Result<tokio::runtime::Runtime, BuildError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| BuildError::Client { problem: error.to_string().into() })
}

async fn async_std<Q: UsageQuery + Send + 'static>(
    connection: &Connection,
    parts: Vec<Snapshot<Q>>,
    observer: &Observer,
) -> Result<Vec<UsageTable>, Stopped> {
    let client: usage_async_std::Client = connection.client()?;
    let handles = all(parts, |snapshot| client.restore(snapshot))?;
    let mut tables = Vec::new();
    for (part, handle) in handles.into_iter().enumerate() {
        let table = handle.observe(of_part(observer, part)).finish().await;
        tables.push(table.map_err(|error| Stopped { part, error })?);
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

fn of_part<Q: UsageQuery>(
    observer: &Observer,
    part: usize,
) -> impl FnMut(&Execution<Q>, Notice) + Send + 'static {
    let observer = observer.clone();
    move |execution, notice| observer.notice(part, execution, notice)
}
