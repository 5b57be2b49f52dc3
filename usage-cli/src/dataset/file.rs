//! The Parquet file of a day: its metadata, checked before anything is decoded, and the pages of its columns.
//!
//! The checksum detects accidents. It does not cover the metadata, and anyone can compute it, so the content is not
//! trusted: memory is bounded by [`MAX_ROWS`] and by a multiple of the file's size, whatever the file claims.

use std::sync::Arc;

use bytes::Bytes;
use flate2::Crc;
use parquet::basic::Compression;
use parquet::column::page::{Page, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::{
    ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataOptions, ParquetMetaDataReader,
    ParquetStatisticsPolicy, RowGroupMetaData,
};
use parquet::file::serialized_reader::SerializedPageReader;
use snap::raw::{Decoder, decompress_len};

use crate::dataset::thrift::walk;
use crate::output::parquet::{CHECKSUM_KEY, GROUP, schema_of_part};

/// Maximum number of rows of one day, which are in memory when they are read.
pub(super) const MAX_ROWS: usize = 16 * GROUP;

/// Maximum length of the metadata in bytes. Its scope has a few hundred, and each of at most 16 row groups about 2,000.
const MAX_METADATA: usize = 1 << 20;

/// The length of the metadata and the mark that end every file.
const TAIL: usize = 8;

/// Maximum ratio of Snappy: an element of three bytes stands for at most 64.
const MAX_RATIO: usize = 22;

/// The id of the length of a page, in its header.
const COMPRESSED_SIZE: i64 = 3;

/// A checked file.
pub(super) struct File {
    bytes: Bytes,
    metadata: ParquetMetaData,
    /// CRC-32 of everything before the metadata.
    pub(super) checksum: u32,
}

impl File {
    /// Opens a file with these bytes.
    ///
    /// # Errors
    ///
    /// Returns the reason if it is not a file that this program writes.
    pub(super) fn open(bytes: &Bytes) -> Result<Self, String> {
        let mut options = ParquetMetaDataOptions::new()
            .with_column_stats_policy(ParquetStatisticsPolicy::SkipAll)
            .with_encoding_stats_policy(ParquetStatisticsPolicy::SkipAll)
            .with_size_stats_policy(ParquetStatisticsPolicy::SkipAll);
        // All files have the same columns. The crate reads the schema of a file recursively, and so without a bound.
        options.set_schema(schema_of_part().map_err(reason)?);
        let metadata = metadata_of(bytes).ok_or("it does not end as a Parquet file does")?;
        walk(metadata, 0).ok_or("its metadata is cut, or claims lists that are not there")?;
        let metadata =
            ParquetMetaDataReader::decode_metadata_with_options(metadata, Some(&options)).map_err(reason)?;
        let (length, checksum) =
            check(&metadata, bytes).ok_or("its content does not have the checksum that it names")?;
        if !is_consistent(&metadata, length) {
            return Err("its metadata describes more than there is".into());
        }
        Ok(Self { bytes: bytes.clone(), metadata, checksum })
    }

    /// Returns the length of the file in bytes.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Returns an entry of the metadata.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        value(&self.metadata, key)
    }

    /// Returns the names of the columns.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.metadata.file_metadata().schema_descr().columns().iter().map(|column| column.name())
    }

    /// Returns the number of rows of each row group.
    pub(super) fn groups(&self) -> impl Iterator<Item = usize> {
        self.metadata.row_groups().iter().map(|group| usize::try_from(group.num_rows()).unwrap_or(0))
    }

    /// Returns the pages of the column at `column` in the row group at `group`.
    pub(super) fn pages(&self, group: usize, column: usize) -> Result<Pages, String> {
        let group = self.metadata.row_groups().get(group).ok_or("a row group is missing")?;
        let chunk = group.columns().get(column).ok_or("a column is missing")?;
        Pages::of(&self.bytes, chunk)
    }
}

/// Returns the metadata, which is at the end of the file.
fn metadata_of(bytes: &[u8]) -> Option<&[u8]> {
    let (rest, tail) = bytes.split_at_checked(bytes.len().checked_sub(TAIL)?)?;
    let (length, mark) = tail.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let is_ours = mark == b"PAR1" && length <= MAX_METADATA;
    is_ours.then(|| rest.get(rest.len().checked_sub(length)?..))?
}

/// Returns the length of the content before the metadata and its checksum, if the content matches it.
fn check(metadata: &ParquetMetaData, bytes: &[u8]) -> Option<(usize, u32)> {
    let (length, checksum) = value(metadata, CHECKSUM_KEY)?.split_once(':')?;
    let (length, checksum) = (length.parse().ok()?, u32::from_str_radix(checksum, 16).ok()?);
    let mut crc = Crc::new();
    crc.update(bytes.get(..length)?);
    (crc.sum() == checksum).then_some((length, checksum))
}

fn value<'a>(metadata: &'a ParquetMetaData, key: &str) -> Option<&'a str> {
    let pairs = metadata.file_metadata().key_value_metadata()?;
    pairs.iter().find(|pair| pair.key == key)?.value.as_deref()
}

