use std::time::Duration;

use crate::auth::token_fetch::{Ended, FetchId, Fetching};
use crate::auth::{AccessToken, TokenResponse};
use crate::failures::{ApiError, AttemptError, Failure, Unauthorized};
use crate::retry::Backoff;
use crate::time::Timestamp;

/// For how long a refused credential is not tried again: the other executions of the session fail at once
/// instead of each asking for themselves. What the login host calls spent (`invalid_grant`) is never tried again.
pub const TOKEN_REFUSED_FOR: Duration = Duration::from_secs(60);

/// A token is renewed this long before it expires, or this share of its life if that is less.
const REFRESH_AHEAD: Duration = Duration::from_secs(60);
const REFRESH_AHEAD_SHARE: u32 = 10;

/// When a token is renewed if the login host does not say how long it lives.
const DEFAULT_LIFE: Duration = Duration::from_secs(300);

/// What the login host says of a code, an assertion or a refresh token that it knows to be spent or expired (RFC 6749,
/// section 5.2).
const SPENT: &str = "invalid_grant";

/// Delays between failed fetches, unless the machine that asked says otherwise.
const RETRY: Backoff =
    Backoff { initial: Duration::from_millis(500), factor: 2.0, max: Duration::from_secs(30) };

/// The access token of a session, shared by all its executions: one of them fetches, the others wait or
/// use the old one while it is valid.
#[derive(Clone, Debug, Default)]
pub(crate) struct TokenStore {
    issued: Option<Issued>,
    fetching: Option<Fetching>,
    /// How the latest fetch ended, for the machine that asked for it.
    last: Option<(FetchId, Ended)>,
    /// How many fetches ended, in whatever way.
    ended: u64,
    refused: Option<Refused>,
    /// After a failed fetch: not before this.
    not_before: Timestamp,
    /// Whether it is the login host that said so (429).
    throttled: bool,
    /// Failed fetches in a row.
    failures: u32,
    generations: u64,
    fetches: u64,
    /// The latest fetch whose token arrived. Answers to it and to those before it no longer count.
    settled: u64,
}

#[derive(Clone, Debug)]
struct Issued {
    token: AccessToken,
    generation: u64,
    /// Absent for a token that lives as long as it lives.
    refresh_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct Refused {
    failure: Box<Failure>,
    since: Timestamp,
    /// Whether asking again with the same is of no use ever.
    lasting: bool,
}

/// What an execution that wants to send a request gets.
#[derive(Debug)]
pub(crate) enum Authorization<'a> {
    /// Send it with the [current](TokenStore::current) token.
    Token { generation: u64 },
    /// Fetch a token first; the fetch is yours.
    Fetch(FetchId),
    /// Another one fetches: ask again when that has ended, and at this moment at the latest.
    Wait(Timestamp),
    /// The login host is out of order, or limits the rate: ask again then.
    Later { at: Timestamp, throttled: bool },
    /// The credential was refused, or what it brings is of no use.
    Refused(&'a Failure),
}

impl TokenStore {
    /// A store that holds a token from elsewhere.
    pub(crate) fn holding(token: AccessToken, expires_at: Option<Timestamp>) -> Self {
        let refresh_at = expires_at.map(|at| at.saturating_sub(REFRESH_AHEAD));
        let issued = Issued { token, generation: 1, refresh_at, expires_at };
        Self { issued: Some(issued), generations: 1, ..Self::default() }
    }

    /// A copy of which nobody awaits an answer.
    pub(crate) fn without_fetch(&self) -> Self {
        Self { fetching: None, ..self.clone() }
    }

    /// Nothing renews this token: it is used to its end.
    pub(crate) fn keep_to_the_end(&mut self) {
        if let Some(issued) = &mut self.issued {
            issued.refresh_at = issued.expires_at;
        }
    }

    /// The token and when it expires, whether that is over or not.
    pub(crate) fn current(&self) -> Option<(&AccessToken, Option<Timestamp>)> {
        self.issued.as_ref().map(|issued| (&issued.token, issued.expires_at))
    }

