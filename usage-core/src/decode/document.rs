//! One results page, from pieces of text to what it says.

use crate::decode::grammar::{Grammar, Usual};
use crate::decode::input::{Fault, Input};
use crate::decode::outline::{Outline, Step};
use crate::decode::row::{RowBuilder, RowSink};
use crate::decode::shape::{Holds, PageText};
use crate::error::{DecodeError, ErrorBody, MAX_ERROR_BODY, excerpt};
use crate::ids::Cursor;
use crate::model::{QueryStatus, ResultsPage};
use crate::table::UsageTable;
use crate::uri::after_of;

/// Reads one results page.
#[derive(Debug, Default)]
pub(super) struct Document<S> {
    grammar: Grammar,
    outline: Outline,
    pub(super) rows: RowBuilder<S>,
    pub(super) head: Head,
    /// The value of `errorBody`, while it is read.
    error_body: Option<RawValue>,
    /// Whether cursors are left out: the query family has no pages.
    pub(super) single_page: bool,
    /// How many bytes of the body are read.
    offset: u64,
}

/// What a page says besides its rows.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Head {
    status: Option<QueryStatus>,
    /// From `cursors.after`.
    after: Option<Cursor>,
    /// From `nextUri`.
    next_uri: Option<Cursor>,
    /// Why a cursor that is there cannot be used.
    bad_cursor: Option<Box<DecodeError>>,
    /// Why the rows that are there cannot be read.
    bad_rows: Option<Box<DecodeError>>,
    had_rows: bool,
    error: Option<Box<ErrorBody>>,
}

impl<S: RowSink> Document<S> {
    pub(super) fn new(sink: S) -> Self {
        Self {
            grammar: Grammar::default(),
            outline: Outline::default(),
            rows: RowBuilder::new(sink),
            head: Head::default(),
            error_body: None,
            single_page: false,
            offset: 0,
        }
    }

    pub(super) fn status(&self) -> Option<&QueryStatus> {
        self.head.status.as_ref()
    }

    /// Reads the next piece of the body.
    pub(super) fn read(&mut self, text: &str) -> Result<(), DecodeError> {
        let mut input = Input::new(text, self.offset);
        loop {
            self.read_usual_members(&mut input);
            let before = input.at();
            let event = self.grammar.next(&mut input);
            if let Some(raw) = &mut self.error_body {
                raw.add(input.since(before));
            }
            let event = match event {
                Ok(Some(event)) => event,
                Ok(None) => break,
                Err(fault) => {
                    let at_value = self.grammar.at_value();
                    return Err(self.error(&fault, at_value));
                }
            };
            let step = match self.outline.step(event) {
                Ok(step) => step,
                Err(problem) => return Err(self.problem(problem)),
            };
            match step {
                Step::Nothing => {}
                Step::Text(column, text) => self.rows.text(column, text),
                Step::Count(counter, count) => self.rows.count(counter, count),
                Step::RowEnds => self.rows.end(),
                Step::PageText(which, text) => {
                    if let Err(problem) = self.head.text(which, text) {
                        let problem = self.problem(problem);
                        self.head.bad_cursor.get_or_insert(problem.into());
                    }
                }
                Step::NoRows => {
                    let problem = self.problem("expected a list of rows");
                    self.head.bad_rows.get_or_insert(problem.into());
                }
                Step::ErrorBodyBegins => {
                    self.error_body = Some(RawValue::default());
                }
                Step::ErrorBodyEnds => self.head.error = self.error_body.take().and_then(|raw| raw.read()),
            }
        }
        self.offset = input.offset();
        Ok(())
    }

    /// Reads members of a row as long as each is the one that is likely, with a value of the usual kind. What is not
    /// usual, errors included, is left to the events.
    #[inline]
    fn read_usual_members(&mut self, input: &mut Input<'_>) {
        let Some(mut row) = self.outline.row() else { return };
        while let Some(likely) = row.likely_member() {
            let Some((value, length)) = self.grammar.usual_member(input, &likely.0.written) else { return };
            match (likely.0.holds, value) {
                (Holds::Text(column), Usual::Text(text)) => self.rows.text(column, text),
                (Holds::Count(counter), Usual::Integer(count)) => self.rows.count(counter, count),
                _ => return,
            }
            input.advance(length);
            self.grammar.member_taken();
            row.take(likely);
        }
    }

