//! What a member or a column is, by its name.

use usage_core::{Column, Counter};

/// What the value of a member or a cell of a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// A text of a row.
    Text(Column),
    /// A count of a row.
    Count(Counter),
    /// A reference to the client or the user of a row.
    Reference(Subject),
    /// Rows, or pages with rows: a list, or one of them.
    Rows,
    /// The document that another program put something around.
    Wrapped,
    /// A text of a results page.
    Page(PageField),
    /// What the rows cover, in this program's documents.
    Scope,
    /// The answer to a submit has it.
    Submission,
    /// A report of this program has it, or a part of one.
    Report,
    /// It is known, and of no use here.
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
    /// Of a member of a row, of a page, or of what is around them.
    pub(super) fn of_member(name: &str) -> Self {
        match Self::of_column(name) {
            Self::Unknown => {}
            field => return field,
        }
        match &*plain(name) {
            "results" | "entities" | "rows" => Self::Rows,
            "body" | "json" | "data" | "response" => Self::Wrapped,
            "querystatus" => Self::Page(PageField::Status),
            "cursors" => Self::Page(PageField::Cursors),
            "nexturi" => Self::Page(PageField::NextUri),
            "scope" => Self::Scope,
            "executionid" | "resultsuri" => Self::Submission,
            "totals" | "topclients" => Self::Report,
            // Of a page, of an answer with its head, of a workflow's item, of a document of this program.
            "errorbody" | "selfuri" | "previousuri" | "pagesize" | "status" | "statustext" | "statuscode"
            | "headers" | "text" | "paireditem" | "binary" => Self::Ignored,
            _ => Self::Unknown,
        }
    }

    /// Of a column of a table.
    pub(super) fn of_column(name: &str) -> Self {
        match &*plain(name) {
            "date" => Self::Text(Column::Date),
            "clientid" | "oauthclientid" => Self::Text(Column::ClientId),
            "clientname" | "oauthclientname" => Self::Text(Column::ClientName),
            "organizationid" => Self::Text(Column::OrganizationId),
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
            "share" | "errorrate" | "throttlerate" | "series" => Self::Report,
            // The number of the row, and links.
            "" | "index" | "level0" | "unnamed0" | "oauthclientselfuri" | "userselfuri" => Self::Ignored,
            _ => Self::Unknown,
        }
    }
}

/// The name in lower case without what joins its words: `oauthClient.id`, `oauth_client_id` and `OAuth Client ID` are
/// one.
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
