//! Recognises members and columns by their names.

use usage_core::{Column, Counter};

/// The meaning of a member or a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// A text of a row.
    Text(Column),
    /// A count of a row.
    Count(Counter),
    /// A reference to the client or the user of a row.
    Reference(Subject),
    /// Rows, or pages with rows: a list, or a single one.
    Rows,
    /// A document that another program wrapped.
    Wrapped,
    /// A text of a results page.
    Page(PageField),
    /// The scope of the rows, in this program's documents.
    Scope,
    /// The names behind the ids of the rows, in this program's documents.
    Names,
    /// Why rows are missing, in each row of a file that cannot say it elsewhere.
    RowsMissing,
    /// A member of the response to a submit.
    Submission,
    /// A member of this program's reports.
    Report,
    /// A known member that is not used here.
    Ignored,
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Client,
    User,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PageField {
    Status,
    Cursors,
    NextUri,
}

impl Field {
    /// Returns the meaning of a member of a row, a page or a wrapper.
    pub(super) fn of_member(name: &str) -> Self {
        match Self::of_column(name) {
            Self::Unknown => {}
            field => return field,
        }
        match &*plain(name) {
            "results" | "entities" | "rows" => Self::Rows,
            "body" | "json" | "data" | "response" | "value" => Self::Wrapped,
            "querystatus" => Self::Page(PageField::Status),
            "cursors" => Self::Page(PageField::Cursors),
            "nexturi" => Self::Page(PageField::NextUri),
            "scope" => Self::Scope,
            "names" => Self::Names,
            "executionid" | "resultsuri" => Self::Submission,
            "totals" | "topclients" => Self::Report,
            // Members of a page, of a response with its head, of a workflow's item, or of a document of this program.
            "errorbody" | "selfuri" | "previousuri" | "pagesize" | "status" | "statustext" | "statuscode"
            | "headers" | "text" | "paireditem" | "binary" | "organizations" => Self::Ignored,
            _ => Self::Unknown,
        }
    }

    /// Returns the meaning of a column of a table.
    pub(super) fn of_column(name: &str) -> Self {
        match &*plain(name) {
            "date" => Self::Text(Column::Date),
            "clientid" | "oauthclientid" => Self::Text(Column::ClientId),
            "clientname" | "oauthclientname" => Self::Text(Column::ClientName),
            // The name of one of several organizations is in the place of the id of an organization.
            "organizationid" | "organization" => Self::Text(Column::OrganizationId),
            "userid" => Self::Text(Column::UserId),
            "templateuri" => Self::Text(Column::TemplateUri),
            "httpmethod" => Self::Text(Column::HttpMethod),
            "platform" => Self::Text(Column::Platform),
            "requests" | "requestcount" => Self::Count(Counter::Requests),
            "status200" => Self::Count(Counter::Status200),
            "status300" => Self::Count(Counter::Status300),
            "status400" => Self::Count(Counter::Status400),
            "status429" => Self::Count(Counter::Status429),
            "status500" => Self::Count(Counter::Status500),
            "oauthclient" => Self::Reference(Subject::Client),
            "user" => Self::Reference(Subject::User),
            "rowsmissing" => Self::RowsMissing,
            "share" | "errorrate" | "throttlerate" | "series" => Self::Report,
            // Row numbers and links.
            "" | "index" | "level0" | "unnamed0" | "oauthclientselfuri" | "userselfuri" => Self::Ignored,
            _ => Self::Unknown,
        }
    }
}

/// Returns the name in lower case without word separators: `oauthClient.id`, `oauth_client_id` and `OAuth Client ID`
/// become the same.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_every_spelling() {
        for name in [
            "clientId",
            "client_id",
            "ClientID",
            " Client Id ",
            "oauthClient.id",
            "oauthClient_id",
            "oauth_client.id",
        ] {
            assert_eq!(Field::of_column(name), Field::Text(Column::ClientId), "{name}");
        }
        for name in ["requests", "REQUESTS", "requestCount", "request_count"] {
            assert_eq!(Field::of_member(name), Field::Count(Counter::Requests), "{name}");
        }
        assert_eq!(Field::of_member("query_status"), Field::Page(PageField::Status));
        assert_eq!(Field::of_column("Unnamed: 0"), Field::Ignored);
        for name in ["id", "name", "requests2", "status", "status201"] {
            assert_eq!(Field::of_column(name), Field::Unknown, "{name}");
        }
    }

    #[test]
    fn every_column_and_counter_is_known_by_its_own_name() {
        for &column in Column::ALL {
            assert_eq!(Field::of_column(column.name()), Field::Text(column));
        }
        for &counter in Counter::ALL {
            assert_eq!(Field::of_column(counter.name()), Field::Count(counter));
        }
    }
}
