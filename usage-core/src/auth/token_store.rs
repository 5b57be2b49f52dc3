//! The token of a session: fetched once for all executions, renewed, refused.

use std::time::Duration;

use crate::auth::token_fetch::{Ended, FetchId, Fetching};
use crate::auth::{AccessToken, TokenResponse};
use crate::failures::{ApiError, AttemptError, Failure, Unauthorized};
use crate::retry::Backoff;
use crate::time::Timestamp;

/// How long a refused credential is not tried again. In the meantime, the executions of the session fail at once
/// instead of asking each for itself. A credential that the login host reports as used up (`invalid_grant`) is never
/// tried again.
pub const TOKEN_REFUSED_FOR: Duration = Duration::from_secs(60);

/// How long before its expiry a token is renewed; for a short-lived token, a fraction of its lifetime.
const REFRESH_AHEAD: Duration = Duration::from_secs(60);
const REFRESH_AHEAD_SHARE: u32 = 10;

/// The time after which a token is renewed if the login host does not state its lifetime.
const DEFAULT_LIFE: Duration = Duration::from_secs(300);

/// The login host's error code for a code, an assertion or a refresh token that is used up or expired (RFC 6749,
/// section 5.2).
const SPENT: &str = "invalid_grant";

/// The delays between failed exchanges, unless the machine that asked sets another one.
const RETRY: Backoff =
    Backoff { initial: Duration::from_millis(500), factor: 2.0, max: Duration::from_secs(30) };

/// The access token of a session, shared by all its executions: one of them fetches it, and the others wait or use the
/// previous token while it is valid.
#[derive(Clone, Debug, Default)]
pub(crate) struct TokenStore {
    issued: Option<Issued>,
    fetching: Option<Fetching>,
    /// The result of the latest exchange, for the machine that asked for it.
    last: Option<(FetchId, Ended)>,
    /// The number of exchanges that ended, with any result.
    ended: u64,
    refused: Option<Refused>,
    /// The earliest time of the next exchange after a failed one.
    not_before: Timestamp,
    /// Whether the login host limits the rate (429).
    throttled: bool,
    /// The number of consecutive failed exchanges.
    failures: u32,
    generations: u64,
    fetches: u64,
    /// The latest exchange whose token arrived. Responses to it and to earlier ones are ignored from then on.
    settled: u64,
}

#[derive(Clone, Debug)]
struct Issued {
    token: AccessToken,
    generation: u64,
    /// `None` for a token that is not renewed before it expires.
    refresh_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct Refused {
    failure: Box<Failure>,
    since: Timestamp,
    /// Whether the credential can never work again.
    lasting: bool,
}

/// The answer to an execution that wants to send a request.
#[derive(Debug)]
pub(crate) enum Authorization<'a> {
    /// Send it with the [current](TokenStore::current) token.
    Token { generation: u64 },
    /// Fetch a token first; the exchange belongs to the caller.
    Fetch(FetchId),
    /// Another execution fetches a token: ask again when that has ended, at this time at the latest.
    Wait(Timestamp),
    /// The login host is unavailable or limits the rate: ask again at this time.
    Later { at: Timestamp, throttled: bool },
    /// The credential was refused, or its token is unusable.
    Refused(&'a Failure),
}

impl TokenStore {
    /// Creates a store with a token from elsewhere.
    pub(crate) fn holding(token: AccessToken, expires_at: Option<Timestamp>) -> Self {
        let refresh_at = expires_at.map(|at| at.saturating_sub(REFRESH_AHEAD));
        let issued = Issued { token, generation: 1, refresh_at, expires_at };
        Self { issued: Some(issued), generations: 1, ..Self::default() }
    }

    /// Returns a copy that waits for no exchange.
    pub(crate) fn without_fetch(&self) -> Self {
        Self { fetching: None, ..self.clone() }
    }

    /// Uses the token until it expires, because nothing renews it.
    pub(crate) fn keep_to_the_end(&mut self) {
        if let Some(issued) = &mut self.issued {
            issued.refresh_at = issued.expires_at;
        }
    }

