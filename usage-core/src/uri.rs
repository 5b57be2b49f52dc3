//! Writers of paths and query strings. Percent-encoding keeps each segment one segment and each value one value.

use http::Uri;
use http::uri::Scheme;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::failures::BuildError;

/// Everything but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Returns the port of `target`: that of its scheme if it names none.
pub fn port_of(target: &Uri) -> u16 {
    target.port_u16().unwrap_or(if target.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 })
}

/// Writes the path of an endpoint.
///
/// ```
/// use usage_core::uri::PathWriter;
///
/// fn write(path: &mut PathWriter, id: &str) {
///     path.fixed("api/v2/usage/query").segment(id).fixed("results");
/// }
/// ```
#[derive(Debug, Default)]
pub struct PathWriter {
    path: String,
    refused: Option<BuildError>,
}

/// Initial capacity in bytes, more than a usual path needs, so that it is allocated once.
const USUAL_LENGTH: usize = 120;

impl PathWriter {
    /// Continues `prefix`, the path of a base URL without a slash at its end. It is written into the memory of `path_buf`.
    pub(crate) fn after(prefix: &str, path_buf: String) -> Self {
        let mut path = path_buf;
        path.clear();
        path.reserve(prefix.len() + USUAL_LENGTH);
        path.push_str(prefix);
        Self { path, refused: None }
    }

    /// Appends fixed segments, `api/v2/usage/query`, as they stand in the API's documentation.
    pub fn fixed(&mut self, segments: &'static str) -> &mut Self {
        self.path.push('/');
        self.path.push_str(segments);
        self
    }

    /// Appends `value` as exactly one percent-encoded segment. An empty value, `.` and `..` would be another
    /// path: they make the request fail to build.
    pub fn segment(&mut self, value: &str) -> &mut Self {
        if matches!(value, "" | "." | "..") {
            self.refused = Some(BuildError::PathSegment { text: value.into() });
        }
        self.path.push('/');
        push_encoded(&mut self.path, value);
        self
    }

    pub(crate) fn finish(self) -> Result<String, BuildError> {
        self.refused.map_or(Ok(self.path), Err)
    }
}

/// Writes the query string of an endpoint.
///
/// ```
/// use usage_core::uri::QueryWriter;
///
/// fn write(query: &mut QueryWriter, after: Option<&str>) {
///     query.pair("pageSize", "500").maybe("after", after);
/// }
/// ```
#[derive(Debug)]
pub struct QueryWriter {
    target: String,
    separator: char,
}

impl QueryWriter {
    /// Continues `path`, which has no query yet.
    pub(crate) fn after(path: String) -> Self {
        Self { target: path, separator: '?' }
    }

    /// Appends `name=value`, both percent-encoded.
    pub fn pair(&mut self, name: &str, value: &str) -> &mut Self {
        self.target.push(self.separator);
        push_encoded(&mut self.target, name);
        self.target.push('=');
        push_encoded(&mut self.target, value);
        self.separator = '&';
        self
    }

    /// Appends `name=value` as [`pair`](Self::pair) does, if there is a value.
    pub fn maybe(&mut self, name: &str, value: Option<impl AsRef<str>>) -> &mut Self {
        if let Some(value) = value {
            self.pair(name, value.as_ref());
        }
        self
    }

    pub(crate) fn finish(self) -> String {
        self.target
    }
}

/// Appends `text`, percent-encoded. Ids and names mostly have nothing to encode, and all of their bytes are looked at
/// together.
fn push_encoded(to: &mut String, text: &str) {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if text.bytes().fold(true, |all, byte| all & is_plain(byte)) {
        to.push_str(text);
    } else {
        to.extend(utf8_percent_encode(text, RESERVED));
    }
}

/// Returns the `after` parameter of a `nextUri`, if it is not empty. The URI itself is never requested.
pub(crate) fn after_of(next_uri: &str) -> Option<String> {
    let next_uri = next_uri.split_once('#').map_or(next_uri, |(before, _)| before);
    let (_, query) = next_uri.split_once('?')?;
    let (_, after) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "after")?;
    (!after.is_empty()).then(|| after.into_owned())
}

#[cfg(test)]
mod tests {
    use percent_encoding::percent_decode_str;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_segments_that_are_navigation() {
        for text in ["", ".", ".."] {
            let mut path = PathWriter::default();
            path.fixed("api").segment(text).fixed("results");
            assert!(path.finish().is_err(), "{text:?}");
        }
    }

    #[test]
    fn takes_the_cursor_out_of_a_uri() {
        for (uri, after) in [
            ("/api/v2/x?pageSize=100&after=a%3D%3D", Some("a==")),
            ("https://elsewhere/x?after=a+b#after=c", Some("a b")),
            ("?after=a&after=b", Some("a")),
            ("/x?after=", None),
            ("/x?before=a", None),
            ("/x#?after=a", None),
            ("after=a", None),
            ("", None),
        ] {
            assert_eq!(after_of(uri).as_deref(), after, "{uri}");
        }
    }

    proptest! {
        #[test]
        fn a_segment_stays_one_segment(text in "\\PC{1,30}") {
            prop_assume!(text != "." && text != "..");
            let mut path = PathWriter::default();
            path.fixed("api/v2").segment(&text).fixed("results");
            let path = path.finish().unwrap();
            let segments: Vec<_> = path.split('/').collect();
            prop_assert_eq!(segments.len(), 5);
            prop_assert_eq!(percent_decode_str(segments[3]).decode_utf8().unwrap(), text);
            prop_assert!(path.is_ascii() && !path.contains(['?', '#', '\\']));
        }

        #[test]
        fn query_values_come_back(name in "\\PC{1,9}", value in "\\PC{0,30}") {
            let mut query = QueryWriter::after("/p".to_owned());
            query.pair(&name, &value).maybe("after", None::<&str>).maybe("after", Some("x"));
            let target = query.finish();
            let pairs: Vec<_> = form_urlencoded::parse(target.strip_prefix("/p?").unwrap().as_bytes()).collect();
            prop_assert_eq!(pairs, vec![(name.into(), value.into()), ("after".into(), "x".into())]);
        }
    }
}
