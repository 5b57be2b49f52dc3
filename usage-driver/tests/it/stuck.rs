//! A driver of both kinds whose requests never end.

#![expect(clippy::disallowed_methods, reason = "drivers start threads and wait")]

use std::thread;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{self, BoxFuture};
use usage_core::error::{BuildError, Sent, TransportFailure, TransportKind};
use usage_core::{Error, Machine, Next, Timestamp, WaitReason};
use usage_driver::{ClientConfig, Proxy};
use usage_driver::{SharedSession, Task, blocking, futures};

use crate::support::START;

/// A driver of both kinds, with a proxy in its variables. Token requests fail in transport; any other request ends only
/// when it is cancelled.
#[derive(Clone, Debug)]
pub(crate) struct Stuck {
    #[expect(dead_code, reason = "it is printed")]
    proxy: Option<Proxy>,
}

impl Stuck {
    pub(crate) const PROXY: &str = "proxy.usage.invalid";

    fn variable(name: &str) -> Option<String> {
        (name == "HTTPS_PROXY").then(|| format!("http://{}:3128", Self::PROXY))
    }

    fn advance<M: Machine>(session: &SharedSession, task: &mut Task<M>) -> Result<Option<M::Output>, Error> {
        loop {
            match task.next(START, session) {
                Next::Send(exchange) if exchange.endpoint == "oauth.token" => {
                    let failure = TransportFailure::new(TransportKind::Connect, Sent::No, "stuck");
                    let mut session = session.lock();
                    let progress = task.machine.on_failure(START, exchange.ticket, failure, &mut session);
                    drop(session);
                    task.take(progress);
                }
                Next::Send(_) => {
                    while !task.canceller.is_cancelled() {
                        thread::sleep(Duration::from_millis(1));
                    }
                }
                Next::WaitUntil(_, WaitReason::Token) => {
                    while task.token_wait(session).now_or_never().is_none() {
                        thread::sleep(Duration::from_millis(1));
                    }
                }
                Next::WaitUntil(..) => panic!("nothing is tried again"),
                Next::Finished => return task.outcome(),
            }
        }
    }
}

impl blocking::Driver for Stuck {
    type Clock = Still;
    const USER_AGENT: &'static str = "stuck/1.0";

    fn new(config: &ClientConfig) -> Result<Self, BuildError> {
        Ok(Self { proxy: config.proxy.clone() })
    }

    fn variable(name: &str) -> Option<String> {
        Self::variable(name)
    }

    fn seed() -> u64 {
        1
    }

    fn spawn(work: impl FnOnce() + Send + 'static) {
        thread::spawn(work);
    }

    fn advance<M: Machine>(
        &self,
        _: &dyn blocking::Clock,
        session: &SharedSession,
        task: &mut Task<M>,
    ) -> Result<Option<M::Output>, Error> {
        Self::advance(session, task)
    }
}

impl futures::Driver for Stuck {
    type Clock = Still;
    const USER_AGENT: &'static str = "stuck/1.0";

    fn new(config: &ClientConfig) -> Result<Self, BuildError> {
        Ok(Self { proxy: config.proxy.clone() })
    }

    fn variable(name: &str) -> Option<String> {
        Self::variable(name)
    }

    fn seed() -> u64 {
        1
    }

    fn advance<M: Machine>(
        &self,
        _: &dyn futures::Clock,
        session: &SharedSession,
        task: &mut Task<M>,
    ) -> impl Future<Output = Result<Option<M::Output>, Error>> + Send {
        future::ready(Self::advance(session, task))
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