    /// Whether there is a token that has not expired.
    pub(crate) fn is_alive(&self, now: Timestamp) -> bool {
        self.issued.as_ref().is_some_and(|issued| issued.expires_at.is_none_or(|at| now < at))
    }

    /// What to do about a token, at `now`. A fetch that is handed out belongs to the caller for `timeout`.
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

    /// Whether `id` is the fetch that is under way.
    pub(crate) fn is_current(&self, id: FetchId) -> bool {
        self.fetching.as_ref().is_some_and(|fetching| fetching.id == id)
    }

    /// Whether a fetch is under way.
    pub(crate) fn is_fetching(&self) -> bool {
        self.fetching.is_some()
    }

    /// How many fetches ended so far, in whatever way: whoever waits for one waits for this to change.
    pub(crate) fn ended(&self) -> u64 {
        self.ended
    }

    /// `id` is carried out to its end, whatever becomes of the machine that asked.
    pub(crate) fn carry(&mut self, id: FetchId) {
        if let Some(fetching) = self.fetching.as_mut().filter(|fetching| fetching.id == id) {
            fetching.carried = true;
        }
    }

    /// Until when to wait for `id` at most, if it is under way and carried out.
    pub(crate) fn carried_until(&self, id: FetchId, now: Timestamp) -> Option<Timestamp> {
        let fetching = self.fetching.as_ref().filter(|fetching| fetching.id == id && fetching.carried);
        fetching.map(|fetching| fetching.until(now))
    }

    /// Whether nothing has arrived since `id`, a fetch that was given up, was begun.
    pub(crate) fn is_behind(&self, id: FetchId) -> bool {
        self.settled < id.0
    }

    /// A token arrived: for the latest fetch, or for an earlier one that was given up.
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

    /// Keeps what `fetch` brought. The answer to a later fetch no longer matters, because its credential may be spent by
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

    /// The fetch `id` ended.
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
            // Another machine may ask at once, if it cannot do without.
            Ended::Failed(_) if !self.is_alive(now) => {}
            Ended::Failed(_) => self.failed(now, None),
        }
        self.last = Some((id, ended));
    }

    /// How `id` ended, if it is the latest that did.
    pub(crate) fn ending_of(&mut self, id: FetchId) -> Option<Ended> {
        self.last.take_if(|(last, _)| *last == id).map(|(_, ended)| ended)
    }

    /// The next fetch may start at `at`.
    pub(crate) fn postpone(&mut self, at: Timestamp) {
        self.not_before = at;
    }

    /// The service refused the token of `generation`. A newer one is not touched: the refusal came late.
    pub(crate) fn invalidate(&mut self, generation: u64) {
        self.issued.take_if(|issued| issued.generation == generation);
    }

    /// The machine that asked for this fetch gave it up, unless it is carried out elsewhere.
    pub(crate) fn abandon(&mut self, id: FetchId) {
        if self.fetching.as_ref().is_some_and(|fetching| fetching.id == id && !fetching.carried) {
            self.over();
        }
    }

    /// Whatever carried out this fetch is gone.
    pub(crate) fn give_up(&mut self, id: FetchId) {
        if self.is_current(id) {
            self.over();
        }
    }

    /// A wait of this length was in vain, if no fetch has ended since so many had: one that takes twice its timeout is
    /// not carried out any more.
    pub(crate) fn waited(&mut self, ended: u64, waited: Duration) {
        let overdue = self.fetching.as_ref().is_some_and(|fetching| waited >= fetching.longest());
        if overdue && self.ended == ended {
            self.over();
        }
    }

    /// The clock stepped back.
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

    /// The login host refused the credential, or cannot be understood. What it calls spent is not tried again, anything
    /// else later on: an administrator may mend it.
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

/// A refusal of the login host.
pub(crate) fn refusal(error: Box<ApiError>) -> Ended {
    Ended::Refused(Failure::Unauthorized(Unauthorized::Refused(error)))
}

#[cfg(test)]
mod tests;
