//! Executions over one of the drivers. The drivers are alike; nothing is decided here.

use std::fmt;
use std::sync::MutexGuard;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use usage_core::error::{BuildError, Error};
use usage_core::execution::RestoreError;
use usage_core::{Endpoint, Execution, Notice, Session, Snapshot, UsageQuery, UsageTable};

use crate::connect::Connection;
use crate::login::Keeper;
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

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blocking => "blocking",
            Self::Tokio => "tokio",
            Self::AsyncStd => "async-std",
        })
    }
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
        let mut handle = handle.observe(of_part(connection, observer, part, &client));
        let mut table = UsageTable::new();
        while let Some(page) = handle.next_page().map_err(|error| Stopped { part, error })? {
            observer.progress.rows(page.len());
            table.absorb(page);
        }
        tables.push(table);
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
        let mut handle = handle.observe(of_part(connection, observer, part, &client));
        let mut table = UsageTable::new();
        while let Some(page) = handle.next_page().await.map_err(|error| Stopped { part, error })? {
            observer.progress.rows(page.len());
            table.absorb(page);
        }
        tables.push(table);
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
        let mut handle = handle.observe(of_part(connection, observer, part, &client));
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

/// Calls single endpoints, all in one session, over the driver that the connection names.
#[derive(Debug)]
pub(crate) struct Caller {
    client: AnyClient,
    keeper: Option<Keeper>,
}

#[derive(Debug)]
enum AnyClient {
    Blocking(Box<usage_blocking::Client>),
    Tokio(Box<(tokio::runtime::Runtime, usage_tokio::Client)>),
    AsyncStd(usage_async_std::Client),
}

impl Caller {
    pub(crate) fn new(connection: &Connection) -> Result<Self, BuildError> {
        let client = match connection.transport {
            Transport::Blocking => AnyClient::Blocking(Box::new(connection.client()?)),
            Transport::Tokio => AnyClient::Tokio(Box::new((tokio_runtime()?, connection.client()?))),
            Transport::AsyncStd => AnyClient::AsyncStd(connection.client()?),
        };
        Ok(Self { client, keeper: connection.keeper.clone() })
    }

    pub(crate) fn call<E: Endpoint>(&self, endpoint: E) -> Result<E::Response, Error> {
        let answer = match &self.client {
            AnyClient::Blocking(client) => client.call(endpoint),
            AnyClient::Tokio(tokio) => tokio.0.block_on(tokio.1.call(endpoint)),
            AnyClient::AsyncStd(client) => async_std::task::block_on(client.call(endpoint)),
        };
        self.keep();
        answer
    }

    /// Fetches an access token, if there is none that is good.
    pub(crate) fn log_in(&self) -> Result<(), Error> {
        let answer = match &self.client {
            AnyClient::Blocking(client) => client.log_in(),
            AnyClient::Tokio(tokio) => tokio.0.block_on(tokio.1.log_in()),
            AnyClient::AsyncStd(client) => async_std::task::block_on(client.log_in()),
        };
        self.keep();
        answer
    }

    /// The session, to look at.
    pub(crate) fn session(&self) -> MutexGuard<'_, Session> {
        match &self.client {
            AnyClient::Blocking(client) => client.session(),
            AnyClient::Tokio(tokio) => tokio.1.session(),
            AnyClient::AsyncStd(client) => client.session(),
        }
    }

    /// The token may have been renewed, whatever came of the call.
    fn keep(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.look(&self.session());
        }
    }
}

/// The clients of all drivers.
trait HasSession: Clone + Send + 'static {
    fn session(&self) -> MutexGuard<'_, Session>;
}

macro_rules! has_session {
    ($($client:ty),+) => {
        $(impl HasSession for $client {
            fn session(&self) -> MutexGuard<'_, Session> {
                self.session()
            }
        })+
    };
}

has_session!(usage_blocking::Client, usage_tokio::Client, usage_async_std::Client);
