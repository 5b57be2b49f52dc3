//! What `genesys-usage watch` looks at, remembers and shows.

pub(crate) mod alert;
pub(crate) mod line;
pub(crate) mod metrics;
pub(crate) mod state;
pub(crate) mod totals;
