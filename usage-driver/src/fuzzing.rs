//! Operations on several executions that share one session, at a login host whose refresh tokens are good once:
//! cancellations, exchanges that die, renewals ahead of time, readings of the clock in any order.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Response, StatusCode};

use usage_core::auth::{Grant, OAuthClient};
use usage_core::error::{Sent, TransportFailure, TransportKind};
use usage_core::machine::Exchange;
use usage_core::query::OrganizationQuery;
use usage_core::{Execution, Interval, Machine, Next, Policy, Region, Secret, Session, Timestamp};

use crate::session::SharedSession;
use crate::task::Task;
use crate::token_exchange::TokenExchange;

const START: Timestamp = Timestamp::from_unix_millis(1_782_864_000_000);
const EXECUTIONS: usize = 4;

/// What happens next.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// An execution is asked for its next step, with a reading of the clock that is this many milliseconds old.
    Ask(u8, u16),
    /// The request of an execution is answered: well, or with this status.
    Answer(u8, Option<u16>),
    /// The token exchange that is out is answered: well, or with this status, which spends nothing.
    Exchange(Option<u16>),
    /// The token exchange that is out breaks on the way to the login host.
    Break,
    /// The task that carries the token exchange dies before it sends anything.
    Die,
    /// An execution is cancelled.
    Cancel(u8),
    /// An execution is dropped, and another one takes its place.
    Replace(u8),
    /// Time passes, in milliseconds.
    Pass(u32),
    /// The clock steps back, in milliseconds.
    StepBack(u32),
}

/// Decodes events from bytes, and applies them.
pub fn session(data: &[u8]) {
    let mut fleet = Fleet::default();
    let mut bytes = data.iter().copied();
    let mut byte = || bytes.next();
    while let (Some(kind), Some(value)) = (byte(), byte()) {
        let status = [401, 403, 429, 500, 503, 302][usize::from(value) % 6];
        fleet.apply(match kind % 16 {
            0..=4 => Event::Ask(value, u16::from(value) * 3),
            5..=6 => Event::Answer(value, None),
            7 => Event::Answer(value, Some(status)),
            8..=9 => Event::Exchange(None),
            10 => Event::Exchange(Some(status)),
            11 => {
                if value > 127 {
                    Event::Break
                } else {
                    Event::Die
                }
            }
            12 => Event::Cancel(value),
            13 => Event::Replace(value),
            14 => Event::Pass(u32::from(value) * 2000),
            _ => Event::StepBack(u32::from(value) * 500),
        });
    }
}

/// The executions and their session, and what the login host knows.
pub struct Fleet {
    now: Timestamp,
    session: SharedSession,
    executions: Vec<Task<Execution<OrganizationQuery>>>,
    out: Vec<Option<Box<Exchange>>>,
    carried: Carried,
    /// The number of the refresh token that is good.
    live: u32,
    issued: BTreeSet<String>,
}

/// The token exchanges in flight.
type Carried = Arc<Mutex<Vec<TokenExchange>>>;

impl Default for Fleet {
    fn default() -> Self {
        let carried = Carried::default();
        let tasks = Arc::clone(&carried);
        let session = SharedSession::new(session_with("r-0")).carried_by(move |session, exchange| {
            let mut tasks = tasks.lock().unwrap_or_else(PoisonError::into_inner);
            tasks.push(TokenExchange::new(session, exchange));
            assert_eq!(tasks.len(), 1, "two token exchanges at once");
        });
        Self {
            now: START,
            session,
            executions: (0..EXECUTIONS).map(|_| begin(START)).collect(),
            out: (0..EXECUTIONS).map(|_| None).collect(),
            carried,
            live: 0,
            issued: BTreeSet::new(),
        }
    }
}

