//! CSV of RFC 4180, with lines that end in a line feed, and the same cells in every line.

use std::io::{self, Write};

use crate::table::{Column, Counter, UsageTable};

/// See [`UsageTable::write_csv`].
pub(super) fn write(table: &UsageTable, mut to: impl Write) -> io::Result<()> {
    let names = Column::ALL.iter().map(|column| column.name());
    let header: Vec<&str> = names.chain(Counter::ALL.iter().map(|counter| counter.name())).collect();
    writeln!(to, "{}", header.join(","))?;
    for row in table {
        for (index, column) in Column::ALL.iter().enumerate() {
            if index > 0 {
                to.write_all(b",")?;
            }
            write_text(row.text(*column).unwrap_or_default(), &mut to)?;
        }
        for &counter in Counter::ALL {
            match row.count(counter) {
                Some(count) => write!(to, ",{count}")?,
                None => to.write_all(b",")?,
            }
        }
        to.write_all(b"\n")?;
    }
    to.flush()
}

/// Writes one cell, in quotation marks where it needs them.
fn write_text(text: &str, to: &mut impl Write) -> io::Result<()> {
    if text.contains([',', '"', '\n', '\r']) {
        write!(to, "\"{}\"", text.replace('"', "\"\""))
    } else {
        to.write_all(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use crate::table::{UsageRecord, UsageTable};

    #[test]
    fn every_line_has_every_column_and_texts_are_verbatim() {
        let quoted = UsageRecord {
            client_name: Some("A \"B\", C\r\n".into()),
            requests: Some(0),
            ..UsageRecord::default()
        };
        let table: UsageTable = [UsageRecord::default(), quoted].into_iter().collect();
        let mut csv = Vec::new();
        table.write_csv(&mut csv).unwrap();
        let wanted = "date,clientId,clientName,organizationId,userId,templateUri,httpMethod,platform,\
                      requests,status200,status300,status400,status429,status500\n\
                      ,,,,,,,,,,,,,\n\
                      ,,\"A \"\"B\"\", C\r\n\",,,,,,0,,,,,\n";
        assert_eq!(String::from_utf8(csv).unwrap(), wanted);
    }
}