/// Returns whether there are no more rows than this program writes, and all columns are within the first `length` bytes
/// without sharing any. The `parquet` crate panics on a negative offset or size.
fn is_consistent(metadata: &ParquetMetaData, length: usize) -> bool {
    let groups = metadata.row_groups();
    let is_short = |rows: i64| usize::try_from(rows).is_ok_and(|rows| rows <= GROUP);
    let columns = || groups.iter().flat_map(RowGroupMetaData::columns);
    let mut sizes = columns().map(|column| usize::try_from(column.compressed_size()).ok());
    let size = sizes.try_fold(0usize, |sum, size| sum.checked_add(size?));
    groups.len() <= MAX_ROWS / GROUP
        && groups.iter().all(|group| is_short(group.num_rows()))
        && columns().all(|column| {
            let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
            is_within(start, column.compressed_size(), length)
        })
        && size.is_some_and(|size| size <= length)
}

/// Returns whether the `size` bytes from `start` are within `length` bytes.
fn is_within(start: i64, size: i64, length: usize) -> bool {
    let end = usize::try_from(start).ok().zip(usize::try_from(size).ok());
    end.and_then(|(start, size)| start.checked_add(size)).is_some_and(|end| end <= length)
}

/// The pages of a column chunk, one at a time.
pub(super) struct Pages {
    reader: SerializedPageReader<Bytes>,
    is_compressed: bool,
}

impl Pages {
    fn of(bytes: &Bytes, chunk: &ColumnChunkMetaData) -> Result<Self, String> {
        let is_compressed = match chunk.compression() {
            Compression::UNCOMPRESSED => false,
            Compression::SNAPPY => true,
            other => return Err(format!("it is compressed with {other}")),
        };
        let (start, size) = chunk.byte_range();
        let range = usize::try_from(start).ok().zip(usize::try_from(start.saturating_add(size)).ok());
        if !range.and_then(|(start, end)| bytes.get(start..end)).is_some_and(has_pages) {
            return Err("the header of a page is cut, or claims lists that are not there".into());
        }
        // The crate reserves what a page claims to be when it is decompressed, up to 2 GB, so that is done here.
        let chunk = chunk.clone().into_builder().set_compression(Compression::UNCOMPRESSED);
        let chunk = chunk.build().map_err(reason)?;
        let reader = SerializedPageReader::new(Arc::new(bytes.clone()), &chunk, 0, None).map_err(reason)?;
        Ok(Self { reader, is_compressed })
    }

    /// Returns the next page, decompressed; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<Page>, String> {
        let mut page = self.reader.get_next_page().map_err(reason)?;
        if let Some(Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. }) = &mut page
            && self.is_compressed
        {
            *buf = decompressed(buf)?;
        }
        Ok(page)
    }
}

/// Returns whether `bytes` are pages to the end, each with a header that can be read.
fn has_pages(mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        let size = walk(bytes, COMPRESSED_SIZE).and_then(|(header, size)| {
            let size = usize::try_from(size?).ok()?;
            header.checked_add(size)
        });
        match size.and_then(|size| bytes.get(size..)) {
            Some(rest) => bytes = rest,
            None => return false,
        }
    }
    true
}

fn decompressed(bytes: &[u8]) -> Result<Bytes, String> {
    let length = decompress_len(bytes).map_err(|error| error.to_string())?;
    if length > bytes.len().saturating_mul(MAX_RATIO) {
        return Err("a page claims to be larger than it can be".into());
    }
    Decoder::new().decompress_vec(bytes).map(Bytes::from).map_err(|error| error.to_string())
}

/// Returns the message of `error` without the prefix "Parquet error".
fn reason(error: ParquetError) -> String {
    match error {
        ParquetError::General(text) | ParquetError::EOF(text) => text,
        error => error.to_string(),
    }
}

/// Writes the checksum that the changed content of a file has, if there is still a place for it.
#[cfg(feature = "fuzzing")]
pub(crate) fn seal(bytes: &mut [u8]) {
    let Some(key) = memchr::memmem::rfind(bytes, CHECKSUM_KEY.as_bytes()) else { return };
    // Two bytes are between a key and its value.
    let value = key + CHECKSUM_KEY.len() + 2;
    let end = bytes.iter().skip(value).position(|byte| *byte == b':').map(|length| value + length);
    let length = end.and_then(|end| std::str::from_utf8(bytes.get(value..end)?).ok()?.parse::<usize>().ok());
    if let Some(content) = length.and_then(|length| bytes.get(..length)) {
        let mut crc = Crc::new();
        crc.update(content);
        let sum = format!("{:08x}", crc.sum());
        if let Some(place) = end.and_then(|end| bytes.get_mut(end + 1..end + 1 + sum.len())) {
            place.copy_from_slice(sum.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_outside_of_the_file_are_refused() {
        for (start, size) in [(-1, 5), (4, -1), (i64::MIN, 0), (4, 97), (101, 0), (i64::MAX, i64::MAX)] {
            assert!(!is_within(start, size, 100), "{start} {size}");
        }
        assert!(is_within(4, 96, 100) && is_within(0, 0, 0));
    }

    #[test]
    fn a_page_is_not_larger_than_its_bytes_can_stand_for() {
        for length in [0, 1, 63, 64, 65, 4096, 1 << 20, 5 << 20] {
            for content in [vec![0; length], (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect()]
            {
                let compressed = snap::raw::Encoder::new().compress_vec(&content).unwrap();
                assert_eq!(decompressed(&compressed).unwrap(), content);
            }
        }
        // Two gigabytes, of which nothing is there.
        assert!(decompressed(&[0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0, 0]).is_err());
    }
}
