//! URIs in responses: relative to the host, unless a fault makes them absolute.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

use crate::fault::Fault;

/// All characters except the unreserved ones of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes `text` as one path segment.
pub(crate) fn segment(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

/// Returns `path` with the query of a page: its size, and the cursor as a name and a value.
pub(crate) fn page_uri(path: &str, size: usize, cursor: Option<(&str, &str)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("pageSize", &size.to_string());
    query.extend_pairs(cursor);
    format!("{path}?{}", query.finish())
}

/// Returns `uri` as it is written into a response with `fault`.
pub(crate) fn written(uri: String, fault: Option<&Fault>) -> String {
    match fault {
        Some(Fault::AbsoluteNextUri(origin)) => format!("{origin}{uri}"),
        _ => uri,
    }
}
