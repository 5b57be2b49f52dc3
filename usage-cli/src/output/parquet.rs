//! Parquet: a row group of columns with their types, compressed with Snappy.

use std::io::{self, Write};
use std::sync::Arc;

use flate2::Crc;
use parquet::basic::{Compression, ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{SchemaDescPtr, SchemaDescriptor, Type};
use usage_core::{Date, Scope, UsageTable};

use crate::output::columns::{self, Cell, Column};
use crate::output::organizations::Answer;

/// Maximum number of rows of a row group.
pub(crate) const GROUP: usize = 1 << 20;

/// The key of the file's metadata that holds the scope, as JSON.
pub(crate) const SCOPE_KEY: &str = "genesys-usage.scope";

/// The key of the file's metadata that holds what each of several organizations answered, as JSON.
const ORGANIZATIONS_KEY: &str = "genesys-usage.organizations";

/// The key of the file's metadata that holds the length and the CRC-32 of everything before the metadata: `1234:0fe1dc2b`.
pub(crate) const CHECKSUM_KEY: &str = "genesys-usage.checksum";

/// Writes all 14 columns, each optional: `date` is a date, the counts are 64-bit integers, the others texts in a
/// dictionary.
/// For several organizations, the file's metadata contains the scope of each.
pub(super) fn write(
    to: &mut dyn Write,
    table: &UsageTable,
    scope: &Scope,
    organizations: Option<&[Answer]>,
) -> io::Result<()> {
    let answers = organizations.map(serde_json::to_string).transpose()?;
    let answers = answers.map(|answers| KeyValue::new(ORGANIZATIONS_KEY.to_owned(), answers));
    let columns: Vec<_> = columns::of(organizations.is_some()).iter().collect();
    // The writer wants to own what it writes to, and to send it.
    to.write_all(&encode_columns(table, scope, answers, &columns)?.0)
}

/// As [`write()`], without the date: the directory that the file is in says it, and pandas refuses what is there twice.
pub(super) fn write_part(to: &mut dyn Write, table: &UsageTable, scope: &Scope) -> io::Result<()> {
    to.write_all(&encode_columns(table, scope, None, &columns_of_part())?.0)
}

/// Returns what [`write_part`] writes, with `more` in the file's metadata, and its checksum.
pub(crate) fn encode_part(table: &UsageTable, scope: &Scope, more: KeyValue) -> io::Result<(Vec<u8>, u32)> {
    encode_columns(table, scope, Some(more), &columns_of_part())
}

/// Returns the schema of what [`write_part`] writes.
pub(crate) fn schema_of_part() -> Result<SchemaDescPtr> {
    let schema = Arc::new(schema(&columns_of_part())?);
    Ok(Arc::new(SchemaDescriptor::new(schema)))
}

fn columns_of_part() -> Vec<&'static Column> {
    columns::of(false).iter().filter(|column| !column.is_date()).collect()
}

fn encode_columns(
    table: &UsageTable,
    scope: &Scope,
    more: Option<KeyValue>,
    columns: &[&Column],
) -> io::Result<(Vec<u8>, u32)> {
    let scope = KeyValue::new(SCOPE_KEY.to_owned(), serde_json::to_string(scope)?);
    let metadata = [scope].into_iter().chain(more).collect();
    encode(table, metadata, columns).map_err(|error| match error {
        ParquetError::External(error) => io::Error::new(io::ErrorKind::InvalidData, error.to_string()),
        error => io::Error::other(error),
    })
}

fn encode(table: &UsageTable, metadata: Vec<KeyValue>, columns: &[&Column]) -> Result<(Vec<u8>, u32)> {
    let schema = schema(columns)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(metadata))
        .set_created_by(concat!("genesys-usage ", env!("CARGO_PKG_VERSION")).to_owned())
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    let mut start = 0;
    while start < table.len() {
        let rows = start..table.len().min(start + GROUP);
        let mut group = writer.next_row_group()?;
        for column in columns {
            let Some(mut chunk) = group.next_column()? else { break };
            match column.cell {
                Cell::Text(_) if column.is_date() => {
                    let (days, present) = split(rows.clone(), |row| days(table, row))?;
                    chunk.typed::<Int32Type>().write_batch(&days, Some(&present), None)?;
                }
                Cell::Text(read) => {
                    let cell = |row| Ok(table.row(row).and_then(read).map(ByteArray::from));
                    let (texts, present) = split(rows.clone(), cell)?;
                    chunk.typed::<ByteArrayType>().write_batch(&texts, Some(&present), None)?;
                }
                Cell::Count(read) => {
                    let cell = |row| {
                        let count = table.row(row).and_then(read).map(i64::try_from).transpose();
                        count.map_err(|error| ParquetError::External(error.into()))
                    };
                    let (counts, present) = split(rows.clone(), cell)?;
                    chunk.typed::<Int64Type>().write_batch(&counts, Some(&present), None)?;
                }
            }
            chunk.close()?;
        }
        group.close()?;
        start = rows.end;
    }
    writer.flush()?;
    let mut crc = Crc::new();
    crc.update(writer.inner());
    let value = format!("{}:{:08x}", writer.inner().len(), crc.sum());
    writer.append_key_value_metadata(KeyValue::new(CHECKSUM_KEY.to_owned(), value));
    Ok((writer.into_inner()?, crc.sum()))
}

