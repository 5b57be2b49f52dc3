//! The decoder of one results page, from pieces of text to values.

use crate::decode::grammar::Grammar;
use crate::decode::input::{Fault, Input};
use crate::decode::layout::{Layouts, Sketch, Value};
use crate::decode::outline::{Outline, Step};
use crate::decode::row::{RowBuilder, RowSink};
use crate::decode::shape::PageText;
use crate::decode::{QueryStatus, ResultsPage};
use crate::failures::{DecodeError, ErrorBody, MAX_ERROR_BODY, excerpt};
use crate::ids::Cursor;
use crate::table::UsageTable;
use crate::uri::after_of;

/// How many bytes at the end of a piece are held back, at most, if they may be the beginning of a row of a known layout.
const MAX_HELD: usize = 1024;

/// Decodes one results page.
#[derive(Debug, Default)]
pub(super) struct Document<S> {
    grammar: Grammar,
    outline: Outline,
    /// The layouts of the rows so far, and that of the row that is read by events.
    layouts: Layouts,
    sketch: Sketch,
    /// The end of the last piece, if it is to be read together with the next one.
    held: String,
    pub(super) rows: RowBuilder<S>,
    pub(super) head: Head,
    /// The value of `errorBody`, while it is read.
    error_body: Option<RawValue>,
    /// Whether cursors are ignored, since the query family has no pages.
    pub(super) single_page: bool,
    /// The number of bytes of the body that were read, without those that are held back.
    offset: u64,
}

/// The members of a page other than its rows.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Head {
    status: Option<QueryStatus>,
    /// From `cursors.after`.
    after: Option<Cursor>,
    /// From `nextUri`.
    next_uri: Option<Cursor>,
    /// Why the cursor of the page cannot be used.
    bad_cursor: Option<Box<DecodeError>>,
    /// Why the rows of the page cannot be read.
    bad_rows: Option<Box<DecodeError>>,
    had_rows: bool,
    error: Option<Box<ErrorBody>>,
}

impl<S: RowSink> Document<S> {
    pub(super) fn new(sink: S) -> Self {
        Self {
            grammar: Grammar::default(),
            outline: Outline::default(),
            layouts: Layouts::default(),
            sketch: Sketch::default(),
            held: String::new(),
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

    /// Reads the next piece of the body. The end of a piece cuts a row in most cases: to read it as events would cost
    /// as much as several rows, so it is held back and read together with the beginning of the next piece.
    pub(super) fn read(&mut self, text: &str) -> Result<(), DecodeError> {
        let text = if self.held.is_empty() { text } else { self.read_cut_row(text)? };
        self.read_piece(text, MAX_HELD)
    }

    /// Reads the row that is held back, with its rest at the beginning of `text`. Returns the text after it.
    fn read_cut_row<'a>(&mut self, text: &'a str) -> Result<&'a str, DecodeError> {
        let mut piece = std::mem::take(&mut self.held);
        let held = piece.len();
        let end = (0..=text.len().min(MAX_HELD)).rfind(|end| text.is_char_boundary(*end)).unwrap_or_default();
        piece.push_str(&text[..end]);
        let mut input = Input::new(&piece, self.offset);
        let rest = match self.grammar.next_value(&input) {
            Some(ahead) if self.read_known_row(&mut input, ahead) && input.at() >= held => {
                self.offset = input.offset();
                &text[input.at() - held..]
            }
            _ => {
                self.offset = input.offset();
                self.read_piece(&piece[input.at()..], 0)?;
                &text[end..]
            }
        };
        // The memory is used again.
        piece.clear();
        self.held = piece;
        Ok(rest)
    }

    /// Reads what is held back, at an end or an error that follows it.
    pub(super) fn read_held(&mut self) -> Result<(), DecodeError> {
        match std::mem::take(&mut self.held) {
            held if held.is_empty() => Ok(()),
            held => self.read_piece(&held, 0),
        }
    }

