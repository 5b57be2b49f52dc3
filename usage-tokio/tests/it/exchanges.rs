//! Token exchanges of a session that many executions share, while executions are cancelled. The login host accepts each
//! refresh token once.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use usage_core::auth::{Grant, OAuthClient};
use usage_core::{Policy, Secret};

use crate::driver::Client;
use crate::runtime::run;
use crate::support::query;

/// Longer than any test here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A service with a slow login host that accepts each refresh token once.
#[derive(Default)]
struct Service {
    /// The number of token exchanges that began, which is also that of the valid refresh token.
    exchanges: AtomicUsize,
    under_way: AtomicUsize,
    faults: Mutex<Vec<String>>,
    bearers: Mutex<BTreeSet<String>>,
    takes: Duration,
    /// The lifetime of a token in seconds.
    life: u32,
    submits: AtomicUsize,
}

impl Service {
    /// Serves until the process of the test ends.
    fn start(takes: Duration, life: u32) -> (Arc<Self>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let service = Arc::new(Self { takes, life, ..Self::default() });
        let serving = Arc::clone(&service);
        thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                let service = Arc::clone(&serving);
                thread::spawn(move || while service.serve_one(&socket).is_some() {});
            }
        });
        (service, url)
    }

    fn serve_one(&self, socket: &TcpStream) -> Option<()> {
        let mut reader = BufReader::new(socket);
        let (mut head, mut line) = (String::new(), String::new());
        while reader.read_line(&mut line).ok()? > 2 {
            head.push_str(&line.to_ascii_lowercase());
            line.clear();
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
        let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
        reader.read_exact(&mut body).ok()?;
        let (status, answer) = self.answer(&head, &String::from_utf8_lossy(&body))?;
        let length = answer.len();
        let limit = "inin-ratelimit-allowed: 1000000\r\ninin-ratelimit-count: 1\r\ninin-ratelimit-reset: 60";
        let head = format!("HTTP/1.1 {status} x\r\n{limit}\r\ncontent-length: {length}");
        (&mut &*socket).write_all(format!("{head}\r\n\r\n{answer}").as_bytes()).ok()
    }

    fn answer(&self, head: &str, body: &str) -> Option<(u16, String)> {
        let target = head.split(' ').nth(1)?;
        if target == "/oauth/token" {
            return Some(self.exchange(body));
        }
        let bearer = head.lines().find_map(|line| line.strip_prefix("authorization: bearer "))?;
        if !self.bearers.lock().unwrap().contains(bearer) {
            self.fault(format!("{bearer} was never issued"));
        }
        if head.starts_with("post") {
            let id = self.submits.fetch_add(1, Ordering::SeqCst);
            return Some((202, format!(r#"{{"executionId":"e-{id}"}}"#)));
        }
        let complete = r#"{"queryStatus":"Complete","results":[{"requests":1}]}"#;
        Some((200, complete.to_owned()))
    }

    fn exchange(&self, form: &str) -> (u16, String) {
        if self.under_way.fetch_add(1, Ordering::SeqCst) > 0 {
            self.fault("two exchanges at once".to_owned());
        }
        let spent = self.exchanges.fetch_add(1, Ordering::SeqCst);
        thread::sleep(self.takes);
        self.under_way.fetch_sub(1, Ordering::SeqCst);
        if !form.contains(&format!("refresh_token=r-{spent}&")) {
            self.fault(format!("{form} in place of r-{spent}"));
            return (400, r#"{"error":"invalid_grant"}"#.to_owned());
        }
        let next = spent + 1;
        self.bearers.lock().unwrap().insert(format!("a-{next}"));
        let life = self.life;
        (200, format!(r#"{{"access_token":"a-{next}","refresh_token":"r-{next}","expires_in":{life}}}"#))
    }

    fn fault(&self, fault: String) {
        self.faults.lock().unwrap().push(fault);
    }

    fn assert_faultless(&self, client: &Client) {
        assert_eq!(*self.faults.lock().unwrap(), Vec::<String>::new());
        let wanted = format!("r-{}", self.exchanges.load(Ordering::SeqCst));
        assert_eq!(client.session().refresh_token().unwrap().expose(), &wanted, "a refresh token was lost");
    }
}

fn client(url: &str) -> Client {
    let oauth = OAuthClient::public("id").unwrap();
    let policy = Policy::default().with_first_poll(Duration::from_millis(1)).with_jitter(0.0);
    Client::builder()
        .api_url(url.parse().unwrap())
        .login_url(url.parse().unwrap())
        .grant(Grant::refresh_token(oauth, Secret::new("r-0".into())).unwrap())
        .policy(policy)
        .direct()
        .build()
        .unwrap()
}

/// Returns the number of executions of a session: more if the variable is set.
fn executions() -> usize {
    std::env::var("USAGE_EXCHANGES").map_or(200, |count| count.parse().unwrap())
}

#[test]
fn no_refresh_token_is_lost_or_used_twice_if_executions_are_cancelled() {
    let (service, url) = Service::start(Duration::from_millis(30), 1);
    let client = client(&url);
    let count = executions();
    let (cancelled, complete) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // Twenty at a time, so that the executions use several tokens.
    let work = |part: usize| {
        for number in (part..count).step_by(20) {
            let handle = client.start(query());
            let stop = handle.canceller();
            if number % 3 > 0 {
                thread::spawn(move || {
                    thread::sleep(Duration::from_millis((number * 7919 % 60) as u64));
                    stop.cancel();
                });
            }
            match run(handle.finish()) {
                Ok(rows) => {
                    assert_eq!(rows.len(), 1);
                    complete.fetch_add(1, Ordering::SeqCst);
                }
                Err(error) => {
                    let text = format!("{error:?}");
                    assert!(text.contains("Cancelled") && number % 3 > 0, "{text}");
                    cancelled.fetch_add(1, Ordering::SeqCst);
                }
            }
            thread::sleep(Duration::from_millis(200));
        }
    };
    thread::scope(|scope| {
        let work = &work;
        for part in 0..20 {
            scope.spawn(move || work(part));
        }
    });
    run(client.run(query())).unwrap();
    service.assert_faultless(&client);
    assert!(service.exchanges.load(Ordering::SeqCst) > 1, "the token was never renewed");
    assert!(cancelled.load(Ordering::SeqCst) > 0 && complete.load(Ordering::SeqCst) > 0);
}

#[test]
fn executions_that_wait_for_a_token_continue_as_soon_as_it_arrives() {
    let takes = Duration::from_millis(300);
    let (service, url) = Service::start(takes, 86_400);
    let client = client(&url);
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| run(client.run(query())).unwrap());
        }
    });
    // A wait that reaches its limit takes a minute.
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert_eq!(service.exchanges.load(Ordering::SeqCst), 1);
    service.assert_faultless(&client);
}

#[test]
fn an_execution_that_waits_for_a_token_is_cancelled_and_the_token_is_kept() {
    let (service, url) = Service::start(Duration::from_millis(300), 86_400);
    let client = client(&url);
    thread::scope(|scope| {
        for place in 0..5 {
            let handle = client.start(query());
            let canceller = handle.canceller();
            scope.spawn(move || {
                thread::sleep(Duration::from_millis(50 + place * 10));
                canceller.cancel();
            });
            scope.spawn(move || {
                let error = run(handle.finish()).unwrap_err();
                assert!(format!("{error:?}").contains("Cancelled"), "{error:?}");
            });
        }
    });
    let started = Instant::now();
    run(client.run(query())).unwrap();
    assert!(started.elapsed() < PATIENCE / 3, "{:?}", started.elapsed());
    assert_eq!(service.exchanges.load(Ordering::SeqCst), 1, "the exchange was given up");
    service.assert_faultless(&client);
}
