//! A stream for tests and the fuzzer.

use std::io::{self, Read, Write};

/// A stream that hands out its input in pieces.
#[derive(Debug)]
pub(super) struct Pieces {
    input: io::Cursor<Vec<u8>>,
    size: usize,
    pub(super) written: Vec<u8>,
}

impl Pieces {
    pub(super) fn new(input: &[u8], size: usize) -> Self {
        Self { input: io::Cursor::new(input.to_vec()), size, written: Vec::new() }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.size.min(buffer.len());
        self.input.read(&mut buffer[..size])
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
