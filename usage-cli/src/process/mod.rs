//! This process: its environment, its standard streams, and the programs that it starts.

pub(crate) mod children;
pub(crate) mod pause;
pub(crate) mod stderr;
pub(crate) mod stdout;
pub(crate) mod variables;
