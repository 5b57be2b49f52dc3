//! What a driver could do wrong, each as one edit of its source or of what drivers share.

/// One edit that makes a driver wrong.
pub(crate) struct WrongEdit {
    pub(crate) driver: &'static str,
    pub(crate) name: &'static str,
    /// From the driver's folder.
    pub(crate) file: &'static str,
    /// What stands there, wherever it stands.
    pub(crate) right: &'static str,
    pub(crate) wrong: &'static str,
}

const fn blocking(
    name: &'static str,
    file: &'static str,
    right: &'static str,
    wrong: &'static str,
) -> WrongEdit {
    WrongEdit { driver: "usage-blocking", name, file, right, wrong }
}

const fn tokio(
    name: &'static str,
    file: &'static str,
    right: &'static str,
    wrong: &'static str,
) -> WrongEdit {
    WrongEdit { driver: "usage-tokio", name, file, right, wrong }
}

const fn async_std(
    name: &'static str,
    file: &'static str,
    right: &'static str,
    wrong: &'static str,
) -> WrongEdit {
    WrongEdit { driver: "usage-async-std", name, file, right, wrong }
}

const CONNECTOR: &str = "src/connector.rs";
const DRIVER: &str = "src/driver.rs";
const EXCHANGE: &str = "src/exchange.rs";
const CAUSE: &str = "../usage-core/src/error/cause.rs";
const DRIVEN: &str = "../usage-core/src/driver/task.rs";
const READ: &str = "../usage-core/src/driver/blocking/receive.rs";
const RECEIVE: &str = "../usage-core/src/driver/futures/receive.rs";
const TRANSPORT: &str = "../usage-core/src/error/transport.rs";