    /// Reads a piece, and holds back at most `max_held` bytes at its end.
    fn read_piece(&mut self, text: &str, max_held: usize) -> Result<(), DecodeError> {
        let mut input = Input::new(text, self.offset);
        self.sketch.abandon();
        loop {
            if self.outline.is_between_rows() && self.read_known_rows(&mut input, max_held) {
                break;
            }
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
            let value = Value::of(event, &step);
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
            if let Some(value) = value {
                self.sketch.add(value, input.token(before));
                if value == Value::RowEnd {
                    self.layouts.learn(input.text(), &self.sketch);
                }
            }
        }
        self.offset = input.offset();
        Ok(())
    }

    /// Reads rows as long as their layouts are known. Everything else, errors included, is read as events, except for
    /// the end of a piece that is held back. Returns whether it is.
    fn read_known_rows(&mut self, input: &mut Input<'_>, max_held: usize) -> bool {
        self.sketch.abandon();
        while self.outline.is_between_rows()
            && let Some(ahead) = self.grammar.next_value(input)
        {
            if self.read_known_row(input, ahead) {
                continue;
            }
            let may_be_cut = !self.layouts.is_empty() && (1..=max_held).contains(&input.rest().len());
            if may_be_cut {
                self.held.push_str(&input.text()[input.at()..]);
            } else {
                self.sketch.begin(input.at() + ahead);
            }
            return may_be_cut;
        }
        false
    }

    /// Reads the row that begins `ahead` bytes ahead, if its layout is known.
    #[inline]
    fn read_known_row(&mut self, input: &mut Input<'_>, ahead: usize) -> bool {
        let text = &input.text()[input.at() + ahead..];
        let Some(length) = self.rows.known_row(text, &self.layouts) else { return false };
        input.advance(ahead + length);
        self.grammar.value_taken();
        self.outline.row_taken();
        true
    }

    /// Returns the error of the last event.
    #[cold]
    fn problem(&self, problem: &'static str) -> DecodeError {
        self.error(&Fault { offset: self.grammar.start(), problem }, true)
    }

    #[cold]
    fn error(&self, fault: &Fault, at_value: bool) -> DecodeError {
        DecodeError::new(self.outline.path(at_value), fault.offset, fault.problem)
    }

    /// Returns the error for bytes that are not UTF-8, after those that were read.
    pub(super) fn not_utf8(&self) -> DecodeError {
        let fault = Fault { offset: self.offset, problem: "this is not UTF-8" };
        self.error(&fault, self.grammar.at_value())
    }

    /// Takes the end of the body, of which nothing is held back. Afterwards the page is in `head` and `rows`.
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
    /// Returns the page with these `rows`.
    pub(super) fn with(self, rows: UsageTable) -> ResultsPage {
        let lists_missing = self.is_done() && !self.had_rows;
        let Self { status, after, next_uri, error, .. } = self;
        ResultsPage { status, rows, next: after.or(next_uri), error, lists_missing }
    }

    /// Refuses a complete page whose rows or cursor cannot be read. Of a page that is not complete, only the status counts.
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

    /// Takes a text of the page. An empty text counts as absent.
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

/// The value of a member as it is in the body, from the colon on.
#[derive(Debug, Default)]
struct RawValue {
    text: String,
    is_cut: bool,
}

impl RawValue {
    /// Appends `text`, up to a total of [`MAX_ERROR_BODY`] bytes.
    fn add(&mut self, text: &str) {
        if self.is_cut || self.text.len() + text.len() > MAX_ERROR_BODY {
            self.is_cut = true;
            let room = MAX_ERROR_BODY.saturating_sub(self.text.len());
            self.text.extend(text.chars().take(room / 4));
        } else {
            self.text.push_str(text);
        }
    }

    /// Parses the error as far as possible. If it is too long, the message is its beginning.
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
    use crate::decode::row::Keep;

    /// Reads the pieces, and returns the page's members and rows.
    fn read(pieces: &[&str]) -> Result<(Head, UsageTable), DecodeError> {
        let mut document = Document::new(Keep::default());
        pieces.iter().try_for_each(|piece| document.read(piece))?;
        document.read_held()?;
        document.finish()?;
        Ok((document.head, document.rows.sink.table))
    }

