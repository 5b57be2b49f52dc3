//! A service that responds at once and does nothing else, so that only the client is measured.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use usage_core::fuzzing::documents::{Family, SamplePage};

/// Serves a query with one page of `rows` rows and an empty page after it, on a free port.
pub(crate) fn serve(rows: usize) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let page: Arc<str> = SamplePage::benchmark(Family::Legacy, rows).to_json().into();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let (connection, page) = (connection.unwrap(), Arc::clone(&page));
            // The client closes the connection when it is done.
            thread::spawn(move || answer_all(connection, &page).ok());
        }
    });
    address
}

fn answer_all(mut connection: TcpStream, page: &str) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut requests = BufReader::new(connection.try_clone()?);
    while let Some(request) = read_request(&mut requests)? {
        let answer = match &*request {
            line if line.contains("/oauth/token") => r#"{"access_token":"t","expires_in":86400}"#,
            line if line.starts_with("POST") => r#"{"executionId":"e-1"}"#,
            line if line.contains("after=") => r#"{"queryStatus":"Complete","results":[]}"#,
            _ => page,
        };
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", answer.len());
        connection.write_all(head.as_bytes())?;
        connection.write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// Returns the first line of the next request, and skips its body.
fn read_request(requests: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let (mut first, mut line, mut length) = (String::new(), String::new(), 0);
    if requests.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    while line != "\r\n" {
        line.clear();
        requests.read_line(&mut line)?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    io::copy(&mut requests.by_ref().take(length), &mut io::sink())?;
    Ok(Some(first))
}
