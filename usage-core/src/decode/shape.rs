//! What the documents of a results page look like, as data: the members that are read, in the API's own names and
//! mostly in the order in which the service writes them. Every other member is skipped.

use crate::table::{Column, Counter};

/// The members of one kind of object that are read, at most 32.
pub(super) type Shape = [Member];

/// A member: its name, and what its value is.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) holds: Holds,
}

/// What the value of a member is, besides `null`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Holds {
    /// A list of rows of this shape.
    Rows(&'static Shape),
    /// An object of this shape.
    Object(&'static Shape),
    /// An object of this shape; a value of another type is skipped.
    Cursors(&'static Shape),
    /// An `ErrorBody`.
    ErrorBody,
    /// A text that belongs to the page.
    PageText(PageText),
    /// A text of the row.
    Text(Column),
    /// A count of the row.
    Count(Counter),
}

/// The texts of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PageText {
    QueryStatus,
    AfterCursor,
    NextUri,
}

const fn member(name: &'static str, holds: Holds) -> Member {
    Member { name, holds }
}

/// `ApiUsageQueryResult`, `OrganizationPublicApiUsageResultsResponse` and `ClientPublicApiUsageResultsResponse`.
pub(super) static PAGE: &Shape = &[
    member("results", Holds::Rows(ROW)),
    member("queryStatus", Holds::PageText(PageText::QueryStatus)),
    member("cursors", Holds::Cursors(CURSORS)),
    member("entities", Holds::Rows(ENTITY)),
    member("nextUri", Holds::PageText(PageText::NextUri)),
    member("errorBody", Holds::ErrorBody),
];

/// `Cursors`; `before` is of no use to a reader that goes forward.
static CURSORS: &Shape = &[member("after", Holds::PageText(PageText::AfterCursor))];

/// `ApiUsageRow`.
static ROW: &Shape = &[
    member("clientId", Holds::Text(Column::ClientId)),
    member("clientName", Holds::Text(Column::ClientName)),
    member("organizationId", Holds::Text(Column::OrganizationId)),
    member("userId", Holds::Text(Column::UserId)),
    member("templateUri", Holds::Text(Column::TemplateUri)),
    member("httpMethod", Holds::Text(Column::HttpMethod)),
    member("status200", Holds::Count(Counter::Status200)),
    member("status300", Holds::Count(Counter::Status300)),
    member("status400", Holds::Count(Counter::Status400)),
    member("status500", Holds::Count(Counter::Status500)),
    member("status429", Holds::Count(Counter::Status429)),
    member("requests", Holds::Count(Counter::Requests)),
    member("date", Holds::Text(Column::Date)),
];

/// `OrganizationPublicApiUsage` and `ClientPublicApiUsage`.
static ENTITY: &Shape = &[
    member("date", Holds::Text(Column::Date)),
    member("platform", Holds::Text(Column::Platform)),
    member("httpMethod", Holds::Text(Column::HttpMethod)),
    member("templateUri", Holds::Text(Column::TemplateUri)),
    member("requestCount", Holds::Count(Counter::Requests)),
    member("status200", Holds::Count(Counter::Status200)),
    member("status300", Holds::Count(Counter::Status300)),
    member("status400", Holds::Count(Counter::Status400)),
    member("status429", Holds::Count(Counter::Status429)),
    member("status500", Holds::Count(Counter::Status500)),
    member("organizationId", Holds::Text(Column::OrganizationId)),
    member("oauthClient", Holds::Object(OAUTH_CLIENT)),
    member("user", Holds::Object(USER)),
];

/// `DomainEntityRef`.
static OAUTH_CLIENT: &Shape =
    &[member("id", Holds::Text(Column::ClientId)), member("name", Holds::Text(Column::ClientName))];

/// `UserReference`.
static USER: &Shape = &[member("id", Holds::Text(Column::UserId))];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_member_has_its_own_name_and_its_own_bit() {
        for shape in [PAGE, CURSORS, ROW, ENTITY, OAUTH_CLIENT, USER] {
            let mut names: Vec<_> = shape.iter().map(|member| member.name).collect();
            names.sort_unstable();
            names.dedup();
            assert!(names.len() == shape.len() && shape.len() <= 32);
        }
    }
}
