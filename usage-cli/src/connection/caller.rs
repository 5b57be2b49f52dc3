//! Single endpoints over the driver that a connection names.

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

/// Calls single endpoints, all in one session, over the driver that the connection names.
#[derive(Debug)]
pub(crate) struct Caller {
    client: AnyClient,
    keeper: Option<Keeper>,
    service: Service,
}

/// A client of the driver that the connection names.
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

    /// Returns the client, for executions in the same session.
    pub(crate) fn client(&self) -> &AnyClient {
        &self.client
    }

    /// Returns what keeps a renewed token, if it is a log-in's.
    pub(crate) fn keeper(&self) -> Option<&Keeper> {
        self.keeper.as_ref()
    }

    /// Limits each further call to `deadline`, if that is earlier than its own.
    pub(crate) fn limit(&mut self, deadline: Duration) {
        let limited = |policy: Policy| policy.with_deadline(policy.deadline.min(deadline));
        match &mut self.client {
            AnyClient::Blocking(client) => **client = client.clone().with_policy(limited(client.policy())),
            AnyClient::Tokio(tokio) => tokio.1 = tokio.1.clone().with_policy(limited(tokio.1.policy())),
            AnyClient::AsyncStd(client) => *client = client.clone().with_policy(limited(client.policy())),
        }
    }

    /// The hosts that it calls.
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
    pub(crate) fn session(&self) -> SessionGuard<'_> {
        match &self.client {
            AnyClient::Blocking(client) => client.session(),
            AnyClient::Tokio(tokio) => tokio.1.session(),
            AnyClient::AsyncStd(client) => client.session(),
        }
    }

    /// The token may have been renewed, whatever came of the call.
    fn keep(&self) {
        secrets::know_session(&self.session());
        if let Some(keeper) = &self.keeper {
            keeper.look(self.session());
        }
    }
}
