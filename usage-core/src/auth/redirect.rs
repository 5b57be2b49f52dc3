//! The redirect that ends a log-in.

use std::borrow::Cow;
use std::time::Duration;

use crate::auth::{AccessToken, AuthorizeError, LoginState, RedirectError};
use crate::secret::Secret;

/// The largest accepted redirect, in bytes.
const MAX_REDIRECT: usize = 64 * 1024;

/// The response of the login host to an authorization request, as the parameters of a redirect.
///
/// ```
/// use usage_core::auth::{LoginState, Redirect};
///
/// let state = LoginState::parse("0123456789abcdef")?;
/// let redirect = Redirect::parse("/callback?code=a-code&state=0123456789abcdef", &state)?;
/// assert!(matches!(redirect, Redirect::Code(code) if code.expose() == "a-code"));
/// assert!(Redirect::parse("/callback?code=a-code&state=another", &state).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Redirect {
    /// The parameter `code` of the query.
    Code(Secret<String>),
    /// The parameter `access_token` of the fragment, for the implicit grant.
    #[non_exhaustive]
    Token {
        /// The token.
        token: AccessToken,
        /// The lifetime of the token, if the login host states it.
        expires_in: Option<Duration>,
    },
}

impl Redirect {
    /// Parses a redirect in response to the log-in with `state`.
    ///
    /// `text` is the whole URL, as a user copies it from the address bar; its path and query, as a listener receives
    /// them; or only the query or the fragment, with or without the leading `?` or `#`. Values are percent-decoded
    /// once, and `+` is a space. Parameters of others than the login host are skipped.
    ///
    /// # Errors
    ///
    /// [`RedirectError`] if the redirect has another state, reports a refusal, lacks the code or token, or repeats a
    /// parameter of the login host.
    pub fn parse(text: &str, state: &LoginState) -> Result<Self, RedirectError> {
        let answer = Answer::read(text.trim())?;
        let state_matched = match &answer.state {
            Some(text) if state.matches(text) => true,
            Some(_) => return Err(RedirectError::StateMismatch),
            None => false,
        };
        if let Some(error) = answer.error {
            let description = answer.error_description.map(Into::into);
            let code = (&*error).into();
            return Err(RedirectError::Refused(AuthorizeError { code, description, state_matched }));
        }
        if !state_matched {
            return Err(RedirectError::StateMissing);
        }
        match (answer.code, answer.access_token) {
            (Some(code), None) => read_code(code),
            (None, Some(token)) => read_token(&token, answer.token_type, answer.expires_in),
            (None, None) => Err(RedirectError::Missing("code")),
            (Some(_), Some(_)) => {
                Err(RedirectError::Unusable { parameter: "access_token", problem: "comes with a code" })
            }
        }
    }
}

fn read_code(code: Cow<'_, str>) -> Result<Redirect, RedirectError> {
    if code.is_empty() || !code.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        let problem = "is empty or has a character that a code never has";
        return Err(RedirectError::Unusable { parameter: "code", problem });
    }
    Ok(Redirect::Code(Secret::new(code.into_owned())))
}

fn read_token(
    token: &str,
    kind: Option<Cow<'_, str>>,
    expires_in: Option<Cow<'_, str>>,
) -> Result<Redirect, RedirectError> {
    let unusable = |parameter, problem| RedirectError::Unusable { parameter, problem };
    if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(unusable("token_type", "is not bearer"));
    }
    let expires_in = match expires_in {
        Some(text) => {
            Some(text.trim().parse().map_err(|_| unusable("expires_in", "is no number of seconds"))?)
        }
        None => None,
    };
    let token = AccessToken::parse(token)
        .map_err(|_| unusable("access_token", "is empty or does not fit into a header"))?;
    Ok(Redirect::Token { token, expires_in: expires_in.map(Duration::from_secs) })
}