    /// Returns how many bytes of `rows`, which end with a known row, are read without events after the rows of `before`.
    fn read_without_events(before: &str, rows: &str) -> usize {
        let mut document = Document::new(Keep::default());
        document.read(&format!("{{\"results\":[{before}")).unwrap();
        document.read_held().unwrap();
        let mut input = Input::new(rows, document.offset);
        document.read_known_rows(&mut input, 0);
        input.at()
    }

    #[test]
    fn rows_of_a_known_layout_are_read_without_events() {
        let [a, b, c] = ["a", "b\\n", "c"].map(|text| {
            format!(
                "{{ \"userId\":\"{text}\",\"date\":null,\"x\":{{\"y\":\"{text}{text}\",\"z\":[ 7 ]}},\n \"requests\":1{}}}",
                text.len()
            )
        });
        assert_eq!(read_without_events(&a, &format!(",{c},{c}]")), 2 * (1 + c.len()));
        // A row with an escape is read as events, and its layout is remembered as well.
        assert_eq!(read_without_events(&a, &format!(",{b}]")), 0);
        assert_eq!(read_without_events(&b, &format!(",{c}]")), 1 + c.len());
        // A row that is cut is read as events, and its layout is not remembered.
        let end = c.len() - 1;
        assert_eq!(read_without_events(&a, &format!(",{}", &c[..end])), 0);
        assert_eq!(read_without_events(&a, &format!(",{}", &c[..=end])), 1 + c.len());
        let mut document = Document::new(Keep::default());
        for piece in ["{\"results\":[", &a[..9], &a[9..], ","] {
            document.read(piece).unwrap();
        }
        document.read_known_rows(&mut Input::new(&c, document.offset), 0);
        assert_eq!(document.rows.sink.table.len(), 1);
    }

    #[test]
    fn a_row_that_is_cut_is_held_back_and_read_whole() {
        let rows = [7, 8, 9].map(|count| format!("{{\"userId\":\"ä{count}\",\"requests\":{count}}}"));
        let body = format!("{{\"results\":[{}]}}", rows.join(","));
        let whole = read(&[&body]).unwrap();
        let second = body.find(&rows[1]).unwrap();
        for cut in (second + 1..body.len()).filter(|cut| body.is_char_boundary(*cut)) {
            let (before, behind) = body.split_at(cut);
            assert_eq!(read(&[before, behind]).unwrap(), whole);

            let mut document = Document::new(Keep::default());
            document.read(before).unwrap();
            let known = before.rfind('}').unwrap() + 1;
            let held = if before.ends_with([']', '}']) { "" } else { &before[known..] };
            assert_eq!((&*document.held, document.offset), (held, (cut - held.len()) as u64), "{before}");
            if !held.is_empty() {
                let end = known + body[known..].find('}').unwrap() + 1;
                assert_eq!(document.read_cut_row(behind), Ok(&body[end..]), "{before}");
            }
        }
    }

    #[test]
    fn nothing_is_held_back_before_a_layout_is_known_nor_more_than_a_limit() {
        for (length, is_held) in [(MAX_HELD - 12, true), (MAX_HELD - 11, false)] {
            let row = format!("{{\"userId\":\"{}", "x".repeat(length));
            let mut document = Document::new(Keep::default());
            document.read(&format!("{{\"results\":[{row}")).unwrap();
            assert_eq!(document.held, "");
            document.read("\"},{\"userId\":\"a\"}").unwrap();
            document.read(&format!(",{row}")).unwrap();
            assert_eq!(document.held.len(), if is_held { MAX_HELD } else { 0 });
            document.read("\"}]}").unwrap();
            document.read_held().unwrap();
            document.finish().unwrap();
            assert_eq!(document.rows.sink.table.len(), 3);
        }
    }

