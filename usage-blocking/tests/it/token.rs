//! A token exchange continues without the execution that began it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use usage_blocking::Client;
use usage_core::error::Failure;
use usage_core::{Policy, Secret};

use crate::support::query;

/// A login host that responds when the test asks for it, and its client.
fn slow(policy: Policy) -> (TcpListener, Client) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let builder = Client::builder().api_url(url.parse().unwrap()).login_url(url.parse().unwrap()).direct();
    let secret = Secret::new("secret".to_owned());
    (listener, builder.client_credentials("id", secret).unwrap().policy(policy).build().unwrap())
}

/// Accepts a token request.
fn accept(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().unwrap();
    let _ = stream.read(&mut [0; 4096]).unwrap();
    stream
}

/// Responds to the request in flight. The client then has the token, without a second request.
fn answer(listener: &TcpListener, mut stream: TcpStream, client: &Client) {
    let body = r#"{"access_token":"t-1","expires_in":3600}"#;
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    client.clone().with_policy(Policy::default()).log_in().unwrap();
    assert_eq!(client.session().access_token().unwrap().expose(), "t-1");
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err(), "a second exchange");
}

#[test]
fn an_execution_ends_at_its_deadline_and_its_token_exchange_does_not() {
    let (listener, client) = slow(Policy::default().with_deadline(Duration::from_millis(500)));
    let error = client.run(query()).unwrap_err();
    assert!(matches!(error.failure(), Failure::Deadline { .. }), "{error}");
    let stream = accept(&listener);
    answer(&listener, stream, &client);
}

#[test]
fn an_execution_is_cancelled_at_once_and_its_token_exchange_is_not() {
    let (listener, client) = slow(Policy::default());
    let mut handle = client.start(query());
    let canceller = handle.canceller();
    let cancels = thread::spawn(move || {
        let stream = accept(&listener);
        canceller.cancel();
        (listener, stream)
    });
    assert_eq!(handle.next_page().unwrap_err().failure(), &Failure::Cancelled);
    let (listener, stream) = cancels.join().unwrap();
    answer(&listener, stream, &client);
}
