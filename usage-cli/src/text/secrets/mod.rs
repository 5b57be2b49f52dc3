//! The secrets that this process has read, so that none of them is printed.
//!
//! A server may repeat a token or a secret in an error, encoded or cut off; whatever the program says to people goes
//! through [`redacted`].

mod layers;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use usage_core::{REDACTED, Secret, Session};

use self::layers::layers;

/// Shorter ones are words that occur by themselves.
const MIN_LENGTH: usize = 6;

/// Shorter ones stay in rows, whose texts are names.
const MIN_CELL_LENGTH: usize = 16;

/// The length of the beginning of a long secret, which is redacted wherever it occurs, because messages are truncated.
const HEAD: usize = 12;

/// The characters that a URL's encoding leaves unchanged (RFC 3986).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Each secret in all its forms.
static KNOWN: Mutex<Vec<Vec<Secret<String>>>> = Mutex::new(Vec::new());

/// Registers `secret`.
pub(crate) fn know(secret: &str) {
    let mut known = known();
    let is_known = || known.iter().any(|forms| forms.first().is_some_and(|form| form.expose() == secret));
    if secret.len() >= MIN_LENGTH && !is_known() {
        known.push(forms(secret));
    }
}

/// Registers a client's secret, and the pair as basic authentication sends it.
pub(crate) fn know_client(id: &str, secret: &str) {
    know(secret);
    if secret.len() >= MIN_LENGTH {
        let encode = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
        know(&STANDARD.encode(format!("{id}:{secret}")));
        know(&STANDARD.encode(format!("{}:{}", encode(id), encode(secret))));
    }
}

/// Registers the tokens of `session`.
pub(crate) fn know_session(session: &Session) {
    if let Some(token) = session.access_token() {
        know(token.expose());
    }
    if let Some(token) = session.refresh_token() {
        know(token.expose());
    }
}

/// `text` of a row without any known secret; `None` if none is in it. Short secrets may be in it by themselves.
pub(crate) fn redacted_cell(text: &str) -> Option<String> {
    let is_repeated = |secret: &Secret<String>| {
        secret.expose().len() >= MIN_CELL_LENGTH && text.contains(secret.expose().as_str())
    };
    let is_repeated = known().iter().filter_map(|forms| forms.first()).any(is_repeated);
    is_repeated.then(|| redacted(text).into_owned())
}

/// `text` without any known secret.
pub(crate) fn redacted(text: &str) -> Cow<'_, str> {
    let known = known();
    let layers = layers(text);
    let mut found: Vec<Range<usize>> = Vec::new();
    for form in known.iter().flatten() {
        found.extend(layers.iter().flat_map(|layer| layer.places(form.expose().as_bytes(), HEAD)));
    }
    drop(known);
    if found.is_empty() {
        return text.into();
    }
    found.sort_by_key(|place| (place.start, place.end));
    let (mut shown, mut end) = (String::new(), 0);
    for place in found {
        // Places may overlap: forms begin alike.
        if place.start >= end {
            shown.push_str(text.get(end..place.start).unwrap_or_default());
            shown.push_str(REDACTED);
        }
        // A place may end within a character.
        end = (end.max(place.end)..text.len()).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len());
    }
    shown.push_str(text.get(end..).unwrap_or_default());
    shown.into()
}

fn known() -> MutexGuard<'static, Vec<Vec<Secret<String>>>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `secret`, and what it becomes in a URL, a form, JSON, HTML and base64.
fn forms(secret: &str) -> Vec<Secret<String>> {
    let json = serde_json::to_string(secret).unwrap_or_default();
    let json = json.trim_start_matches('"').strip_suffix('"').unwrap_or_default().to_owned();
    let percent = utf8_percent_encode(secret, RESERVED).to_string();
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let mut forms = vec![secret.to_owned()];
    let others = [
        json.replace('/', "\\/"),
        json,
        lower_case_escapes(&percent),
        percent,
        each_byte(secret, |byte| format!("%{byte:02X}")),
        form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        html,
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
        each_byte(secret, |byte| format!("{byte:02x}")),
    ];
    let within = within_base64(secret);
    let within_urls = within.clone().map(|form| form.replace('+', "-").replace('/', "_"));
    for form in others.into_iter().chain(within).chain(within_urls) {
        if form.len() >= MIN_LENGTH && !forms.contains(&form) {
            forms.push(form);
        }
    }
    forms.into_iter().map(Secret::new).collect()
}

fn each_byte(secret: &str, form: fn(u8) -> String) -> String {
    secret.bytes().map(form).collect()
}

/// Percent-encoding with small letters.
fn lower_case_escapes(percent: &str) -> String {
    let mut parts = percent.split('%');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (escape, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        text.push('%');
        text.push_str(&escape.to_ascii_lowercase());
        text.push_str(rest);
    }
    text
}

