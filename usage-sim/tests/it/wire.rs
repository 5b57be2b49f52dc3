//! The listener over a plain socket.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use usage_sim::{
    MAX_CONNECTIONS, MAX_REQUEST_BODY, ServeOptions, Server, Simulator, SimulatorConfig, VirtualClock, serve,
};

use crate::support::start;

const TOKEN_FORM: &str = "grant_type=client_credentials";

/// A server whose clock stands still.
pub(crate) struct Bench {
    pub(crate) server: Server,
    pub(crate) clock: VirtualClock,
    pub(crate) token: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let clock = VirtualClock::new(start());
        let options = ServeOptions::default().with_clock(clock.clone());
        let server = serve(Simulator::new(SimulatorConfig::default()), options).unwrap();
        let token = server.simulator().issue_token(start());
        Self { server, clock, token }
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::new(&self.server)
    }

    pub(crate) fn head(&self, method: &str, target: &str, more: &str) -> String {
        format!(
            "{method} {target} HTTP/1.1\r\nHost: sim\r\nAuthorization: Bearer {}\r\n{more}\r\n",
            self.token
        )
    }

    pub(crate) fn submit(&self, target: &str, body: &str) -> Vec<u8> {
        let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        (self.head("POST", target, &more) + body).into_bytes()
    }
}

pub(crate) struct Connection(TcpStream);

impl Connection {
    pub(crate) fn new(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(stream)
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.0.write_all(bytes.as_ref()).unwrap();
        self
    }

    /// Returns head and body of the next response.
    pub(crate) fn answer(&mut self) -> (String, Vec<u8>) {
        let head = self.head();
        let length =
            head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap().parse().unwrap();
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        (head, body)
    }

    pub(crate) fn head(&mut self) -> String {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            self.0.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        String::from_utf8(head).unwrap()
    }

    /// Closes the sending side.
    pub(crate) fn done(&mut self) -> &mut Self {
        self.0.shutdown(std::net::Shutdown::Write).unwrap();
        self
    }

    /// Returns everything until the server closes.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        rest
    }

    pub(crate) fn set_read_timeout(&mut self, timeout: Duration) {
        self.0.set_read_timeout(Some(timeout)).unwrap();
    }

    pub(crate) fn read(&mut self) -> std::io::Result<usize> {
        self.0.read(&mut [0; 64])
    }
}

fn json(body: &[u8]) -> serde_json::Value {
    serde_json::from_slice(body).unwrap()
}

