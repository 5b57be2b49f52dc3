//! Converts the events of JSON and YAML documents to rows: pages of both families, rows in lists and alone, documents
//! of this program, and what other programs wrap around them.

use usage_core::decode::{JsonEvent, JsonNumber, JsonScalar, MemberName};
use usage_core::{Column, Scope};

use crate::saved::count::Counts;
use crate::saved::dates::Place;
use crate::saved::level::{Here, Level, Object, Part, Plan, path};
use crate::saved::name::{Field, PageField, Subject};
use crate::saved::parse_error::{ParseError, Wrong};
use crate::saved::rows::Rows;
use crate::saved::value::ValueBuilder;

/// Receives the events of the documents of one file.
pub(super) struct Documents<'r> {
    rows: &'r mut Rows,
    levels: Vec<Level>,
    /// Number of documents that ended.
    ended: usize,
    counts: Counts,
    /// Depth within a value that is skipped.
    skipped: usize,
    /// The value of `scope` or `names`, while it is read.
    kept: Option<(Field, ValueBuilder)>,
    plan: Plan,
    /// Whether a document is an empty list.
    has_empty_list: bool,
}

const BY_ROWS: &str = "save a list of objects, one a row: in pandas, to_json(orient=\"records\")";
const NO_ROW: &str = "it takes results as the service sends them, and lists of objects, one a row: in pandas, \
                      to_json(orient=\"records\")";

impl<'r> Documents<'r> {
    pub(super) fn new(rows: &'r mut Rows) -> Self {
        Self {
            rows,
            levels: Vec::new(),
            ended: 0,
            counts: Counts::default(),
            skipped: 0,
            kept: None,
            plan: Plan::default(),
            has_empty_list: false,
        }
    }

    /// Handles one event.
    pub(super) fn event(&mut self, event: JsonEvent<'_>, here: &Here<'_>) -> Result<(), ParseError> {
        let taken = if self.kept.is_some() {
            self.keep(event)
        } else if self.skipped > 0 {
            self.skip(event);
            Ok(())
        } else {
            self.take(event, here)
        };
        taken.map_err(|wrong| wrong.at(self.path(), here.line()))
    }

    fn take(&mut self, event: JsonEvent<'_>, here: &Here<'_>) -> Result<(), Wrong> {
        match (self.levels.last_mut(), event) {
            (Some(Level::Object(object)), JsonEvent::Name(name)) => {
                object.begin_member(name, &mut self.plan);
                let (field, is_row) = (object.field, object.is_row);
                self.begin_member(field, is_row)
            }
            (Some(Level::Object(_)), JsonEvent::EndObject) => self.end_object(here),
            (Some(Level::Object(object)), value) => {
                let field = object.field;
                self.member(field, value, here)
            }
            (Some(Level::Reference(_, part)), JsonEvent::Name(name)) => {
                *part = Part::of(name);
                Ok(())
            }
            (Some(Level::Reference(..) | Level::Cursors(_)), JsonEvent::EndObject) => {
                self.levels.pop();
                Ok(())
            }
            (Some(Level::Reference(subject, part)), value) => {
                let (subject, part) = (*subject, *part);
                self.reference_member(subject, part, value)
            }
            (Some(Level::Cursors(is_after)), JsonEvent::Name(name)) => {
                *is_after = name == "after";
                Ok(())
            }
            (Some(Level::Cursors(is_after)), value) => {
                let has_more = *is_after && matches!(value, JsonEvent::Text(text) if !text.is_empty());
                self.begin_skipping(value);
                self.more_pages(has_more);
                Ok(())
            }
            (Some(Level::List(values)), JsonEvent::EndList) => {
                let is_empty = *values == 0;
                self.levels.pop();
                self.has_empty_list |=
                    is_empty && self.levels.iter().all(|level| matches!(level, Level::List(_)));
                self.end_value();
                Ok(())
            }
            (None | Some(Level::List(_)), JsonEvent::BeginObject) => {
                self.levels.push(Level::Object(Object::default()));
                Ok(())
            }
            (None | Some(Level::List(_)), JsonEvent::BeginList) => {
                self.levels.push(Level::List(0));
                Ok(())
            }
            (None | Some(Level::List(_)), value) => {
                let wrong = not_an_object(value);
                Err(if self.is_in_list_of_lists() { wrong.with_hint(BY_ROWS) } else { wrong })
            }
        }
    }