/// The edits, those of a driver together.
pub(crate) const WRONG_EDITS: &[WrongEdit] = &[
    blocking(
        "a status is an error of the transport",
        EXCHANGE,
        ".http_status_as_error(false)",
        ".http_status_as_error(true)",
    ),
    blocking("redirects are followed", EXCHANGE, ".max_redirects(0)", ".max_redirects(10)"),
    blocking(
        "exchanges have no timeout",
        EXCHANGE,
        ".timeout_global(Some(timeout))",
        ".timeout_global(None)",
    ),
    blocking(
        "waits are a millisecond longer",
        DRIVER,
        "clock::sleep(clock, until,",
        "clock::sleep(clock, until.saturating_add(std::time::Duration::from_millis(1)),",
    ),
    blocking(
        "a refused connection may have taken the request",
        EXCHANGE,
        "Reached::NoConnection",
        "Reached::Service",
    ),
    blocking(
        "a broken connection has not taken the request",
        EXCHANGE,
        "Reached::Service",
        "Reached::Connection",
    ),
    blocking(
        "an untrusted host is one that cannot be reached",
        CAUSE,
        "(TransportKind::Tls, Sent::No)",
        "(TransportKind::Connect, Sent::No)",
    ),
    blocking(
        "a refused handshake may have brought the request",
        CAUSE,
        "(TransportKind::Tls, Sent::No)",
        "(TransportKind::Tls, Sent::Maybe)",
    ),
    blocking(
        "a host that does not speak TLS may have taken the request",
        EXCHANGE,
        "ureq::Error::Other(error) => classify(&*error, Reached::NoConnection)",
        "ureq::Error::Other(error) => classify(&*error, Reached::Service)",
    ),
    blocking(
        "a name that does not resolve is a broken connection",
        CONNECTOR,
        "map_err(|error| Unresolved(error.into_io()))",
        "map_err(Error::into_io)",
    ),
    blocking(
        "silence is a broken connection",
        EXCHANGE,
        "ureq::Error::Timeout(_) => TransportFailure::new(TransportKind::Timeout",
        "ureq::Error::Timeout(_) => TransportFailure::new(TransportKind::Reset",
    ),
    blocking(
        "the end of a chunk is lost",
        READ,
        "reader.push(&chunk[..length])",
        "reader.push(&chunk[..length - length / CHUNK])",
    ),
    blocking(
        "a body is read on when no more is wanted",
        READ,
        "reader.push(&chunk[..length]).is_break() => break",
        "reader.push(&chunk[..length]).is_break() => {}",
    ),
    blocking(
        "half a body is a body",
        READ,
        "return machine.on_failure(clock.now(), reader, failure, &mut session.lock());",
        "drop(failure); break;",
    ),
    blocking(
        "observers are not told that the submit was accepted",
        DRIVEN,
        "if let Some(moved) = progress.transition {",
        "if let Some(moved) = progress.transition.filter(|moved| moved.cause != crate::Cause::Accepted) {",
    ),
    blocking(
        "what is cancelled goes out all the same",
        DRIVEN,
        "Next::Send(_) if self.canceller.is_cancelled() => {}",
        "",
    ),
    tokio(
        "waits are a millisecond longer",
        DRIVER,
        "clock.sleep_until(until)",
        "clock.sleep_until(until.saturating_add(std::time::Duration::from_millis(1)))",
    ),
    tokio(
        "exchanges have no timeout",
        EXCHANGE,
        "tokio::time::sleep(timeout)",
        "tokio::time::sleep(timeout * 9999)",
    ),
    tokio(
        "connections have no timeout",
        CONNECTOR,
        "tokio::time::timeout(limit, connecting)",
        "tokio::time::timeout(limit * 9999, connecting)",
    ),
    tokio(
        "requests are repeated",
        EXCHANGE,
        "let (sending, limit) = (client.request(request), pin!(tokio::time::sleep(timeout)));",
        "let again = request.clone();
         let tried = async { if let Ok(answer) = client.request(request).await { Ok(answer) } else { client.request(again).await } };
         let (sending, limit) = (tried, pin!(tokio::time::sleep(timeout)));",
    ),
    tokio(
        "the token goes to the login host",
        EXCHANGE,
        "let mut request = request.map(|body| Full::new(Bytes::from(body)));",
        r#"let mut request = request.map(|body| Full::new(Bytes::from(body)));
           let path = request.uri().path_and_query().unwrap().to_string();
           *request.uri_mut() = format!("{}{path}", session.lock().login_url()).parse().unwrap();"#,
    ),
    tokio(
        "the machine is told a millisecond too late",
        RECEIVE,
        "machine.on_end(clock.now(), reader, &mut session.lock())",
        "machine.on_end(clock.now().saturating_add(std::time::Duration::from_millis(1)), reader, &mut session.lock())",
    ),
    tokio(
        "chunks of one byte are lost",
        RECEIVE,
        "|chunk| reader.push",
        "|chunk| chunk.len() > 1 && reader.push",
    ),
    tokio(
        "chunks come in disorder",
        RECEIVE,
        "reader.push(chunk).is_break()",
        "reader.push(&chunk[chunk.len() / 2..]).is_break() || reader.push(&chunk[..chunk.len() / 2]).is_break()",
    ),
    tokio(
        "a body is read on when no more is wanted",
        RECEIVE,
        "reader.push(chunk).is_break()",
        "reader.push(chunk).is_break() && false",
    ),
    tokio(
        "half a body is a body",
        RECEIVE,
        "return machine.on_failure(clock.now(), reader, failure, &mut session.lock());",
        "drop(failure); break;",
    ),
    tokio(
        "a refused connection may have taken the request",
        CAUSE,
        "{ Reached::Service } else { Reached::NoConnection }",
        "{ Reached::Service } else { Reached::Service }",
    ),
    tokio(
        "a broken connection has not taken the request",
        CAUSE,
        "{ Reached::Service } else { Reached::NoConnection }",
        "{ Reached::Connection } else { Reached::NoConnection }",
    ),
    tokio(
        "an untrusted host is one that cannot be reached",
        CAUSE,
        "(TransportKind::Tls, Sent::No)",
        "(TransportKind::Connect, Sent::No)",
    ),
    tokio(
        "a name that does not resolve is a host that cannot be reached",
        CAUSE,
        "(TransportKind::Dns, Sent::No)",
        "(TransportKind::Connect, Sent::No)",
    ),
    tokio(
        "silence is a broken connection",
        TRANSPORT,
        "TransportKind::Timeout, Sent::Maybe",
        "TransportKind::Reset, Sent::Maybe",
    ),
    tokio(
        "observers are not told that the submit was accepted",
        DRIVEN,
        "if let Some(moved) = progress.transition {",
        "if let Some(moved) = progress.transition.filter(|moved| moved.cause != crate::Cause::Accepted) {",
    ),
    tokio(
        "observers are not told of waits",
        DRIVEN,
        "self.notify(Event::Waiting(until, why));",
        "let _ = why;",
    ),
    async_std(
        "waits are a millisecond longer",
        DRIVER,
        "clock.sleep_until(until)",
        "clock.sleep_until(until.saturating_add(std::time::Duration::from_millis(1)))",
    ),
    async_std("exchanges have no timeout", EXCHANGE, "Timer::after(timeout)", "Timer::after(timeout * 9999)"),
    async_std(
        "a name that does not resolve is a host that cannot be reached",
        CONNECTOR,
        ".await.map_err(Unresolved)?",
        ".await?",
    ),
    async_std(
        "a broken connection has not taken the request",
        CAUSE,
        "{ Reached::Service } else { Reached::NoConnection }",
        "{ Reached::Connection } else { Reached::NoConnection }",
    ),
];
