//! A lenient parser for token responses: each member is read as far as it can be understood.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, json};

use crate::secret::Secret;

/// The members of a token response or of the login host's error document. `L` parses `expires_in`.
pub(super) struct TokenDocument<L> {
    pub(super) access_token: Option<Secret<String>>,
    pub(super) token_type: Option<String>,
    pub(super) life: L,
    pub(super) refresh_token: Option<Secret<String>>,
    error: [Option<String>; 5],
}

/// The members of an error document.
const ERROR: [&str; 5] = ["error", "description", "error_description", "message", "code"];

/// The lifetime of a token in seconds, if it can be parsed.
#[derive(Default)]
pub(super) struct Life(pub(super) Option<u64>);

impl TokenDocument<IgnoredAny> {
    pub(super) fn without_life(self) -> TokenDocument<Life> {
        let Self { access_token, token_type, refresh_token, error, life: _ } = self;
        TokenDocument { access_token, token_type, life: Life::default(), refresh_token, error }
    }
}

impl<L> TokenDocument<L> {
    /// Returns the members of the error document, if this is one. All other members may be secret and are left out.
    pub(super) fn error_json(&self) -> Option<String> {
        let [error, description, error_description, message, code] = &self.error;
        if error.is_some() {
            let document = json!({ERROR[0]: error, ERROR[1]: description, ERROR[2]: error_description});
            Some(document.to_string())
        } else {
            (message.is_some() && code.is_some())
                .then(|| json!({ERROR[3]: message, ERROR[4]: code}).to_string())
        }
    }
}

impl<L> TokenDocument<L> {
    /// Reads the member `error`: a code as in RFC 6749, or an object with a code and a message.
    fn take_error(&mut self, error: Loose) {
        match error {
            Loose::Text(text) => self.error[0] = Some(text),
            Loose::Object { code: Some(code), message } => {
                self.error[0] = Some(code);
                self.error[1] = self.error[1].take().or(message);
            }
            Loose::Object { code: None, message } => self.error[0] = message,
            Loose::Number(_) | Loose::Other => {}
        }
    }
}

impl<'de, L: Deserialize<'de> + Default> Deserialize<'de> for TokenDocument<L> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData))
    }
}

struct Members<L>(PhantomData<L>);

impl<'de, L: Deserialize<'de> + Default> Visitor<'de> for Members<L> {
    type Value = TokenDocument<L>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with an access token")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut document = TokenDocument {
            access_token: None,
            token_type: None,
            life: L::default(),
            refresh_token: None,
            error: Default::default(),
        };
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            match &*name {
                "access_token" => {
                    if document.access_token.is_some() {
                        return Err(A::Error::duplicate_field("access_token"));
                    }
                    document.access_token = map.next_value::<Option<String>>()?.map(Secret::new);
                }
                "token_type" => document.token_type = map.next_value::<Loose>()?.into_text(),
                "expires_in" => document.life = map.next_value()?,
                "refresh_token" => {
                    document.refresh_token = map.next_value::<Loose>()?.into_text().map(Secret::new);
                }
                "error" => document.take_error(map.next_value()?),
                name => match ERROR.iter().position(|member| *member == name) {
                    Some(place) => document.error[place] = map.next_value::<Loose>()?.into_string(),
                    None => drop(map.next_value::<IgnoredAny>()?),
                },
            }
        }
        Ok(document)
    }
}

impl<'de> Deserialize<'de> for Life {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = match Loose::deserialize(deserializer)? {
            Loose::Text(text) => text.trim().parse().ok(),
            Loose::Number(number) => number.as_f64(),
            Loose::Object { .. } | Loose::Other => None,
        };
        // The cast saturates.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole seconds, not below zero"
        )]
        let whole = |seconds: f64| seconds as u64;
        Ok(Self(seconds.filter(|seconds: &f64| seconds.is_finite() && *seconds >= 0.0).map(whole)))
    }
}

/// Any JSON value. It keeps strings, numbers, and the code and message of an object.
enum Loose {
    Text(String),
    Number(Number),
    Object { code: Option<String>, message: Option<String> },
    Other,
}

impl Loose {
    fn into_string(self) -> Option<String> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    fn into_text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(number.to_string()),
            Self::Object { .. } | Self::Other => None,
        }
    }
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Loose;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Loose, E> {
        Ok(Loose::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Loose, E> {
        Ok(Loose::Text(text))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Loose, E> {
        Ok(Loose::Number(number.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Loose, E> {
        Ok(Loose::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Loose, E> {
        Ok(Number::from_f64(number).map_or(Loose::Other, Loose::Number))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Loose, E> {
        Ok(Loose::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Loose, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
        let (mut code, mut message) = (None, None);
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            match &*name {
                "code" => code = map.next_value::<Loose>()?.into_string(),
                "message" => message = map.next_value::<Loose>()?.into_string(),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Loose::Object { code, message })
    }
}