    /// What is wrong with the last event.
    #[cold]
    fn problem(&self, problem: &'static str) -> DecodeError {
        self.error(&Fault { offset: self.grammar.start(), problem }, true)
    }

    #[cold]
    fn error(&self, fault: &Fault, at_value: bool) -> DecodeError {
        DecodeError::new(self.outline.path(at_value), fault.offset, fault.problem)
    }

    /// The bytes behind what was read are not UTF-8.
    pub(super) fn not_utf8(&self) -> DecodeError {
        let fault = Fault { offset: self.offset, problem: "this is not UTF-8" };
        self.error(&fault, self.grammar.at_value())
    }

    /// Takes the end of the body. If it is good, the page is in `head` and `rows`.
    pub(super) fn finish(&mut self) -> Result<(), DecodeError> {
        self.grammar
            .finish(self.offset)
            .map_err(|fault| DecodeError::new("$", fault.offset, fault.problem).at_end())?;
        self.head.had_rows = self.outline.had_rows();
        if self.single_page {
            (self.head.after, self.head.next_uri, self.head.bad_cursor) = (None, None, None);
        }
        self.head.check()
    }
}

impl Head {
    /// The page with these `rows`.
    pub(super) fn with(self, rows: UsageTable) -> ResultsPage {
        let lists_missing = self.is_done() && !self.had_rows;
        let Self { status, after, next_uri, error, .. } = self;
        ResultsPage { status, rows, next: after.or(next_uri), error, lists_missing }
    }

    /// Refuses a page that is done but whose rows, or the way to the next ones, cannot be read. Of another page the
    /// status alone counts.
    fn check(&mut self) -> Result<(), DecodeError> {
        let has_cursor = self.after.is_some() || self.next_uri.is_some();
        let bad_cursor = self.bad_cursor.take().filter(|_| !has_cursor);
        match self.bad_rows.take().or(bad_cursor) {
            Some(error) if self.is_done() => Err(*error),
            _ => Ok(()),
        }
    }

    fn is_done(&self) -> bool {
        self.status.as_ref().is_some_and(QueryStatus::is_done)
    }

    /// Takes a text of the page. An empty one is none.
    fn text(&mut self, which: PageText, text: &str) -> Result<(), &'static str> {
        if text.is_empty() {
            return Ok(());
        }
        match which {
            PageText::QueryStatus => self.status = Some(text.into()),
            PageText::AfterCursor => self.after = Some(cursor(text)?),
            PageText::NextUri => self.next_uri = Some(cursor(&after_of(text).ok_or(NO_AFTER)?)?),
        }
        Ok(())
    }
}

pub(super) const NO_AFTER: &str = "the URI has no cursor: its query has no `after`";

pub(super) fn cursor(text: &str) -> Result<Cursor, &'static str> {
    Cursor::parse(text).map_err(|_| "the cursor is too long")
}

/// The value of a member as it stands in the body: a colon, and what is behind it.
#[derive(Debug, Default)]
struct RawValue {
    text: String,
    is_cut: bool,
}

impl RawValue {
    /// Keeps `text`, up to [`MAX_ERROR_BODY`] bytes in all.
    fn add(&mut self, text: &str) {
        if self.is_cut || self.text.len() + text.len() > MAX_ERROR_BODY {
            self.is_cut = true;
            let room = MAX_ERROR_BODY.saturating_sub(self.text.len());
            self.text.extend(text.chars().take(room / 4));
        } else {
            self.text.push_str(text);
        }
    }