    /// Returns the token and its expiry time, even if it has expired.
    pub(crate) fn current(&self) -> Option<(&AccessToken, Option<Timestamp>)> {
        self.issued.as_ref().map(|issued| (&issued.token, issued.expires_at))
    }

    /// Returns whether there is a token that has not expired.
    pub(crate) fn is_alive(&self, now: Timestamp) -> bool {
        self.issued.as_ref().is_some_and(|issued| issued.expires_at.is_none_or(|at| now < at))
    }

    /// Returns what a request at `now` needs. An exchange that is handed out belongs to the caller for `timeout`.
    pub(crate) fn authorize(&mut self, now: Timestamp, timeout: Duration) -> Authorization<'_> {
        if self.fetching.as_ref().is_some_and(|fetching| fetching.is_dead(now)) {
            self.over();
        }
        self.forget_old_refusal(now);
        let busy = self.fetching.is_some() || now < self.not_before || self.refused.is_some();
        let alive = busy && self.is_alive(now);
        if let Some(issued) = &self.issued
            && (alive || issued.refresh_at.is_none_or(|at| now < at))
        {
            return Authorization::Token { generation: issued.generation };
        }
        if let Some(refused) = &self.refused {
            return Authorization::Refused(&refused.failure);
        }
        if let Some(fetching) = &self.fetching {
            return Authorization::Wait(fetching.until(now));
        }
        if now < self.not_before {
            return Authorization::Later { at: self.not_before, throttled: self.throttled };
        }
        self.fetches += 1;
        let id = FetchId(self.fetches);
        self.fetching = Some(Fetching { id, since: now, timeout, carried: false });
        Authorization::Fetch(id)
    }

    /// Returns whether `id` is the exchange in flight.
    pub(crate) fn is_current(&self, id: FetchId) -> bool {
        self.fetching.as_ref().is_some_and(|fetching| fetching.id == id)
    }

    /// Returns whether an exchange is in flight.
    pub(crate) fn is_fetching(&self) -> bool {
        self.fetching.is_some()
    }

    /// Returns how many exchanges have ended. A caller that waits for one waits for this number to change.
    pub(crate) fn ended(&self) -> u64 {
        self.ended
    }

    /// Marks the exchange `id` as carried out to its end, independently of the machine that asked for it.
    pub(crate) fn carry(&mut self, id: FetchId) {
        if let Some(fetching) = self.fetching.as_mut().filter(|fetching| fetching.id == id) {
            fetching.carried = true;
        }
    }

    /// Returns the latest time to wait for the exchange `id`, if it is in flight and carried out elsewhere.
    pub(crate) fn carried_until(&self, id: FetchId, now: Timestamp) -> Option<Timestamp> {
        let fetching = self.fetching.as_ref().filter(|fetching| fetching.id == id && fetching.carried);
        fetching.map(|fetching| fetching.until(now))
    }

    /// Returns whether no token has arrived since the exchange `id`, which was abandoned, began.
    pub(crate) fn is_behind(&self, id: FetchId) -> bool {
        self.settled < id.0
    }

    /// Stores a token that arrived, for the latest exchange or for an earlier one that was abandoned.
    pub(crate) fn arrived(
        &mut self,
        now: Timestamp,
        fetch: Option<FetchId>,
        token: AccessToken,
        answer: &TokenResponse,
    ) {
        self.settle(fetch);
        let life = answer.life().unwrap_or(DEFAULT_LIFE);
        let ahead = REFRESH_AHEAD.min(life / REFRESH_AHEAD_SHARE);
        self.generations += 1;
        self.issued = Some(Issued {
            token,
            generation: self.generations,
            refresh_at: Some(now.saturating_add(life.saturating_sub(ahead))),
            expires_at: answer.life().map(|life| now.saturating_add(life)),
        });
    }

    /// Records that the token of `fetch` arrived, and ends the exchange in flight, whose credential may be used up by
    /// this one.
    pub(crate) fn settle(&mut self, fetch: Option<FetchId>) {
        if self.fetching.is_some() {
            self.over();
        }
        self.settled = fetch.map_or(self.fetches, |fetch| fetch.0);
        self.refused = None;
        self.not_before = Timestamp::UNIX_EPOCH;
        self.failures = 0;
    }

