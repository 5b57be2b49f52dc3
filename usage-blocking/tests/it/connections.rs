//! Which requests share a connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use usage_blocking::Client;
use usage_sim::VirtualClock;

use crate::support::{START, policy, query};

const SUBMITTED: &str = r#"{"executionId":"e-1"}"#;
const DONE: &str = r#"{"queryStatus":"Complete","results":[{"requests":7}]}"#;

/// The service's side of a connection.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn accept(listener: &TcpListener) -> Self {
        Self(BufReader::new(listener.accept().unwrap().0))
    }

    /// Answers the next request, which has `method`.
    fn answer(&mut self, method: &str, body: &str) {
        let (mut first, mut line, mut length) = (String::new(), String::new(), 0);
        self.0.read_line(&mut first).unwrap();
        assert!(first.starts_with(method), "{first:?}");
        while line != "\r\n" {
            line.clear();
            self.0.read_line(&mut line).unwrap();
            if let Some(value) = line.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        std::io::copy(&mut self.0.by_ref().take(length), &mut std::io::sink()).unwrap();
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        self.0.get_ref().write_all(answer.as_bytes()).unwrap();
    }
}

fn service(work: impl FnOnce(TcpListener) + Send + 'static) -> (Client, thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let builder = Client::builder().api_url(url).access_token("a-token").unwrap().policy(policy());
    (builder.build().unwrap().with_clock(VirtualClock::new(START)), thread::spawn(move || work(listener)))
}

#[test]
fn a_submit_opens_a_connection_which_the_polls_use() {
    let (client, service) = service(|listener| {
        let mut first = Connection::accept(&listener);
        first.answer("GET", DONE);
        for _ in 0..2 {
            let mut connection = Connection::accept(&listener);
            connection.answer("POST", SUBMITTED);
            connection.answer("GET", DONE);
        }
    });
    client.attach(query(), "e-0".parse().unwrap()).finish().unwrap();
    for _ in 0..2 {
        assert_eq!(client.run(query()).unwrap().row(0).unwrap().requests(), Some(7));
    }
    service.join().unwrap();
}
