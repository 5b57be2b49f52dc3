//! What must hold for the simulated service, whatever it is asked.
#![expect(clippy::missing_panics_doc, reason = "a target panics if a promise is broken")]

use std::time::Duration;

use http::{HeaderMap, Request, Response};
use usage_core::Timestamp;
use usage_sim::{Operation, Simulator, SimulatorConfig};

const NOW: Timestamp = Timestamp::from_unix_millis(1_783_500_000_000);
const SECRET: &str = "a-secret-of-the-fuzzer";

/// Any requests are answered, and by two services of one seed alike; without a token or the client's secret there is
/// nothing to be had; and no secret stays in the journal.
///
/// The requests stand one after the other, divided by lines that begin with `==`; behind it, how many seconds pass. Each
/// is a line of method and target, lines of headers, an empty line, and a body. `{token}`, `{client}`, `{secret}` and
/// `{id}` stand for an access token, its client, the client's secret, and the execution that was started last.
pub fn simulator(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (mut one, mut other) = (start(), start());
    let token = one.issue_token(NOW);
    assert_eq!(other.issue_token(NOW), token);
    let (mut now, mut id) = (NOW, String::from("none"));
    for part in text.split("\n==").take(20) {
        let (seconds, part) = part.split_once('\n').unwrap_or(("", part));
        now = pass(now, seconds.trim_start_matches('='));
        let part = part.replace("{token}", &token).replace("{client}", one.client_id());
        let part = part.replace("{secret}", SECRET).replace("{id}", &id);
        let (Some(request), Some(again)) = (request(&part), request(&part)) else { continue };
        let allowed = part.contains(&token) || part.contains(SECRET) || part.contains("/oauth/authorize");

        let reply = one.handle(now, request).response;
        let twin = other.handle(now, again).response;
        assert_eq!(
            (reply.status(), reply.headers(), reply.body()),
            (twin.status(), twin.headers(), twin.body())
        );
        check(&reply);
        let issued = || text_of(&reply).contains("access_token");
        assert!(allowed || !reply.status().is_success() || issued(), "answered without a token: {part}");
        let entry = one.journal().last();
        id = entry.and_then(|entry| entry.started.clone()).unwrap_or(id);
    }
    let journal = one.journal().iter().filter(|entry| entry.operation == Some(Operation::Token));
    for entry in journal {
        let body = String::from_utf8_lossy(&entry.body);
        assert!(!body.contains(&format!("client_secret={SECRET}")), "the journal keeps a secret: {body}");
    }
    assert!(!format!("{one:?}").contains(SECRET), "the simulator prints its secret");
}

fn start() -> Simulator {
    Simulator::new(SimulatorConfig::default().with_client("the-client", SECRET).with_history_days(20))
}

fn pass(now: Timestamp, seconds: &str) -> Timestamp {
    match seconds.trim().parse::<i32>() {
        Ok(seconds @ 0..) => now.saturating_add(Duration::from_secs(seconds.unsigned_abs().into())),
        Ok(seconds) => now.saturating_sub(Duration::from_secs(seconds.unsigned_abs().into())),
        Err(_) => now,
    }
}

/// The request that `text` spells, if it is one that HTTP allows.
fn request(text: &str) -> Option<Request<Vec<u8>>> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.lines();
    let (method, target) = lines.next()?.split_once(' ')?;
    let mut request = Request::builder().method(method).uri(target);
    for line in lines {
        let (name, value) = line.split_once(':')?;
        request = request.header(name, value.trim());
    }
    request.body(body.into()).ok()
}

/// An answer is whole: it says what it is, and it is that.
fn check(reply: &Response<Vec<u8>>) {
    let has = |headers: &HeaderMap, name: &str| headers.contains_key(name);
    assert!(has(reply.headers(), "inin-correlation-id"));
    assert!(!reply.status().is_server_error(), "{}: {}", reply.status(), text_of(reply));
    let is_json = reply.headers().get("content-type").is_some_and(|value| value == "application/json");
    assert!(
        !is_json || serde_json::from_slice::<serde::de::IgnoredAny>(reply.body()).is_ok(),
        "{}",
        text_of(reply)
    );
}

fn text_of(reply: &Response<Vec<u8>>) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(reply.body())
}
