//! Saved rows: files, sums and other writers.

mod files;
mod sums;
mod writers;

use super::*;

/// Returns the rows of one file.
#[track_caller]
fn table(content: impl AsRef<[u8]>) -> UsageTable {
    let content = content.as_ref();
    match read_bytes(content) {
        Ok((table, _)) => table,
        Err(flaw) => panic!("{flaw:?} of {}", String::from_utf8_lossy(content)),
    }
}

/// Returns the error of a file.
#[track_caller]
fn flaw(content: impl AsRef<[u8]>) -> ParseError {
    let content = content.as_ref();
    match read_bytes(content) {
        Ok((table, _)) => panic!("{table:?} is read of {}", String::from_utf8_lossy(content)),
        Err(flaw) => flaw,
    }
}

/// Returns the rows of several files, or the message.
fn all(files: &[&str], args: &SavedArgs) -> Result<UsageTable, String> {
    let mut rows = Rows::default();
    for (number, content) in files.iter().enumerate() {
        rows.begin_file(&format!("file {}", number + 1), args);
        read(content.as_bytes(), &mut rows).map_err(|flaw| flaw.in_file("it").message().to_owned())?;
    }
    let sources = std::mem::take(&mut rows.sources);
    let table = rows.finish();
    let message = |problem: Problem| problem.message().to_owned();
    check::sums_are_counts(&sources).map_err(message)?;
    if !args.sum {
        check::rows_can_be_added(&table, &sources).map_err(message)?;
    }
    check::buckets_are_one(&table, &sources, None).map_err(message)?;
    Ok(table)
}
