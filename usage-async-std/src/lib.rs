#![doc = include_str!("../README.md")]

mod client;
mod clock;
mod connector;
mod exchange;
mod handle;
mod runtime;
mod stream;
mod tls;

pub use client::Client;
pub use clock::{Clock, SystemClock};
pub use handle::{Handle, Rows};
pub use usage_core as core;
