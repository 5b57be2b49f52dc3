//! Pages and cursors.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::reply::Problem;
use crate::seed::mix;

/// The sizes of a page, in records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PageSizes {
    /// Used if a request names no size.
    pub(crate) default: usize,
    pub(crate) max: usize,
}

impl PageSizes {
    pub(crate) const SIMPLE_SEARCH: Self = Self { default: 1_000, max: 1_000 };
    pub(crate) const JOB: Self = Self { default: 100, max: 1_000 };
    pub(crate) const EVENTS: Self = Self { default: 100, max: 200 };

    /// Parses a `pageSize`.
    pub(crate) fn parse(self, text: &str) -> Result<usize, Problem> {
        let size = text.parse().ok().filter(|size| (1..=self.max).contains(size));
        size.ok_or_else(|| Problem::invalid_value("pageSize", text))
    }
}

/// The part of the records that a results request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) offset: usize,
    pub(crate) size: usize,
}

impl Page {
    /// Parses the query string of a results request.
    pub(crate) fn parse(query: &str, sizes: PageSizes, execution_id: &str) -> Result<Self, Problem> {
        let mut page = Self { offset: 0, size: sizes.default };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "pageSize" => page.size = sizes.parse(&value)?,
                "after" => {
                    let offset = parse_cursor(&value, execution_id);
                    page.offset = offset.ok_or_else(|| Problem::invalid_value("after", &value))?;
                }
                _ => {}
            }
        }
        Ok(page)
    }
}

/// Returns the cursor of the page that begins at `offset`. It is valid for this execution only.
pub(crate) fn cursor(offset: usize, execution_id: &str) -> String {
    STANDARD.encode(format!("{offset}:{:016x}", check(offset, execution_id)))
}

/// Returns the offset of a cursor, or `None` if it is not one of this execution.
pub(crate) fn parse_cursor(text: &str, execution_id: &str) -> Option<usize> {
    let decoded = STANDARD.decode(text).ok()?;
    let (offset, _) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    let offset = offset.parse().ok()?;
    (cursor(offset, execution_id) == text).then_some(offset)
}

fn check(offset: usize, execution_id: &str) -> u64 {
    execution_id.bytes().fold(mix(offset as u64), |state, byte| mix(state ^ u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page(query: &str) -> Result<Page, u16> {
        Page::parse(query, PageSizes::SIMPLE_SEARCH, "some-id").map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn pages() {
        assert_eq!(page(""), Ok(Page { offset: 0, size: 1_000 }));
        assert_eq!(page("pageSize=1000&unknown=1"), Ok(Page { offset: 0, size: 1_000 }));
        let after: String = form_urlencoded::byte_serialize(cursor(7, "some-id").as_bytes()).collect();
        assert_eq!(page(&format!("after={after}&pageSize=7")), Ok(Page { offset: 7, size: 7 }));
        for query in [
            "pageSize=0",
            "pageSize=1001",
            "pageSize=-1",
            "pageSize=x",
            "pageSize=",
            "after=",
            "after=MTAwMA%3D%3D",
        ] {
            assert_eq!(page(query), Err(400), "{query}");
        }
        assert_eq!(parse_cursor(&cursor(7, "another"), "some-id"), None);
    }

    proptest! {
        #[test]
        fn cursors_are_parsed_and_other_texts_are_not(offset: u32, text in "\\PC{0,40}") {
            let offset = offset as usize;
            prop_assert_eq!(parse_cursor(&cursor(offset, "some-id"), "some-id"), Some(offset));
            prop_assert_eq!(parse_cursor(&text, "some-id"), None);
        }
    }
}
