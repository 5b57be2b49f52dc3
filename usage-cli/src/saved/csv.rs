//! CSV with a header, in this program's names or the service's.

use csv::{ReaderBuilder, StringRecord};
use usage_core::{UsageRecord, UsageTable};

use crate::saved::flaw::Flaw;
use crate::saved::row::{day_of, push};

/// Spreadsheets separate by what is not a decimal point where they are. Of equals the last one wins: the comma.
const DELIMITERS: [u8; 3] = [b'\t', b';', b','];

/// Adds the rows of `text`.
pub(super) fn read(text: &str, table: &mut UsageTable) -> Result<(), Flaw> {
    let header = text.lines().next().unwrap_or_default();
    let times = |delimiter: &u8| header.bytes().filter(|byte| byte == delimiter).count();
    let delimiter = DELIMITERS.into_iter().max_by_key(times);
    let mut reader = ReaderBuilder::new().delimiter(delimiter.unwrap_or(b',')).from_reader(text.as_bytes());
    let names = reader.headers().map_err(|error| flaw(&error))?.clone();
    if !names.iter().any(|name| COUNTS.contains(&name.trim())) {
        return Err(Flaw::new(
            0,
            "it is neither JSON nor CSV with a header that names a count, such as requests",
        ));
    }
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| flaw(&error))? {
        let byte = record.position().map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
        let line = record.position().map_or(0, csv::Position::line);
        let mut row = UsageRecord::default();
        for (name, cell) in names.iter().zip(&record).filter(|(_, cell)| !cell.is_empty()) {
            set(&mut row, name.trim(), cell).ok_or_else(|| {
                Flaw::at(format!("line {line}, {name}"), byte, format!("{cell:?} is no count"))
            })?;
        }
        push(&row, table).map_err(|problem| Flaw::at(format!("line {line}"), byte, problem))?;
    }
    Ok(())
}

const COUNTS: [&str; 7] =
    ["requests", "requestCount", "status200", "status300", "status400", "status429", "status500"];

/// Sets the member `name`; one that is not known is left out.
fn set(row: &mut UsageRecord, name: &str, cell: &str) -> Option<()> {
    let count = || cell.trim().parse().ok();
    match name {
        "date" => row.date = Some(day_of(cell).to_owned()),
        "clientId" => row.client_id = Some(cell.to_owned()),
        "clientName" => row.client_name = Some(cell.to_owned()),
        "organizationId" => row.organization_id = Some(cell.to_owned()),
        "userId" => row.user_id = Some(cell.to_owned()),
        "templateUri" => row.template_uri = Some(cell.to_owned()),
        "httpMethod" => row.http_method = Some(cell.to_owned()),
        "platform" => row.platform = Some(cell.to_owned()),
        "requests" | "requestCount" => row.requests = Some(count()?),
        "status200" => row.status200 = Some(count()?),
        "status300" => row.status300 = Some(count()?),
        "status400" => row.status400 = Some(count()?),
        "status429" => row.status429 = Some(count()?),
        "status500" => row.status500 = Some(count()?),
        _ => {}
    }
    Some(())
}

fn flaw(error: &csv::Error) -> Flaw {
    let position = error.position();
    let byte = position.map_or(0, |position| usize::try_from(position.byte()).unwrap_or(0));
    let path = position.map_or_else(String::new, |position| format!("line {}", position.line()));
    let problem = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} cells, and the header {expected_len}")
        }
        _ => error.to_string(),
    };
    Flaw::at(path, byte, problem)
}
