//! Calls to single endpoints, over the driver of a connection.

use std::time::Duration;

use usage_core::error::{BuildError, Error};
use usage_core::{Endpoint, Policy};
use usage_driver::SessionGuard;

use crate::config::transport::Transport;
use crate::connection::Connection;
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

/// A client of one of the drivers.
#[derive(Debug)]
pub(crate) enum AnyClient {
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

    /// Returns the client, to run executions in the same session.
    pub(crate) fn client(&self) -> &AnyClient {
        &self.client
    }

    /// Returns the keeper that stores a renewed token, if the credential is a log-in.
    pub(crate) fn keeper(&self) -> Option<&Keeper> {
        self.keeper.as_ref()
    }

    /// Limits every later call to `deadline`, if that is shorter than the policy's own.
    pub(crate) fn limit(&mut self, deadline: Duration) {
        let limited = |policy: Policy| policy.with_deadline(policy.deadline.min(deadline));
        match &mut self.client {
            AnyClient::Blocking(client) => **client = client.clone().with_policy(limited(client.policy())),
            AnyClient::Tokio(tokio) => tokio.1 = tokio.1.clone().with_policy(limited(tokio.1.policy())),
            AnyClient::AsyncStd(client) => *client = client.clone().with_policy(limited(client.policy())),
        }
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
