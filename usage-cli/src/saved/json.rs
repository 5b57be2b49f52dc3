//! JSON: one document, or several in sequence, read in pieces of the file.

use std::io::Read;

use usage_core::decode::{JsonEvent, JsonReader, JsonScalar, JsonSink, MemberName};

use crate::saved::document::Documents;
use crate::saved::level::Here;
use crate::saved::parse_error::ParseError;
use crate::saved::rows::Rows;
use crate::saved::text::TextReader;

/// Adds the rows of a file whose first piece `text` has read.
pub(super) fn read<R: Read>(text: &mut TextReader<R>, rows: &mut Rows) -> Result<(), ParseError> {
    let mut reader = JsonReader::with_nan();
    let mut documents = Documents::new(rows);
    loop {
        let result = reader.read(text.piece(), &mut Sink::new(&mut documents, text));
        result.map_err(|flaw| placed(flaw, text))?;
        if text.read()?.is_none() {
            break;
        }
    }
    let result = reader.finish(&mut Sink::new(&mut documents, text));
    result.map_err(|flaw| placed(flaw, text))?;
    documents.finish()
}

/// Adds the byte offset in the file to the error, if it is known.
fn placed<R: Read>(flaw: ParseError, text: &TextReader<R>) -> ParseError {
    ParseError { byte: flaw.byte.and_then(|byte| text.byte(byte)), ..flaw }
}

struct Sink<'a, 'r> {
    documents: &'a mut Documents<'r>,
    here: Here<'a>,
}

impl<'a, 'r> Sink<'a, 'r> {
    /// Creates a visitor for the piece that `text` read last.
    fn new<R: Read>(documents: &'a mut Documents<'r>, text: &'a TextReader<R>) -> Self {
        let (piece, end) = (text.piece(), text.offset());
        let here = Here { piece, start: end - piece.len() as u64, lines_before: text.lines_before(), end };
        Self { documents, here }
    }
}

impl JsonSink for Sink<'_, '_> {
    type Error = ParseError;

    #[inline]
    fn event(&mut self, event: JsonEvent<'_>, end: u64) -> Result<(), ParseError> {
        self.here.end = end;
        self.documents.event(event, &self.here)
    }

    fn locate(&self, flaw: ParseError, start: u64) -> ParseError {
        ParseError { byte: Some(start), line: self.here.line_of(start), ..flaw }
    }

    fn not_json(&mut self, offset: u64, problem: &'static str) -> ParseError {
        let flaw = ParseError::at(self.documents.path(), self.here.line_of(offset), problem);
        ParseError { byte: Some(offset), ..flaw }
    }

    #[inline]
    fn likely_member(&self) -> Option<&MemberName> {
        self.documents.likely_member()
    }

    #[inline]
    fn take_likely(&mut self, value: JsonScalar<'_>) -> bool {
        self.documents.take_likely(value)
    }
}