    fn is_in_list_of_lists(&self) -> bool {
        matches!(self.levels[..], [.., Level::List(_), Level::List(_)])
    }

    /// Handles the name of a member of an object that may be a row, a page or a wrapper.
    fn begin_member(&mut self, field: Field, is_row: bool) -> Result<(), Wrong> {
        let Some(Level::Object(object)) = self.levels.last_mut() else { return Ok(()) };
        match field {
            Field::Report => Err(Wrong::from("this is a report, or a part of one; a report is made of rows")
                .with_hint("save the rows: genesys-usage query … --format json")),
            Field::Text(_) | Field::Count(_) | Field::Reference(_) if object.is_around => {
                Err("the object has rows in it, and members of a row beside them".into())
            }
            Field::Text(_) | Field::Count(_) | Field::Reference(_) => {
                object.is_row = true;
                Ok(())
            }
            Field::Rows | Field::Wrapped if is_row => {
                // In a row, these are unused members like any others.
                let name = object.name.clone();
                object.field = Field::Unknown;
                self.rows.unused(&name);
                Ok(())
            }
            Field::Submission => {
                object.is_submission = true;
                Ok(())
            }
            Field::Unknown => {
                let name = object.name.clone();
                self.rows.unused(&name);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Handles the value of a member, or its start.
    fn member(&mut self, field: Field, value: JsonEvent<'_>, here: &Here<'_>) -> Result<(), Wrong> {
        match (field, value) {
            (_, JsonEvent::Null) => Ok(()),
            (Field::Text(Column::Date), JsonEvent::Text(text)) => self.date(text, here),
            (Field::Text(Column::Date), JsonEvent::Number(JsonNumber::Integer(time))) => {
                self.date(&time.to_string(), here)
            }
            (Field::Text(column), JsonEvent::Text(text)) => self.rows.text(column, text),
            (Field::Text(_) | Field::Count(_), JsonEvent::BeginObject | JsonEvent::BeginList) => {
                Err(Wrong::from("expected one value: this is a table by columns").with_hint(BY_ROWS))
            }
            (Field::Text(_), _) => Err("expected a text".into()),
            (Field::Count(counter), JsonEvent::Number(JsonNumber::Integer(count))) => {
                self.rows.count(counter, count)
            }
            (Field::Count(counter), JsonEvent::Text(text)) => match self.counts.read(text)? {
                Some(count) => self.rows.count(counter, count),
                None => Ok(()),
            },
            (Field::Count(_), _) => Err("expected a count: an integer from 0 to 9223372036854775807".into()),
            (Field::Reference(subject), JsonEvent::BeginObject) => {
                self.levels.push(Level::Reference(subject, Part::Other));
                Ok(())
            }
            (Field::Reference(subject), JsonEvent::Text(text)) => self.rows.reference(subject, text),
            (Field::Reference(_), _) => Err("expected an object with an id and a name".into()),
            (Field::Rows | Field::Wrapped, JsonEvent::BeginList) => {
                self.enter_documents(Level::List(0));
                Ok(())
            }
            (Field::Rows | Field::Wrapped, JsonEvent::BeginObject) => {
                self.enter_documents(Level::Object(Object::default()));
                Ok(())
            }
            (Field::Rows, value) => Err(not_an_object(value)),
            (Field::Page(PageField::Status), JsonEvent::Text(status)) => self.status(status),
            (Field::Page(PageField::Cursors), JsonEvent::BeginObject) => {
                self.levels.push(Level::Cursors(false));
                Ok(())
            }
            (Field::Page(PageField::NextUri), JsonEvent::Text(uri)) => {
                self.more_pages(!uri.is_empty());
                Ok(())
            }
            (Field::RowsMissing, JsonEvent::Text(text)) => {
                self.rows.missing(text);
                Ok(())
            }
            (Field::Scope | Field::Names, JsonEvent::BeginObject) => {
                let mut kept = ValueBuilder::default();
                kept.take(value);
                self.kept = Some((field, kept));
                Ok(())
            }
            _ => {
                self.begin_skipping(value);
                Ok(())
            }
        }
    }

    fn date(&mut self, text: &str, here: &Here<'_>) -> Result<(), Wrong> {
        if self.rows.usual_date(text) {
            return Ok(());
        }
        let (levels, ended) = (&self.levels, self.ended);
        self.rows.date(text, || Place { path: path(levels, ended), line: here.line() })
    }

    fn reference_member(&mut self, subject: Subject, part: Part, value: JsonEvent<'_>) -> Result<(), Wrong> {
        match (part, value) {
            (Part::Other, value) => {
                self.begin_skipping(value);
                Ok(())
            }
            (_, JsonEvent::Null) => Ok(()),
            (Part::Id, JsonEvent::Text(text)) => self.rows.text(subject.id(), text),
            (Part::Name, JsonEvent::Text(text)) => match subject {
                Subject::Client => self.rows.text(Column::ClientName, text),
                Subject::User => Ok(()),
            },
            _ => Err("expected a text".into()),
        }
    }

    /// Refuses the page of a query that is not complete.
    fn status(&mut self, status: &str) -> Result<(), Wrong> {
        if let Some(Level::Object(object)) = self.levels.last_mut() {
            object.has_status = true;
        }
        let is = |word: &str| status.eq_ignore_ascii_case(word);
        if status.is_empty() || is("Complete") || is("Succeeded") {
            return Ok(());
        }
        let still = if is("Running") || is("Queued") { "still " } else { "" };
        let shown: String = status.chars().take(60).collect();
        Err(Wrong::from(format!("the query was not complete when this was saved, but {still}{shown}"))
            .with_hint("fetch the results again when the query is complete"))
    }

    /// Enters the member that contains the rows or documents of the current object.
    fn enter_documents(&mut self, level: Level) {
        if let Some(Level::Object(object)) = self.levels.last_mut() {
            object.is_around = true;
        }
        self.levels.push(level);
    }

    fn more_pages(&mut self, has_more: bool) {
        let object = self.levels.iter_mut().rev().find_map(|level| match level {
            Level::Object(object) => Some(object),
            _ => None,
        });
        if let Some(object) = object {
            object.has_more |= has_more;
        }
    }

    fn end_object(&mut self, here: &Here<'_>) -> Result<(), Wrong> {
        let Some(Level::Object(object)) = self.levels.last_mut() else { return Ok(()) };
        object.field = Field::Unknown;
        object.name.clear();
        if object.is_row {
            let (levels, ended) = (&self.levels, self.ended);
            self.rows.end_row(|| Place { path: path(levels, ended), line: here.line() })?;
        } else if object.is_around {
            // Of several pages, the last one says whether another follows.
            if object.has_status || object.has_more {
                self.rows.source().has_more_pages = object.has_more;
            }
        } else if object.is_submission {
            return Err(Wrong::from("this is the answer to a submit, and has no rows")
                .with_hint("save the results of the execution: genesys-usage query --attach ID …"));
        } else if object.has_status {
            return Err("the page says that the query is complete, but has no list of rows".into());
        } else {
            return Err(Wrong::from("this is no row of usage: it has no member of one").with_hint(NO_ROW));
        }
        self.levels.pop();
        self.end_value();
        Ok(())
    }

    /// Counts the list value or the document that ended.
    fn end_value(&mut self) {
        match self.levels.last_mut() {
            Some(Level::List(index)) => *index += 1,
            Some(_) => {}
            None => self.ended += 1,
        }
    }

    fn begin_skipping(&mut self, value: JsonEvent<'_>) {
        self.skipped = usize::from(matches!(value, JsonEvent::BeginObject | JsonEvent::BeginList));
    }

    fn skip(&mut self, event: JsonEvent<'_>) {
        match event {
            JsonEvent::BeginObject | JsonEvent::BeginList => self.skipped += 1,
            JsonEvent::EndObject | JsonEvent::EndList => self.skipped -= 1,
            _ => {}
        }
    }

    /// Handles an event of a value that is kept.
    fn keep(&mut self, event: JsonEvent<'_>) -> Result<(), Wrong> {
        let Some((field, kept)) = &mut self.kept else { return Ok(()) };
        let Some(value) = kept.take(event) else { return Ok(()) };
        let is_scope = *field == Field::Scope;
        self.kept = None;
        if is_scope {
            return self.scope(value);
        }
        // Other programs may use the member for something else.
        if let Ok(names) = serde_json::from_value(value) {
            self.rows.source().names.merge(names);
        }
        Ok(())
    }

    fn scope(&mut self, value: serde_json::Value) -> Result<(), Wrong> {
        let scope = serde_json::from_value(value);
        let scope: Scope = scope.map_err(|error| format!("this is no scope of rows: {error}"))?;
        let is_at_top = self.levels.len() == 1;
        let source = self.rows.source();
        source.scopes += usize::from(is_at_top);
        let bucket = scope.query.as_ref().and_then(|query| query.granularity.clone());
        if source.buckets.len() < 2 && !source.buckets.contains(&bucket) {
            source.buckets.push(bucket);
        }
        source.scope = match source.scope.take() {
            None => Some(scope),
            Some(other) => Some(other.join(scope)),
        };
        Ok(())
    }

    /// Returns the path of the current position; empty at the level of the document.
    pub(super) fn path(&self) -> String {
        path(&self.levels, self.ended)
    }

    /// Returns the member that is expected next in the row.
    #[inline]
    pub(super) fn likely_member(&self) -> Option<&MemberName> {
        match self.levels.last() {
            Some(Level::Object(object)) if self.skipped == 0 && self.kept.is_none() => {
                self.plan.get(object.place)?.written.as_ref()
            }
            _ => None,
        }
    }

    /// Sets the expected member, if `value` has the expected type. Returns whether it did.
    #[inline]
    pub(super) fn take_likely(&mut self, value: JsonScalar<'_>) -> bool {
        let Some(Level::Object(object)) = self.levels.last_mut() else { return false };
        let Some(planned) = self.plan.get(object.place) else { return false };
        if object.is_around {
            return false;
        }
        let is_taken = match (planned.field, value) {
            (Field::Text(Column::Date), JsonScalar::Text(text)) => {
                text.is_empty() || self.rows.usual_date(text)
            }
            (Field::Text(column), JsonScalar::Text(text)) => self.rows.text(column, text).is_ok(),
            (Field::Count(counter), JsonScalar::Integer(count)) => self.rows.count(counter, count).is_ok(),
            _ => false,
        };
        if is_taken {
            object.is_row = true;
            object.place += 1;
        }
        is_taken
    }

    /// Handles the end of the text.
    pub(super) fn finish(self) -> Result<(), ParseError> {
        if self.has_empty_list && self.rows.is_file_empty() {
            let problem = "it is an empty list, which is what the official client prints for a query that is still running";
            return Err(
                ParseError::new(problem).with_hint("save the results again when the query is complete")
            );
        }
        let source = self.rows.source();
        source.is_one_result = self.ended == 1 && source.scopes == 1;
        Ok(())
    }
}

fn not_an_object(value: JsonEvent<'_>) -> Wrong {
    let wrong = Wrong::from("expected an object: a results page or a row");
    match value {
        JsonEvent::Text(text) if text.starts_with("@{") || text.starts_with("System.") => {
            wrong.with_hint("PowerShell cuts what is nested deep: save with ConvertTo-Json -Depth 10")
        }
        _ => wrong,
    }
}
