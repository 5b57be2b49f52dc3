//! Where in a document the reader is, and what it expects there.

use std::fmt::Write;

use usage_core::Column;
use usage_core::decode::MemberName;

use crate::saved::name::{Field, Subject};
use crate::saved::text::count_lines;

/// An object or a list that is being read.
#[derive(Debug)]
pub(super) enum Level {
    Object(Object),
    /// A client or a user, and which member of it.
    Reference(Subject, Part),
    /// `cursors`, and whether the member is `after`.
    Cursors(bool),
    /// The number of the current or next value.
    List(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Id,
    Name,
    Other,
}

/// A page, a row, or something around them.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what was seen of an object, in any combination")]
pub(super) struct Object {
    /// The current member.
    pub(super) field: Field,
    pub(super) name: String,
    pub(super) is_row: bool,
    /// Whether it has, or had, rows or documents in it.
    pub(super) is_around: bool,
    /// Whether it says the status of a query.
    pub(super) has_status: bool,
    pub(super) is_submission: bool,
    pub(super) has_more: bool,
    /// Where the next member is expected in the plan.
    pub(super) place: usize,
}

/// The members of rows in the order in which they came last.
#[derive(Debug, Default)]
pub(super) struct Plan(Vec<Planned>);

#[derive(Debug)]
pub(super) struct Planned {
    pub(super) name: String,
    pub(super) field: Field,
    pub(super) written: Option<MemberName>,
}

/// More members than this are not expected in an order.
const MAX_PLANNED: usize = 40;

/// Where the reader is in the text.
pub(super) struct Here<'a> {
    /// A piece of the text that holds the current event's end, from its byte `start`.
    pub(super) piece: &'a str,
    pub(super) start: u64,
    /// How many lines precede the piece.
    pub(super) lines_before: u64,
    /// Where the event ends.
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
    /// Goes to the member `name`, and remembers that it came behind the one before.
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
    /// The member that came last at `place`.
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

/// The path of where the reader is; empty for a document as a whole.
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
