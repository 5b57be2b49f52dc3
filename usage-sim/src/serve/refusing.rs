use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Socket, Type};

/// A loopback address that refuses every connection, as long as this lives.
///
/// Its port is bound, so that nobody else is given it, and nobody listens. An address that was only free a moment ago
/// may be another's by now, or the very port that a connection to it goes out from: then TCP connects it with itself.
#[derive(Debug)]
pub struct Refusing {
    address: SocketAddr,
    _bound: Socket,
}

impl Refusing {
    /// # Errors
    ///
    /// That of the system when there is no port left.
    pub fn new() -> io::Result<Self> {
        let bound = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        bound.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        let address = bound.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self { address, _bound: bound })
    }

    /// Its URL, without a slash at the end: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn nobody_else_has_its_port() {
        let refusing = Refusing::new().unwrap();
        let refused = TcpStream::connect(refusing.address).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        let taken = TcpListener::bind(refusing.address).unwrap_err();
        assert_eq!(taken.kind(), io::ErrorKind::AddrInUse);
        assert_eq!(refusing.url(), format!("http://{}", refusing.address));
    }
}
