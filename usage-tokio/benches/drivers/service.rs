//! A minimal service: it accepts every POST as a submit, and answers every GET as a poll of a running execution.

use std::io::{Read, Write};
use std::thread;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Serves until standard input ends. The first line that it prints is its URL.
pub(crate) fn serve() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("http://{}", listener.local_addr().unwrap());
        std::io::stdout().flush().unwrap();
        thread::spawn(|| {
            let _ = std::io::stdin().read(&mut [0]);
            std::process::exit(0);
        });
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            socket.set_nodelay(true).unwrap();
            tokio::spawn(connection(socket));
        }
    });
}

async fn connection(mut socket: TcpStream) {
    let answers = [
        answer(r#"{"queryStatus":"Running"}"#),
        answer(r#"{"executionId":"9f32b7cf-7418-4cc1-b4e7-a37f7cd870e1"}"#),
    ];
    let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
    while let Ok(length @ 1..) = socket.read(&mut chunk).await {
        request.extend_from_slice(&chunk[..length]);
        let Some(whole) = whole(&request) else { continue };
        let posted = request.starts_with(b"POST");
        request.drain(..whole);
        if socket.write_all(&answers[usize::from(posted)]).await.is_err() {
            return;
        }
    }
}

/// Returns the length of the first request if it is complete.
fn whole(request: &[u8]) -> Option<usize> {
    let head = request.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&request[..head]).unwrap();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    let whole = head + length.map_or(0, |length| length.parse::<usize>().unwrap());
    (request.len() >= whole).then_some(whole)
}

/// Returns a response with a rate limit that is never reached.
fn answer(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ninin-ratelimit-allowed: 1000000000\r\n\
         inin-ratelimit-count: 1\r\ninin-ratelimit-reset: 60\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
