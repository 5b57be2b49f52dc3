//! Access to the service: hosts, transport and certificates, and the meaning of failures.

pub(crate) mod advice;
pub(crate) mod failure;
pub(crate) mod roots;
pub(crate) mod route;

use serde::{Deserialize, Serialize};
use usage_core::BaseUrl;
use usage_core::error::BuildError;

/// The `User-Agent` of this program, with any transport.
pub(crate) const USER_AGENT: &str = concat!("genesys-usage/", env!("CARGO_PKG_VERSION"));

/// The hosts of the service.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Service {
    pub(crate) api_url: BaseUrl,
    pub(crate) login_url: BaseUrl,
}

/// Returns the runtime of the tokio transport.
pub(crate) fn tokio_runtime() -> Result<tokio::runtime::Runtime, BuildError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| BuildError::Client { problem: error.to_string().into() })
}
