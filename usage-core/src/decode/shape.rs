//! What the documents of a results page look like, as data: the members that are read, in the API's own names and
//! mostly in the order in which the service writes them. Every other member is skipped.

use std::borrow::Cow;

use crate::table::{Column, Counter};

/// The members of one kind of object that are read.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) kind: Kind,
    pub(super) members: &'static [Member],
}

/// The kinds of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Page,
    Cursors,
    Row,
    Entity,
    OAuthClient,
    User,
}

impl Kind {
    pub(super) const COUNT: usize = 6;
}

/// The most members that a shape has.
pub(super) const MAX_MEMBERS: usize = 15;

/// A member: its name, and what its value is.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: &'static str,
    /// The name as it usually stands in a document behind another member.
    pub(super) written: Written,
    pub(super) holds: Holds,
}

/// A comma, a name in quotation marks and a colon, to be compared with a text in a few steps.
#[derive(Clone, Debug)]
pub(super) struct Written {
    text: Cow<'static, str>,
    /// The bytes of the text, and zeros.
    words: [u64; Self::WORDS],
    /// All bits of the bytes of the text.
    masks: [u64; Self::WORDS],
}

impl Written {
    const WORDS: usize = 3;

    const fn new(text: &'static str) -> Self {
        assert!(text.len() <= 8 * Self::WORDS, "the name is too long");
        let (words, masks) = Self::words_of(text.as_bytes());
        Self { text: Cow::Borrowed(text), words, masks }
    }

    /// Of a name that is not known before it is read; `None` if it has no plain form or is too long.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
        let text = format!(",\"{name}\":");
        if !name.bytes().all(is_plain) || text.len() > 8 * Self::WORDS {
            return None;
        }
        let (words, masks) = Self::words_of(text.as_bytes());
        Some(Self { text: text.into(), words, masks })
    }

    const fn words_of(bytes: &[u8]) -> ([u64; Self::WORDS], [u64; Self::WORDS]) {
        let (mut words, mut masks) = ([0; Self::WORDS], [0; Self::WORDS]);
        let mut place = 0;
        while place < bytes.len() {
            let shift = 8 * (place % 8);
            words[place / 8] |= (bytes[place] as u64) << shift;
            masks[place / 8] |= 0xFF << shift;
            place += 1;
        }
        (words, masks)
    }

    /// How many bytes it has, if `bytes` begin with it. At the very end of a piece it may be overlooked.
    #[inline]
    pub(super) fn length_in(&self, bytes: &[u8]) -> Option<usize> {
        let (words, _) = bytes.as_chunks::<8>();
        let words = words.first_chunk::<{ Self::WORDS }>()?;
        let difference =
            |word: usize| (u64::from_le_bytes(words[word]) ^ self.words[word]) & self.masks[word];
        (difference(0) | difference(1) | difference(2) == 0).then_some(self.text.len())
    }

    /// As [`length_in`](Self::length_in), but without the comma.
    pub(super) fn length_in_first(&self, bytes: &[u8]) -> Option<usize> {
        let text = &self.text[1..];
        bytes.starts_with(text.as_bytes()).then_some(text.len())
    }
}