/// The login host's parameters of a redirect.
#[derive(Default)]
struct Answer<'a> {
    state: Option<Cow<'a, str>>,
    code: Option<Cow<'a, str>>,
    error: Option<Cow<'a, str>>,
    error_description: Option<Cow<'a, str>>,
    access_token: Option<Cow<'a, str>>,
    token_type: Option<Cow<'a, str>>,
    expires_in: Option<Cow<'a, str>>,
}

impl<'a> Answer<'a> {
    fn read(text: &'a str) -> Result<Self, RedirectError> {
        if text.len() > MAX_REDIRECT {
            return Err(RedirectError::TooLong);
        }
        let mut answer = Self::default();
        let mut found = false;
        let (query, fragment) = query_and_fragment(text);
        for (name, value) in [query, fragment].into_iter().flat_map(|p| form_urlencoded::parse(p.as_bytes()))
        {
            let (name, place) = match &*name {
                "state" => ("state", &mut answer.state),
                "code" => ("code", &mut answer.code),
                "error" => ("error", &mut answer.error),
                "error_description" => ("error_description", &mut answer.error_description),
                "access_token" => ("access_token", &mut answer.access_token),
                "token_type" => ("token_type", &mut answer.token_type),
                "expires_in" => ("expires_in", &mut answer.expires_in),
                _ => continue,
            };
            if place.replace(value).is_some() {
                return Err(RedirectError::Duplicate(name));
            }
            found = true;
        }
        if found { Ok(answer) } else { Err(RedirectError::NoAnswer) }
    }
}

