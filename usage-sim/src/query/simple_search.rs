//! `postUsageSimplesearch` and its pages.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use usage_core::model::{HttpMethod, SearchColumn};

use super::{Body, Horizon};
use crate::aggregate::{Bucket, Columns, Filter, Grouping, Plan};
use crate::reply::Problem;
use crate::seed::mix;
use crate::world::{World, template_number};

/// Records after which a search stops.
const MAX_RECORDS: usize = 20_000;

/// The largest page, and the one of a request that names no size.
const MAX_PAGE_SIZE: usize = 1_000;

/// The plan of an `ApiUsageSimpleSearch`.
///
/// The API calls the columns `metrics`; a search that names none gets all. Dimensions that are no columns are summed
/// over.
pub(crate) fn simple_search(body: &Body, horizon: Horizon, world: &World) -> Result<Plan, Problem> {
    let interval = body.interval()?;
    let columns = body.any_of("metrics", SearchColumn::KNOWN, SearchColumn::as_str)?;
    let methods = body.any_of("httpMethods", HttpMethod::KNOWN, HttpMethod::as_str)?;
    let names = body.texts("oauthClientNames")?;
    let templates = body.texts("templateUris")?;
    let has = |column| columns.is_empty() || columns.contains(&column);
    Ok(Plan {
        days: horizon.days_of(&interval),
        filter: Filter {
            // A name that nobody has stays in the filter as nothing: it finds no rows, not all of them.
            clients: unless_empty(&names, |name| world.client_number_of_name(name)),
            methods: Some(methods).filter(|methods| !methods.is_empty()),
            templates: unless_empty(&templates, template_number),
        },
        bucket: has(SearchColumn::Date).then_some(Bucket::Day),
        grouping: Grouping {
            client: has(SearchColumn::ClientName),
            organization: false,
            user: false,
            template: has(SearchColumn::TemplateUri),
            method: has(SearchColumn::HttpMethod),
        },
        columns: Columns {
            client_id: false,
            requests: false,
            status200: has(SearchColumn::Status200),
            status300: has(SearchColumn::Status300),
            status400: has(SearchColumn::Status400),
            status500: has(SearchColumn::Status500),
            status429: has(SearchColumn::Status429),
        },
        max_rows: MAX_RECORDS,
    })
}

fn unless_empty<T: FromIterator<u16>>(texts: &[&str], number: impl Fn(&str) -> Option<u16>) -> Option<T> {
    (!texts.is_empty()).then(|| texts.iter().filter_map(|text| number(text)).collect())
}

/// Which part of the records a results request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) offset: usize,
    pub(crate) size: usize,
}

impl Page {
    /// The page that the query string of a results request names.
    pub(crate) fn parse(query: &str, execution_id: &str) -> Result<Self, Problem> {
        let mut page = Self { offset: 0, size: MAX_PAGE_SIZE };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "pageSize" => match value.parse::<usize>() {
                    Ok(size @ 1..=MAX_PAGE_SIZE) => page.size = size,
                    _ => return Err(Problem::invalid_value("pageSize", &value)),
                },
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

/// The cursor of the page that begins at `offset`. It is of use with this execution only.
pub(crate) fn cursor(offset: usize, execution_id: &str) -> String {
    STANDARD.encode(format!("{offset}:{:016x}", check(offset, execution_id)))
}

fn parse_cursor(text: &str, execution_id: &str) -> Option<usize> {
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
        Page::parse(query, "some-id").map_err(|problem| problem.status().as_u16())
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
        fn cursors_lead_back_and_nothing_else_does(offset: u32, text in "\\PC{0,40}") {
            let offset = offset as usize;
            prop_assert_eq!(parse_cursor(&cursor(offset, "some-id"), "some-id"), Some(offset));
            prop_assert_eq!(parse_cursor(&text, "some-id"), None);
        }
    }
}
