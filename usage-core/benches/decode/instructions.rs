//! Counting instructions: the same on a noisy machine as on a quiet one.

use std::hint::black_box;
use std::process::Command;

use http::Response;
use usage_core::auth::{AccessToken, Grant};
use usage_core::fuzzing::documents::{Family, SamplePage};
use usage_core::query::OrganizationQuery;
use usage_core::{
    BaseUrl, EndpointExt, Execution, ExecutionId, Machine, Next, Policy, Session, Timestamp, UsageQuery,
};

use crate::{CHUNK, ROWS, fold, read};

/// The maximum number of instructions that a row may take.
pub(crate) const LIMIT: u64 = 2_400;

const START: Timestamp = Timestamp::from_unix_millis(1_782_864_000_000);
/// Fewer than end at the deadline.
const POLLS: u64 = 10;
const REQUESTS: u64 = 1_000;

/// What is counted, and how many times it is done.
const COUNTED: [(&str, u64); 5] = [
    ("rows", ROWS as u64),
    ("jobs", ROWS as u64),
    ("fold", ROWS as u64),
    ("poll", POLLS),
    ("request", REQUESTS),
];

/// Does one of [`COUNTED`], under callgrind. Without a name, counts them all and prints the counts.
pub(crate) fn run(what: &str) {
    match what {
        "rows" => counted_rows(&sample(Family::Legacy)),
        "jobs" => counted_rows(&sample(Family::Jobs)),
        "fold" => counted_fold(&sample(Family::Legacy)),
        "poll" => poll(),
        "request" => request(),
        _ => {
            for (what, times) in COUNTED {
                println!("{what} {}", count(what, times).expect("valgrind is there"));
            }
        }
    }
}

fn sample(family: Family) -> Vec<u8> {
    SamplePage::benchmark(family, ROWS).to_json().into_bytes()
}

fn query() -> OrganizationQuery {
    OrganizationQuery::new("2026-06-01/2026-06-30".parse().expect("an interval"))
}

fn token() -> AccessToken {
    AccessToken::parse("a-token").expect("a token")
}

/// An execution that was submitted and is polled, again and again.
fn poll() {
    let policy = Policy::default();
    let mut session = Session::new(&"eu-central-1".parse().expect("a region"), Grant::StaticToken(token()));
    let id = ExecutionId::parse("9f32b7cf-7418-4cc1-b4e7-a37f7cd870e1").expect("an id");
    let mut execution = Execution::attach(query(), id, policy, 1, START);
    let mut now = START;
    let mut polls = 0;
    while polls < POLLS {
        polls += counted_poll(&mut execution, &mut session, &mut now);
    }
}

/// Half of a poll: the request and the answer `Running`, or the wait.
#[inline(never)]
fn counted_poll(
    execution: &mut Execution<OrganizationQuery>,
    session: &mut Session,
    now: &mut Timestamp,
) -> u64 {
    match execution.next(*now, session).next {
        Next::Finished => unreachable!("it runs"),
        Next::WaitUntil(until, _) => *now = until,
        Next::Send(exchange) => {
            let answer = Response::new(&br#"{"queryStatus":"Running"}"#[..]);
            let _ = black_box(execution.on_response(*now, exchange.ticket, answer, session));
            return 1;
        }
    }
    0
}

fn request() {
    let base: BaseUrl = "https://api.mypurecloud.de".parse().expect("a URL");
    let (query, token) = (query(), token());
    let id = ExecutionId::parse("9f32b7cf-7418-4cc1-b4e7-a37f7cd870e1").expect("an id");
    for _ in 0..REQUESTS {
        counted_request(&query, &id, &base, &token);
    }
}

#[inline(never)]
fn counted_request(query: &OrganizationQuery, id: &ExecutionId, base: &BaseUrl, token: &AccessToken) {
    black_box(query.results(id, None).to_request(base, Some(token)).expect("a request"));
}

#[inline(never)]
fn counted_rows(body: &[u8]) {
    black_box(read(black_box(body), CHUNK));
}

#[inline(never)]
fn counted_fold(body: &[u8]) {
    black_box(fold(black_box(body)));
}

/// The instructions of a row into the table, and back to the allocator; none if there is no valgrind.
pub(crate) fn per_row() -> Option<u64> {
    count("rows", ROWS as u64)
}

/// The instructions of one of [`COUNTED`], each time.
fn count(what: &str, times: u64) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"])
        .arg("--toggle-collect=*counted_*")
        .arg(std::env::current_exe().ok()?)
        .args(["--count", what])
        .output()
        .ok()?;
    let log = String::from_utf8_lossy(&output.stderr);
    let collected = log.lines().find_map(|line| line.split_once("Collected :"))?.1;
    Some(collected.trim().parse::<u64>().ok()? / times)
}
