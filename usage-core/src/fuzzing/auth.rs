//! The fuzz targets of [`auth`](crate::auth).

use http::Response;

use crate::auth::{AccessToken, Grant, LoginState, OAuthClient, Redirect, TokenResponse};
use crate::decode::{JsonDecoder, ResponseDecoder};
use crate::failures::DecodeError;
use crate::{Region, Secret, Session, Timestamp};

const STATE: &str = "0123456789abcdef";
const OTHER: &str = "fedcba9876543210";
const NOW: Timestamp = Timestamp::from_unix_millis(1_782_864_000_000);

/// A redirect is accepted only with its own state, and what it holds does not print.
pub fn authorize_redirect(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (Ok(state), Ok(other)) = (LoginState::parse(STATE), LoginState::parse(OTHER)) else { return };
    for text in [
        text.to_string(),
        format!("?{text}&state={STATE}"),
        format!("http://localhost/cb?state={STATE}&code={text}"),
        format!("#access_token={text}&state={STATE}"),
    ] {
        let result = Redirect::parse(&text, &state);
        if let Ok(redirect) = &result {
            assert!(Redirect::parse(&text, &other).is_err(), "a redirect with two states");
            assert_eq!(
                format!("{redirect:?}"),
                format!("{:?}", with_another_secret(redirect)),
                "it prints its secret"
            );
        } else if let Err(error) = &result {
            let printed = error.to_string();
            assert!(printed.chars().count() < 600 && !printed.contains(char::is_control), "{printed}");
        }
    }
}

/// A token answer gives the same whole and cut anywhere, is used or refused, and does not print.
pub fn token_response(data: &[u8]) {
    let whole = decode([data]);
    let bytes = decode(data.chunks(1));
    assert_eq!(whole.as_ref().err(), bytes.as_ref().err(), "cutting it changed it");
    match (&whole, TokenResponse::from_response(&Response::new(data))) {
        (Ok(answer), Err(_)) => assert_eq!(answer.access_token.expose().trim(), "", "a token is lost"),
        // A lifetime that cannot be read loses no token.
        (Err(_), Ok(answer)) => assert_eq!(answer.expires_in, None, "more than the lifetime is passed over"),
        (Ok(answer), Ok(same)) => assert_eq!(answer.expires_in, same.expires_in),
        (Err(_), Err(_)) => {}
    }
    let (Ok(answer), Ok(client)) = (whole, OAuthClient::public("id")) else { return };
    let Ok(grant) = Grant::refresh_token(client, Secret::new("old".to_owned())) else { return };
    let mut session = Session::new(&Region::default(), grant);
    let before = session.clone();
    if session.token_arrived(NOW, &answer).is_ok() {
        let token = session.access_token().map(|token| token.expose().to_owned());
        assert_eq!(token.as_deref(), Some(answer.access_token.expose().trim()));
        assert!(session.access_token_expires_at().is_none_or(|at| at >= NOW));
    }
    assert!(
        session.refresh_token().is_some_and(|token| !token.expose().is_empty()),
        "nothing renews any more"
    );
    let mut other = answer.clone();
    other.access_token = another_secret();
    other.refresh_token = other.refresh_token.map(|_| another_secret());
    assert_eq!(format!("{answer:?}"), format!("{other:?}"), "an answer prints its secret");
    let mut twin = before;
    if twin.token_arrived(NOW, &other).is_ok() && session.access_token().is_some() {
        assert_eq!(format!("{session:?}"), format!("{twin:?}"), "a session prints its secret");
    }
}

/// What differs from `redirect` in its secret alone.
fn with_another_secret(redirect: &Redirect) -> Redirect {
    match redirect {
        Redirect::Code(_) => Redirect::Code(another_secret()),
        Redirect::Token { token, expires_in } => Redirect::Token {
            token: AccessToken::parse(another_secret().expose()).unwrap_or(token.clone()),
            expires_in: *expires_in,
        },
    }
}

fn another_secret() -> Secret<String> {
    Secret::new("another".to_owned())
}

fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Result<TokenResponse, DecodeError> {
    let mut decoder = JsonDecoder::default();
    for chunk in chunks {
        decoder.push(chunk)?;
    }
    decoder.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_unreadable_lifetime_and_a_refusal_without_a_token() {
        token_response(br#"{"access_token":"t","expires_in":1e999}"#);
        token_response(b"{\"access_token\":\"t\",\"expires_in\":\"\xff\"}");
        token_response(br#"{"access_token":" ","error":"invalid_client"}"#);
    }

    proptest! {
        #[test]
        fn any_bytes(data in prop::collection::vec(any::<u8>(), 0..200)) {
            authorize_redirect(&data);
            token_response(&data);
        }

        #[test]
        fn likely_texts(
            redirect in "(code|state|error|access_token|expires_in|[a-z]{1,3}|[=&?#%:/+0-9]|0123456789abcdef){0,30}",
            answer in r#"\{"access_token":"[ -!#-\[\]-~]{0,30}"(,"(expires_in":[0-9]{1,20}|token_type":"(bearer|x)"|refresh_token":("[a-z]{0,30}"|null|7))){0,3}\}"#,
        ) {
            authorize_redirect(redirect.as_bytes());
            token_response(answer.as_bytes());
        }
    }
}
