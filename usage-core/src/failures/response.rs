use thiserror::Error;

use crate::failures::{ApiError, DecodeError};

/// A response arrived that does not contain the requested value.
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