/// What the value of a member is, besides `null`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Holds {
    /// A list of rows of this shape.
    Rows(&'static Shape),
    /// An object of this shape.
    Object(&'static Shape),
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

macro_rules! member {
    ($name:literal, $holds:expr) => {
        Member { name: $name, written: Written::new(concat!(",\"", $name, "\":")), holds: $holds }
    };
}

/// `ApiUsageQueryResult`, `OrganizationPublicApiUsageResultsResponse` and `ClientPublicApiUsageResultsResponse`.
pub(super) static PAGE: Shape = Shape {
    kind: Kind::Page,
    members: &[
        member!("results", Holds::Rows(&ROW)),
        member!("queryStatus", Holds::PageText(PageText::QueryStatus)),
        member!("cursors", Holds::Object(&CURSORS)),
        member!("entities", Holds::Rows(&ENTITY)),
        member!("nextUri", Holds::PageText(PageText::NextUri)),
        member!("errorBody", Holds::ErrorBody),
    ],
};

/// `Cursors`; `before` is of no use to a reader that goes forward.
static CURSORS: Shape =
    Shape { kind: Kind::Cursors, members: &[member!("after", Holds::PageText(PageText::AfterCursor))] };

/// `ApiUsageRow`.
static ROW: Shape = Shape {
    kind: Kind::Row,
    members: &[
        member!("clientId", Holds::Text(Column::ClientId)),
        member!("clientName", Holds::Text(Column::ClientName)),
        member!("organizationId", Holds::Text(Column::OrganizationId)),
        member!("userId", Holds::Text(Column::UserId)),
        member!("templateUri", Holds::Text(Column::TemplateUri)),
        member!("httpMethod", Holds::Text(Column::HttpMethod)),
        member!("status200", Holds::Count(Counter::Status200)),
        member!("status300", Holds::Count(Counter::Status300)),
        member!("status400", Holds::Count(Counter::Status400)),
        member!("status500", Holds::Count(Counter::Status500)),
        member!("status429", Holds::Count(Counter::Status429)),
        member!("requests", Holds::Count(Counter::Requests)),
        member!("date", Holds::Text(Column::Date)),
    ],
};

/// `OrganizationPublicApiUsage` and `ClientPublicApiUsage`.
static ENTITY: Shape = Shape {
    kind: Kind::Entity,
    members: &[
        member!("date", Holds::Text(Column::Date)),
        member!("platform", Holds::Text(Column::Platform)),
        member!("httpMethod", Holds::Text(Column::HttpMethod)),
        member!("templateUri", Holds::Text(Column::TemplateUri)),
        member!("requestCount", Holds::Count(Counter::Requests)),
        member!("status200", Holds::Count(Counter::Status200)),
        member!("status300", Holds::Count(Counter::Status300)),
        member!("status400", Holds::Count(Counter::Status400)),
        member!("status429", Holds::Count(Counter::Status429)),
        member!("status500", Holds::Count(Counter::Status500)),
        member!("organizationId", Holds::Text(Column::OrganizationId)),
        member!("oauthClient", Holds::Object(&OAUTH_CLIENT)),
        member!("user", Holds::Object(&USER)),
    ],
};

/// `DomainEntityRef`.
static OAUTH_CLIENT: Shape = Shape {
    kind: Kind::OAuthClient,
    members: &[
        member!("id", Holds::Text(Column::ClientId)),
        member!("name", Holds::Text(Column::ClientName)),
    ],
};

/// `UserReference`.
static USER: Shape = Shape { kind: Kind::User, members: &[member!("id", Holds::Text(Column::UserId))] };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_name_is_found_at_the_beginning_only() {
        let written = &ROW.members[2].written;
        let text = br#","organizationId":"0b7b6a6e""#;
        assert_eq!(written.length_in(text), Some(18));
        assert_eq!(written.length_in_first(&text[1..]), Some(17));
        for place in 0..18 {
            let mut other = *text;
            other[place] ^= 1;
            assert_eq!(
                (written.length_in(&other), written.length_in_first(&other[1..])),
                (None, if place == 0 { Some(17) } else { None })
            );
        }
        // The same difference in two words.
        for (first, second) in [(1, 9), (1, 17), (9, 17)] {
            let mut other = *text;
            other[first] ^= 1;
            other[second] ^= 1;
            assert_eq!(written.length_in(&other), None);
        }
        assert_eq!(written.length_in(&text[..18]), None, "it is overlooked at the end of a piece");
        assert_eq!(written.length_in_first(&text[1..18]), Some(17));
    }

    #[test]
    fn every_shape_has_its_own_kind_and_each_member_its_own_name() {
        for (index, shape) in [&PAGE, &CURSORS, &ROW, &ENTITY, &OAUTH_CLIENT, &USER].into_iter().enumerate() {
            assert!(
                shape.kind as usize == index && index < Kind::COUNT && shape.members.len() <= MAX_MEMBERS
            );
            let mut names: Vec<_> = shape.members.iter().map(|member| member.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), shape.members.len());
        }
    }
}
