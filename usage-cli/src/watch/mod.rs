//! What `genesys-usage watch` finds, remembers and shows.

pub(crate) mod alert;
#[cfg(feature = "parquet")]
pub(crate) mod history;
pub(crate) mod line;
pub(crate) mod live;
pub(crate) mod look;
pub(crate) mod metrics;
pub(crate) mod percent;
pub(crate) mod state;
pub(crate) mod totals;
