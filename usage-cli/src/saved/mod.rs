//! Rows from saved files: results of either service as other programs save them, and what this program writes.
//!
//! What a file is shows in its content, not in its name:
//!
//! - results pages (`results` of the older queries, `entities` of the jobs), one, several after one another, or a list
//!   of them;
//! - lists of rows, and rows line by line, in the service's members or in this program's;
//! - this program's own JSON, JSONL and CSV; a CSV may have its columns in any order, and others beside them.

mod csv;
mod flaw;
mod json;
mod row;
mod text;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use usage_core::UsageTable;

use crate::exit::Problem;
use crate::saved::flaw::Flaw;
use crate::stderr::{self, WARNING};

/// Reads the rows of all files; `-` is standard input.
pub(crate) fn read_all(files: &[PathBuf]) -> Result<UsageTable, Problem> {
    let mut table = UsageTable::new();
    for file in files {
        let bytes = bytes_of(file)
            .map_err(|error| Problem::usage(format!("cannot read {}: {error}", file.display())))?;
        let more = read(&bytes, &mut table).map_err(|flaw| flaw.in_file(&name(file)))?;
        if more == More::Pages {
            let text =
                format!("the last page in {} says that there is another: rows are missing", name(file));
            stderr::labelled("warning", WARNING, text);
        }
    }
    Ok(table)
}

/// Whether a file says that it is not all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum More {
    #[default]
    No,
    Pages,
}

fn bytes_of(file: &Path) -> io::Result<Vec<u8>> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    fs::read(file)
}

fn name(file: &Path) -> String {
    if file == Path::new("-") { "standard input".into() } else { file.display().to_string() }
}

/// Adds the rows of a file with this content.
fn read(bytes: &[u8], table: &mut UsageTable) -> Result<More, Flaw> {
    let text = text::decode(bytes)?;
    match text.trim_start().as_bytes().first() {
        None => Err(Flaw::new(0, "it is empty")),
        Some(b'{' | b'[') => json::read(&text, table),
        Some(_) => csv::read(&text, table).map(|()| More::No),
    }
}

/// As [`read`], for fuzzing: where it is wrong, if it is.
#[cfg(feature = "fuzzing")]
pub(crate) fn read_bytes(bytes: &[u8]) -> Result<(), usize> {
    read(bytes, &mut UsageTable::new()).map(drop).map_err(|flaw| flaw.byte)
}

#[cfg(test)]
mod tests;