/// Returns query and fragment of a URL, of a path and query, of a query or of a fragment.
fn query_and_fragment(text: &str) -> (&str, &str) {
    let (before, fragment) = text.split_once('#').unwrap_or((text, ""));
    let first_name = before.split(['=', '&']).next().unwrap_or_default();
    let is_bare = before.contains('=')
        && first_name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    let query = if is_bare { before } else { before.split_once('?').map_or("", |(_, query)| query) };
    (query, fragment)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::auth::AuthorizeErrorCode;

    const STATE: &str = "0123456789abcdef";

    fn parse(text: &str) -> Result<Redirect, RedirectError> {
        Redirect::parse(text, &LoginState::parse(STATE).unwrap())
    }

    fn code(text: &str) -> String {
        match parse(text) {
            Ok(Redirect::Code(code)) => code.expose().clone(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn codes_come_in_whole_urls_and_in_parts() {
        let query = format!("code=a%2Bb+c%3D&state={STATE}&session_state=x&x=1&x=2");
        for text in [
            format!("https://app.example/cb?{query}"),
            format!(" http://localhost:8085/?{query}\n"),
            format!("http://localhost:8085?{query}#_=_"),
            format!("com.example.app://cb?app=1&{query}"),
            format!("/cb?{query}"),
            format!("?{query}"),
            format!("#{query}"),
            query,
        ] {
            assert_eq!(code(&text), "a+b c=");
        }
        assert_eq!(code(&format!("state={STATE}&code=http://a?b")), "http://a?b");
    }

    #[test]
    fn tokens_come_in_the_fragment() {
        let fragment = format!("access_token=hunter2&expires_in=86399&token_type=Bearer&state={STATE}");
        for text in [format!("http://localhost/cb?app=1#{fragment}"), format!("#{fragment}"), fragment] {
            let Ok(Redirect::Token { token, expires_in }) = parse(&text) else { panic!("{text}") };
            assert_eq!((token.expose(), expires_in), ("hunter2", Some(Duration::from_secs(86_399))));
        }
        let without = parse(&format!("#access_token=t&state={STATE}")).unwrap();
        assert!(matches!(without, Redirect::Token { expires_in: None, .. }));
    }

    #[test]
    fn what_is_wrong_is_named_and_not_shown() {
        use RedirectError as E;
        let unusable = |text: &str| match parse(text) {
            Err(E::Unusable { parameter, .. }) => parameter,
            other => panic!("{text}: {other:?}"),
        };
        for text in ["", "/", "/favicon.ico", "http://localhost/?x=1", "=", "hunter2"] {
            assert_eq!(parse(text).unwrap_err(), E::NoAnswer, "{text}");
        }
        assert_eq!(parse("?code=hunter2").unwrap_err(), E::StateMissing);
        assert_eq!(parse("?code=hunter2&state=").unwrap_err(), E::StateMismatch);
        assert_eq!(parse("?code=hunter2&state=0123456789abcdeF").unwrap_err(), E::StateMismatch);
        assert_eq!(parse(&format!("?state={STATE}")).unwrap_err(), E::Missing("code"));
        assert_eq!(parse(&format!("?code=a&state={STATE}&code=a")).unwrap_err(), E::Duplicate("code"));
        assert_eq!(parse(&format!("?code=a&state={STATE}#state=x")).unwrap_err(), E::Duplicate("state"));
        assert_eq!(parse(&"x".repeat(MAX_REDIRECT + 1)).unwrap_err(), E::TooLong);
        for (parameters, wrong) in [
            ("code=", "code"),
            ("code=hunter2%0A", "code"),
            ("code=%FFhunter2", "code"),
            ("code=hunter2&access_token=hunter2", "access_token"),
            ("access_token=", "access_token"),
            ("access_token=hunter2+x", "access_token"),
            ("access_token=hunter2&token_type=mac", "token_type"),
            ("access_token=hunter2&expires_in=-1", "expires_in"),
        ] {
            let text = format!("{parameters}&state={STATE}");
            assert_eq!(unusable(&text), wrong);
            let error = parse(&text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }

    #[test]
    fn the_hosts_refusals_are_typed() {
        let refused = |text: &str| match parse(text) {
            Err(RedirectError::Refused(error)) => error,
            other => panic!("{text}: {other:?}"),
        };
        let error =
            refused(&format!("?error=access_denied&error_description=no+%0Away&state={STATE}&code=hunter2"));
        assert_eq!(error.code, AuthorizeErrorCode::AccessDenied);
        assert!(error.state_matched);
        assert_eq!(error.to_string(), "the login host refused (access_denied): no  way");
        let error = refused("http://localhost/#error=org.not.approved");
        assert_eq!(error.code, AuthorizeErrorCode::Unknown("org.not.approved".into()));
        assert!(!error.state_matched && error.description.is_none());
        // The error of another log-in is not ours.
        assert_eq!(parse("?error=access_denied&state=x").unwrap_err(), RedirectError::StateMismatch);
    }

    #[test]
    fn redirects_do_not_print_their_secrets() {
        for text in ["code=hunter2", "access_token=hunter2"] {
            let redirect = parse(&format!("{text}&state={STATE}")).unwrap();
            assert!(!format!("{redirect:?}").contains("hunter2"));
        }
    }

    #[test]
    fn a_redirect_has_a_longest() {
        let of_length = |length: usize| {
            let start = format!("?state={STATE}&code=");
            parse(&format!("{start}{}", "c".repeat(length - start.len())))
        };
        assert!(of_length(64 * 1024).is_ok());
        assert!(matches!(of_length(64 * 1024 + 1), Err(RedirectError::TooLong)));
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,200}", parameters in "[a-z_=&?#%0-9/:]{0,100}") {
            let _ = parse(&text);
            let _ = parse(&parameters);
            let _ = parse(&format!("?code=x&{parameters}&state={STATE}"));
        }

        #[test]
        fn never_accepts_another_state(state in "\\PC{0,40}", code in "\\PC{1,20}") {
            prop_assume!(state != STATE);
            let text = form_urlencoded::Serializer::new(String::new())
                .append_pair("code", &code)
                .append_pair("state", &state)
                .finish();
            prop_assert_eq!(parse(&text).unwrap_err(), RedirectError::StateMismatch);
            let text = format!("https://a.example/cb?{text}&x=1");
            prop_assert_eq!(parse(&text).unwrap_err(), RedirectError::StateMismatch);
        }

        #[test]
        fn codes_come_back_whatever_they_are(text in "[ -~]{1,60}") {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("state", STATE)
                .append_pair("code", &text)
                .finish();
            prop_assert_eq!(code(&format!("/cb?{query}")), text);
        }
    }
}
