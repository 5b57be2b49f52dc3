use std::io;

/// For drivers: what a write of `length` bytes came to.
///
/// A write to a connection that the other side has closed counts as done. Before it closed, it may have said why: that it
/// refuses the client's certificate, for example, or an answer. The next read brings that, or the end of the connection.
///
/// # Errors
///
/// Any other error of the write.
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
    fn a_closed_connection_takes_everything_and_other_errors_stay() {
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