fn schema(columns: &[&Column]) -> Result<Type> {
    let fields = columns.iter().copied().map(field).collect::<Result<Vec<_>>>()?;
    Type::group_type_builder("usage").with_fields(fields).build()
}

fn field(column: &Column) -> Result<Arc<Type>> {
    let (physical, logical, converted) = match column.cell {
        Cell::Text(_) if column.is_date() => (Physical::INT32, Some(LogicalType::Date), ConvertedType::DATE),
        Cell::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String), ConvertedType::UTF8),
        Cell::Count(_) => (Physical::INT64, None, ConvertedType::NONE),
    };
    let field = Type::primitive_type_builder(column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .with_converted_type(converted);
    Ok(Arc::new(field.build()?))
}

/// The cells that are there, and for each row whether it has one.
fn split<T>(
    rows: std::ops::Range<usize>,
    cell: impl Fn(usize) -> Result<Option<T>>,
) -> Result<(Vec<T>, Vec<i16>)> {
    let (mut cells, mut present) = (Vec::new(), Vec::with_capacity(rows.len()));
    for row in rows {
        let cell = cell(row)?;
        present.push(i16::from(cell.is_some()));
        cells.extend(cell);
    }
    Ok((cells, present))
}

/// The row's date in days since 1970.
fn days(table: &UsageTable, row: usize) -> Result<Option<i32>> {
    let Some((row, text)) = table.row(row).and_then(|row| Some((row, row.date_text()?))) else {
        return Ok(None);
    };
    let no_day = || ParquetError::External(format!("{text:?} is the date of a row, but no day").into());
    let (date, epoch) = row.date().zip(Date::new(1970, 1, 1).ok()).ok_or_else(no_day)?;
    i32::try_from(epoch.days_until(date)).map(Some).map_err(|_| no_day())
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::{Field, RowAccessor};
    use proptest::option;
    use proptest::prelude::*;
    use usage_core::{Timestamp, UsageRecord};

    use super::*;

    fn scope() -> Scope {
        Scope::new("organization", Timestamp::from_unix_millis(1_782_864_000_000))
    }

    proptest! {
        #[test]
        fn rows_come_back(
            cells in proptest::collection::vec((option::of(-800_000i64..900_000), option::of(0..=UsageRecord::MAX_COUNT), option::of("[a-z é]{1,5}")), 0..40),
        ) {
            let epoch = Date::new(1970, 1, 1).unwrap();
            let records = cells.iter().map(|(day, requests, name)| UsageRecord {
                date: day.map(|day| epoch.plus_days(day.max(-719_000)).to_string()),
                client_name: name.clone(),
                requests: *requests,
                ..UsageRecord::default()
            });
            let mut file = Vec::new();
            write(&mut file, &records.collect(), &scope(), None).unwrap();
            let reader = SerializedFileReader::new(bytes::Bytes::from(file)).unwrap();
            let kept = reader.metadata().file_metadata().key_value_metadata().unwrap();
            let kept = kept.iter().find(|pair| pair.key == SCOPE_KEY).unwrap().value.as_deref().unwrap();
            prop_assert_eq!(serde_json::from_str::<Scope>(kept).unwrap(), scope());
            let names: Vec<_> = reader.metadata().file_metadata().schema_descr().columns().iter().map(|column| column.name().to_owned()).collect();
            prop_assert!(names.iter().map(String::as_str).eq(columns::of(false).iter().map(|column| column.name)));
            let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
            prop_assert_eq!(rows.len(), cells.len());
            for (row, (day, requests, name)) in rows.iter().zip(&cells) {
                let date = row.get_column_iter().next().and_then(|(_, field)| match field {
                    Field::Date(days) => Some(i64::from(*days)),
                    _ => None,
                });
                prop_assert_eq!(date, day.map(|day| day.max(-719_000)));
                prop_assert_eq!(row.get_string(2).ok(), name.as_ref());
                prop_assert_eq!(row.get_long(8).ok(), requests.map(|count| i64::try_from(count).unwrap()));
                prop_assert!(row.get_long(13).is_err());
            }
        }
    }

    #[test]
    fn a_date_that_is_no_day_is_refused_and_not_lost() {
        let record = UsageRecord { date: Some("soon".into()), ..UsageRecord::default() };
        let error = write(&mut Vec::new(), &[record].into_iter().collect(), &scope(), None).unwrap_err();
        assert!(error.to_string().contains("\"soon\" is the date of a row, but no day"), "{error}");
    }
}
