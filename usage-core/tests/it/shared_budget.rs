//! Many executions that share one session and its request budget.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use http::{Request, Response};
use usage_core::query::OrganizationQuery;
use usage_core::{Execution, Machine, Next, Policy, Timestamp};

use crate::support::{RUNNING, START, credentials, query, static_token};

const FLEET: usize = 10_000;
/// The limit of the service. It differs from the one that is assumed before the first response.
const LIMIT: u64 = 180;
const TOKEN_LIFE: Duration = Duration::from_secs(3600);
const TAKES: Duration = Duration::from_secs(20);

/// A service with a limit of requests in each fixed minute, which its headers report.
#[derive(Default)]
struct Service {
    window_ends: Timestamp,
    used: u64,
    most: u64,
    refused: u64,
    tokens: u64,
    requests: u64,
    submitted: Vec<Timestamp>,
}

impl Service {
    fn answer(&mut self, now: Timestamp, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
        if request.uri().path() == "/oauth/token" {
            self.tokens += 1;
            let token =
                format!(r#"{{"access_token":"t-{}","expires_in":{}}}"#, self.tokens, TOKEN_LIFE.as_secs());
            return Response::new(token.into_bytes());
        }
        if now >= self.window_ends {
            (self.window_ends, self.used) = (now.saturating_add(Duration::from_secs(60)), 0);
        }
        self.used += 1;
        self.most = self.most.max(self.used);
        self.requests += 1;
        let reset = self.window_ends.saturating_since(now).as_millis().div_ceil(1000);
        let answer = Response::builder()
            .header("inin-ratelimit-count", self.used)
            .header("inin-ratelimit-allowed", LIMIT)
            .header("inin-ratelimit-reset", reset.to_string());
        if self.used > LIMIT {
            self.refused += 1;
            return answer.status(429).header("retry-after", reset.to_string()).body(Vec::new()).unwrap();
        }
        if request.method() == "POST" {
            self.submitted.push(now);
            let id = format!(r#"{{"executionId":"{}"}}"#, self.submitted.len() - 1);
            return answer.body(id.into_bytes()).unwrap();
        }
        let id: usize = request.uri().path().split('/').nth(5).unwrap().parse().unwrap();
        let done = now >= self.submitted[id].saturating_add(TAKES);
        answer.body(if done { crate::support::COMPLETE } else { RUNNING }.into()).unwrap()
    }
}

#[test]
fn ten_thousand_executions_respect_one_budget() {
    let (mut service, mut session) = (Service::default(), credentials());
    let policy = Policy::default().with_deadline(Duration::from_secs(24 * 3600));
    let mut fleet: Vec<Execution<OrganizationQuery>> =
        (0..FLEET).map(|n| Execution::new(query(), policy, n as u64, START)).collect();
    // Executions wake when they asked to, and in their own order if several wake at once.
    let mut wake: BinaryHeap<Reverse<(Timestamp, usize)>> = (0..FLEET).map(|n| Reverse((START, n))).collect();
    let (mut rows, mut end) = (0, START);
    while let Some(Reverse((now, n))) = wake.pop() {
        let execution = &mut fleet[n];
        let again = match execution.next(now, &mut session).next {
            Next::Finished => continue,
            Next::WaitUntil(until, _) => until,
            Next::Send(exchange) => {
                let answer = service.answer(now, &exchange.request);
                let (head, body) = answer.into_parts();
                let answer = Response::from_parts(head, &body[..]);
                let progress = execution.on_response(now, exchange.ticket, answer, &mut session);
                rows += progress.output.map_or(0, |rows| rows.len());
                now
            }
        };
        end = now;
        wake.push(Reverse((again, n)));
    }
    assert!(fleet.iter().all(|execution| execution.error().is_none()));
    assert_eq!((rows, service.submitted.len()), (FLEET, FLEET));
    assert_eq!((service.refused, service.most), (0, LIMIT), "of {} requests", service.requests);

    let took = end.saturating_since(START);
    let lifetimes = took.as_secs() / (TOKEN_LIFE.as_secs() - 60) + 1;
    assert_eq!(service.tokens, lifetimes, "one token request a lifetime");

    // Two requests each are necessary; all others are polls.
    let least = Duration::from_secs(60 * (2 * FLEET as u64).div_ceil(LIMIT));
    #[expect(clippy::print_stdout, reason = "the figures are what the test is read for")]
    {
        println!(
            "{FLEET} executions: {} requests (at least {}), {} tokens, {} s (at least {} s)",
            service.requests,
            2 * FLEET,
            service.tokens,
            took.as_secs(),
            least.as_secs()
        );
    }
    assert!(service.requests <= 5 * FLEET as u64 && took <= 3 * least);
}

/// The requests of the whole fleet are sent before the first response arrives.
#[test]
fn executions_that_start_at_once_stay_below_a_low_limit() {
    const ANSWERS_TAKE: Duration = Duration::from_millis(300);
    let (mut service, mut session) = (Service::default(), static_token());
    let policy = Policy::default().with_deadline(Duration::from_secs(24 * 3600));
    let mut fleet: Vec<Execution<OrganizationQuery>> =
        (0..1000).map(|seed| Execution::new(query(), policy, seed, START)).collect();
    let mut wake: BinaryHeap<Reverse<(Timestamp, usize)>> = (0..1000).map(|n| Reverse((START, n))).collect();
    let mut out: Vec<_> = (0..1000).map(|_| None).collect();
    while let Some(Reverse((now, n))) = wake.pop() {
        let execution = &mut fleet[n];
        if let Some((ticket, answer)) = out[n].take() {
            let (head, body): (_, Vec<u8>) = Response::into_parts(answer);
            let answer = Response::from_parts(head, &body[..]);
            let _ = execution.on_response(now, ticket, answer, &mut session);
        }
        let again = match execution.next(now, &mut session).next {
            Next::Finished => continue,
            Next::WaitUntil(until, _) => until,
            Next::Send(exchange) => {
                out[n] = Some((exchange.ticket, service.answer(now, &exchange.request)));
                now.saturating_add(ANSWERS_TAKE)
            }
        };
        wake.push(Reverse((again, n)));
    }
    assert!(fleet.iter().all(|execution| execution.error().is_none()));
    assert_eq!((service.refused, service.most, service.submitted.len()), (0, LIMIT, 1000));
}
