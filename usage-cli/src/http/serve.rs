//! Serves the requests of browsers and scrapers, many at once.
//!
//! Browsers open connections in advance, scrapers hang, and any program on the machine may connect. Each connection has
//! a thread of its own and a limited time; of too many, the one that has waited longest for its request is closed, so
//! silent connections keep nobody out.

use std::collections::VecDeque;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::http::request::Request;

/// Connections that wait for their request.
const MAX_WAITING: usize = 128;

/// Enough for a small request and its answer, in bytes.
const STACK: usize = 256 * 1024;

/// The wait after no connection could be accepted because the process has no descriptor left.
const PAUSE: Duration = Duration::from_millis(20);

/// Gives each request that comes to `socket` to `answer`, in threads that end with the process. A client has `patience`
/// to send its request, and the same to take what is written.
pub(crate) fn serve(
    socket: TcpListener,
    patience: Duration,
    answer: impl Fn(Request, TcpStream) -> io::Result<()> + Send + Sync + 'static,
) {
    let answer = Arc::new(answer);
    let waiting = Waiting::default();
    thread::spawn(move || {
        for stream in socket.incoming() {
            let Ok(stream) = stream else {
                thread::sleep(PAUSE);
                continue;
            };
            let (answer, waiting) = (Arc::clone(&answer), waiting.clone());
            let place = waiting.enter(&stream);
            let serve = move || {
                let request = read(&stream, patience);
                waiting.leave(place);
                // A client that cannot be read, or has gone, has nothing to be told.
                drop(request.and_then(|request| answer(request, stream)));
            };
            drop(thread::Builder::new().stack_size(STACK).spawn(serve));
        }
    });
}

fn read(stream: &TcpStream, patience: Duration) -> io::Result<Request> {
    stream.set_write_timeout(Some(patience))?;
    Request::read(&mut stream.try_clone()?, Instant::now() + patience)
}

/// The connections that wait for their request, the oldest first. Clones share them.
#[derive(Clone, Debug, Default)]
struct Waiting(Arc<Mutex<Queue>>);

#[derive(Debug, Default)]
struct Queue {
    next: u64,
    streams: VecDeque<(u64, TcpStream)>,
}

impl Waiting {
    /// Takes in `stream`, and closes the oldest if there are too many.
    fn enter(&self, stream: &TcpStream) -> u64 {
        let mut queue = self.queue();
        queue.next += 1;
        let place = queue.next;
        if let Ok(stream) = stream.try_clone() {
            queue.streams.push_back((place, stream));
        }
        if queue.streams.len() > MAX_WAITING
            && let Some((_, oldest)) = queue.streams.pop_front()
        {
            // Its thread sees the end of the connection, and ends as well.
            drop(oldest.shutdown(Shutdown::Both));
        }
        place
    }

    fn leave(&self, place: u64) {
        self.queue().streams.retain(|(other, _)| *other != place);
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn silent_connections_keep_no_other_out() {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = socket.local_addr().unwrap();
        // So long that only a connection that is served at once is served within this test.
        serve(socket, Duration::from_secs(3600), |request, mut stream| {
            stream.write_all(request.target.as_bytes())
        });
        let mut silent = Vec::new();
        for at in 0..2 * MAX_WAITING {
            silent.push(TcpStream::connect(address).unwrap());
            if at % 50 == 0 {
                let mut stream = TcpStream::connect(address).unwrap();
                write!(stream, "GET /{at} HTTP/1.1\r\n\r\n").unwrap();
                let mut answer = String::new();
                stream.read_to_string(&mut answer).unwrap();
                assert_eq!(answer, format!("/{at}"));
            }
        }
        // The first ones were closed.
        silent[0].set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        assert_eq!(silent[0].read(&mut [0]).unwrap(), 0);
    }
}
