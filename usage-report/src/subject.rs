//! What requests are counted by.

use std::fmt;

use usage_core::{Column, UsageRow};

/// What a list of a report counts requests by.
///
/// ```
/// use usage_core::UsageTable;
/// use usage_report::{Report, ReportOptions, Subject};
///
/// let report = Report::new(&UsageTable::new(), &ReportOptions::default());
/// for subject in Subject::ALL {
///     println!("{} {subject}", report.top(*subject).count);
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Subject {
    /// OAuth clients, by id, or by name where rows have no id.
    Client,
    /// Users, by id.
    User,
    /// Template URIs, without a leading slash.
    Uri,
    /// HTTP methods.
    Method,
    /// Platforms (jobs only).
    Platform,
    /// Organizations, by id.
    Organization,
}

impl Subject {
    /// Every subject, in the order of a report.
    pub const ALL: &[Self] =
        &[Self::Client, Self::User, Self::Uri, Self::Method, Self::Platform, Self::Organization];

    /// Returns its name, plural: `clients`.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Client => "clients",
            Self::User => "users",
            Self::Uri => "URIs",
            Self::Method => "methods",
            Self::Platform => "platforms",
            Self::Organization => "organizations",
        }
    }

    /// Returns its name, singular: `client`.
    pub const fn singular(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::User => "user",
            Self::Uri => "URI",
            Self::Method => "method",
            Self::Platform => "platform",
            Self::Organization => "organization",
        }
    }

    /// Returns its name as a member of a document: `clients`, `uris`.
    pub(crate) const fn member(self) -> &'static str {
        match self {
            Self::Uri => "uris",
            _ => self.plural(),
        }
    }

    /// Returns the column that identifies what a row is about. Clients without an id are identified by name.
    pub(crate) const fn column(self) -> Column {
        match self {
            Self::Client => Column::ClientId,
            Self::User => Column::UserId,
            Self::Uri => Column::TemplateUri,
            Self::Method => Column::HttpMethod,
            Self::Platform => Column::Platform,
            Self::Organization => Column::OrganizationId,
        }
    }

    /// Returns the key of what `row` is about.
    pub(crate) fn key(self, row: UsageRow<'_>) -> Key<'_> {
        match self {
            Self::Client => match row.client_id() {
                Some(id) => Key::Id(id),
                None => row.client_name().map_or(Key::None, Key::Name),
            },
            Self::User => row.user_id().map_or(Key::None, Key::Id),
            Self::Uri => match row.template_uri().map(|uri| uri.trim_start_matches('/')) {
                None | Some("") => Key::None,
                Some(uri) => Key::Name(uri),
            },
            Self::Method => row.http_method_text().map_or(Key::None, Key::Name),
            Self::Platform => row.platform().map_or(Key::None, Key::Name),
            Self::Organization => row.organization_id().map_or(Key::None, Key::Id),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.plural())
    }
}

/// Identifies a client, user, URI, … among those of its subject. All rows that do not say it have one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key<'a> {
    Id(&'a str),
    Name(&'a str),
    None,
}

impl<'a> Key<'a> {
    /// Returns the key of an id and a name: the id if there is one.
    pub(crate) fn of(id: Option<&'a str>, name: Option<&'a str>) -> Self {
        id.map(Key::Id).or(name.map(Key::Name)).unwrap_or(Key::None)
    }

    pub(crate) fn id(self) -> Option<&'a str> {
        if let Key::Id(id) = self { Some(id) } else { None }
    }

    pub(crate) fn name(self) -> Option<&'a str> {
        if let Key::Name(name) = self { Some(name) } else { None }
    }
}
