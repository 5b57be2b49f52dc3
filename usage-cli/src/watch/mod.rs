//! What `genesys-usage watch` looks at, remembers and shows.

pub(crate) mod alert;
pub(crate) mod metrics;
pub(crate) mod state;
