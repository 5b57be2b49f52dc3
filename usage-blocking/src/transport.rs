//! A connection as ureq wants it.

use std::io::{self, Read, Write};

use ureq::Error;
use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport, TransportAdapter};
use usage_driver::blocking::Stream;
use usage_driver::error::Broken;

/// A connection with its buffers.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) stream: Stream<TransportAdapter>,
    pub(crate) buffers: LazyBuffers,
}

impl Transport for Connection {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.socket().set_timeout(timeout);
        let written = self.stream.write_all(&self.buffers.output()[..amount]);
        written.and_then(|()| self.stream.flush()).map_err(failed)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.socket().set_timeout(timeout);
        let space = self.buffers.input_append_buf();
        if space.is_empty() {
            return Err(Error::Io(io::Error::other(Broken::HeadTooLong)));
        }
        let length = self.stream.read(space).map_err(failed)?;
        self.buffers.input_appended(length);
        Ok(length > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.socket().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        self.stream.is_tls()
    }
}

/// ureq takes a connection that breaks for the end of a body without a length, unless the error is of another kind.
fn failed(error: io::Error) -> Error {
    match error.into() {
        Error::Io(error) => Error::Io(io::Error::other(error)),
        error => error,
    }
}
