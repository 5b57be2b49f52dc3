//! YAML, which the official command-line client writes on request. It is held in memory as a whole.

use std::io::Read;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};
use usage_core::decode::{JsonEvent, JsonNumber, MAX_PAGE_NESTING};

use crate::saved::document::Documents;
use crate::saved::level::Here;
use crate::saved::parse_error::ParseError;
use crate::saved::rows::Rows;
use crate::saved::text::TextReader;

/// Maximum size of a YAML document in bytes.
const MAX_YAML: usize = 256 * 1024 * 1024;

/// Returns whether a text that is neither JSON nor a table with known columns looks like YAML: its first line starts
/// a document, a list or a member.
pub(super) fn is_likely(beginning: &str) -> bool {
    let mut lines =
        beginning.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let Some(line) = lines.next() else { return false };
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_\"'.".contains(c));
    matches!(line, "---" | "-")
        || line.starts_with("- ")
        || line.starts_with("%YAML")
        || line.starts_with("--- ")
        || line
            .split_once(':')
            .is_some_and(|(name, rest)| is_name(name) && (rest.is_empty() || rest.starts_with(' ')))
}

/// Adds the rows of a file whose first piece `text` has read.
pub(super) fn read<R: Read>(text: &mut TextReader<R>, rows: &mut Rows) -> Result<(), ParseError> {
    let mut whole = text.piece().to_owned();
    while let Some(piece) = text.read()? {
        whole.push_str(piece);
        if whole.len() > MAX_YAML {
            return Err(ParseError::new(format!("it has more than {MAX_YAML} bytes; save it as JSON")));
        }
    }
    let mut documents = Documents::new(rows);
    // For each enclosing mapping, whether a name comes next; `None` for lists.
    let mut levels: Vec<Option<bool>> = Vec::new();
    for event in Parser::new_from_str(&whole) {
        let (event, span) = event.map_err(|error| not_yaml(&error))?;
        let line = span.start.line() as u64;
        let here = Here { piece: "", start: 0, lines_before: line.saturating_sub(1), end: 0 };
        let is_name = levels.last().copied().flatten().unwrap_or(false);
        if levels.len() as u64 > u64::from(MAX_PAGE_NESTING) {
            return Err(ParseError::at("", line, "the document is nested too deep"));
        }
        match &event {
            Event::Scalar(name, ..) if is_name => documents.event(JsonEvent::Name(name), &here)?,
            Event::Scalar(text, style, ..) => documents.event(scalar(text, *style), &here)?,
            Event::MappingStart(..) | Event::SequenceStart(..) if is_name => {
                return Err(ParseError::at("", line, "expected the name of a member"));
            }
            Event::MappingStart(..) => documents.event(JsonEvent::BeginObject, &here)?,
            Event::SequenceStart(..) => documents.event(JsonEvent::BeginList, &here)?,
            Event::MappingEnd => documents.event(JsonEvent::EndObject, &here)?,
            Event::SequenceEnd => documents.event(JsonEvent::EndList, &here)?,
            Event::Alias(_) => return Err(ParseError::at("", line, "references within YAML are not read")),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => continue,
        }
        match event {
            Event::MappingStart(..) => levels.push(Some(true)),
            Event::SequenceStart(..) => levels.push(None),
            Event::MappingEnd | Event::SequenceEnd => {
                levels.pop();
                expect_name(&mut levels, true);
            }
            _ => expect_name(&mut levels, !is_name),
        }
    }
    documents.finish()
}

/// Sets whether a name comes next in the innermost mapping.
fn expect_name(levels: &mut [Option<bool>], is_name: bool) {
    if let Some(Some(next)) = levels.last_mut() {
        *next = is_name;
    }
}

/// Resolves a scalar by YAML's core schema, as far as rows need it.
fn scalar(text: &str, style: ScalarStyle) -> JsonEvent<'_> {
    if style != ScalarStyle::Plain {
        return JsonEvent::Text(text);
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => JsonEvent::Null,
        "true" | "True" | "TRUE" => JsonEvent::Bool(true),
        "false" | "False" | "FALSE" => JsonEvent::Bool(false),
        _ => match text.parse() {
            Ok(integer) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                JsonEvent::Number(JsonNumber::Integer(integer))
            }
            // Numbers with a fraction remain text: the parsers of counts and texts interpret them.
            _ => JsonEvent::Text(text),
        },
    }
}

fn not_yaml(error: &ScanError) -> ParseError {
    ParseError::at("", error.marker().line() as u64, format!("this is not YAML: {}", error.info()))
}
