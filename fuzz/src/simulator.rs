//! Properties of the simulated service for any requests.

use std::sync::LazyLock;
use std::time::Duration;

use http::{HeaderMap, Request, Response, StatusCode};
use usage_core::Timestamp;
use usage_sim::{Operation, Simulator, SimulatorConfig};

const NOW: Timestamp = Timestamp::from_unix_millis(1_783_500_000_000);
const CLIENT: &str = "the-client";
const SECRET: &str = "a-secret-of-the-fuzzer";
/// Client id and secret in base64, as for basic authentication.
const BASIC: &str = "dGhlLWNsaWVudDphLXNlY3JldC1vZi10aGUtZnV6emVy";

/// Checks that any requests get responses, equal ones from two services with the same seed; that nothing is returned
/// without a token or the client's secret; and that the journal contains no secret.
///
/// Requests are separated by lines that begin with `==`, followed by the seconds that pass. Each request is a line with
/// method and target, lines of headers, an empty line, and a body. `{token}`, `{client}`, `{secret}`, `{basic}` and
/// `{id}` stand for an access token, the client id, its secret, both in base64, and the id of the execution that was
/// started last.
pub fn simulator(data: &[u8]) {
    answers(&String::from_utf8_lossy(data));
}

/// Returns the statuses of the responses to the requests in `text`.
fn answers(text: &str) -> Vec<StatusCode> {
    let mut statuses = Vec::new();
    let (mut one, mut other) = twins();
    let token = one.issue_token(NOW);
    assert_eq!(other.issue_token(NOW), token);
    let (mut now, mut id) = (NOW, String::from("none"));
    for (seconds, part) in parts(text) {
        now = pass(now, seconds);
        let part = part.replace("{token}", &token).replace("{client}", CLIENT);
        let part = part.replace("{secret}", SECRET).replace("{basic}", BASIC).replace("{id}", &id);
        let (Some(request), Some(again)) = (request(&part), request(&part)) else { continue };
        let allowed = [&*token, SECRET, BASIC, "/oauth/authorize"].iter().any(|key| part.contains(key));

        let reply = one.handle(now, request).response;
        let twin = other.handle(now, again).response;
        assert_eq!(
            (reply.status(), reply.headers(), reply.body()),
            (twin.status(), twin.headers(), twin.body())
        );
        check(&reply);
        statuses.push(reply.status());
        let issued = || text_of(&reply).contains("access_token");
        assert!(allowed || !reply.status().is_success() || issued(), "answered without a token: {part}");
        let entry = one.journal().last();
        id = entry.and_then(|entry| entry.started.clone()).unwrap_or(id);
    }
    let journal = one.journal().iter().filter(|entry| entry.operation == Some(Operation::Token));
    for entry in journal {
        let body = String::from_utf8_lossy(&entry.body);
        let secret = format!("client_secret={SECRET}");
        assert!(body.split('&').all(|field| field != secret), "the journal keeps a secret: {body}");
    }
    // A secret that is sent in another header, like Content-Type, is in the journal.
    one.clear_journal();
    assert!(!format!("{one:?}").contains(SECRET), "the simulator prints its secret");
    statuses
}

/// Returns the requests in `text`, each with the seconds that pass before it.
fn parts(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let (first, rest) = text.split_once("\n==").map_or((text, None), |(first, rest)| (first, Some(rest)));
    let rest = rest.into_iter().flat_map(|rest| rest.split("\n=="));
    let rest = rest.map(|part| part.split_once('\n').unwrap_or((part, "")));
    std::iter::once(("", first)).chain(rest).take(20)
}

/// Returns two new services with the same seed. Creating one takes longer than most requests.
fn twins() -> (Simulator, Simulator) {
    static TWINS: LazyLock<(Simulator, Simulator)> = LazyLock::new(|| {
        let config = SimulatorConfig::default().with_client(CLIENT, SECRET).with_history_days(4);
        (Simulator::new(config.clone()), Simulator::new(config))
    });
    TWINS.clone()
}

fn pass(now: Timestamp, seconds: &str) -> Timestamp {
    match seconds.trim().parse::<i32>() {
        Ok(seconds @ 0..) => now.saturating_add(Duration::from_secs(seconds.unsigned_abs().into())),
        Ok(seconds) => now.saturating_sub(Duration::from_secs(seconds.unsigned_abs().into())),
        Err(_) => now,
    }
}

/// Parses a request, or returns `None` if HTTP does not allow it.
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

/// Checks that a response is complete, and that its body has the type that it names.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_stand_one_after_the_other() {
        let parts: Vec<_> = parts("GET /a\nx: y\n\n== 5\nPOST /b\n\nbody\n==\n").collect();
        assert_eq!(parts, [("", "GET /a\nx: y\n"), (" 5", "POST /b\n\nbody"), ("", "")]);
        let second = request(parts[1].1).expect("a request");
        assert_eq!((second.method().as_str(), second.uri().path()), ("POST", "/b"));
        assert_eq!(second.body(), b"body");
        assert_eq!(request(parts[0].1).expect("a request").headers()["x"], "y");
        assert_eq!(pass(NOW, parts[1].0), NOW.saturating_add(Duration::from_secs(5)));
    }

    #[test]
    fn the_seeds_are_requests_that_the_service_knows() {
        for (name, text, statuses) in [
            ("client", include_str!("../corpus/simulator/client"), "200 200 200 200"),
            ("events", include_str!("../corpus/simulator/events"), "200 200 200"),
            ("job", include_str!("../corpus/simulator/job"), "200 200 200"),
            ("login", include_str!("../corpus/simulator/login"), "200 400 302 200"),
            ("organization", include_str!("../corpus/simulator/organization"), "200 200 401"),
            ("search", include_str!("../corpus/simulator/search"), "200 400 200"),
        ] {
            let found: Vec<_> = answers(text).iter().map(|status| status.as_str().to_owned()).collect();
            assert_eq!(found.join(" "), statuses, "{name}");
        }
    }
}
