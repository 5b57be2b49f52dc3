//! Reads rows from saved files: results of either service as other programs save them, and this program's own output.
//!
//! The format is detected from the content of a file, not from its name:
//!
//! - results pages (`results` of the older queries, `entities` of the jobs): one, several in sequence, or a list of
//!   them; also wrapped (`body`, `json`), with the names of the Python library, or as YAML;
//! - lists of rows, and one row per line, with the service's member names or this program's;
//! - CSV of this program, of scripts and of spreadsheets, with columns in any order and any additional ones;
//! - each of them optionally compressed with gzip, in UTF-8, UTF-16 or Windows-1252.
//!
//! ```text
//! file --gzip--> bytes --text--> pieces --json | yaml (document) | csv (records)--> values --rows--> table --check-->
//! ```

mod args;
pub(crate) mod buckets;
mod check;
mod count;
mod csv;
mod dates;
pub(crate) mod days;
mod document;
mod json;
mod level;
mod name;
mod parse_error;
mod records;
mod reference;
mod refusal;
mod rows;
mod same;
mod text;
mod total;
mod total_line;
mod value;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod writers;
mod yaml;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use usage_core::model::Granularity;
use usage_core::{Gap, Scope, Timestamp, UsageTable};
use usage_report::{Names, Period};

pub(crate) use crate::saved::args::{LIVE, SavedArgs};

use crate::problem::Problem;
use crate::process::stderr::{self, WARNING};
use crate::saved::parse_error::ParseError;
use crate::saved::rows::{Rows, Source};
use crate::saved::text::TextReader;

/// The rows of saved files.
#[derive(Debug)]
pub(crate) struct Saved {
    pub(crate) table: UsageTable,
    /// The scope of the rows, if every file has one. Gaps of any file are gaps here.
    pub(crate) scope: Option<Scope>,
    /// The names behind the ids of the rows, as far as the files have them.
    pub(crate) names: Names,
}

impl Saved {
    /// Returns the rows of one of several organizations.
    pub(crate) fn of_organization(&self, name: &str) -> Self {
        let mut table = self.table.clone();
        table.retain(|row| row.organization_id() == Some(name));
        Self { table, scope: self.scope.clone(), names: self.names.clone() }
    }

    /// Returns the days that the data covers, if the files say it.
    pub(crate) fn covered(&self) -> Option<Period> {
        let scope = self.scope.as_ref()?;
        Period::from(&scope.query.as_ref()?.interval).until(scope.data_until?)
    }
}

/// Reads the rows of all files; `-` is standard input. `granularity` is the user's option for the granularity of the
/// rows.
pub(crate) fn read_all(
    files: &[PathBuf],
    args: &SavedArgs,
    granularity: Option<&Granularity>,
) -> Result<Saved, Problem> {
    let mut rows = Rows::default();
    for file in files {
        let name = name(file);
        let input = open(file).map_err(|error| Problem::usage(format!("cannot read {name}: {error}")))?;
        rows.begin_file(&name, args);
        let warnings = read(input, &mut rows).map_err(|flaw| flaw.in_file(&name))?;
        for text in warnings {
            stderr::labelled("warning", WARNING, text);
        }
    }
    let mut sources = std::mem::take(&mut rows.sources);
    let table = rows.finish();
    check::sums_are_counts(&sources)?;
    if !args.sum {
        check::rows_can_be_added(&table, &sources)?;
    }
    check::buckets_are_one(&table, &sources, granularity)?;
    let mut names = Names::default();
    for source in &mut sources {
        names.merge(std::mem::take(&mut source.names));
    }
    Ok(Saved { table, scope: common_scope(sources), names })
}

/// Returns the combined scope of all files if each has one, with the gaps and the filters of any of them.
fn common_scope(sources: Vec<Source>) -> Option<Scope> {
    let gaps: Vec<Gap> = sources.iter().flat_map(Source::gaps).collect();
    let has_gaps = sources.iter().any(Source::has_gaps);
    let filters: BTreeSet<String> = sources
        .iter()
        .filter_map(|source| source.scope.as_ref())
        .flat_map(|scope| scope.filter_names())
        .map(str::to_owned)
        .collect();
    let scopes: Option<Vec<Scope>> = sources.into_iter().map(|source| source.scope).collect();
    let scope = scopes.and_then(|mut scopes| {
        // Parts adjoin in the order of their days, whatever the order of the files.
        scopes.sort_by_key(|scope| scope.query.as_ref().map(|query| query.interval.first_day()));
        scopes.into_iter().reduce(Scope::join)
    });
    let scope = scope.or_else(|| {
        // A file without a scope does not cancel the filters of the others.
        (has_gaps || !filters.is_empty()).then(|| {
            let mut scope = unknown_scope();
            scope.complete = !has_gaps;
            scope.filtered_by = filters;
            scope
        })
    })?;
    Some(gaps.into_iter().fold(scope, Scope::with_gap))
}

