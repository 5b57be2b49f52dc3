//! Spans and events for `tracing`, recorded only with the feature `tracing`.
//!
//! All spans and events have the target [`TARGET`].
//!
//! - A span `usage.run` at level INFO for each machine, from its first step to its end. It records `usage.execution_id`
//!   once an execution exists.
//! - A child span `http.client` at level INFO for each exchange, with the OpenTelemetry attributes of HTTP clients:
//!   `http.request.method`, `http.request.resend_count` (absent for the first attempt), `server.address`,
//!   `server.port`, `url.scheme`, `url.path`, `http.response.status_code` and `error.type` (the status, or the kind of
//!   [`TransportFailure`]). In addition, `usage.endpoint` is the [`NAME`](crate::Endpoint::NAME) of the endpoint,
//!   `usage.execution_id` the id of the execution, `usage.attempt` the number of the request within its machine, and
//!   `usage.correlation_id` the correlation id of the response.
//! - An event at level DEBUG for each transition of an execution, and for each exchange without a complete response.
//! - An event at level INFO with the id of an execution that is dropped before its end; the query continues to run at
//!   the service.
//!
//! Query strings, headers and bodies are never recorded, because they may contain secrets.

use http::Request;
use http::response::Parts;

use crate::failures::TransportFailure;
use crate::ids::ExecutionId;
use crate::phase::Transition;

/// The target of all spans and events.
pub const TARGET: &str = "genesys_usage";