    /// Reads the error as far as that is possible. Of one that is too long, the beginning is the message.
    fn read(&self) -> Option<Box<ErrorBody>> {
        let value = self.text.trim_start().trim_start_matches(':').trim_start();
        if self.is_cut {
            return Some(Box::new(ErrorBody { message: Some(excerpt(value, 300)), ..ErrorBody::default() }));
        }
        serde_json::from_str(value).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the pieces; what the page says, and its rows.
    fn read(pieces: &[&str]) -> Result<(Head, UsageTable), DecodeError> {
        let mut document = Document::new(UsageTable::new());
        pieces.iter().try_for_each(|piece| document.read(piece))?;
        document.finish()?;
        Ok((document.head, document.rows.sink))
    }

    #[test]
    fn the_short_way_and_the_events_read_the_same() {
        // The second row is read in the short way as far as it goes, the first one by events where it is cut.
        let row = r#"{"clientId":"a","clientName":"\u0062","requests":18446744073709551615}"#;
        let small = row.replace("18446744073709551615", "5");
        let (_, rows) = read(&["{\"results\":[", &small, ",", &small[..15], &small[15..], "]}"]).unwrap();
        assert_eq!(rows.row(0).unwrap(), rows.row(1).unwrap());
        assert_eq!(rows.row(0).unwrap().client_name(), Some("b"));
        let error = read(&["{\"results\":[", &small, ",", row, "]}"]).unwrap_err();
        assert_eq!(&*error.path, "results[1].requests");
    }

    #[test]
    fn the_short_way_leads_through_all_of_a_usual_row() {
        let row = r#""clientId":"a","clientName":"b","organizationId":"","userId":"c","templateUri":"/d","httpMethod":"GET","status200":0,"status300":1,"status400":2,"status500":3,"status429":4,"requests":10,"date":"2026-07-01""#;
        for read_before in [0, row.find(",\"userId\"").unwrap()] {
            let mut document = Document::new(UsageTable::new());
            document.read("{\"results\":[{").unwrap();
            document.read(&row[..read_before]).unwrap();
            let rest = format!("{}}}]}}{}", &row[read_before..], " ".repeat(20));
            let mut input = Input::new(&rest, document.offset);
            document.read_usual_members(&mut input);
            assert_eq!(input.at(), row.len() - read_before);
        }
    }

    #[test]
    fn the_short_way_leads_past_what_is_skipped() {
        // The first row teaches that `clientId` comes behind an unknown member.
        let rows = r#"{"later":0,"clientId":"a"},{"later":{"x":0,"clientId":"b"},"clientId":"c"}"#;
        let (_, rows) = read(&["{\"results\":[", rows, "]}"]).unwrap();
        assert_eq!(rows.iter().map(|row| row.client_id()).collect::<Vec<_>>(), [Some("a"), Some("c")]);
    }

    #[test]
    fn the_short_way_begins_no_name_inside_another() {
        let (first, second) = ("{\"results\":[{\"", "\"clientId\":\"x\"}]}");
        let error = read(&[first, second]).unwrap_err();
        assert_eq!((error.offset, &*error.problem), (15, "expected a colon"));
        assert_eq!(read(&[&[first, second].concat()]), Err(error));
    }

    #[test]
    fn the_short_way_refuses_what_is_there_twice() {
        // The first two rows teach that either member comes behind the other.
        let rows = r#"{"userId":"1","date":"2"},{"date":"1","userId":"2"}"#;
        for (twice, row) in [
            ("userId", r#"{"userId":"1","date":"2","userId":"3"}"#),
            ("date", r#"{"date":"1","userId":"2","date":"3"}"#),
        ] {
            let document = format!(r#"{{"results":[{rows},{row}]}}"#);
            // There is no short way at the very end of a piece.
            let error = read(&[&document, " "]).unwrap_err();
            assert_eq!(read(&[&(document + &" ".repeat(50))]), Err(error.clone()));
            assert_eq!(
                (&*error.path, &*error.problem),
                (&*format!("results[2].{twice}"), "the member is there twice")
            );
        }
    }

    #[test]
    fn an_error_body_is_read_across_pieces() {
        let (page, _) = read(&["{\"errorBody\"", " :", " {\"co", "de\":\"c\"", "} ,\"x\":1}"]).unwrap();
        assert_eq!(page.error.unwrap().code.as_deref(), Some("c"));
    }
}