impl Fleet {
    /// Applies `event`, and checks the invariants of the session.
    pub fn apply(&mut self, event: Event) {
        match event {
            Event::Ask(place, stale) => {
                let now = self.now.saturating_sub(Duration::from_millis(u64::from(stale) % 1000));
                self.ask(usize::from(place) % EXECUTIONS, now);
            }
            Event::Answer(place, status) => self.answer(usize::from(place) % EXECUTIONS, status),
            Event::Exchange(status) => self.exchange(status),
            Event::Break => self.with_exchange(|token, exchange, now, session| {
                let failure = TransportFailure::new(TransportKind::Connect, Sent::No, "");
                let _ = token.on_failure(now, exchange.ticket, failure, &mut session.lock());
            }),
            Event::Die => drop(self.task()),
            Event::Cancel(place) => self.executions[usize::from(place) % EXECUTIONS].canceller.cancel(),
            Event::Replace(place) => {
                let place = usize::from(place) % EXECUTIONS;
                self.executions[place] = begin(self.now);
                self.out[place] = None;
            }
            Event::Pass(millis) => self.now = self.now.saturating_add(Duration::from_millis(millis.into())),
            Event::StepBack(millis) => {
                self.now = self.now.saturating_sub(Duration::from_millis(millis.into()));
            }
        }
        let live = format!("r-{}", self.live);
        let session = self.session.lock();
        let kept = session.refresh_token().map(|token| token.expose().clone());
        assert_eq!(kept.as_deref(), Some(&*live), "a refresh token was lost");
        let is_out = !self.carried.lock().unwrap_or_else(PoisonError::into_inner).is_empty();
        assert_eq!(
            session.is_fetching_token(),
            is_out,
            "an exchange was forgotten, or is waited for in vain"
        );
    }

    fn ask(&mut self, place: usize, now: Timestamp) {
        match self.executions[place].next(now, &self.session) {
            Next::Send(exchange) => {
                assert!(!exchange.is_for_token(), "a token exchange reached the driver of an execution");
                let bearer = exchange.request.headers().get("authorization").map(http::HeaderValue::as_bytes);
                let bearer = String::from_utf8_lossy(bearer.unwrap_or_default()).into_owned();
                assert!(self.issued.contains(&bearer), "{bearer} was never issued");
                self.out[place] = Some(exchange);
            }
            Next::WaitUntil(until, _) => assert!(until > now, "a wait that is over at once"),
            Next::Finished => {}
        }
    }

    fn answer(&mut self, place: usize, status: Option<u16>) {
        let Some(exchange) = self.out[place].take() else { return };
        let submits = exchange.request.method() == "POST";
        let body = if submits { r#"{"executionId":"e"}"# } else { r#"{"queryStatus":"Running"}"# };
        let mut answer = Response::new(body.as_bytes());
        *answer.status_mut() = StatusCode::from_u16(status.unwrap_or(200)).unwrap_or_default();
        let task = &mut self.executions[place];
        let progress = task.machine.on_response(self.now, exchange.ticket, answer, &mut self.session.lock());
        task.take(progress);
    }

    fn exchange(&mut self, status: Option<u16>) {
        let (spent, next) = (format!("refresh_token=r-{}&", self.live), self.live + 1);
        let mut issued = false;
        self.with_exchange(|token, exchange, now, session| {
            let form = String::from_utf8_lossy(exchange.request.body());
            assert!(form.contains(&spent), "spent twice: {form}");
            let body =
                format!(r#"{{"access_token":"a-{next}","refresh_token":"r-{next}","expires_in":300}}"#);
            let body = if status.is_none() { &*body } else { "" };
            let mut answer = Response::new(body.as_bytes());
            *answer.status_mut() = StatusCode::from_u16(status.unwrap_or(200)).unwrap_or_default();
            let _ = token.on_response(now, exchange.ticket, answer, &mut session.lock());
            issued = status.is_none();
        });
        if issued {
            self.live = next;
            self.issued.insert(format!("Bearer a-{next}"));
        }
    }

    fn with_exchange(&mut self, work: impl FnOnce(&mut TokenExchange, Exchange, Timestamp, &SharedSession)) {
        let Some(mut token) = self.task() else { return };
        let next = token.next(self.now, &mut self.session.lock()).next;
        if let Next::Send(exchange) = next {
            work(&mut token, *exchange, self.now, &self.session);
        }
    }

    fn task(&mut self) -> Option<TokenExchange> {
        self.carried.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fleet").field("now", &self.now).finish_non_exhaustive()
    }
}

fn begin(now: Timestamp) -> Task<Execution<OrganizationQuery>> {
    let query = OrganizationQuery::new(Interval::last_days(1, START));
    Task::new(Execution::new(query, Policy::default(), 1, now))
}

fn session_with(refresh_token: &str) -> Session {
    let grant = OAuthClient::public("id")
        .and_then(|client| Grant::refresh_token(client, Secret::new(refresh_token.to_owned())));
    Session::new(&Region::default(), grant.unwrap_or_else(|error| panic!("{error}")))
}
