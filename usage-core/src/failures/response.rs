//! Errors of responses: refusals, and bodies that cannot be decoded.

use thiserror::Error;

use crate::failures::{ApiError, DecodeError};

/// A response arrived that does not contain the requested value.
///
/// ```
/// use usage_core::EndpointExt;
/// use usage_core::error::ResponseError;
/// use usage_core::platform::OrganizationMe;
///
/// let refused = http::Response::builder().status(403).body(&b"{}"[..]).unwrap();
/// assert!(matches!(OrganizationMe::parse(&refused), Err(ResponseError::Api(_))));
/// let broken = http::Response::new(&b"not JSON"[..]);
/// assert!(matches!(OrganizationMe::parse(&broken), Err(ResponseError::Decode(_))));
/// ```
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// The service refused the request: the status is not 2xx.
    #[error("{0:#}")]
    Api(#[from] Box<ApiError>),
    /// The status is 2xx, and the body cannot be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}
