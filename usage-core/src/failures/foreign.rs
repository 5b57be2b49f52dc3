//! Responses that do not come from the service: pages of gateways, proxies and portals.

use std::fmt;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};

use crate::failures::excerpt;
use crate::secret::REDACTED;

/// The number of bytes of a body that are searched for words.
pub(crate) const BEGINNING: usize = 4096;

/// The number of characters of text that are shown.
const WORDS: usize = 120;

/// The length of the longest shown word in characters. Tokens are longer.
const MAX_WORD: usize = 20;

/// A response that does not look like the service's: a page of a proxy, a captive portal or a load balancer.
///
/// `Display` writes the status, the content type and the first words: `200 OK with text/html: Sign in to the network`.
///
/// ```
/// use http::{HeaderMap, StatusCode};
/// use usage_core::error::ApiError;
///
/// let page = b"<html><title>Sign in</title><h1>Guest network</h1></html>";
/// let error = ApiError::from_response(StatusCode::FORBIDDEN, &HeaderMap::new(), page);
/// assert_eq!(&*error.foreign().unwrap().words, "Sign in Guest network");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForeignAnswer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The content type without its parameters, if the response has one.
    pub content_type: Option<Box<str>>,
    /// The first printable words of the body on one line, without markup; empty if there are none. In a response to a
    /// token request, anything that may be a token is replaced by `[redacted]`.
    pub words: Box<str>,
}

impl ForeignAnswer {
    pub(crate) fn new(status: StatusCode, content_type: Option<&HeaderValue>, body: &[u8]) -> Self {
        let content_type = content_type.and_then(name_of);
        Self { status, content_type, words: words(body).into() }
    }

    /// Hides everything that may be a token, for a response to a token request that is not JSON.
    ///
    /// Of an HTML page, only long words are hidden; of any other text, everything but plain words. That is enough to
    /// recognize the page of a captive portal.
    pub(crate) fn without_token(self) -> Self {
        let is_page = self.content_type.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("text/html"));
        let is_shown = |word: &str| {
            let is_plain =
                || word.trim_matches(|c: char| c.is_ascii_punctuation()).chars().all(char::is_alphabetic);
            word.chars().count() <= MAX_WORD && (is_page || is_plain())
        };
        // Text in two bytes a character reads as single letters.
        let letters: String = self.words.split(' ').collect();
        let words = if letters.contains("access_token") || letters.contains("refresh_token") {
            REDACTED.into()
        } else {
            let shown = self.words.split(' ').map(|word| if is_shown(word) { word } else { REDACTED });
            shown.collect::<Vec<_>>().join(" ")
        };
        Self { words: words.into(), ..self }
    }
}

impl fmt::Display for ForeignAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with ", self.status)?;
        match (&self.content_type, &*self.words) {
            (Some(content_type), "") => write!(f, "{content_type} but no text"),
            (None, "") => f.write_str("no text"),
            (Some(content_type), words) => write!(f, "{content_type}: {words}"),
            (None, words) => write!(f, "a body of no type: {words}"),
        }
    }
}

/// Returns the content type in `headers` without its parameters.
pub(crate) fn content_type(headers: &HeaderMap) -> Option<Box<str>> {
    headers.get(CONTENT_TYPE).and_then(name_of)
}

fn name_of(content_type: &HeaderValue) -> Option<Box<str>> {
    let text = String::from_utf8_lossy(content_type.as_bytes());
    let name = text.split(';').next().unwrap_or_default().trim();
    (!name.is_empty()).then(|| excerpt(name, 60).into())
}

/// Returns the first words of `body`, without markup, scripts and styles.
pub(crate) fn words(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(BEGINNING)]);
    let mut words = String::new();
    let mut rest = &*text;
    while let Some((before, markup)) = rest.split_once('<') {
        push_words(&mut words, before);
        rest = behind(markup);
    }
    push_words(&mut words, rest);
    excerpt(&words, WORDS)
}

