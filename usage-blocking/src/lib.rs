#![doc = include_str!("../README.md")]

mod client;
mod clock;
mod exchange;
mod handle;
mod run_all;
mod tls;

pub use client::Client;
pub use clock::{Clock, SystemClock};
pub use handle::{Handle, Rows};
pub use run_all::RunAll;
pub use usage_core as core;