/// Adds to the scope of a report's rows the gaps of the rows that they are compared with.
pub(crate) fn with_gaps_of(scope: Option<Scope>, earlier: Option<&Scope>) -> Option<Scope> {
    let Some(earlier) = earlier.filter(|earlier| !earlier.is_complete()) else { return scope };
    let mut scope = scope.unwrap_or_else(unknown_scope);
    scope.complete = false;
    Some(earlier.missing.iter().cloned().fold(scope, Scope::with_gap))
}

/// Returns a scope that says only that some rows are missing.
fn unknown_scope() -> Scope {
    let mut scope = Scope::new("", Timestamp::from_unix_millis(0)).attached();
    scope.family = None;
    scope.complete = false;
    scope
}

fn open(file: &Path) -> io::Result<Box<dyn Read>> {
    if file == Path::new("-") { Ok(Box::new(io::stdin().lock())) } else { Ok(Box::new(File::open(file)?)) }
}

fn name(file: &Path) -> String {
    if file == Path::new("-") { "standard input".into() } else { file.display().to_string() }
}

/// Adds the rows of a file with this content. Returns warnings for the user.
fn read(mut input: impl Read, rows: &mut Rows) -> Result<Vec<String>, ParseError> {
    let mut beginning = Vec::new();
    let read = (&mut input).take(2).read_to_end(&mut beginning);
    read.map_err(|error| ParseError::new(error.to_string()))?;
    let is_compressed = beginning == [0x1F, 0x8B];
    let whole = io::Cursor::new(beginning).chain(input);
    if is_compressed {
        read_text(TextReader::new(MultiGzDecoder::new(whole), false), rows)
    } else {
        read_text(TextReader::new(whole, true), rows)
    }
}

fn read_text<R: Read>(mut text: TextReader<R>, rows: &mut Rows) -> Result<Vec<String>, ParseError> {
    loop {
        match text.read()? {
            None => return Err(ParseError::new("it is empty")),
            Some(piece) if piece.trim_start().is_empty() => {}
            Some(_) => break,
        }
    }
    let beginning = text.piece().trim_start();
    refuse_report(beginning)?;
    match beginning.as_bytes().first() {
        Some(b'{' | b'[') => json::read(&mut text, rows)?,
        _ if yaml::is_likely(beginning) => yaml::read(&mut text, rows)?,
        _ => csv::read(&mut text, rows)?,
    }
    rows.end_file()?;
    let Some(source) = rows.sources.last() else { return Ok(Vec::new()) };
    let mut warnings = warnings(source);
    if text.is_windows_1252() {
        let name = &source.name;
        warnings.push(format!("{name} is not UTF-8: it is read in the code page of Windows (1252)"));
    }
    Ok(warnings)
}

/// Refuses a report of this program, which is not a list of rows.
fn refuse_report(beginning: &str) -> Result<(), ParseError> {
    let problem = if beginning.starts_with("API usage") {
        "this is a report; a report is made of rows"
    } else if beginning.starts_with('<') {
        "this is a page or a chart (HTML, SVG or XML), such as a report; a report is made of rows"
    } else if beginning.starts_with("# HELP")
        || beginning.starts_with("# TYPE")
        || beginning.starts_with("# UNIT")
    {
        "these are metrics, such as a report; a report is made of rows"
    } else if is_markdown(beginning) {
        "this is a table in Markdown, for people: its counts are grouped, and its texts may be escaped"
    } else {
        return Ok(());
    };
    Err(ParseError::new(problem).with_hint("save the rows: genesys-usage query … --format json"))
}

/// Returns whether the second line is the one between the header and the rows of a table in Markdown.
fn is_markdown(beginning: &str) -> bool {
    let line = beginning.lines().nth(1).filter(|line| beginning.starts_with('|') && line.starts_with('|'));
    line.is_some_and(|line| line.contains('-') && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ')))
}

fn warnings(source: &Source) -> Vec<String> {
    let mut warnings = Vec::new();
    let name = &source.name;
    if source.has_more_pages {
        warnings.push(format!("the last page in {name} says that there is another: rows are missing"));
    }
    if source.may_be_cut_off() {
        warnings.push(format!(
            "{name} has {} rows, as many as the service gives of searches whose result goes on: rows may be missing",
            source.rows.len()
        ));
    }
    if !source.unused.is_empty() {
        let unused = source.unused.join(", ");
        warnings.push(format!("of {name} these columns or members are not used: {unused}"));
    }
    warnings
}

/// Reads the content of one file like [`read_all`], for fuzzing and tests.
#[cfg(any(test, feature = "fuzzing"))]
fn read_bytes(bytes: &[u8]) -> Result<(UsageTable, Vec<String>), ParseError> {
    let mut rows = Rows::default();
    rows.begin_file("it", &SavedArgs::default());
    let warnings = read(bytes, &mut rows)?;
    Ok((rows.finish(), warnings))
}

/// Reads like [`read_bytes`], for fuzzing. Returns the byte offset of an error.
#[cfg(feature = "fuzzing")]
pub(crate) fn read_for_fuzzing(bytes: &[u8]) -> Result<UsageTable, u64> {
    read_bytes(bytes).map(|(table, _)| table).map_err(|flaw| flaw.byte.unwrap_or(0))
}

#[cfg(test)]
mod tests;