/// The span of one exchange. The driver carries out the exchange within it.
///
/// ```
/// use usage_core::{Machine, Next};
/// # let token = usage_core::auth::AccessToken::parse("a-token")?;
/// # let mut session = usage_core::Session::new(&"eu-central-1".parse()?, usage_core::auth::Grant::StaticToken(token));
/// # let now = usage_core::Timestamp::from_unix_millis(1_782_864_000_000);
/// # let query = usage_core::query::OrganizationQuery::new("2026-06-01/2026-06-30".parse()?);
/// # let mut execution = usage_core::Execution::new(query, usage_core::Policy::default(), 1, now);
///
/// let Next::Send(exchange) = execution.next(now, &mut session).next else { panic!() };
/// let status = exchange.span.inside(|| 200); // send the request within the span
/// assert_eq!(status, 200);
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Span(#[cfg(feature = "tracing")] Option<tracing::Span>);

impl Span {
    /// Runs `work` within the span.
    pub fn inside<T>(&self, work: impl FnOnce() -> T) -> T {
        #[cfg(feature = "tracing")]
        if let Some(span) = &self.0 {
            return span.in_scope(work);
        }
        work()
    }

    /// Polls the future `work` within the span.
    // Not an async function, which would keep `work` twice.
    pub fn around<T>(self, work: impl Future<Output = T>) -> impl Future<Output = T> {
        #[cfg(feature = "tracing")]
        return tracing::Instrument::instrument(work, self.0.unwrap_or_else(tracing::Span::none));
        #[cfg(not(feature = "tracing"))]
        work
    }
}

/// The span of a machine. It reports an execution that is dropped before its end.
///
/// It is boxed, and allocated only if a subscriber wants it, so that waiting executions stay small.
///
/// ```
/// use usage_core::Machine;
/// use usage_core::trace::RunSpan;
/// # let token = usage_core::auth::AccessToken::parse("a-token")?;
/// # let mut session = usage_core::Session::new(&"eu-central-1".parse()?, usage_core::auth::Grant::StaticToken(token));
/// # let now = usage_core::Timestamp::from_unix_millis(1_782_864_000_000);
/// # let query = usage_core::query::OrganizationQuery::new("2026-06-01/2026-06-30".parse()?);
/// # let mut execution = usage_core::Execution::new(query, usage_core::Policy::default(), 1, now);
///
/// let mut run = RunSpan::default();
/// let _step = run.inside(|| execution.next(now, &mut session));
/// run.identify(execution.id());
/// run.set_over(execution.phase().is_final());
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Debug, Default)]
pub struct RunSpan(#[cfg(feature = "tracing")] Option<Box<Run>>);

impl RunSpan {
    /// Runs `work` within the span, which the first call creates.
    pub fn inside<T>(&mut self, work: impl FnOnce() -> T) -> T {
        #[cfg(feature = "tracing")]
        {
            self.0 = self.0.take().or_else(|| Run::begin().map(Box::new));
            if let Some(run) = &self.0 {
                return run.span.in_scope(work);
            }
        }
        work()
    }

    /// Records the id of the execution, once it exists.
    pub fn identify(&mut self, id: Option<&ExecutionId>) {
        #[cfg(feature = "tracing")]
        if let Some(run) = &mut self.0 {
            run.identify(id);
        }
        #[cfg(not(feature = "tracing"))]
        let _ = id;
    }

    /// Records whether the machine has ended. A machine that has ended is dropped without a report.
    pub fn set_over(&mut self, is_over: bool) {
        #[cfg(feature = "tracing")]
        if let Some(run) = &mut self.0 {
            run.is_over = is_over;
        }
        #[cfg(not(feature = "tracing"))]
        let _ = is_over;
    }
}

#[cfg(not(feature = "tracing"))]
mod silent {
    use super::{ExecutionId, Parts, Request, Span, Transition, TransportFailure};

    pub(crate) fn exchange(_: &str, _: &Request<Vec<u8>>, _: u32, _: u8) -> Span {
        Span()
    }

    pub(crate) fn on_behalf_of(_: &Span, _: Option<&ExecutionId>) {}

    pub(crate) fn answered(_: &Parts) {}

    pub(crate) fn failed(_: &TransportFailure) {}

    pub(crate) fn moved(_: Option<&ExecutionId>, _: Transition) {}
}

#[cfg(feature = "tracing")]
mod recording {
    use tracing::field::Empty;

    use super::{ExecutionId, Parts, Request, Span, TARGET, Transition, TransportFailure};
    use crate::failures::TransportKind;
    use crate::uri::port_of;

    /// The span of a machine and the id of its execution.
    #[derive(Debug)]
    pub(super) struct Run {
        pub(super) span: tracing::Span,
        id: Option<ExecutionId>,
        pub(super) is_over: bool,
    }

    impl Run {
        /// Returns a new run; `None` if no subscriber wants its span or its event.
        pub(super) fn begin() -> Option<Self> {
            let span = tracing::info_span!(target: TARGET, "usage.run", usage.execution_id = Empty);
            let is_wanted = !span.is_disabled() || tracing::enabled!(target: TARGET, tracing::Level::INFO);
            is_wanted.then_some(Self { span, id: None, is_over: false })
        }

        pub(super) fn identify(&mut self, id: Option<&ExecutionId>) {
            if let (None, Some(id)) = (&self.id, id) {
                self.span.record("usage.execution_id", id.as_str());
                self.id = Some(id.clone());
            }
        }
    }

    impl Drop for Run {
        fn drop(&mut self) {
            if let (Some(id), false) = (&self.id, self.is_over) {
                tracing::info!(
                    target: TARGET,
                    parent: self.span.id(),
                    { usage.execution_id = id.as_str() },
                    "dropped before its end; the query runs on at the service"
                );
            }
        }
    }

    /// Returns the span of the `attempt`-th exchange of a machine, whose request was sent `resends` times before.
    pub(crate) fn exchange(
        endpoint: &'static str,
        request: &Request<Vec<u8>>,
        attempt: u32,
        resends: u8,
    ) -> Span {
        let uri = request.uri();
        Span(Some(tracing::info_span!(
            target: TARGET,
            "http.client",
            otel.kind = "client",
            http.request.method = request.method().as_str(),
            http.request.resend_count = (resends > 0).then_some(resends),
            server.address = uri.host(),
            server.port = port_of(uri),
            url.scheme = uri.scheme_str(),
            url.path = uri.path(),
            usage.endpoint = endpoint,
            usage.attempt = attempt,
            usage.execution_id = Empty,
            usage.correlation_id = Empty,
            http.response.status_code = Empty,
            "error.type" = Empty,
        )))
    }

    pub(crate) fn on_behalf_of(span: &Span, id: Option<&ExecutionId>) {
        if let (Some(span), Some(id)) = (&span.0, id) {
            span.record("usage.execution_id", id.as_str());
        }
    }

    /// Records the head of a response in the current span.
    pub(crate) fn answered(head: &Parts) {
        let span = tracing::Span::current();
        span.record("http.response.status_code", head.status.as_u16());
        if let Some(id) = head.headers.get("inin-correlation-id").and_then(|id| id.to_str().ok()) {
            span.record("usage.correlation_id", crate::failures::excerpt(id, 80));
        }
        if head.status.is_client_error() || head.status.is_server_error() {
            span.record("error.type", head.status.as_str());
        }
    }

    /// Records a failed exchange in the current span.
    pub(crate) fn failed(failure: &TransportFailure) {
        let kind = match failure.kind {
            TransportKind::Dns => "dns",
            TransportKind::Connect => "connect",
            TransportKind::Tls => "tls",
            TransportKind::Timeout => "timeout",
            TransportKind::Reset => "reset",
            TransportKind::Abandoned => "abandoned",
            TransportKind::Other => "other",
        };
        tracing::Span::current().record("error.type", kind);
        tracing::debug!(target: TARGET, { "error.type" = kind, error.message = %failure }, "no whole answer");
    }

    /// Records a transition of an execution.
    pub(crate) fn moved(id: Option<&ExecutionId>, transition: Transition) {
        tracing::debug!(target: TARGET, { usage.execution_id = id.map(ExecutionId::as_str), transition = %transition }, "moved");
    }
}

#[cfg(feature = "tracing")]
pub(crate) use recording::*;
#[cfg(not(feature = "tracing"))]
pub(crate) use silent::*;
