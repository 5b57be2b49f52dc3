//! Follows a document through its shapes: from JSON events to the members of a results page.

use std::fmt::Write;

use crate::decode::grammar::Event;
use crate::decode::number::Number;
use crate::decode::shape::{Holds, Member, PAGE, PageText, Shape};
use crate::failures::excerpt;
use crate::table::{Column, Counter, UsageRecord};

/// The maximum number of rows of a results page. The service's limits are 20,000 for a simple search and 1,000 for a page
/// of a job; an organization query has one page, whatever its size.
pub const MAX_PAGE_ROWS: usize = 1_000_000;

/// The meaning of an event.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// It is skipped.
    Nothing,
    /// The value of `results` or `entities` begins, and is not a list.
    NoRows,
    /// A text of the page.
    PageText(PageText, &'a str),
    /// The value of `errorBody` follows.
    ErrorBodyBegins,
    ErrorBodyEnds,
    /// A text of the row.
    Text(Column, &'a str),
    /// A count of the row.
    Count(Counter, u64),
    RowEnds,
}

/// The position in the document.
#[derive(Debug)]
pub(super) struct Outline {
    /// The innermost object or list that is not skipped.
    level: Level,
    /// Its parents: at most the page, its list of rows and a row. Empty for a page without rows.
    outer: Vec<Level>,
    /// The depth inside a value that is skipped.
    skipped_levels: u32,
    had_rows: bool,
    /// The name of the member that is being skipped.
    unknown_name: String,
}

#[derive(Debug)]
enum Level {
    /// Before and after the page.
    Outside,
    Object(Object),
    /// A list of rows; `row` is the number of the current or next one.
    Rows {
        shape: &'static Shape,
        row: usize,
    },
}

#[derive(Debug)]
struct Object {
    shape: &'static Shape,
    /// A bit for each member that has occurred.
    seen: u32,
    at: Place,
}

/// The position in an object.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Before the first member.
    Beginning,
    Member(&'static Member),
    /// A member that is skipped.
    Unknown,
}

impl Default for Outline {
    fn default() -> Self {
        Self {
            level: Level::Outside,
            outer: Vec::new(),
            skipped_levels: 0,
            had_rows: false,
            unknown_name: String::new(),
        }
    }
}

impl Outline {
    /// Returns whether the next event is a row within the limit, or the end of the list.
    #[inline]
    pub(super) fn is_between_rows(&self) -> bool {
        matches!(&self.level, Level::Rows { row, .. } if *row < MAX_PAGE_ROWS)
    }

    /// Counts a row that was read by its layout.
    #[inline]
    pub(super) fn row_taken(&mut self) {
        if let Level::Rows { row, .. } = &mut self.level {
            *row += 1;
        }
    }

    /// Takes the next event.
    #[inline]
    pub(super) fn step<'a>(&mut self, event: Event<'a>) -> Result<Step<'a>, &'static str> {
        if self.skipped_levels > 0 {
            return Ok(self.skip(event));
        }
        match &mut self.level {
            Level::Object(object) => match event {
                Event::Name(name) => {
                    object.find(name, &mut self.unknown_name)?;
                    let is_error_body = matches!(object.holds(), Some(Holds::ErrorBody));
                    Ok(if is_error_body { Step::ErrorBodyBegins } else { Step::Nothing })
                }
                Event::EndObject => Ok(self.end_object()),
                value => match object.holds() {
                    Some(holds) => self.value(holds, value),
                    None => Ok(self.begin_skipping(value)),
                },
            },
            Level::Rows { shape, row } => match event {
                Event::BeginObject if *row < MAX_PAGE_ROWS => {
                    let shape = *shape;
                    self.enter_object(shape);
                    Ok(Step::Nothing)
                }
                Event::BeginObject => Err("the page has too many rows"),
                Event::EndList => {
                    self.leave();
                    Ok(Step::Nothing)
                }
                _ => Err("expected a row"),
            },
            Level::Outside if event == Event::BeginObject => {
                self.enter_object(PAGE);
                Ok(Step::Nothing)
            }
            Level::Outside => Err("expected an object"),
        }
    }

    /// Takes the value, or its beginning, of a member that is not skipped.
    #[inline]
    fn value<'a>(&mut self, holds: Holds, event: Event<'a>) -> Result<Step<'a>, &'static str> {
        match (holds, event) {
            (Holds::Text(column), Event::Text(text)) => Ok(Step::Text(column, text)),
            (Holds::Count(counter), Event::Number(Number::Integer(count)))
                if count <= UsageRecord::MAX_COUNT =>
            {
                Ok(Step::Count(counter, count))
            }
            (Holds::PageText(which), Event::Text(text)) => Ok(Step::PageText(which, text)),
            (Holds::ErrorBody, event) => Ok(match self.begin_skipping(event) {
                Step::Nothing if self.skipped_levels == 0 => Step::ErrorBodyEnds,
                step => step,
            }),
            (_, Event::Null) => Ok(Step::Nothing),
            (Holds::Object(shape) | Holds::Cursors(shape), Event::BeginObject) => {
                self.enter_object(shape);
                Ok(Step::Nothing)
            }
            (Holds::Rows(shape), Event::BeginList) => {
                if std::mem::replace(&mut self.had_rows, true) {
                    return Err("a page has `results` or `entities`, not both");
                }
                self.enter(Level::Rows { shape, row: 0 });
                Ok(Step::Nothing)
            }
            (Holds::Rows(_), value) => {
                self.begin_skipping(value);
                Ok(Step::NoRows)
            }
            // A secondary member of an unexpected type does not make the page invalid.
            (Holds::Cursors(_) | Holds::PageText(PageText::AfterCursor | PageText::NextUri), value) => {
                Ok(self.begin_skipping(value))
            }
            (Holds::Text(_) | Holds::PageText(_), _) => Err("expected a text"),
            (Holds::Count(_), _) => Err("expected an integer from 0 to 9223372036854775807"),
            (Holds::Object(_), _) => Err("expected an object"),
        }
    }

    fn enter_object(&mut self, shape: &'static Shape) {
        self.enter(Level::Object(Object { shape, seen: 0, at: Place::Beginning }));
    }

    fn enter(&mut self, level: Level) {
        let outer = std::mem::replace(&mut self.level, level);
        if !matches!(outer, Level::Outside) {
            self.outer.push(outer);
        }
    }

    fn leave(&mut self) {
        self.level = self.outer.pop().unwrap_or(Level::Outside);
    }

    fn end_object(&mut self) -> Step<'static> {
        self.leave();
        match &mut self.level {
            Level::Rows { row, .. } => {
                *row += 1;
                Step::RowEnds
            }
            _ => Step::Nothing,
        }
    }

    fn begin_skipping(&mut self, event: Event<'_>) -> Step<'static> {
        self.skipped_levels = u32::from(matches!(event, Event::BeginObject | Event::BeginList));
        Step::Nothing
    }

    fn skip(&mut self, event: Event<'_>) -> Step<'static> {
        match event {
            Event::BeginObject | Event::BeginList => self.skipped_levels += 1,
            Event::EndObject | Event::EndList => self.skipped_levels -= 1,
            _ => {}
        }
        if self.skipped_levels == 0 && self.in_error_body() { Step::ErrorBodyEnds } else { Step::Nothing }
    }

    fn in_error_body(&self) -> bool {
        match &self.level {
            Level::Object(object) => matches!(object.holds(), Some(Holds::ErrorBody)),
            _ => false,
        }
    }

    /// Returns whether the page has a list of rows, which may be empty.
    pub(super) fn had_rows(&self) -> bool {
        self.had_rows
    }

    /// Returns the path of the current position, such as `results[17].requests`; `$` for the whole document. The member of
    /// the innermost object is included only if the position is `at_value`.
    pub(super) fn path(&self, at_value: bool) -> String {
        let mut path = String::new();
        let innermost = (at_value || self.skipped_levels > 0).then_some(&self.level);
        for level in self.outer.iter().chain(innermost) {
            match level {
                Level::Object(object) => {
                    let name = match object.at {
                        Place::Member(member) => member.name.into(),
                        Place::Unknown => excerpt(&self.unknown_name, 60),
                        Place::Beginning => continue,
                    };
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&name);
                }
                Level::Rows { row, .. } => {
                    let _ = write!(path, "[{row}]");
                }
                Level::Outside => {}
            }
        }
        if path.is_empty() { "$".to_owned() } else { path }
    }
}

