//! The peer: one query over one socket, with structs for `serde_json` and without error handling.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Submission {
    execution_id: String,
}

#[derive(Deserialize)]
struct Page {
    results: Vec<Row>,
    cursors: Option<Cursors>,
}

#[derive(Deserialize)]
struct Cursors {
    after: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    date: Option<String>,
    client_id: Option<String>,
    client_name: Option<String>,
    organization_id: Option<String>,
    user_id: Option<String>,
    template_uri: Option<String>,
    http_method: Option<String>,
    requests: Option<u64>,
    status200: Option<u64>,
    status300: Option<u64>,
    status400: Option<u64>,
    status429: Option<u64>,
    status500: Option<u64>,
}

/// Runs the query and writes its rows as CSV.
pub(crate) fn query(address: SocketAddr, out: impl Write) -> Result<(), Box<dyn std::error::Error>> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    let form = "grant_type=client_credentials";
    let basic = "authorization: Basic aWQ6c2VjcmV0\r\ncontent-type: application/x-www-form-urlencoded\r\n";
    let token: Token = serde_json::from_slice(&exchange(&mut stream, "POST", "/oauth/token", basic, form)?)?;
    let bearer =
        format!("authorization: Bearer {}\r\ncontent-type: application/json\r\n", token.access_token);

    let body = r#"{"interval":"2026-06/2026-06","groupBy":["OAuthClientId","TemplateUri","HttpMethod"]}"#;
    let submitted = exchange(&mut stream, "POST", "/api/v2/usage/query", &bearer, body)?;
    let Submission { execution_id } = serde_json::from_slice(&submitted)?;
    // A real client does not poll at once. The program never waits less than this.
    thread::sleep(Duration::from_millis(1));

    let mut out = csv::Writer::from_writer(out);
    let mut after = String::new();
    loop {
        let target = format!("/api/v2/usage/query/{execution_id}/results?pageSize=1000{after}");
        let page: Page = serde_json::from_slice(&exchange(&mut stream, "GET", &target, &bearer, "")?)?;
        for row in page.results {
            out.serialize(row)?;
        }
        match page.cursors.and_then(|cursors| cursors.after) {
            Some(cursor) => after = format!("&after={cursor}"),
            None => return Ok(out.flush()?),
        }
    }
}

fn exchange(
    stream: &mut BufReader<TcpStream>,
    method: &str,
    target: &str,
    headers: &str,
    body: &str,
) -> io::Result<Vec<u8>> {
    let length = body.len();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nhost: localhost\r\n{headers}content-length: {length}\r\n\r\n{body}"
    );
    stream.get_mut().write_all(request.as_bytes())?;
    let (mut line, mut length) = (String::new(), 0);
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line)?;
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or_default();
        }
    }
    let mut answer = Vec::with_capacity(length);
    stream.take(length as u64).read_to_end(&mut answer)?;
    Ok(answer)
}