#[test]
fn a_whole_round_on_one_connection_in_virtual_time() {
    let bench = Bench::new();
    let mut connection = bench.connect();
    let basic = {
        use base64::Engine;
        let service = bench.server.simulator();
        base64::engine::general_purpose::STANDARD.encode(format!(
            "{}:{}",
            service.client_id(),
            service.client_secret()
        ))
    };
    let login = format!(
        "POST /oauth/token HTTP/1.1\r\nHost: sim\r\nauthorization: basic {basic}\r\nContent-Type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{TOKEN_FORM}",
        TOKEN_FORM.len()
    );
    let (head, body) = connection.send(login).answer();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    let token = json(&body)["access_token"].as_str().unwrap().to_string();
    let bench = Bench { token, ..bench };

    let (_, body) = connection
        .send(bench.submit("/api/v2/usage/simplesearch", r#"{"interval":"2026-01/2026-06"}"#))
        .answer();
    let results = json(&body)["resultsUri"].as_str().unwrap().to_string();
    let (head, body) = connection.send(bench.head("GET", &results, "")).answer();
    assert_eq!(body, br#"{"queryStatus":"Running"}"#);
    for line in [
        "ININ-Correlation-Id: ",
        "inin-ratelimit-count: 2",
        "inin-ratelimit-allowed: 300",
        "inin-ratelimit-reset: 60",
    ] {
        assert!(head.contains(line), "{head}");
    }
    bench.clock.advance(Duration::from_secs(3));
    let mut rows = 0;
    let mut target = results.clone();
    loop {
        let (_, body) = connection.send(bench.head("GET", &target, "")).answer();
        let page = json(&body);
        rows += page["results"].as_array().unwrap().len();
        let Some(after) = page["cursors"]["after"].as_str() else { break };
        target = format!(
            "{results}?after={}",
            form_urlencoded::byte_serialize(after.as_bytes()).collect::<String>()
        );
    }
    assert_eq!(rows, 20_000);
    assert_eq!(bench.server.simulator().journal().len(), 23);
    assert_eq!(bench.server.simulator().journal()[22].at, bench.clock.now());
    bench.server.shutdown();
}

#[test]
fn several_megabytes_arrive_whole() {
    let bench = Bench::new();
    let mut connection = bench.connect();
    let query = r#"{"interval":"2026-06/2026-06","granularity":"Day","groupBy":["OAuthClientId","TemplateUri","HttpMethod"]}"#;
    let (_, body) = connection.send(bench.submit("/api/v2/usage/query", query)).answer();
    bench.clock.advance(Duration::from_secs(3));
    let (_, body) =
        connection.send(bench.head("GET", json(&body)["resultsUri"].as_str().unwrap(), "")).answer();
    assert!(body.len() > 2_000_000, "{}", body.len());
    assert_eq!(json(&body)["queryStatus"], "Complete");
}

#[test]
fn chunked_requests_and_100_continue() {
    let bench = Bench::new();
    let mut connection = bench.connect();
    let more = "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n";
    connection.send(bench.head("POST", "/api/v2/usage/query", more));
    assert_eq!(connection.head(), "HTTP/1.1 100 Continue\r\n\r\n");
    let (head, _) = connection
        .send("1\r\n{\r\n22\r\n\"interval\":\"2026-07-01/2026-07-07\"\r\n1\r\n}\r\n0\r\n\r\n")
        .answer();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    assert_eq!(bench.server.simulator().journal()[0].body, br#"{"interval":"2026-07-01/2026-07-07"}"#);
}

#[test]
fn unusual_requests_get_responses() {
    let bench = Bench::new();
    let ask = |bytes: &str| {
        let mut connection = bench.connect();
        let head = connection.send(bytes).head();
        head.split(' ').nth(1).unwrap().to_string()
    };
    assert_eq!(ask("nonsense\r\n\r\n"), "400");
    assert_eq!(ask(&bench.head("BREW", "/pot", "")), "404");
    assert_eq!(ask(&bench.head("OPTIONS", "*", "")), "404");
    assert_eq!(
        ask("GET http://elsewhere/api/v2/usage/query/x/results HTTP/1.1\r\nHost: elsewhere\r\n\r\n"),
        "401"
    );
    assert_eq!(ask("CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere:443\r\n\r\n"), "404");
    assert_eq!(ask("POST /api/v2/usage/query HTTP/1.1\r\nHost: sim\r\nContent-Length: 1, 2\r\n\r\n"), "400");
    assert_eq!(ask(&format!("GET / HTTP/1.1\r\nHost: sim\r\nA: {}\r\n\r\n", "a".repeat(40_000))), "431");

    let mut connection = bench.connect();
    let head = connection.send(bench.head("HEAD", "/api/v2/usage/query", "")).head();
    assert!(head.starts_with("HTTP/1.1 405 Method Not Allowed"));
    let (head, _) = connection.send(bench.head("GET", "/", "Connection: close\r\n")).answer();
    assert!(head.starts_with("HTTP/1.1 404 Not Found"), "the HEAD had no body: {head}");
    assert_eq!(connection.rest(), b"");
}

#[test]
fn a_body_over_the_limit_is_refused_and_the_response_arrives() {
    let bench = Bench::new();
    let mut connection = bench.connect();
    let more = format!("Content-Length: {}\r\n", 10 * MAX_REQUEST_BODY);
    connection
        .send(bench.head("POST", "/api/v2/usage/query", &more))
        .send(vec![b' '; MAX_REQUEST_BODY + 1_000]);
    let (head, body) = connection.answer();
    assert!(head.starts_with("HTTP/1.1 413 "), "{head}");
    assert_eq!(json(&body)["message"], "Maximum bytes: 1048576");
    assert_eq!(connection.rest(), b"");
}

#[test]
fn http_1_0_closes() {
    let bench = Bench::new();
    let mut connection = bench.connect();
    let answer = connection.send("GET / HTTP/1.0\r\n\r\n").rest();
    assert!(answer.starts_with(b"HTTP/1.1 404 Not Found\r\n"));
}

#[test]
fn many_at_once() {
    let bench = Bench::new();
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                let mut connection = bench.connect();
                for _ in 0..10 {
                    assert!(
                        connection.send(bench.head("GET", "/", "")).answer().0.starts_with("HTTP/1.1 404")
                    );
                }
            });
        }
    });
    assert_eq!(bench.server.simulator().journal().len(), 200);
}