    /// Ends the exchange `id`.
    pub(crate) fn end(&mut self, now: Timestamp, id: FetchId, ended: Ended) {
        if self.is_current(id) {
            self.over();
        }
        match &ended {
            Ended::Arrived => {}
            Ended::Unavailable(trouble) => self.failed(now, Some(trouble)),
            Ended::Refused(failure) => {
                self.failed(now, None);
                self.refuse(now, failure.clone());
            }
            // Another machine may ask at once, if it needs a token.
            Ended::Failed(_) if !self.is_alive(now) => {}
            Ended::Failed(_) => self.failed(now, None),
        }
        self.last = Some((id, ended));
    }

    /// Returns the result of the exchange `id`, if it is the latest that ended.
    pub(crate) fn ending_of(&mut self, id: FetchId) -> Option<Ended> {
        self.last.take_if(|(last, _)| *last == id).map(|(_, ended)| ended)
    }

    /// Sets the earliest time of the next exchange.
    pub(crate) fn postpone(&mut self, at: Timestamp) {
        self.not_before = at;
    }

    /// Drops the token of `generation`, which the service refused. A newer token is kept.
    pub(crate) fn invalidate(&mut self, generation: u64) {
        self.issued.take_if(|issued| issued.generation == generation);
    }

    /// Abandons an exchange for the machine that asked for it, unless it is carried out elsewhere.
    pub(crate) fn abandon(&mut self, id: FetchId) {
        if self.fetching.as_ref().is_some_and(|fetching| fetching.id == id && !fetching.carried) {
            self.over();
        }
    }

    /// Abandons an exchange that nothing carries out any more.
    pub(crate) fn give_up(&mut self, id: FetchId) {
        if self.is_current(id) {
            self.over();
        }
    }

    /// Handles a wait of length `waited` during which no exchange ended. An exchange that takes twice its timeout is
    /// not carried out any more.
    pub(crate) fn waited(&mut self, ended: u64, waited: Duration) {
        let overdue = self.fetching.as_ref().is_some_and(|fetching| waited >= fetching.longest());
        if overdue && self.ended == ended {
            self.over();
        }
    }

    /// Moves all times with a clock that stepped back.
    pub(crate) fn step_back(&mut self, by: Duration) {
        let moved = |at: &mut Timestamp| *at = at.saturating_sub(by);
        moved(&mut self.not_before);
        self.fetching.iter_mut().for_each(|fetching| moved(&mut fetching.since));
        self.refused.iter_mut().for_each(|refused| moved(&mut refused.since));
        let instants =
            self.issued.iter_mut().flat_map(|issued| [&mut issued.refresh_at, &mut issued.expires_at]);
        instants.flatten().for_each(moved);
    }

    fn over(&mut self) {
        self.fetching = None;
        self.ended += 1;
    }

    fn failed(&mut self, now: Timestamp, trouble: Option<&AttemptError>) {
        let told = trouble.and_then(|trouble| trouble.retry_at(now)).unwrap_or(now);
        self.not_before = now.saturating_add(RETRY.delay(self.failures)).max(told);
        self.throttled = trouble.is_some_and(AttemptError::is_throttled);
        self.failures = self.failures.saturating_add(1);
    }

    /// Handles the refusal of a credential, or a response that cannot be understood. A used-up credential is never
    /// tried again; any other is tried later, because an administrator may have corrected it.
    fn refuse(&mut self, now: Timestamp, failure: Failure) {
        let lasting = matches!(
            &failure,
            Failure::Unauthorized(Unauthorized::Refused(error)) if error.code() == Some(SPENT)
        );
        self.refused = Some(Refused { failure: Box::new(failure), since: now, lasting });
    }

    fn forget_old_refusal(&mut self, now: Timestamp) {
        self.refused
            .take_if(|refused| !refused.lasting && now.saturating_since(refused.since) >= TOKEN_REFUSED_FOR);
    }
}

/// Classifies a refusal by the login host.
pub(crate) fn refusal(error: Box<ApiError>) -> Ended {
    Ended::Refused(Failure::Unauthorized(Unauthorized::Refused(error)))
}

#[cfg(test)]
mod tests;
