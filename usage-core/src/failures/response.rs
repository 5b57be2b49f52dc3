use thiserror::Error;

use crate::failures::{ApiError, DecodeError};

/// An answer arrived, and it is not the one that was asked for.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// The service refused: any status but 2xx.
    #[error("{0:#}")]
    Api(#[from] Box<ApiError>),
    /// The status is 2xx and the body cannot be read.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}
