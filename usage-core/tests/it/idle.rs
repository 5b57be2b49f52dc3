//! A driver of both kinds that does nothing, for what can be seen of its clients.

use futures_util::future::{self, BoxFuture};
use usage_core::driver::{Driven, SharedSession, blocking, futures};
use usage_core::error::BuildError;
use usage_core::{ClientConfig, Error, Machine, Timestamp};

use crate::support::START;

#[derive(Clone, Debug)]
pub(crate) struct Idle;

impl blocking::Drive for Idle {
    type Clock = Still;
    const USER_AGENT: &'static str = "idle/1.0";

    fn new(_: &ClientConfig) -> Result<Self, BuildError> {
        Ok(Self)
    }

    fn variable(_: &str) -> Option<String> {
        None
    }

    fn seed() -> u64 {
        1
    }

    fn spawn(_: impl FnOnce() + Send + 'static) {}

    fn advance<M: Machine>(
        &self,
        _: &dyn blocking::Clock,
        _: &SharedSession,
        driven: &mut Driven<M>,
    ) -> Result<Option<M::Output>, Error> {
        driven.outcome()
    }
}

impl futures::Drive for Idle {
    type Clock = Still;
    const USER_AGENT: &'static str = "idle/1.0";

    fn new(_: &ClientConfig) -> Result<Self, BuildError> {
        Ok(Self)
    }

    fn variable(_: &str) -> Option<String> {
        None
    }

    fn seed() -> u64 {
        1
    }

    fn advance<M: Machine>(
        &self,
        _: &dyn futures::Clock,
        _: &SharedSession,
        driven: &mut Driven<M>,
    ) -> impl Future<Output = Result<Option<M::Output>, Error>> + Send {
        future::ready(driven.outcome())
    }
}

#[derive(Debug, Default)]
pub(crate) struct Still;

impl blocking::Clock for Still {
    fn now(&self) -> Timestamp {
        START
    }

    fn sleep_until(&self, _: Timestamp) {}
}

impl futures::Clock for Still {
    fn now(&self) -> Timestamp {
        START
    }

    fn sleep_until(&self, _: Timestamp) -> BoxFuture<'_, ()> {
        Box::pin(future::ready(()))
    }
}
