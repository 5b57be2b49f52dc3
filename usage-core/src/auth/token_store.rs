use std::time::Duration;

use crate::auth::{AccessToken, TokenAnswer};
use crate::error::{ApiError, BuildError};
use crate::time::Timestamp;

/// How often an execution looks whether the token that another one fetches has arrived.
pub(crate) const TOKEN_WAIT: Duration = Duration::from_millis(100);

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

/// The access token of a session, shared by all its executions: one of them fetches, the others wait or go on
/// with the old one while it is good.
#[derive(Clone, Debug, Default)]
pub struct TokenStore {
    issued: Option<Issued>,
    fetching: Option<Fetching>,
    refused: Option<Refused>,
    /// After a failed fetch: not before this.
    not_before: Timestamp,
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
struct Fetching {
    id: FetchId,
    since: Timestamp,
    timeout: Duration,
}

#[derive(Clone, Debug)]
struct Refused {
    error: Box<ApiError>,
    since: Timestamp,
    /// Whether asking again with the same is of no use ever.
    lasting: bool,
}

/// Names one fetch of a token, so that a late answer of an earlier one is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FetchId(u64);

/// What an execution that wants to send a request gets.
#[derive(Debug)]
pub(crate) enum Authorization<'a> {
    /// Send it with the [current](TokenStore::current) token.
    Token { generation: u64 },
    /// Fetch a token first; the fetch is yours.
    Fetch(FetchId),
    /// Another one fetches, or the login host is out of order: ask again then.
    Wait(Timestamp),
    /// The credential was refused.
    Refused(&'a ApiError),
}

impl TokenStore {
    /// A store that holds a token from elsewhere.
    pub(crate) fn holding(token: AccessToken, expires_at: Option<Timestamp>) -> Self {
        let refresh_at = expires_at.map(|at| at.saturating_sub(REFRESH_AHEAD));
        let issued = Issued { token, generation: 1, refresh_at, expires_at };
        Self { issued: Some(issued), generations: 1, ..Self::default() }
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

    /// What to do about a token, at `now`. A fetch that is handed out belongs to the caller for `timeout`.
    pub(crate) fn authorize(&mut self, now: Timestamp, timeout: Duration) -> Authorization<'_> {
        self.forget_dead_fetch(now);
        self.forget_old_refusal(now);
        let busy = self.fetching.is_some() || now < self.not_before || self.refused.is_some();
        let usable = self.issued.as_ref().is_some_and(|issued| {
            let fresh = issued.refresh_at.is_none_or(|at| now < at);
            let alive = issued.expires_at.is_none_or(|at| now < at);
            fresh || (alive && busy)
        });
        if usable || self.refused.is_some() {
            return match (&self.issued, &self.refused) {
                (Some(issued), _) if usable => Authorization::Token { generation: issued.generation },
                (_, Some(refused)) => Authorization::Refused(&refused.error),
                _ => Authorization::Wait(now.saturating_add(TOKEN_WAIT)),
            };
        }
        if self.fetching.is_some() {
            return Authorization::Wait(now.saturating_add(TOKEN_WAIT));
        }
        if now < self.not_before {
            return Authorization::Wait(self.not_before);
        }
        self.fetches += 1;
        let id = FetchId(self.fetches);
        self.fetching = Some(Fetching { id, since: now, timeout });
        Authorization::Fetch(id)
    }

    /// Whether `id` is the fetch that is under way.
    pub(crate) fn is_current(&self, id: FetchId) -> bool {
        self.fetching.as_ref().is_some_and(|fetching| fetching.id == id)
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
        answer: &TokenAnswer,
    ) -> Result<(), BuildError> {
        // What a later fetch is told no longer matters: it asked with a credential that may be spent by this one.
        self.fetching = None;
        self.settled = fetch.map_or(self.fetches, |fetch| fetch.0);
        let token = answer.bearer()?;
        let life = answer.life().unwrap_or(DEFAULT_LIFE);
        let ahead = REFRESH_AHEAD.min(life / REFRESH_AHEAD_SHARE);
        self.generations += 1;
        self.issued = Some(Issued {
            token,
            generation: self.generations,
            refresh_at: Some(now.saturating_add(life.saturating_sub(ahead))),
            expires_at: answer.life().map(|life| now.saturating_add(life)),
        });
        self.refused = None;
        Ok(())
    }

