//! Writes to connections that the server has closed.

use std::io;

/// For drivers: returns the result of a write of `length` bytes, which counts as done if the other side has closed the
/// connection.
///
/// Before it closed, the other side may have sent the reason: a TLS alert, for example, or an early response. The next read
/// returns that, or the end of the connection.
///
/// # Errors
///
/// Returns any other error of the write.
pub fn written(result: io::Result<usize>, length: usize) -> io::Result<usize> {
    match result {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted
            ) =>
        {
            Ok(length)
        }
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_to_a_closed_connection_succeed_and_other_errors_remain() {
        use io::ErrorKind as Kind;
        for kind in [Kind::BrokenPipe, Kind::ConnectionReset, Kind::ConnectionAborted] {
            assert_eq!(written(Err(kind.into()), 7).unwrap(), 7);
        }
        for kind in [Kind::TimedOut, Kind::WouldBlock, Kind::Interrupted, Kind::UnexpectedEof] {
            assert_eq!(written(Err(kind.into()), 7).unwrap_err().kind(), kind);
        }
        assert_eq!(written(Ok(3), 7).unwrap(), 3);
    }
}