#[test]
fn a_connection_over_the_limit_gets_503() {
    let bench = Bench::new();
    let mut open: Vec<_> = (0..MAX_CONNECTIONS).map(|_| bench.connect()).collect();
    for connection in &mut open {
        connection.send(bench.head("GET", "/", "")).answer();
    }
    for _ in 0..3 {
        let mut one_more = bench.connect();
        let (head, body) = one_more.send(bench.head("GET", "/", "")).answer();
        assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
        assert!(head.contains("Connection: close\r\n") && head.contains("Date: "), "{head}");
        assert_eq!(json(&body)["code"], "service.unavailable");
        assert_eq!(one_more.rest(), b"");
    }
    // Of these, too, none can stay silent.
    let begin = Instant::now();
    assert!(matches!(bench.connect().read(), Ok(0) | Err(_)));
    assert!(begin.elapsed() < Duration::from_secs(10));
    open.clear();
}

#[test]
fn silent_connections_do_not_block_others() {
    let options = ServeOptions::default().with_idle_timeout(Duration::from_millis(300));
    let server = serve(Simulator::new(SimulatorConfig::default()), options).unwrap();
    let _silent: Vec<_> = (0..MAX_CONNECTIONS).map(|_| Connection::new(&server)).collect();
    let begin = Instant::now();
    let status = loop {
        let head = Connection::new(&server).send("GET / HTTP/1.1\r\nHost: sim\r\n\r\n").head();
        let status = head.split(' ').nth(1).unwrap().to_owned();
        if status != "503" || begin.elapsed() > Duration::from_secs(20) {
            break status;
        }
        thread::sleep(Duration::from_millis(50));
    };
    assert_eq!(status, "404");
}

#[test]
fn a_slow_head_has_a_time_limit() {
    let options = ServeOptions::default().with_idle_timeout(Duration::from_millis(300));
    let server = serve(Simulator::new(SimulatorConfig::default()), options).unwrap();
    let mut connection = Connection::new(&server);
    let begin = Instant::now();
    connection.send("GET / HTTP/1.1\r\nA: ");
    while connection.0.write_all(b"a").is_ok() {
        assert!(begin.elapsed() < Duration::from_secs(20), "it is read for ever");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn every_response_has_the_date_of_the_services_clock() {
    let bench = Bench::new();
    let date = "Date: Wed, 08 Jul 2026 09:00:00 GMT\r\n";
    let mut answers = vec![];
    for request in [bench.head("GET", "/", ""), bench.head("BREW", "/pot", ""), "nonsense\r\n\r\n".into()] {
        answers.push(bench.connect().send(request).answer().0);
    }
    answers.push(
        bench
            .connect()
            .send(bench.submit("/api/v2/usage/query", r#"{"interval":"2026-07-01/2026-07-02"}"#))
            .answer()
            .0,
    );
    for head in answers {
        assert!(head.contains(date), "{head}");
    }
    bench.clock.advance(Duration::from_secs(61));
    let head = bench.connect().send(bench.head("GET", "/", "")).answer().0;
    assert!(head.contains("Date: Wed, 08 Jul 2026 09:01:01 GMT\r\n"), "{head}");
}

#[test]
fn silent_connections_are_closed() {
    let options = ServeOptions::default().with_idle_timeout(Duration::from_millis(50));
    let server = serve(Simulator::new(SimulatorConfig::default()), options).unwrap();
    let mut connection = Connection::new(&server);
    assert_eq!(connection.send("GET / HT").rest(), b"");
    assert!(server.simulator().journal().is_empty());
}

#[test]
fn a_server_stops_at_once_and_closes_everything() {
    let bench = Bench::new();
    let address = bench.server.address();
    let mut idle = bench.connect();
    idle.send(bench.head("GET", "/", "")).answer();
    let mut halfway = bench.connect();
    halfway.send("POST /api");
    let begin = Instant::now();
    bench.server.shutdown();
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    assert_eq!(idle.rest(), b"");
    // Unread bytes turn its close into a reset.
    let ended = halfway.read().map_err(|error| error.kind());
    assert!(matches!(ended, Ok(0) | Err(ErrorKind::ConnectionReset)), "{ended:?}");
    assert!(TcpStream::connect(address).is_err());
}
