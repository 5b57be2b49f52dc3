//! What runs tell `tracing`, if the feature of that name is on; without it nothing here does anything.
//!
//! Each exchange is a span `http.client` of level INFO, with the OpenTelemetry names of HTTP clients:
//! `http.request.method`, `http.request.resend_count`, `server.address`, `server.port`, `url.scheme`, `url.path`,
//! `http.response.status_code` and `error.type` (the status, or what failed on the way). Besides these,
//! `usage.endpoint` is the [`NAME`](crate::Endpoint::NAME) of the endpoint, `usage.execution_id` the execution's id,
//! `usage.attempt` the number of the request among those of its machine, `usage.correlation_id` the service's own name
//! for the exchange. Each transition of an execution is an event of level DEBUG. Queries, headers and bodies are not
//! told, and with them no secret is.

use http::response::Parts;

use crate::error::TransportFailure;
use crate::ids::ExecutionId;
use crate::machine::Exchange;
use crate::phase::Transition;

/// The span of one exchange. A driver carries the exchange out within it.
#[derive(Clone, Debug, Default)]
pub struct Span(#[cfg(feature = "tracing")] Option<tracing::Span>);

impl Span {
    /// Does `work` within the span.
    pub fn inside<T>(&self, work: impl FnOnce() -> T) -> T {
        #[cfg(feature = "tracing")]
        if let Some(span) = &self.0 {
            return span.in_scope(work);
        }
        work()
    }

    /// Carries `work` out within the span.
    pub async fn around<T>(self, work: impl Future<Output = T>) -> T {
        #[cfg(feature = "tracing")]
        if let Some(span) = self.0 {
            return tracing::Instrument::instrument(work, span).await;
        }
        work.await
    }
}

#[cfg(not(feature = "tracing"))]
mod silent {
    use super::{Exchange, ExecutionId, Parts, Span, Transition, TransportFailure};

    pub(crate) fn exchange(_: &Exchange, _: u32) -> Span {
        Span()
    }

    pub(crate) fn on_behalf_of(_: &Exchange, _: Option<&ExecutionId>) {}

    pub(crate) fn answered(_: &Parts) {}

    pub(crate) fn failed(_: &TransportFailure) {}

    pub(crate) fn moved(_: Option<&ExecutionId>, _: Transition) {}
}

#[cfg(feature = "tracing")]
mod telling {
    use tracing::field::Empty;

    use super::{Exchange, ExecutionId, Parts, Span, Transition, TransportFailure};
    use crate::error::TransportKind;
    use crate::uri::port_of;

    /// The span of an exchange that is the `attempt`-th of its machine.
    pub(crate) fn exchange(exchange: &Exchange, attempt: u32) -> Span {
        let uri = exchange.request.uri();
        Span(Some(tracing::info_span!(
            "http.client",
            otel.kind = "client",
            http.request.method = exchange.request.method().as_str(),
            server.address = uri.host(),
            server.port = port_of(uri),
            url.scheme = uri.scheme_str(),
            url.path = uri.path(),
            usage.endpoint = exchange.endpoint,
            usage.attempt = attempt,
            usage.execution_id = Empty,
            usage.correlation_id = Empty,
            http.response.status_code = Empty,
            error.r#type = Empty,
        )))
    }

    pub(crate) fn on_behalf_of(exchange: &Exchange, id: Option<&ExecutionId>) {
        if let (Some(span), Some(id)) = (&exchange.span.0, id) {
            span.record("usage.execution_id", id.as_str());
        }
    }

    /// The head of an answer arrived, within the span.
    pub(crate) fn answered(head: &Parts) {
        let span = tracing::Span::current();
        span.record("http.response.status_code", head.status.as_u16());
        if let Some(id) = head.headers.get("inin-correlation-id").and_then(|id| id.to_str().ok()) {
            span.record("usage.correlation_id", crate::error::excerpt(id, 80));
        }
        if head.status.is_client_error() || head.status.is_server_error() {
            span.record("error.type", head.status.as_str());
        }
    }

    /// The exchange failed on the way.
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
        tracing::debug!(error.r#type = kind, error.message = %failure, "no whole answer");
    }

    /// An execution moved.
    pub(crate) fn moved(id: Option<&ExecutionId>, transition: Transition) {
        tracing::debug!(usage.execution_id = id.map(ExecutionId::as_str), transition = %transition, "moved");
    }
}

#[cfg(not(feature = "tracing"))]
pub(crate) use silent::*;
#[cfg(feature = "tracing")]
pub(crate) use telling::*;
