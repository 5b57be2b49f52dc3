//! The position in a document, and what is expected there.

use std::fmt::Write;

use usage_core::Column;
use usage_core::decode::MemberName;

use crate::saved::name::{Field, Subject};
use crate::saved::text::count_lines;

/// An object or a list that is being read.
#[derive(Debug)]
pub(super) enum Level {
    Object(Object),
    /// A client or a user, and the current member of it.
    Reference(Subject, Part),
    /// `cursors`, and whether the current member is `after`.
    Cursors(bool),
    /// A list, with the index of the current or next value.
    List(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Id,
    Name,
    Other,
}

/// A page, a row, or a wrapper of them.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what was seen of an object, in any combination")]
pub(super) struct Object {
    /// The current member.
    pub(super) field: Field,
    pub(super) name: String,
    pub(super) is_row: bool,
    /// Whether it contains rows or documents.
    pub(super) is_around: bool,
    /// Whether it contains the status of a query.
    pub(super) has_status: bool,
    pub(super) is_submission: bool,
    pub(super) has_more: bool,
    /// The index of the next member in the plan.
    pub(super) place: usize,
}

/// The members of rows in the order in which they last occurred.
#[derive(Debug, Default)]
pub(super) struct Plan(Vec<Planned>);

#[derive(Debug)]
pub(super) struct Planned {
    pub(super) name: String,
    pub(super) field: Field,
    pub(super) written: Option<MemberName>,
}

/// Maximum number of members in the plan.
const MAX_PLANNED: usize = 40;

/// The current position in the text.
pub(super) struct Here<'a> {
    /// The piece of the text that contains the end of the current event, starting at byte `start`.
    pub(super) piece: &'a str,
    pub(super) start: u64,
    /// Number of lines before the piece.
    pub(super) lines_before: u64,
    /// The offset of the event's end.
    pub(super) end: u64,
}

impl Here<'_> {
    pub(super) fn line_of(&self, offset: u64) -> u64 {
        let length = usize::try_from(offset.saturating_sub(self.start)).unwrap_or(usize::MAX);
        let before = &self.piece.as_bytes()[..length.min(self.piece.len())];
        self.lines_before + 1 + count_lines(before)
    }

    pub(super) fn line(&self) -> u64 {
        self.line_of(self.end)
    }
}

impl Default for Object {
    fn default() -> Self {
        Self {
            field: Field::Unknown,
            name: String::new(),
            is_row: false,
            is_around: false,
            has_status: false,
            is_submission: false,
            has_more: false,
            place: 0,
        }
    }
}

impl Object {
    /// Enters the member `name`, and records that it followed the previous one.
    pub(super) fn begin_member(&mut self, name: &str, plan: &mut Plan) {
        self.name.clear();
        self.name.push_str(name);
        let found = match plan.0.get(self.place) {
            Some(planned) if planned.name == name => Some(self.place),
            _ => plan.0.iter().position(|planned| planned.name == name),
        };
        if let Some(place) = found {
            self.field = plan.0[place].field;
            self.place = place + 1;
            return;
        }
        self.field = Field::of_member(name);
        if plan.0.len() < MAX_PLANNED {
            let is_usual = matches!(self.field, Field::Text(_) | Field::Count(_));
            let written = if is_usual { MemberName::new(name) } else { None };
            plan.0.insert(
                self.place.min(plan.0.len()),
                Planned { name: name.to_owned(), field: self.field, written },
            );
            self.place += 1;
        }
    }
}

impl Plan {
    /// Returns the member last seen at `place`.
    #[inline]
    pub(super) fn get(&self, place: usize) -> Option<&Planned> {
        self.0.get(place)
    }
}

impl Part {
    pub(super) fn of(name: &str) -> Self {
        match name {
            "id" | "Id" | "ID" => Self::Id,
            "name" | "Name" => Self::Name,
            _ => Self::Other,
        }
    }
}

impl Subject {
    pub(super) fn id(self) -> Column {
        match self {
            Self::Client => Column::ClientId,
            Self::User => Column::UserId,
        }
    }
}

/// Returns the path of the current position; empty at the level of the document.
pub(super) fn path(levels: &[Level], documents: usize) -> String {
    let mut path = if documents == 0 { String::new() } else { format!("value {}", documents + 1) };
    for level in levels {
        let name = match level {
            Level::Object(object) => object.name.chars().filter(|c| !c.is_control()).take(60).collect(),
            Level::Reference(_, Part::Id) => "id".to_owned(),
            Level::Reference(_, Part::Name) => "name".to_owned(),
            Level::Cursors(_) | Level::Reference(_, Part::Other) => String::new(),
            Level::List(index) => {
                let _ = write!(path, "[{index}]");
                continue;
            }
        };
        if !name.is_empty() && !path.is_empty() {
            path.push('.');
        }
        path.push_str(&name);
    }
    path
}
