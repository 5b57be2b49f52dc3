//! The HTTP drivers. The result is the same with each.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// An HTTP driver.
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
