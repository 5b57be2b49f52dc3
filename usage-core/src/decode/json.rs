//! Decoders of small JSON documents, by `serde_json`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use crate::decode::ResponseDecoder;
use crate::failures::DecodeError;

/// The maximum size of a small document, in bytes: a submission, a token, definitions.
pub const MAX_JSON_BODY: usize = 1024 * 1024;

/// Decodes a small JSON document of at most [`MAX_JSON_BODY`] bytes, as a whole.
///
/// ```
/// use usage_core::decode::{JsonDecoder, ResponseDecoder};
/// use usage_core::model::Submission;
///
/// let mut decoder = JsonDecoder::<Submission>::default();
/// decoder.push(br#"{"executionId":"#)?;
/// decoder.push(br#""9f32b7cf"}"#)?;
/// assert_eq!(decoder.finish()?.execution_id.as_deref(), Some("9f32b7cf"));
/// # Ok::<(), usage_core::error::DecodeError>(())
/// ```
pub struct JsonDecoder<T> {
    body: BoundedBody<MAX_JSON_BODY>,
    document: PhantomData<fn() -> T>,
}

impl<T> Default for JsonDecoder<T> {
    fn default() -> Self {
        Self { body: BoundedBody::default(), document: PhantomData }
    }
}

impl<T> JsonDecoder<T> {
    /// The body as it arrived.
    pub(crate) fn into_body(self) -> zeroize::Zeroizing<Vec<u8>> {
        self.body.0
    }
}

impl<T> fmt::Debug for JsonDecoder<T> {
    /// Omits the body, which may hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JsonDecoder").finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned + Send> ResponseDecoder for JsonDecoder<T> {
    type Output = T;

    fn push(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        self.body.push(chunk)
    }

    fn finish(self) -> Result<T, DecodeError> {
        self.body.parse()
    }
}

/// The maximum size of a listing, in bytes: users, OAuth clients.
pub const MAX_LISTING_BODY: usize = 16 * 1024 * 1024;

/// Decodes a JSON listing of at most [`MAX_LISTING_BODY`] bytes, as a whole.
///
/// Like [`JsonDecoder`], for responses that grow with the organization.
///
/// ```
/// use usage_core::decode::{ListingDecoder, ResponseDecoder};
/// use usage_core::platform::{Listing, User};
///
/// let mut decoder = ListingDecoder::<Listing<User>>::default();
/// decoder.push(br#"{"entities":[{"id":"8d1f"}]}"#)?;
/// assert_eq!(decoder.finish()?.entities.len(), 1);
/// # Ok::<(), usage_core::error::DecodeError>(())
/// ```
pub struct ListingDecoder<T> {
    body: BoundedBody<MAX_LISTING_BODY>,
    document: PhantomData<fn() -> T>,
}

impl<T> Default for ListingDecoder<T> {
    fn default() -> Self {
        Self { body: BoundedBody::default(), document: PhantomData }
    }
}

impl<T> fmt::Debug for ListingDecoder<T> {
    /// Omits the body, which may hold secrets of OAuth clients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListingDecoder").finish_non_exhaustive()
    }
}

impl<T: DeserializeOwned + Send> ResponseDecoder for ListingDecoder<T> {
    type Output = T;

    fn push(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        self.body.push(chunk)
    }

    fn finish(self) -> Result<T, DecodeError> {
        self.body.parse()
    }
}

/// A body that is collected as a whole, up to `MAX` bytes.
#[derive(Default)]
pub(super) struct BoundedBody<const MAX: usize>(zeroize::Zeroizing<Vec<u8>>);

impl<const MAX: usize> BoundedBody<MAX> {
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), DecodeError> {
        if self.0.len() + chunk.len() > MAX {
            return Err(DecodeError::new("$", MAX as u64, format!("the body has more than {MAX} bytes")));
        }
        self.0.extend_from_slice(chunk);
        Ok(())
    }

    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        parse_json(&self.0)
    }
}

/// Decodes a complete JSON document.
pub(crate) fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
    if body.trim_ascii().is_empty() {
        return Err(DecodeError::new("$", body.len() as u64, "the body is empty").at_end());
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = match error.path().to_string() {
            path if path == "." || path == "?" => "$".to_owned(),
            path => path,
        };
        decode_error(&path, body, error.inner())
    })?;
    json.end().map_err(|error| decode_error("$", body, &error))?;
    Ok(value)
}

/// Describes an error and its position, without values: the document may hold a token.
fn decode_error(path: &str, body: &[u8], error: &serde_json::Error) -> DecodeError {
    let line_start: usize =
        body.split_inclusive(|b| *b == b'\n').take(error.line().saturating_sub(1)).map(<[u8]>::len).sum();
    let offset = (line_start + error.column()).min(body.len()) as u64;
    let problem = match error.classify() {
        serde_json::error::Category::Eof => "the document ends early",
        serde_json::error::Category::Syntax => "this is not JSON",
        serde_json::error::Category::Data => "this is not what the API documents here",
        serde_json::error::Category::Io => "the body cannot be read",
    };
    let ends_early = error.is_eof();
    DecodeError { ends_early, ..DecodeError::new(path, offset, problem) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Submission;

    fn decode(body: &[u8], cut: usize) -> Result<Submission, DecodeError> {
        let mut decoder = JsonDecoder::<Submission>::default();
        for chunk in body.chunks(cut) {
            decoder.push(chunk)?;
        }
        decoder.finish()
    }

    #[test]
    fn errors_say_where() {
        for (body, path, offset, problem) in [
            (&b""[..], "$", 0, "empty"),
            (b"{\"executionId\":\n 7}", "executionId", 18, "documents"),
            (b"{\"executionId\":\"x\"", "$", 18, "ends early"),
            (b"{}x", "$", 3, "not JSON"),
            (b"<html>", "$", 1, "not JSON"),
        ] {
            let error = decode(body, 1).unwrap_err();
            assert_eq!((&*error.path, error.offset), (path, offset), "{error}");
            assert!(error.problem.contains(problem), "{error}");
            assert_eq!(decode(body, body.len().max(1)).unwrap_err(), error);
        }
    }

    #[test]
    fn bodies_have_a_limit() {
        let mut decoder = JsonDecoder::<Submission>::default();
        decoder.push(&vec![b' '; MAX_JSON_BODY]).unwrap();
        assert!(decoder.push(b" ").is_err());
        let mut decoder = ListingDecoder::<Submission>::default();
        decoder.push(&vec![b' '; MAX_LISTING_BODY]).unwrap();
        assert!(decoder.push(b" ").is_err());
    }

    #[test]
    fn a_listing_is_read_like_any_document() {
        let mut decoder = ListingDecoder::<Vec<u8>>::default();
        b"[1,2]".chunks(2).for_each(|chunk| decoder.push(chunk).unwrap());
        assert!(!format!("{decoder:?}").contains('1'));
        assert_eq!(decoder.finish().unwrap(), [1, 2]);
    }
}