    #[test]
    fn layouts_that_begin_alike_are_known_side_by_side() {
        let rows = [
            r#"{"userId":"a","requests":1}"#,
            r#"{"userId":null,"requests":2}"#,
            r#"{"userId":"c"}"#,
            r#"{"userId":"d","requests":null}"#,
            "{}",
        ];
        let all = rows.join(",");
        assert_eq!(read_without_events(&all, &format!(",{all}]")), 1 + all.len());
        let (_, table) = read(&["{\"results\":[", &all, ",", &all, "]}"]).unwrap();
        let seen: Vec<_> = table.iter().map(|row| (row.user_id(), row.requests())).collect();
        let one = [(Some("a"), Some(1)), (None, Some(2)), (Some("c"), None), (Some("d"), None), (None, None)];
        assert_eq!(seen, [one, one].concat());
    }

    #[test]
    fn known_and_unknown_rows_read_the_same() {
        let row = r#"{"clientId":"a","clientName":"\u0062","requests":18446744073709551615}"#;
        let small = row.replace("18446744073709551615", "5");
        let (_, rows) = read(&["{\"results\":[", &small, ",", &small[..15], &small[15..], "]}"]).unwrap();
        assert_eq!(rows.row(0).unwrap(), rows.row(1).unwrap());
        assert_eq!(rows.row(0).unwrap().client_name(), Some("b"));
        let error = read(&["{\"results\":[", &small, ",", row, "]}"]).unwrap_err();
        assert_eq!(&*error.path, "results[1].requests");
    }

    #[test]
    fn a_known_layout_hides_no_error() {
        let rows = r#"{"userId":"1","requests":2},{"userId":"3","requests":4}"#;
        for (row, path, problem) in [
            (r#"{"userId":"1","requests":02}"#, "results[2]", "expected a comma or the end"),
            (r#"{"userId":"1","requests":2,}"#, "results[2]", "expected the name of a member"),
            (r#"{"userId":"1" "requests":2}"#, "results[2]", "expected a comma or the end"),
            (r#"{"userId":"1"","requests":2}"#, "results[2]", "expected a comma or the end"),
            (r#"{"userId":"1","userId":"2"}"#, "results[2].userId", "the member is there twice"),
            (
                r#"{"userId":"1","requests":9223372036854775808}"#,
                "results[2].requests",
                "expected an integer from 0 to 9223372036854775807",
            ),
            (r#"{"userId":"1	","requests":2}"#, "results[2].userId", "a control character in a string"),
            (r#"{"userId":"1\","requests":2}"#, "results[2]", "expected a comma or the end"),
        ] {
            let document = format!(r#"{{"results":[{rows},{row}]}}"#);
            let error = read(&[&document]).unwrap_err();
            assert_eq!((&*error.path, &*error.problem), (path, problem), "{row}");
            let pieces: Vec<_> = document.split_inclusive(|_| true).collect();
            assert_eq!(read(&pieces), Err(error));
        }
    }

    #[test]
    fn a_text_that_is_known_is_known_as_it_was_written() {
        // The first bytes are the same, a quotation mark of the text is not its end, and a day is one of the date only.
        let long = "x".repeat(30);
        let texts = [&long, &format!("{long}y"), "a", "a\\\"", "2026-07-01T00:00:00Z"];
        for (text, other) in texts.iter().flat_map(|text| texts.map(|other| (*text, other))) {
            let rows = [text, other, text].map(|text| format!(r#"{{"userId":"{text}","date":"{text}"}}"#));
            let (_, table) = read(&["{\"results\":[", &rows.join(","), "]}"]).unwrap();
            let seen: Vec<_> = table.iter().map(|row| row.user_id().unwrap_or_default().to_owned()).collect();
            assert_eq!(seen, [text, other, text].map(|text| text.replace('\\', "")));
            assert!(table.iter().all(|row| row.date().is_some() == (row.user_id() == Some(texts[4]))));
        }
    }

    #[test]
    fn an_error_body_is_read_across_pieces() {
        let (page, _) = read(&["{\"errorBody\"", " :", " {\"co", "de\":\"c\"", "} ,\"x\":1}"]).unwrap();
        assert_eq!(page.error.unwrap().code.as_deref(), Some("c"));
    }
}
