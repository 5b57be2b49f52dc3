//! Responses whose end is not marked by a length, and interim responses.

use http::{Response, StatusCode};

use super::http1::{chunk, write_framed};
use crate::wire_fault::Framing;

const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

/// Returns the bytes of a response with this framing.
pub(super) fn framed(response: &Response<Vec<u8>>, body: &[u8], framing: Framing) -> Vec<u8> {
    let half = &body[..body.len() / 2];
    let with = |lines: &str, body: &[u8]| [write_framed(response, lines, false), body.to_vec()].concat();
    let length = |length: usize| format!("Content-Length: {length}\r\n");
    let chunks = |end: &[u8]| [chunk(half), chunk(&body[half.len()..]), end.to_vec()].concat();
    match framing {
        Framing::UntilClose => with("", body),
        Framing::HalfUntilClose => with("", half),
        Framing::Http10 => with_status_line(&with("", body), response, "HTTP/1.0 {} OK"),
        Framing::NoReason => with_status_line(&with(&length(body.len()), body), response, "HTTP/1.1 {} "),
        Framing::ChunksWithoutEnd => with(CHUNKED, &chunks(b"")),
        Framing::ChunksWithTrailer => {
            let first = [format!("{:x};name=\"value\"\r\n", half.len()).as_bytes(), half, b"\r\n"].concat();
            let rest = [chunk(&body[half.len()..]).as_slice(), b"0\r\nX-Trailer: 1\r\n\r\n"].concat();
            with(CHUNKED, &[first, rest].concat())
        }
        Framing::HalfLength => with(&length(half.len()), body),
        Framing::SameLengthTwice => with(&length(body.len()).repeat(2), body),
        Framing::TwoLengths => with(&(length(body.len()) + &length(half.len())), body),
        Framing::NoNumber => with("Content-Length: many\r\n", body),
        Framing::LengthAndChunks => with(&(length(half.len()) + CHUNKED), &chunks(&chunk(b""))),
    }
}

/// Returns interim responses with these statuses. Early hints have a field; ureq refuses one in a 100.
pub(super) fn interim(statuses: &[u16]) -> Vec<u8> {
    let head = |status: &u16| {
        let reason = StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
        let hint = if *status == 103 { "Link: </style.css>; rel=preload\r\n" } else { "" };
        format!("HTTP/1.1 {status} {}\r\n{hint}\r\n", reason.unwrap_or("Interim"))
    };
    statuses.iter().map(head).collect::<String>().into_bytes()
}

/// Replaces the status line of `answer`; `{}` stands for the status.
fn with_status_line(answer: &[u8], response: &Response<Vec<u8>>, line: &str) -> Vec<u8> {
    let end = answer.iter().position(|&byte| byte == b'\r').unwrap_or(answer.len());
    let line = line.replace("{}", response.status().as_str());
    [line.as_bytes(), &answer[end..]].concat()
}
