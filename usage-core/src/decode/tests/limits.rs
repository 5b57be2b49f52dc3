//! The limits of a page: strings, nesting, cursors, error bodies, rows and memory.

use super::read;
use crate::decode::{MAX_PAGE_NESTING, MAX_PAGE_ROWS, MAX_PAGE_STRING};
use crate::failures::MAX_ERROR_BODY;
use crate::fuzzing::documents::{Family, SamplePage};
use crate::fuzzing::pages::decode;
use crate::{MAX_CURSOR_LEN, UsageTable};

/// Checks a limit: `document` of one less than `limit`, of `limit`, and of one more.
fn check_limit(limit: usize, document: impl Fn(usize) -> String, error: (&str, usize, &str)) {
    for size in [limit - 1, limit] {
        read(&document(size)).unwrap_or_else(|error| panic!("{size}: {error}"));
    }
    let (path, offset, problem) = error;
    let error = read(&document(limit + 1)).unwrap_err();
    assert_eq!((&*error.path, error.offset, &*error.problem), (path, offset as u64, problem));
}

#[test]
fn strings_have_a_limit() {
    let too_long = "the string is too long";
    let value = |size| format!(r#"{{"results":[{{"userId":"{}"}}]}}"#, "x".repeat(size));
    check_limit(MAX_PAGE_STRING, value, ("results[0].userId", 22, too_long));
    let escaped = |size| format!(r#"{{"x":"{}"}}"#, "\\u0041".repeat(size));
    check_limit(MAX_PAGE_STRING, escaped, ("x", 5, too_long));
    let name = |size| format!(r#"{{"{}":1}}"#, "x".repeat(size));
    check_limit(MAX_PAGE_STRING, name, ("$", 1, too_long));
}

#[test]
fn nesting_has_a_limit() {
    let levels = MAX_PAGE_NESTING as usize;
    let lists = |depth: usize| format!(r#"{{"x":{}{}}}"#, "[".repeat(depth - 1), "]".repeat(depth - 1));
    check_limit(levels, lists, ("x", 5 + levels - 1, "the document is nested too deep"));
}

#[test]
fn cursors_and_error_bodies_have_a_limit() {
    let too_long = "the cursor is too long";
    let after =
        |size| format!(r#"{{"cursors":{{"after":"{}"}},"queryStatus":"Complete"}}"#, "x".repeat(size));
    check_limit(MAX_CURSOR_LEN, after, ("cursors.after", 20, too_long));
    let next_uri = |size| format!(r#"{{"nextUri":"/?after={}","queryStatus":"Complete"}}"#, "x".repeat(size));
    check_limit(MAX_CURSOR_LEN, next_uri, ("nextUri", 11, too_long));
    // The size is that of the colon and of what is behind it. Of a longer one the beginning is the message.
    for (size, message) in [(MAX_ERROR_BODY, "no"), (MAX_ERROR_BODY + 1, r#"{"message":"no","x":"yyy"#)] {
        let error_body = format!(r#"{{"errorBody":{{"message":"no","x":"{}"}}}}"#, "y".repeat(size - 24));
        let found = read(&error_body).unwrap().error.unwrap().message.unwrap();
        assert!(found.starts_with(message) && found.chars().count() <= 301, "{size}: {found}");
    }
}

#[test]
fn rows_have_a_limit() {
    for (rows, allowed) in [(MAX_PAGE_ROWS - 1, true), (MAX_PAGE_ROWS, true), (MAX_PAGE_ROWS + 1, false)] {
        let body = format!(r#"{{"results":[{}{{}}]}}"#, "{},".repeat(rows - 1));
        let page = decode(body.as_bytes().chunks(10_000));
        if allowed {
            assert_eq!(page.unwrap().rows.len(), rows);
        } else {
            let error = page.unwrap_err();
            assert_eq!((&*error.path, &*error.problem), ("results[1000000]", "the page has too many rows"));
            assert_eq!(error.offset, 12 + 3 * MAX_PAGE_ROWS as u64);
        }
    }
}

#[test]
fn the_table_of_a_page_has_no_spare_room() {
    let page = SamplePage::benchmark(Family::Legacy, 1000).to_json();
    let rows = decode([page.as_bytes()]).unwrap().rows;
    let mut shrunk = rows.clone();
    shrunk.shrink_to_fit();
    assert_eq!(rows.heap_bytes(), shrunk.heap_bytes());
    assert!(UsageTable::new().heap_bytes() == 0);
}
