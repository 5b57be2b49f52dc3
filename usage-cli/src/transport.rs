//! One query over one of the drivers. The drivers are alike; nothing is decided here.

use clap::ValueEnum;
use usage_core::error::{BuildError, Error};
use usage_core::{Execution, ExecutionId, Notice, UsageQuery, UsageTable};

use crate::connect::Connection;

/// What carries the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transport {
    /// Threads and ureq
    Blocking,
    /// tokio and hyper
    Tokio,
    /// async-std and hyper
    AsyncStd,
}

/// Submits `query`, or goes on with the execution `attach` of it, and reads all rows of its result.
pub(crate) fn fetch<Q: UsageQuery + Send + 'static>(
    connection: &Connection,
    query: Q,
    attach: Option<ExecutionId>,
    observer: impl FnMut(&Execution<Q>, Notice) + Send + 'static,
) -> Result<UsageTable, Error> {
    match connection.transport {
        Transport::Blocking => blocking(connection, query, attach, observer),
        Transport::Tokio => tokio_runtime()?.block_on(tokio(connection, query, attach, observer)),
        Transport::AsyncStd => async_std::task::block_on(async_std(connection, query, attach, observer)),
    }
}

fn blocking<Q: UsageQuery + Send + 'static>(
    connection: &Connection,
    query: Q,
    attach: Option<ExecutionId>,
    observer: impl FnMut(&Execution<Q>, Notice) + Send + 'static,
) -> Result<UsageTable, Error> {
    let client: usage_blocking::Client = connection.client()?;
    let handle = match attach {
        None => client.start(query),
        Some(id) => client.attach(query, id),
    };
    handle.observe(observer).finish()
}

async fn tokio<Q: UsageQuery + Send + 'static>(
    connection: &Connection,
    query: Q,
    attach: Option<ExecutionId>,
    observer: impl FnMut(&Execution<Q>, Notice) + Send + 'static,
) -> Result<UsageTable, Error> {
    let client: usage_tokio::Client = connection.client()?;
    let handle = match attach {
        None => client.start(query),
        Some(id) => client.attach(query, id),
    };
    handle.observe(observer).finish().await
}

fn tokio_runtime() -> Result<tokio::runtime::Runtime, BuildError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| BuildError::Client { problem: error.to_string().into() })
}

async fn async_std<Q: UsageQuery + Send + 'static>(
    connection: &Connection,
    query: Q,
    attach: Option<ExecutionId>,
    observer: impl FnMut(&Execution<Q>, Notice) + Send + 'static,
) -> Result<UsageTable, Error> {
    let client: usage_async_std::Client = connection.client()?;
    let handle = match attach {
        None => client.start(query),
        Some(id) => client.attach(query, id),
    };
    handle.observe(observer).finish().await
}
