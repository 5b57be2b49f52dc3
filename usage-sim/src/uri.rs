//! The URIs that answers name: relative to the host, unless a fault says otherwise.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};

use crate::fault::Fault;

/// What RFC 3986 does not leave unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `text` as one segment of a path.
pub(crate) fn segment(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, RESERVED)
}

/// `path` with the query of a page: its size, and the cursor `name` if there is one.
pub(crate) fn page_uri(path: &str, size: usize, cursor: Option<(&str, &str)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("pageSize", &size.to_string());
    query.extend_pairs(cursor);
    format!("{path}?{}", query.finish())
}

/// `uri` as it is written into an answer that `fault` struck.
pub(crate) fn written(uri: String, fault: Option<&Fault>) -> String {
    match fault {
        Some(Fault::AbsoluteNextUri(origin)) => format!("{origin}{uri}"),
        _ => uri,
    }
}
