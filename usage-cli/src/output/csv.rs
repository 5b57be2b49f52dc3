//! CSV of RFC 4180, with lines that end in a line feed: a header, then one line a row.

use std::borrow::Cow;
use std::io::{self, Write};

use csv::Writer;
use usage_core::UsageTable;

use crate::output::columns::{Cell, Column, ROWS_MISSING};

/// A CSV document that is being written. Texts are verbatim, and what is absent is an empty cell.
pub(crate) struct Csv<W: Write>(Writer<W>);

impl<W: Write> Csv<W> {
    /// Writes the header.
    pub(crate) fn begin(to: W, header: impl IntoIterator<Item = &'static str>) -> io::Result<Self> {
        let mut csv = Self(Writer::from_writer(to));
        csv.line(header)?;
        Ok(csv)
    }

    /// Writes one line.
    pub(crate) fn line<'a, C: Into<Cow<'a, str>>>(
        &mut self,
        cells: impl IntoIterator<Item = C>,
    ) -> io::Result<()> {
        for cell in cells {
            self.0.write_field(&*cell.into())?;
        }
        Ok(self.0.write_record(None::<&[u8]>)?)
    }

    /// Writes what is still buffered.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Writes `table`, always all `columns`, and in a last one why rows are `missing`, if they are.
pub(super) fn write(
    to: &mut dyn Write,
    table: &UsageTable,
    columns: &'static [Column],
    missing: Option<&str>,
) -> io::Result<()> {
    let names = columns.iter().map(|column| column.name);
    let mut csv = Csv::begin(to, names.chain(missing.map(|_| ROWS_MISSING)))?;
    for row in table {
        let cells = columns.iter().map(|column| match column.cell {
            Cell::Text(read) => Cow::Borrowed(read(row).unwrap_or_default()),
            Cell::Count(read) => read(row).map(|count| count.to_string()).unwrap_or_default().into(),
        });
        csv.line(cells.chain(missing.map(Cow::Borrowed)))?;
    }
    csv.finish()
}

#[cfg(test)]
mod tests {
    use usage_core::UsageRecord;

    use super::*;
    use crate::output::columns::COLUMNS;

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
        write(&mut csv, &records.into_iter().collect(), &COLUMNS, None).unwrap();
        let wanted = "date,clientId,clientName,organizationId,userId,templateUri,httpMethod,platform,\
                      requests,status200,status300,status400,status429,status500\n\
                      ,,\"A \"\"B\"\", C\n\",,,,,,0,,,,,\n\
                      ,,=1+1,,,,,,,,,,,12345\n";
        assert_eq!(String::from_utf8(csv).unwrap(), wanted);
    }

    #[test]
    fn rows_that_are_not_all_say_so() {
        let row = UsageRecord { requests: Some(3), ..UsageRecord::default() };
        let mut csv = Vec::new();
        write(&mut csv, &[row].into_iter().collect(), &COLUMNS, Some("leftOut; rowLimit")).unwrap();
        let csv = String::from_utf8(csv).unwrap();
        assert!(csv.ends_with("status500,rowsMissing\n,,,,,,,,3,,,,,,leftOut; rowLimit\n"), "{csv}");
    }
}
