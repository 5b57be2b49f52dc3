//! An address that refuses connections.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Socket, Type};

/// A loopback address that refuses every connection while this value lives.
///
/// The port is bound, and nothing listens on it. A port that is merely free could be taken by another process, or
/// become the source port of the connection itself, which TCP would then connect to itself.
///
/// ```
/// use usage_sim::Refusing;
///
/// let refusing = Refusing::new()?;
/// let address = refusing.url().replace("http://", "");
/// assert!(std::net::TcpStream::connect(address).is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Refusing {
    address: SocketAddr,
    _bound: Socket,
}

impl Refusing {
    /// # Errors
    ///
    /// Returns the error of the operating system if no port is left.
    pub fn new() -> io::Result<Self> {
        let bound = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        bound.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        let address = bound.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self { address, _bound: bound })
    }

    /// Returns its URL without a trailing slash: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn no_other_socket_takes_its_port() {
        let refusing = Refusing::new().unwrap();
        let refused = TcpStream::connect(refusing.address).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        let taken = TcpListener::bind(refusing.address).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
        assert_eq!(refusing.url(), format!("http://{}", refusing.address));
    }
}
