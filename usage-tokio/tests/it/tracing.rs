//! The spans and events of a run at the level `trace`.

use std::io::{self, Write};
use std::sync::{Mutex, Once};
use std::thread;
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::util::SubscriberInitExt;
use usage_core::Secret;
use usage_sim::{Certificate, Fault, Match, Rule, Tls};

use crate::runtime::run;
use crate::support::{SECRET, query};
use crate::tls::{builder, service};

static OUTPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Output;

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        OUTPUT.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Records all spans and events from now on, including those of dependencies.
fn listen() {
    static LISTEN: Once = Once::new();
    LISTEN.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
            .with_span_events(FmtSpan::CLOSE)
            .with_ansi(false)
            .with_writer(|| Output)
            .finish()
            .init();
    });
}

/// Returns the lines so far that contain all of `words`.
fn lines(words: &[&str]) -> Vec<String> {
    let output = String::from_utf8_lossy(&OUTPUT.lock().unwrap()).into_owned();
    output.lines().filter(|line| words.iter().all(|word| line.contains(word))).map(str::to_owned).collect()
}

#[test]
fn exchanges_are_spans_without_a_secret() {
    listen();
    let tls = Tls::new(Certificate::Good).unwrap();
    let server = service(&tls);
    let client = builder(&server.url()).root_certificates(tls.root_pem().as_bytes()).unwrap();
    let client = client.header("x-gateway-key", "hunter2-gateway-key").build().unwrap();
    run(client.run(query())).unwrap();
    let token = client.session().access_token().unwrap().expose().to_owned();
    server.simulator().inject(Rule::new(Match::Submit, Fault::Status(400)));
    let error = run(client.run(query())).unwrap_err();

    let port = format!("server.port={}", server.address().port());
    let closed = [&*port, "http.client{", "close"];
    let spans = |words: &[&str]| lines(&[&closed, words].concat());
    assert_eq!(
        spans(&["url.path=\"/oauth/token\"", "usage.endpoint=\"oauth.token\"", "usage.attempt=1"]).len(),
        1
    );
    let submits = spans(&["http.request.method=\"POST\"", "server.address=\"127.0.0.1\"", "usage/query\""]);
    assert_eq!(submits.len(), 2, "{submits:?}");
    let refused = &submits[1];
    assert!(
        refused.contains("http.response.status_code=400") && refused.contains("error.type=\"400\""),
        "{refused}"
    );
    let correlation = error.api_error().unwrap().correlation_id.clone().unwrap();
    assert!(refused.contains(&format!("usage.correlation_id=\"{correlation}\"")), "{refused}");
    let polls =
        spans(&["http.request.method=\"GET\"", "usage.execution_id=", "http.response.status_code=200"]);
    assert!(!polls.is_empty());
    assert!(!lines(&["usage.execution_id=", "transition="]).is_empty(), "transitions are recorded");

    for secret in [SECRET, &*token, "hunter2-gateway-key", "Basic ", "Bearer "] {
        let told = lines(&[secret]);
        assert!(told.is_empty(), "{secret} in {told:?}");
    }
}

#[test]
fn a_request_that_is_sent_again_and_an_execution_that_is_dropped_are_recorded() {
    listen();
    let tls = Tls::new(Certificate::Good).unwrap();
    let server = service(&tls);
    let client =
        builder(&server.url()).root_certificates(tls.root_pem().as_bytes()).unwrap().build().unwrap();
    let policy = client.policy().with_max_failures(2);
    let client = client.with_policy(policy);
    server.simulator().inject(Rule::new(Match::Submit, Fault::Status(503)));
    let mut handle = client.start(query());
    run(handle.next_page()).unwrap().unwrap();
    let id = format!("usage.execution_id=\"{}\"", handle.execution().id().unwrap());
    let port = format!("server.port={}", server.address().port());
    let submits =
        lines(&["genesys_usage", "usage.run", &port, "http.client{", "POST", "usage/query", "close"]);
    let again = submits.iter().filter(|line| line.contains("http.request.resend_count=1"));
    assert_eq!((submits.len(), again.count()), (2, 1), "{submits:?}");

    drop(handle);
    assert_eq!(lines(&["dropped before its end", &id]).len(), 1);
    // The first execution of each simulator has the same id, so other tests may have runs with it.
    let runs = lines(&["genesys_usage", "usage.run{", "close", &id]);
    assert!(runs.iter().any(|line| !line.contains("http.client")), "{runs:?}");

    run(client.run(query())).unwrap();
    let dropped = lines(&["dropped before its end"]);
    assert_eq!(dropped.len(), 1, "{dropped:?}");
}

#[test]
fn a_transport_failure_is_recorded_with_its_kind() {
    listen();
    let server = service(&Tls::new(Certificate::Expired).unwrap());
    let port = format!("server.port={}", server.address().port());
    let client = builder(&server.url()).client_credentials("7de3af06", Secret::new(SECRET.into())).unwrap();
    run(client.build().unwrap().run(query())).unwrap_err();
    // The span of a token exchange closes when its own task ends.
    let started = Instant::now();
    while lines(&[&port, "close"]).is_empty() && started.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(lines(&[&port, "close", "error.type=\"tls\""]).len(), 1);
}
