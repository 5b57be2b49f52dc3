//! Exchanges over hyper, for the drivers of any runtime.
//!
//! A driver implements [`Runtime`], which is everything that hyper needs: tasks, a timer, and connected sockets. Its loop
//! passes each [`Exchange`](usage_core::machine::Exchange) to [`Pool::carry_out`].

mod connector;
mod pool;
mod refusal;
mod stream;

use std::error::Error;
use std::fmt;
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, Timer, Write};
use hyper_util::client::legacy::connect::Connection;

pub use pool::Pool;

/// An async runtime for hyper.
pub trait Runtime: Clone + fmt::Debug + Send + Sync + 'static {
    /// The type of connected sockets.
    type Socket: Read + Write + Connection + Send + Unpin + 'static;

    /// The timer for the limits of connections and exchanges.
    type Timer: Timer + Clone + Default + Send + Sync + 'static;

    /// Runs `task` to its end.
    fn spawn(task: impl Future<Output = ()> + Send + 'static);

    /// Connects to `host`, trying each of its addresses, within `limit`.
    ///
    /// # Errors
    ///
    /// Returns the error of the socket, or [`Unresolved`](crate::error::Unresolved) if the host name does not resolve.
    fn connect(
        host: Uri,
        limit: Duration,
    ) -> impl Future<Output = Result<Self::Socket, Box<dyn Error + Send + Sync>>> + Send + 'static;
}