/// Returns the text after the element or comment at the start of `markup`.
fn behind(markup: &str) -> &str {
    let ends = |end: &str| markup.split_once(end).map_or("", |(_, rest)| rest);
    let is = |name: &str| markup.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    if is("!--") {
        return ends("-->");
    }
    for name in ["script", "style"] {
        if is(name) {
            let lower = markup.to_ascii_lowercase();
            // Lower-casing ASCII letters preserves lengths, so positions are valid in both texts.
            let end = lower.find(&format!("</{name}")).and_then(|at| markup.get(at..));
            return end.and_then(|end| end.split_once('>')).map_or("", |(_, rest)| rest);
        }
    }
    let is_markup = markup.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
    // Otherwise it is a literal `<`.
    if is_markup { ends(">") } else { markup }
}

fn push_words(to: &mut String, text: &str) {
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !to.is_empty() {
            to.push(' ');
        }
        to.push_str(word);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_page_is_known_by_its_first_words() {
        for (body, wanted) in [
            (
                "<html><head><title>Sign in</title></head><body><h1>Guest  network</h1>",
                "Sign in Guest network",
            ),
            (
                "<!DOCTYPE html>\n<!-- <b>no</b> -->\n<style>h1 {}</style><SCRIPT>if (1 < 2) {}</SCRIPT>\n<p>Yes</p>",
                "Yes",
            ),
            ("<h1>Bad \x1b[31mGateway</h1>", "Bad [31mGateway"),
            ("upstream connect error", "upstream connect error"),
            ("1 < 2 and so on", "1 2 and so on"),
            ("<script>never ends", ""),
            ("<p", ""),
            ("", ""),
            ("\u{feff}  ", "\u{feff}"),
        ] {
            assert_eq!(words(body.as_bytes()), wanted, "{body}");
        }
        assert!(words(&vec![b'x'; 100_000]).chars().count() <= WORDS + 1);
    }

    #[test]
    fn it_says_status_type_and_words() {
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        for (content_type, body, wanted) in [
            (Some(&html), "<h1>Sign in</h1>", "200 OK with text/html: Sign in"),
            (Some(&html), "", "200 OK with text/html but no text"),
            (None, "", "200 OK with no text"),
            (None, "Sign in", "200 OK with a body of no type: Sign in"),
        ] {
            assert_eq!(ForeignAnswer::new(StatusCode::OK, content_type, body.as_bytes()).to_string(), wanted);
        }
    }

    #[test]
    fn what_may_be_a_token_is_hidden() {
        let (html, plain) =
            (HeaderValue::from_static("Text/HTML; x=1"), HeaderValue::from_static("text/plain"));
        for (content_type, body, wanted) in [
            (Some(&html), "<h1>Sign in to Net 5</h1>", "Sign in to Net 5"),
            (Some(&html), "<p>eyJhbGciOiJIUzI1NiIsInR5c</p>", "[redacted]"),
            (Some(&html), "\u{feff}{\"access_token\": \"hunter2\"}", "[redacted]"),
            (Some(&plain), "Blocked by policy (see IT).", "Blocked by policy (see IT)."),
            (Some(&plain), "hunter2", "[redacted]"),
            (Some(&plain), "your token: hunter2", "your token: [redacted]"),
            (Some(&plain), "access_token=hunter&token_type=bearer", "[redacted]"),
            (
                Some(&plain),
                "{\0\"\0a\0c\0c\0e\0s\0s\0_\0t\0o\0k\0e\0n\0\"\0:\0\"\0h\0u\0n\0t\0e\0r\0",
                "[redacted]",
            ),
            (Some(&plain), "zdfgjklmnbvcxyasdfghj", "[redacted]"),
            (None, "<html>hunter2</html>", "[redacted]"),
            (None, "", ""),
        ] {
            let answer = ForeignAnswer::new(StatusCode::OK, content_type, body.as_bytes()).without_token();
            assert_eq!(&*answer.words, wanted, "{body}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_have_printable_words(body in prop::collection::vec(any::<u8>(), 0..300), text in "[<>a-z!/ \\-é]{0,80}") {
            for body in [&body[..], text.as_bytes()] {
                let words = words(body);
                prop_assert!(!words.contains(char::is_control) && words.chars().count() <= WORDS + 1);
            }
        }
    }
}
