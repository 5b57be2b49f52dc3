//! The program as its users meet it: started, fed, killed, against simulated services that misbehave.

#![expect(clippy::unwrap_used, reason = "a test fails by it, and says where")]

mod aggregate;
mod failures;
mod formats;
mod interruptions;
mod kills;
mod output_file;
mod secrets;
mod simulate;
mod state;
mod support;
mod usage;
