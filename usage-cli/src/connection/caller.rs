//! Calls to single endpoints, over the driver of a connection.

use usage_core::Endpoint;
use usage_core::error::{BuildError, Error};
use usage_driver::SessionGuard;

use crate::config::transport::Transport;
use crate::connection::Connection;
use crate::connection::client::{ServiceClient, run_blocking};
use crate::login::Keeper;
use crate::service::Service;
use crate::service::tokio_runtime;
use crate::text::secrets;

/// Calls single endpoints in one session, over the driver of the connection.
#[derive(Debug)]
pub(crate) struct Caller {
    client: AnyClient,
    keeper: Option<Keeper>,
    service: Service,
}

/// Work that needs a client of any driver.
pub(crate) trait Job {
    type Output;

    async fn run<C: ServiceClient>(self, client: &C) -> Self::Output;
}

/// A client of one of the drivers.
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
        Ok(Self { client, keeper: connection.keeper.clone(), service: connection.service() })
    }

    /// Runs `job` in the session of this caller.
    pub(crate) fn run<J: Job>(&self, job: J) -> J::Output {
        match &self.client {
            AnyClient::Blocking(client) => run_blocking(job.run(&**client)),
            AnyClient::Tokio(tokio) => tokio.0.block_on(job.run(tokio.1.as_generic())),
            AnyClient::AsyncStd(client) => async_std::task::block_on(job.run(client.as_generic())),
        }
    }

    /// Returns the keeper that stores a renewed token, if the credential is a log-in.
    pub(crate) fn keeper(&self) -> Option<&Keeper> {
        self.keeper.as_ref()
    }

    /// Returns the hosts that it calls.
    pub(crate) fn service(&self) -> &Service {
        &self.service
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

    /// Fetches an access token unless the session has a valid one.
    pub(crate) fn log_in(&self) -> Result<(), Error> {
        let answer = match &self.client {
            AnyClient::Blocking(client) => client.log_in(),
            AnyClient::Tokio(tokio) => tokio.0.block_on(tokio.1.log_in()),
            AnyClient::AsyncStd(client) => async_std::task::block_on(client.log_in()),
        };
        self.keep();
        answer
    }

    /// Locks the session for reading.
    pub(crate) fn session(&self) -> SessionGuard<'_> {
        match &self.client {
            AnyClient::Blocking(client) => client.session(),
            AnyClient::Tokio(tokio) => tokio.1.session(),
            AnyClient::AsyncStd(client) => client.session(),
        }
    }

    /// Stores the token, which may have been renewed whether the call succeeded or not.
    fn keep(&self) {
        secrets::know_session(&self.session());
        if let Some(keeper) = &self.keeper {
            keeper.look(self.session());
        }
    }
}
