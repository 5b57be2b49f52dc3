//! The order of a job's rows, if its query asks for one.

use std::cmp::Ordering;

use crate::key::Key;
use crate::world::{Counts, World};

/// One `UsageQuerySortBy`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SortBy {
    pub(crate) field: SortField,
    pub(crate) descending: bool,
}

/// The members of a row by which it can be sorted. Members that all rows share or lack do not change the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SortField {
    Date,
    Platform,
    HttpMethod,
    TemplateUri,
    RequestCount,
    Status200,
    Status300,
    Status400,
    Status429,
    Status500,
    ClientId,
    ClientName,
    UserId,
    OrganizationId,
}

/// Sorts by each of `fields` in turn. The sort is stable.
pub(crate) fn sort(world: &World, fields: &[SortBy], rows: &mut [(Key, Counts)]) {
    if fields.is_empty() {
        return;
    }
    rows.sort_by(|one, other| {
        let by = |sort: &SortBy| {
            let ordering = compare(world, sort.field, one, other);
            if sort.descending { ordering.reverse() } else { ordering }
        };
        fields.iter().map(by).find(|ordering| ordering.is_ne()).unwrap_or(Ordering::Equal)
    });
}

fn compare(world: &World, field: SortField, one: &(Key, Counts), other: &(Key, Counts)) -> Ordering {
    let by_count = |count: fn(&Counts) -> u64| count(&one.1).cmp(&count(&other.1));
    let client = |key: &Key| key.client.and_then(|number| world.client(number));
    let (one_key, other_key) = (&one.0, &other.0);
    match field {
        SortField::Date => one_key.date.cmp(&other_key.date),
        SortField::Platform => one_key.platform_name().cmp(&other_key.platform_name()),
        SortField::HttpMethod => one_key.http_method().cmp(&other_key.http_method()),
        SortField::TemplateUri => one_key.template_uri().cmp(&other_key.template_uri()),
        SortField::RequestCount => by_count(|counts| counts.requests()),
        SortField::Status200 => by_count(|counts| counts.status200),
        SortField::Status300 => by_count(|counts| counts.status300),
        SortField::Status400 => by_count(|counts| counts.status400),
        SortField::Status429 => by_count(|counts| counts.status429),
        SortField::Status500 => by_count(|counts| counts.status500),
        SortField::ClientId => {
            client(one_key).map(|client| &client.id).cmp(&client(other_key).map(|client| &client.id))
        }
        SortField::ClientName => {
            client(one_key).map(|client| &client.name).cmp(&client(other_key).map(|client| &client.name))
        }
        SortField::UserId => {
            let user = |key: &Key| key.user.and_then(|number| world.user_id(number));
            user(one_key).cmp(&user(other_key))
        }
        SortField::OrganizationId => Ordering::Equal,
    }
}
