//! A simulated service on virtual time, and a server with scripted responses.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use usage_core::query::OrganizationQuery;
use usage_core::{Policy, Secret, Timestamp, UsageQuery, UsageTable};
use usage_driver::ClientBuilder;
use usage_sim::{Entry, Operation, Rule, ServeOptions, Server, Simulator, SimulatorConfig, VirtualClock};

use crate::driver::Client;

/// 2026-07-08, 08:40 UTC.
const START: Timestamp = Timestamp::from_unix_millis(1_783_500_000_000);

pub(crate) const SECRET: &str = "hunter2-client-secret";

pub(crate) struct Service {
    pub(crate) server: Server,
    clock: VirtualClock,
}

impl Service {
    pub(crate) fn start() -> Self {
        let clock = VirtualClock::new(START);
        let server =
            usage_sim::serve(Simulator::new(config()), ServeOptions::default().with_clock(clock.clone()));
        Self { server: server.unwrap(), clock }
    }

    /// Creates a service with this fault.
    pub(crate) fn with(rule: Rule) -> Self {
        let service = Self::start();
        service.server.simulator().inject(rule);
        service
    }

    pub(crate) fn client(&self) -> Client {
        self.client_with(Policy::default())
    }

    pub(crate) fn client_with(&self, policy: Policy) -> Client {
        self.on_virtual_time(builder(&self.server.url()).policy(policy))
    }

    pub(crate) fn on_virtual_time(&self, builder: ClientBuilder<Client>) -> Client {
        builder.build().unwrap().with_clock(self.clock.clone())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns the requests that arrived and match.
    pub(crate) fn journal(&self, fits: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        self.server.simulator().journal().iter().filter(|entry| fits(entry)).cloned().collect()
    }

    /// Returns the number of polls.
    pub(crate) fn polls(&self) -> usize {
        self.journal(|entry| entry.operation.is_some_and(Operation::is_results)).len()
    }
}

fn config() -> SimulatorConfig {
    SimulatorConfig::default().with_client("7de3af06", SECRET)
}

/// A builder with both hosts at `url` and the credential that the service accepts.
pub(crate) fn builder(url: &str) -> ClientBuilder<Client> {
    at(url).client_credentials("7de3af06", Secret::new(SECRET.into())).unwrap()
}

/// A builder with both hosts at `url`.
pub(crate) fn at(url: &str) -> ClientBuilder<Client> {
    Client::builder().url(url.parse().unwrap())
}

pub(crate) fn query() -> OrganizationQuery {
    OrganizationQuery::new("2026-07-01/2026-07-07".parse().unwrap())
}

/// Returns the rows of `query` without sockets.
pub(crate) fn in_memory<Q: UsageQuery>(query: Q) -> UsageTable {
    let service = usage_sim::in_memory::Service::new(Simulator::new(config()), VirtualClock::new(START));
    service.client().run(query).unwrap()
}

/// A server that gives each connection the next of its responses and closes it. When none is left, it stays silent.
pub(crate) struct Wire {
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Wire {
    pub(crate) fn start(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let mut answers: Vec<_> = answers.iter().map(|answer| (*answer).to_owned()).collect();
        answers.reverse();
        let arrived = Arc::clone(&requests);
        thread::spawn(move || {
            let mut silent = Vec::new();
            for socket in listener.incoming() {
                let mut socket = socket.unwrap();
                let request = read(&mut socket);
                arrived.lock().unwrap().push(request);
                match answers.pop() {
                    Some(answer) => drop(socket.write_all(answer.as_bytes())),
                    None => silent.push(socket),
                }
            }
        });
        Self { address, requests }
    }

    /// Returns the requests so far with their bodies, in lower case.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Returns a response with `body`.
pub(crate) fn answer(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
}

/// Reads a head, and a body of the length that it announces.
fn read(socket: &mut TcpStream) -> String {
    let _ = socket.set_read_timeout(Some(Duration::from_millis(300)));
    let (mut text, mut byte) = (String::new(), [0]);
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        match socket.read(&mut byte) {
            Ok(1) => text.push(char::from(byte[0]).to_ascii_lowercase()),
            _ => return text,
        }
    }
}