    /// The fetch that is under way failed; the next one may start at `not_before`.
    pub(crate) fn failed(&mut self, not_before: Timestamp) {
        self.fetching = None;
        self.not_before = not_before;
    }

    /// The login host refused the credential. What it calls spent is not tried again, anything else later on: an
    /// administrator may mend it.
    pub(crate) fn refused(&mut self, now: Timestamp, error: Box<ApiError>) {
        self.fetching = None;
        let lasting = error.code() == Some(SPENT);
        self.refused = Some(Refused { error, since: now, lasting });
    }

    /// The service refused the token of `generation`. A newer one is not touched: the refusal came late.
    pub(crate) fn invalidate(&mut self, generation: u64) {
        self.issued.take_if(|issued| issued.generation == generation);
    }

    /// The driver of this fetch gave it up.
    pub(crate) fn abandon(&mut self, id: FetchId) {
        self.fetching.take_if(|fetching| fetching.id == id);
    }

    /// A fetch whose driver died would block the session; it is forgotten after its timeout, or when the clock
    /// stepped back behind its start.
    fn forget_dead_fetch(&mut self, now: Timestamp) {
        self.fetching.take_if(|fetching| {
            now < fetching.since || now.saturating_since(fetching.since) >= fetching.timeout
        });
    }

    fn forget_old_refusal(&mut self, now: Timestamp) {
        self.refused.take_if(|refused| {
            let over = now < refused.since || now.saturating_since(refused.since) >= TOKEN_REFUSED_FOR;
            over && !refused.lasting
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(30);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_unix_millis(seconds * 1000)
    }

    fn answer(token: &str, expires_in: u64) -> TokenAnswer {
        serde_json::from_value(serde_json::json!({"access_token": token, "expires_in": expires_in})).unwrap()
    }

    fn fetch(store: &mut TokenStore, now: Timestamp) -> FetchId {
        match store.authorize(now, TIMEOUT) {
            Authorization::Fetch(id) => id,
            other => panic!("{other:?}"),
        }
    }

    fn token(store: &mut TokenStore, now: Timestamp) -> (String, u64) {
        match store.authorize(now, TIMEOUT) {
            Authorization::Token { generation } => {
                let (token, _) = store.current().unwrap();
                (token.expose().to_owned(), generation)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_fetches_and_the_others_wait() {
        let mut store = TokenStore::default();
        let id = fetch(&mut store, at(0));
        assert!(matches!(store.authorize(at(1), TIMEOUT), Authorization::Wait(until) if until > at(1)));
        assert!(store.is_current(id));
        store.arrived(at(2), None, &answer("a", 1000)).unwrap();
        assert_eq!(token(&mut store, at(3)), ("a".into(), 1));
    }

    #[test]
    fn renews_ahead_of_expiry_and_serves_the_old_token_meanwhile() {
        let mut store = TokenStore::default();
        fetch(&mut store, at(0));
        store.arrived(at(0), None, &answer("a", 1000)).unwrap();
        assert_eq!(token(&mut store, at(939)).0, "a");
        let id = fetch(&mut store, at(940));
        assert_eq!(token(&mut store, at(941)).0, "a");
        assert!(store.is_current(id));
        assert!(matches!(store.authorize(at(969), TIMEOUT), Authorization::Token { .. }));
        store.arrived(at(969), None, &answer("b", 300)).unwrap();
        assert_eq!(token(&mut store, at(969)), ("b".into(), 2));
        // A tenth of 300 s is less than a minute.
        assert_eq!(token(&mut store, at(969 + 269)).0, "b");
        fetch(&mut store, at(969 + 270));
    }

    #[test]
    fn a_late_refusal_discards_nothing() {
        let mut store = TokenStore::default();
        fetch(&mut store, at(0));
        store.arrived(at(0), None, &answer("a", 1000)).unwrap();
        store.invalidate(1);
        fetch(&mut store, at(1));
        store.arrived(at(1), None, &answer("b", 1000)).unwrap();
        store.invalidate(1);
        assert_eq!(token(&mut store, at(2)).0, "b");
    }

    #[test]
    fn a_dead_fetch_is_forgotten_after_its_timeout_or_when_the_clock_steps_back() {
        let mut store = TokenStore::default();
        let first = fetch(&mut store, at(100));
        assert!(matches!(store.authorize(at(129), TIMEOUT), Authorization::Wait(_)));
        let second = fetch(&mut store, at(130));
        assert!(!store.is_current(first));
        let third = fetch(&mut store, at(5));
        store.abandon(second);
        assert!(store.is_current(third));
        store.abandon(third);
        assert!(!store.is_current(third));
    }

    #[test]
    fn a_refusal_is_remembered_for_a_while() {
        let mut store = TokenStore::default();
        fetch(&mut store, at(0));
        let error = ApiError::from_response(http::StatusCode::UNAUTHORIZED, &http::HeaderMap::new(), b"");
        store.refused(at(0), Box::new(error));
        assert!(matches!(store.authorize(at(59), TIMEOUT), Authorization::Refused(_)));
        fetch(&mut store, at(60));
    }

    #[test]
    fn what_is_spent_is_never_tried_again_and_a_new_token_clears_it() {
        let mut store = TokenStore::default();
        fetch(&mut store, at(0));
        let body = br#"{"error":"invalid_grant","description":"the code was used"}"#;
        let error = ApiError::from_response(http::StatusCode::BAD_REQUEST, &http::HeaderMap::new(), body);
        store.refused(at(1000), Box::new(error));
        for now in [at(1), at(1001), at(1_000_000)] {
            assert!(matches!(store.authorize(now, TIMEOUT), Authorization::Refused(_)));
        }
        store.arrived(at(2000), None, &answer("a", 1000)).unwrap();
        assert_eq!(token(&mut store, at(2000)).0, "a");
        fetch(&mut store, at(2990));
    }

    #[test]
    fn the_old_token_serves_to_its_end_after_a_refused_renewal() {
        let mut store = TokenStore::holding(AccessToken::parse("a").unwrap(), Some(at(1000)));
        assert_eq!(token(&mut store, at(939)).0, "a");
        fetch(&mut store, at(940));
        let error = ApiError::from_response(http::StatusCode::BAD_REQUEST, &http::HeaderMap::new(), b"");
        store.refused(at(941), Box::new(error));
        assert_eq!(token(&mut store, at(999)).0, "a");
        assert!(matches!(store.authorize(at(1000), TIMEOUT), Authorization::Refused(_)));
    }

    #[test]
    fn a_token_that_nothing_renews_is_used_to_its_end() {
        let mut store = TokenStore::holding(AccessToken::parse("a").unwrap(), Some(at(1000)));
        store.keep_to_the_end();
        assert_eq!(token(&mut store, at(999)).0, "a");
        fetch(&mut store, at(1000));
        let mut store = TokenStore::holding(AccessToken::parse("a").unwrap(), None);
        assert_eq!(token(&mut store, at(u64::MAX / 1000)).0, "a");
    }

    #[test]
    fn a_token_of_unknown_life_is_renewed_in_time_and_served_meanwhile() {
        let mut store = TokenStore::default();
        fetch(&mut store, at(0));
        store.arrived(at(0), None, &serde_json::from_str(r#"{"access_token":"a"}"#).unwrap()).unwrap();
        assert_eq!(token(&mut store, at(269)).0, "a");
        fetch(&mut store, at(270));
        assert_eq!(token(&mut store, at(299)).0, "a");
        assert_eq!(store.current().unwrap().1, None);
    }

    #[test]
    fn a_failed_fetch_delays_the_next_one() {
        let mut store = TokenStore::default();
        fetch(&mut store, at(0));
        store.failed(at(4));
        assert!(matches!(store.authorize(at(1), TIMEOUT), Authorization::Wait(until) if until == at(4)));
        fetch(&mut store, at(4));
    }

    #[test]
    fn a_token_that_does_not_fit_a_header_is_refused() {
        let mut store = TokenStore::default();
        fetch(&mut store, at(0));
        assert!(store.arrived(at(0), None, &answer("a\nb", 10)).is_err());
        fetch(&mut store, at(0));
    }
}
