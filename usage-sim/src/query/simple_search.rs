//! `postUsageSimplesearch`: a table of selected columns.

use usage_core::model::{HttpMethod, SearchColumn};

use super::{Body, Horizon, unless_empty};
use crate::aggregate::{Bucket, Columns, Filter, Grouping, Plan};
use crate::reply::Problem;
use crate::world::{World, template_number};

/// Maximum number of records of a search.
const MAX_RECORDS: usize = 20_000;

/// Reads an `ApiUsageSimpleSearch`.
///
/// The API calls the columns `metrics`. A search that names none gets all. Rows are summed over other dimensions.
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
            clients: unless_empty(&names, |name| world.client_number_of_name(name)),
            methods: Some(methods).filter(|methods| !methods.is_empty()),
            templates: unless_empty(&templates, template_number),
            ..Filter::default()
        },
        bucket: has(SearchColumn::Date).then_some(Bucket::Day),
        grouping: Grouping {
            client: has(SearchColumn::ClientName),
            organization: false,
            user: false,
            template: has(SearchColumn::TemplateUri),
            method: has(SearchColumn::HttpMethod),
            platform: false,
        },
        columns: Columns {
            client_id: false,
            client_name: true,
            requests: false,
            status200: has(SearchColumn::Status200),
            status300: has(SearchColumn::Status300),
            status400: has(SearchColumn::Status400),
            status500: has(SearchColumn::Status500),
            status429: has(SearchColumn::Status429),
        },
        sort: Vec::new(),
        max_rows: MAX_RECORDS,
    })
}
