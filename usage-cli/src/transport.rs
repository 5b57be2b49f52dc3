//! The drivers to choose from. They are alike; nothing is decided by the choice.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use usage_core::error::BuildError;

/// How this program names itself to the service, whatever carries its requests.
pub(crate) const USER_AGENT: &str = concat!("genesys-usage/", env!("CARGO_PKG_VERSION"));

/// What carries the requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Transport {
    /// Threads and ureq
    #[default]
    Blocking,
    /// tokio and hyper
    Tokio,
    /// async-std and hyper
    AsyncStd,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Blocking => "blocking",
            Self::Tokio => "tokio",
            Self::AsyncStd => "async-std",
        })
    }
}

/// What [`Transport::Tokio`] runs on.
pub(crate) fn tokio_runtime() -> Result<tokio::runtime::Runtime, BuildError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| BuildError::Client { problem: error.to_string().into() })
}
