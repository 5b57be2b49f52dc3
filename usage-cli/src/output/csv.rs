//! CSV of RFC 4180, with lines that end in a line feed: a header, then one line a row, always all columns.

use std::io::{self, Write};

use csv::Writer;
use usage_core::UsageTable;

use crate::output::columns::{COLUMNS, Cell};

/// Writes `table`; what is absent is an empty cell, and texts are verbatim.
pub(super) fn write(to: &mut dyn Write, table: &UsageTable) -> io::Result<()> {
    let mut csv = Writer::from_writer(to);
    csv.write_record(COLUMNS.iter().map(|column| column.name))?;
    for row in table {
        for column in &COLUMNS {
            match column.cell {
                Cell::Text(read) => csv.write_field(read(row).unwrap_or_default())?,
                Cell::Count(read) => {
                    csv.write_field(read(row).map(|count| count.to_string()).unwrap_or_default())?;
                }
            }
        }
        csv.write_record(None::<&[u8]>)?;
    }
    csv.flush()
}

#[cfg(test)]
mod tests {
    use usage_core::UsageRecord;

    use super::*;

    #[test]
    fn every_row_has_every_column_and_texts_are_verbatim() {
        let records = [
            UsageRecord {
                client_name: Some("A \"B\", C\n".into()),
                requests: Some(0),
                ..UsageRecord::default()
            },
            UsageRecord {
                client_name: Some("=1+1".into()),
                status500: Some(12_345),
                ..UsageRecord::default()
            },
        ];
        let mut csv = Vec::new();
        write(&mut csv, &records.into_iter().collect()).unwrap();
        let wanted = "date,clientId,clientName,organizationId,userId,templateUri,httpMethod,platform,\
                      requests,status200,status300,status400,status429,status500\n\
                      ,,\"A \"\"B\"\", C\n\",,,,,,0,,,,,\n\
                      ,,=1+1,,,,,,,,,,,12345\n";
        assert_eq!(String::from_utf8(csv).unwrap(), wanted);
    }
}
