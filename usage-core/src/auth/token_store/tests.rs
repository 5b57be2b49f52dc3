//! Token exchanges: single flight, renewal, refusals and late responses.

use super::*;

const TIMEOUT: Duration = Duration::from_secs(30);

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix_millis(seconds * 1000)
}

fn answer(token: &str, expires_in: u64) -> TokenResponse {
    serde_json::from_value(serde_json::json!({"access_token": token, "expires_in": expires_in})).unwrap()
}

fn arrive(store: &mut TokenStore, now: Timestamp, answer: &TokenResponse) {
    store.arrived(now, None, answer.bearer().unwrap(), answer);
}

fn refuse(store: &mut TokenStore, now: Timestamp, id: FetchId, error: ApiError) {
    store.end(now, id, refusal(Box::new(error)));
}

fn api_error(status: u16, body: &[u8]) -> ApiError {
    ApiError::from_response(status.try_into().unwrap(), &http::HeaderMap::new(), body)
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
fn an_exchange_is_in_flight_until_it_ends_and_has_a_time_limit_if_it_is_carried_out_elsewhere() {
    let mut store = TokenStore::default();
    let id = fetch(&mut store, at(0));
    assert!(store.is_fetching());
    assert_eq!(store.carried_until(id, at(1)), None);
    store.carry(id);
    assert!(store.carried_until(id, at(1)).is_some_and(|until| until > at(1)));
    store.end(at(2), id, Ended::Arrived);
    assert!(!store.is_fetching());
    assert_eq!(store.carried_until(id, at(2)), None);
}

#[test]
fn a_failed_exchange_is_repeated_at_once_without_a_token_and_later_with_one() {
    let mut store = TokenStore::default();
    let id = fetch(&mut store, at(0));
    store.end(at(0), id, Ended::Failed(Failure::Cancelled));
    fetch(&mut store, at(0));

    let mut store = TokenStore::default();
    arrive(&mut store, at(0), &answer("t", 300));
    let id = fetch(&mut store, at(280));
    store.end(at(280), id, Ended::Failed(Failure::Cancelled));
    assert_eq!(token(&mut store, at(280)).0, "t");
}

#[test]
fn one_fetches_and_the_others_wait() {
    let mut store = TokenStore::default();
    let id = fetch(&mut store, at(0));
    assert!(matches!(store.authorize(at(1), TIMEOUT), Authorization::Wait(until) if until > at(1)));
    assert!(store.is_current(id));
    arrive(&mut store, at(2), &answer("a", 1000));
    assert_eq!(token(&mut store, at(3)), ("a".into(), 1));
}

#[test]
fn renews_ahead_of_expiry_and_serves_the_old_token_meanwhile() {
    let mut store = TokenStore::default();
    fetch(&mut store, at(0));
    arrive(&mut store, at(0), &answer("a", 1000));
    assert_eq!(token(&mut store, at(939)).0, "a");
    let id = fetch(&mut store, at(940));
    assert_eq!(token(&mut store, at(941)).0, "a");
    assert!(store.is_current(id));
    assert!(matches!(store.authorize(at(969), TIMEOUT), Authorization::Token { .. }));
    arrive(&mut store, at(969), &answer("b", 300));
    assert_eq!(token(&mut store, at(969)), ("b".into(), 2));
    // A tenth of 300 s is less than a minute.
    assert_eq!(token(&mut store, at(969 + 269)).0, "b");
    fetch(&mut store, at(969 + 270));
}

#[test]
fn a_late_refusal_discards_nothing() {
    let mut store = TokenStore::default();
    fetch(&mut store, at(0));
    arrive(&mut store, at(0), &answer("a", 1000));
    store.invalidate(1);
    fetch(&mut store, at(1));
    arrive(&mut store, at(1), &answer("b", 1000));
    store.invalidate(1);
    assert_eq!(token(&mut store, at(2)).0, "b");
}

#[test]
fn a_dead_fetch_is_forgotten_after_its_timeout() {
    let mut store = TokenStore::default();
    let first = fetch(&mut store, at(100));
    assert!(matches!(store.authorize(at(129), TIMEOUT), Authorization::Wait(until) if until == at(130)));
    let second = fetch(&mut store, at(130));
    assert!(!store.is_current(first));
    store.abandon(first);
    assert!(store.is_current(second));
    store.abandon(second);
    assert!(!store.is_current(second));
}

#[test]
fn what_is_carried_out_is_given_up_by_nobody_but_who_carries_it() {
    let mut store = TokenStore::default();
    let id = fetch(&mut store, at(100));
    store.carry(id);
    let ended = store.ended();
    store.abandon(id);
    let later = at(1_000_000);
    assert!(matches!(store.authorize(later, TIMEOUT), Authorization::Wait(until) if until == at(1_000_060)));
    store.waited(ended, (2 * TIMEOUT).saturating_sub(Duration::from_millis(1)));
    store.waited(ended + 1, 2 * TIMEOUT);
    assert!(store.is_current(id) && store.ended() == ended);
    store.waited(ended, 2 * TIMEOUT);
    assert!(!store.is_current(id) && store.ended() == ended + 1);

    let id = fetch(&mut store, later);
    store.carry(id);
    store.give_up(id);
    assert!(!store.is_fetching());
}

#[test]
fn all_that_is_stored_steps_back_with_the_clock() {
    let mut store = TokenStore::holding(AccessToken::parse("a").unwrap(), Some(at(10_000)));
    let hour = Duration::from_secs(3600);
    store.step_back(hour);
    assert_eq!(store.current().unwrap().1, Some(at(6400)));
    let id = fetch(&mut store, at(6340));
    store.step_back(hour);
    assert!(matches!(store.authorize(at(2769), TIMEOUT), Authorization::Token { .. }));
    assert!(store.is_current(id));
    store.end(at(2769), id, refusal(Box::new(api_error(400, b""))));
    store.step_back(Duration::from_secs(1000));
    assert!(matches!(store.authorize(at(1828), TIMEOUT), Authorization::Refused(_)));
    let id = fetch(&mut store, at(1829));
    store.end(at(1829), id, Ended::Unavailable(AttemptError::Api(Box::new(api_error(503, b"")))));
    store.step_back(Duration::from_secs(1000));
    assert!(
        matches!(store.authorize(at(829), TIMEOUT), Authorization::Later { at: until, .. } if until <= at(860))
    );
}

#[test]
fn a_refusal_is_remembered_for_a_while() {
    let mut store = TokenStore::default();
    let id = fetch(&mut store, at(0));
    refuse(&mut store, at(0), id, api_error(401, b""));
    assert!(matches!(store.authorize(at(59), TIMEOUT), Authorization::Refused(_)));
    fetch(&mut store, at(60));
}

#[test]
fn what_is_spent_is_never_tried_again_and_a_new_token_clears_it() {
    let mut store = TokenStore::default();
    let id = fetch(&mut store, at(0));
    let body = br#"{"error":"invalid_grant","description":"the code was used"}"#;
    refuse(&mut store, at(1000), id, api_error(400, body));
    for now in [at(1), at(1001), at(1_000_000)] {
        assert!(matches!(store.authorize(now, TIMEOUT), Authorization::Refused(_)));
    }
    arrive(&mut store, at(2000), &answer("a", 1000));
    assert_eq!(token(&mut store, at(2000)).0, "a");
    fetch(&mut store, at(2990));
}

#[test]
fn the_old_token_serves_to_its_end_after_a_refused_renewal() {
    let mut store = TokenStore::holding(AccessToken::parse("a").unwrap(), Some(at(1000)));
    assert_eq!(token(&mut store, at(939)).0, "a");
    let id = fetch(&mut store, at(940));
    refuse(&mut store, at(941), id, api_error(400, b""));
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
    arrive(&mut store, at(0), &serde_json::from_str(r#"{"access_token":"a"}"#).unwrap());
    assert_eq!(token(&mut store, at(269)).0, "a");
    fetch(&mut store, at(270));
    assert_eq!(token(&mut store, at(299)).0, "a");
    assert_eq!(store.current().unwrap().1, None);
}

#[test]
fn a_failed_fetch_delays_the_next_one() {
    let mut store = TokenStore::default();
    let id = fetch(&mut store, at(0));
    let error = Box::new(api_error(503, b""));
    store.end(at(0), id, Ended::Unavailable(AttemptError::Api(error)));
    assert!(matches!(store.authorize(at(0), TIMEOUT), Authorization::Later { throttled: false, .. }));
    store.postpone(at(4));
    assert!(
        matches!(store.authorize(at(1), TIMEOUT), Authorization::Later { at: until, .. } if until == at(4))
    );
    fetch(&mut store, at(4));
}
