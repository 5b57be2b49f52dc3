//! Errors, without where they happened. They are published as [`error`](crate::error).

mod api;
mod body;
mod build;
mod decode;
mod failure;
mod foreign;
mod observer;
mod response;
mod transport;

pub use api::{ApiError, ErrorPayload, MAX_ERROR_BODY};
pub use body::{ErrorBody, ErrorDetail, ErrorLimit, OAuthErrorBody};
pub use build::BuildError;
pub use decode::DecodeError;
pub use failure::{AttemptError, Failure, Unauthorized};
pub(crate) use foreign::BEGINNING;
pub use foreign::ForeignAnswer;
pub use observer::ObserverError;
pub use response::ResponseError;
pub use transport::{Sent, TransportFailure, TransportKind};

/// Returns `text` as one printable line of at most `max` characters. Texts of a server may contain anything.
pub(crate) fn excerpt(text: &str, max: usize) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let mut line: String = text.trim().chars().take(max).map(printable).collect();
    if text.trim().chars().nth(max).is_some() {
        line.push('…');
    }
    line
}
