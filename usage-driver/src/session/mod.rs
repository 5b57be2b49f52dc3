//! The session that the executions and calls of a client share.

mod shared;
mod token_wait;
mod waiters;

pub use shared::{SessionGuard, SharedSession};
pub use token_wait::TokenWait;