impl Object {
    /// Returns the kind of the current member, unless it is skipped.
    #[inline]
    fn holds(&self) -> Option<Holds> {
        match self.at {
            Place::Member(member) => Some(member.holds),
            Place::Beginning | Place::Unknown => None,
        }
    }

    /// Moves to the member `name`.
    fn find(&mut self, name: &str, unknown_name: &mut String) -> Result<(), &'static str> {
        let Some((number, member)) = self.shape.iter().enumerate().find(|(_, member)| member.name == name)
        else {
            self.at = Place::Unknown;
            unknown_name.clear();
            unknown_name.push_str(name);
            return Ok(());
        };
        self.at = Place::Member(member);
        let bit = 1 << number;
        if self.seen & bit != 0 {
            return Err("the member is there twice");
        }
        self.seen |= bit;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(events: &[Event<'_>]) -> Outline {
        let mut outline = Outline::default();
        for event in events {
            outline.step(*event).unwrap();
        }
        outline
    }

    const ROWS: [Event<'_>; 3] = [Event::BeginObject, Event::Name("entities"), Event::BeginList];

    #[test]
    fn gives_what_is_wanted_and_skips_the_rest() {
        let mut outline = outline(&ROWS);
        for (event, step) in [
            (Event::BeginObject, Step::Nothing),
            (Event::Name("platform"), Step::Nothing),
            (Event::Text("api"), Step::Text(Column::Platform, "api")),
            (Event::Name("later"), Step::Nothing),
            (Event::BeginList, Step::Nothing),
            (Event::BeginObject, Step::Nothing),
            (Event::Name("platform"), Step::Nothing),
            (Event::Text("other"), Step::Nothing),
            (Event::EndObject, Step::Nothing),
            (Event::EndList, Step::Nothing),
            (Event::Name("requestCount"), Step::Nothing),
            (Event::Number(Number::Integer(7)), Step::Count(Counter::Requests, 7)),
            (Event::Name("user"), Step::Nothing),
            (Event::BeginObject, Step::Nothing),
            (Event::Name("id"), Step::Nothing),
            (Event::Text("u"), Step::Text(Column::UserId, "u")),
            (Event::EndObject, Step::Nothing),
            (Event::Name("status429"), Step::Nothing),
            (Event::Null, Step::Nothing),
            (Event::EndObject, Step::RowEnds),
            (Event::EndList, Step::Nothing),
            (Event::Name("nextUri"), Step::Nothing),
            (Event::Text("/x"), Step::PageText(PageText::NextUri, "/x")),
            (Event::Name("errorBody"), Step::ErrorBodyBegins),
            (Event::BeginObject, Step::Nothing),
            (Event::EndObject, Step::ErrorBodyEnds),
            (Event::EndObject, Step::Nothing),
        ] {
            assert_eq!(outline.step(event), Ok(step), "{event:?}");
        }
    }

    #[test]
    fn knows_where_it_is() {
        let mut outline = outline(&ROWS);
        assert_eq!((&*outline.path(true), &*outline.path(false)), ("entities[0]", "entities"));
        outline.step(Event::BeginObject).unwrap();
        assert_eq!(outline.path(true), "entities[0]");
        outline.step(Event::Name("user")).unwrap();
        assert_eq!((&*outline.path(true), &*outline.path(false)), ("entities[0].user", "entities[0]"));
        outline.step(Event::BeginObject).unwrap();
        outline.step(Event::Name("a\nname")).unwrap();
        outline.step(Event::BeginList).unwrap();
        assert_eq!(outline.path(false), "entities[0].user.a name");
    }
}
