use std::env;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use rustls::crypto::ring;
use usage_core::error::BuildError;
use usage_core::{Error, Machine, Next};
use usage_driver::futures::{Clock, Driver, Spawn, wait};
use usage_driver::hyper::Pool;
use usage_driver::{ClientConfig, SharedSession, Task};

use crate::clock::SystemClock;
use crate::runtime::Runtime;

/// The driver of [`Client`](crate::Client): sends requests with hyper, and waits on tokio's timer.
///
/// Code that is generic over the driver names it:
///
/// ```
/// use usage_tokio::{Tokio, core::Secret};
/// use usage_driver::{ClientBuilder, futures};
///
/// let secret = Secret::new("from a safe place".to_owned());
/// let builder = ClientBuilder::<futures::Client<Tokio>>::new();
/// let client = builder.client_credentials("7de3af06", secret)?.build()?;
/// # Ok::<(), usage_tokio::core::error::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tokio {
    pool: Pool<Runtime>,
}

impl Driver for Tokio {
    type Clock = SystemClock;
    const USER_AGENT: &'static str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

    fn new(config: &ClientConfig) -> Result<Self, BuildError> {
        Ok(Self { pool: Pool::new(config, tls(config)?) })
    }

    fn variable(name: &str) -> Option<String> {
        env::var(name).ok()
    }

    /// The standard library's hash keys are random enough for jitter.
    fn seed() -> u64 {
        RandomState::new().hash_one(())
    }

    fn spawner() -> Option<Spawn> {
        Some(|work| drop(tokio::spawn(work)))
    }

    // An async function would store its arguments twice while an execution waits.
    #[expect(clippy::manual_async_fn, reason = "it is smaller")]
    fn advance<M: Machine>(
        &self,
        clock: &dyn Clock,
        session: &SharedSession,
        task: &mut Task<M>,
    ) -> impl Future<Output = Result<Option<M::Output>, Error>> + Send {
        async move {
            loop {
                match task.next(clock.now(), session) {
                    Next::Finished => return task.outcome(),
                    Next::WaitUntil(until, why) => {
                        let wait = wait(clock, session, task, until, why, tokio::time::sleep);
                        task.canceller.run_until_cancelled(wait).await;
                    }
                    Next::Send(exchange) => {
                        let (span, machine) = (exchange.span.clone(), &mut task.machine);
                        // On the heap, so that an execution holds none of it while it waits.
                        let work = self.pool.carry_out(clock, session, machine, *exchange);
                        let work = Box::pin(span.around(work));
                        let Some(progress) = task.canceller.run_until_cancelled(work).await else { continue };
                        if let Some(output) = task.take(progress) {
                            return Ok(Some(output));
                        }
                    }
                }
            }
        }
    }
}

/// The TLS settings of `config`, for rustls.
fn tls(config: &ClientConfig) -> Result<rustls::ClientConfig, BuildError> {
    let provider = Arc::new(ring::default_provider());
    #[cfg(feature = "platform-verifier")]
    let config =
        config.tls.client_config_with(provider, rustls_platform_verifier::Verifier::new_with_extra_roots);
    #[cfg(not(feature = "platform-verifier"))]
    let config = config.tls.client_config(provider, None);
    config
}