/// The characters of the base64 of a longer text that `secret` alone determines, for each place that it may have in it.
fn within_base64(secret: &str) -> [String; 3] {
    [0, 1, 2].map(|before| {
        let text = [&[0; 2][..before], secret.as_bytes()].concat();
        let encoded = STANDARD_NO_PAD.encode(&text);
        // Six bits a character.
        encoded.get((before * 8).div_ceil(6)..text.len() * 8 / 6).unwrap_or_default().to_owned()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_secret_is_redacted_in_every_form() {
        let secret = "p/w+\"x\"&<y> zz-é_99";
        know_client("a client", secret);
        let (percent, basic) = (
            utf8_percent_encode(secret, RESERVED).to_string(),
            STANDARD.encode(format!("a client:{secret}")),
        );
        for form in [
            secret.to_owned(),
            serde_json::to_string(secret).unwrap(),
            serde_json::to_string(secret).unwrap().replace('/', "\\/"),
            lower_case_escapes(&percent),
            percent,
            form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
            STANDARD.encode(secret),
            URL_SAFE_NO_PAD.encode(secret),
            basic,
        ] {
            let said = format!("the server said <{form}> and <{form}>");
            let shown = redacted(&said);
            assert_eq!(shown.matches(REDACTED).count(), 2, "{shown}");
            assert!(!shown.contains(&form[3..8]), "{shown}");
        }
    }

    #[test]
    fn of_a_long_secret_its_beginning_is_enough() {
        know("0123456789-a-long-token");
        for end in 12..23 {
            let text = format!("Bearer {}…", &"0123456789-a-long-token"[..end]);
            assert_eq!(redacted(&text), format!("Bearer {REDACTED}…"));
        }
        assert_eq!(redacted("0123456789"), "0123456789");
        // A text that would redact every other word does not count as a secret.
        know("a");
        assert_eq!(redacted("a word"), "a word");
    }

    #[test]
    fn a_secret_is_found_below_every_layer() {
        let secret = "qW3'é<&>long/secret+val==\"\\7";
        know(secret);
        let percent = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
        let json = |text: &str| serde_json::to_string(text).unwrap();
        let html = |text: &str| {
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            text.replace('"', "&#34;").replace('\'', "&#x27;")
        };
        let units = |form: fn(u32) -> String| secret.chars().map(|c| form(c.into())).collect::<String>();
        for form in [
            percent(&percent(secret)),
            percent(&percent(&percent(secret))),
            html(secret),
            html(&html(secret)),
            json(&json(secret)),
            json(&html(secret)),
            html(&json(secret)),
            percent(&html(secret)),
            units(|c| format!("\\u{c:04X}")),
            units(|c| format!("\\u{{{c:x}}}")),
            units(|c| format!("&#{c};")),
            units(|c| format!("&#X{c:X};")),
            each_byte(secret, |byte| format!("\\x{byte:02x}")),
            each_byte(secret, |byte| format!("{byte:02X}")),
            secret.to_ascii_uppercase(),
            STANDARD.encode(format!("x{secret}y")),
            STANDARD.encode(format!("xy{secret}yz")),
            URL_SAFE_NO_PAD.encode(format!("Bearer {secret}")),
        ] {
            let shown = redacted(&form);
            assert!(shown.contains(REDACTED), "{form}: {shown}");
            // What is left are the encoding's quotation marks and what stood around the secret.
            let left = shown.replace(REDACTED, "");
            assert!(left.len() <= 14, "{form}: {shown}");
        }
        for text in ["100%", "%zz", "&amp", "\\u12", "\\u{}", "\\ud800\\u0041", "&#xD800;", "é%C3", "\\"] {
            assert_eq!(redacted(text), text);
        }
    }

    #[test]
    fn a_row_loses_tokens_and_keeps_names() {
        know("a-token-of-some-length");
        know("nightly");
        assert_eq!(redacted_cell("Bearer a-token-of-some-length!").unwrap(), format!("Bearer {REDACTED}!"));
        assert_eq!(redacted_cell("nightly export"), None);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[%&\\\\#xu{};0-9a-fé]{0,40}") {
            know("another-secret-of-length");
            prop_assert_eq!(&*redacted(&text), &*text);
        }

        #[test]
        fn nothing_of_a_secret_is_left_and_all_else_stays(
            secret in "[!-~]{16,40}", before in "[ -~é]{0,20}", after in "[ -~é]{0,20}"
        ) {
            prop_assume!(!before.contains(&secret[..1]) && !after.contains(&secret[..1]));
            know(&secret);
            let text = format!("{before} {secret} {after}");
            let shown = redacted(&text);
            prop_assert!(!shown.contains(&secret), "{}", shown);
            prop_assert!(shown.contains(REDACTED));
        }
    }
}
