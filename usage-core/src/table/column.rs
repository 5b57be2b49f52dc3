//! The columns and counters of rows.

use std::fmt;

/// A text member of a row, by which rows can be grouped.
///
/// More columns may be added, so a `match` needs a wildcard arm.
///
/// ```
/// use usage_core::{Column, UsageRecord, UsageTable};
///
/// let record = UsageRecord { client_name: Some("Nightly Export".into()), ..Default::default() };
/// let table = UsageTable::from_iter([record]);
/// assert_eq!(table.row(0).unwrap().text(Column::ClientName), Some("Nightly Export"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Column {
    /// The first day of the row's bucket.
    Date,
    /// The OAuth client's id.
    ClientId,
    /// The OAuth client's name.
    ClientName,
    /// The organization that made the requests.
    OrganizationId,
    /// The user on whose behalf they were made.
    UserId,
    /// The API's path with placeholders.
    TemplateUri,
    /// The HTTP method.
    HttpMethod,
    /// The platform (jobs only).
    Platform,
}

impl Column {
    /// All columns, in the order in which a row is written.
    pub const ALL: &'static [Self] = &[
        Self::Date,
        Self::ClientId,
        Self::ClientName,
        Self::OrganizationId,
        Self::UserId,
        Self::TemplateUri,
        Self::HttpMethod,
        Self::Platform,
    ];

    /// Returns the member's name in the unified output, such as `clientId`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::ClientId => "clientId",
            Self::ClientName => "clientName",
            Self::OrganizationId => "organizationId",
            Self::UserId => "userId",
            Self::TemplateUri => "templateUri",
            Self::HttpMethod => "httpMethod",
            Self::Platform => "platform",
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A count of a row.
///
/// More counters may be added, so a `match` needs a wildcard arm.
///
/// ```
/// use usage_core::{Counter, UsageRecord, UsageTable};
///
/// let table = UsageTable::from_iter([UsageRecord { requests: Some(42), ..Default::default() }]);
/// assert_eq!(table.row(0).unwrap().count(Counter::Requests), Some(42));
/// assert_eq!(table.row(0).unwrap().count(Counter::Status429), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Counter {
    /// All requests.
    Requests,
    /// Responses of class 2xx.
    Status200,
    /// Responses of class 3xx.
    Status300,
    /// Responses of class 4xx, the rate-limited ones included.
    Status400,
    /// Rate-limited requests: a subset of [`Status400`](Self::Status400).
    Status429,
    /// Responses of class 5xx.
    Status500,
}

impl Counter {
    /// All counters, in the order in which a row is written.
    pub const ALL: &'static [Self] = &[
        Self::Requests,
        Self::Status200,
        Self::Status300,
        Self::Status400,
        Self::Status429,
        Self::Status500,
    ];

    /// Returns the member's name in the unified output, such as `requests`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Status200 => "status200",
            Self::Status300 => "status300",
            Self::Status400 => "status400",
            Self::Status429 => "status429",
            Self::Status500 => "status500",
        }
    }
}

impl fmt::Display for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_listed_in_their_order() {
        // Rows are stored as arrays indexed by these.
        assert!(Column::ALL.iter().enumerate().all(|(index, column)| *column as usize == index));
        assert!(Counter::ALL.iter().enumerate().all(|(index, counter)| *counter as usize == index));
    }
}
