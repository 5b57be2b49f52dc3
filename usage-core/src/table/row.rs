//! A row of a table: symbols and counts.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::ser::SerializeStruct;

use crate::WrittenDate;
use crate::date::Date;
use crate::http_method::HttpMethod;
use crate::table::texts::{Symbol, Texts};
use crate::table::{Column, Counter, UsageRecord};

/// A row in memory, 60 bytes: the symbols of its texts, its counts, and which counts are present.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PackedRow {
    texts: [Symbol; Column::ALL.len()],
    counts: [u32; Counter::ALL.len()],
    /// A bit for each count that is present.
    present: u8,
    /// A bit for each count that exceeds 32 bits: it is interned as a text, and `counts` has its symbol.
    wide: u8,
}

impl PackedRow {
    pub(super) fn pack(record: &UsageRecord, mut intern: impl FnMut(&str) -> Symbol) -> Self {
        let mut row = Self::default();
        for &column in Column::ALL {
            row.set_text(column, intern(record.text(column).unwrap_or_default()));
        }
        for &counter in Counter::ALL {
            if let Some(count) = record.count(counter) {
                row.set_count(counter, count, &mut intern);
            }
        }
        row
    }

    #[inline]
    pub(crate) fn set_text(&mut self, column: Column, symbol: Symbol) {
        self.texts[column as usize] = symbol;
    }

    pub(super) fn texts(&self) -> &[Symbol; Column::ALL.len()] {
        &self.texts
    }

    /// Sets a count, which is interned if it exceeds 32 bits.
    #[inline(always)]
    pub(crate) fn set_count(&mut self, counter: Counter, count: u64, intern: impl FnOnce(&str) -> Symbol) {
        if let Ok(count) = u32::try_from(count) {
            return self.set_small_count(counter, count);
        }
        let symbol = intern(str::from_utf8(&hex(count)).unwrap_or_default());
        self.set_small_count(counter, symbol.0);
        self.wide |= 1 << counter as usize;
    }

    /// Sets a count that needs no text.
    #[inline(always)]
    pub(crate) fn set_small_count(&mut self, counter: Counter, count: u32) {
        let bit = 1 << counter as usize;
        self.present |= bit;
        self.wide &= !bit;
        self.counts[counter as usize] = count;
    }

    #[inline]
    pub(super) fn symbol(&self, column: Column) -> Symbol {
        self.texts[column as usize]
    }

    #[inline]
    pub(super) fn count(&self, counter: Counter, texts: &Texts) -> Option<u64> {
        let bit = 1 << counter as usize;
        if self.present & bit == 0 {
            return None;
        }
        let count = self.counts[counter as usize];
        if self.wide & bit == 0 {
            return Some(count.into());
        }
        u64::from_str_radix(texts.get(Symbol(count))?, 16).ok()
    }

    /// Returns the row with the symbols of the table that it moves to.
    pub(super) fn translate(mut self, moved: &[Symbol]) -> Self {
        self.texts = self.texts.map(|symbol| symbol.translate(moved));
        for (index, count) in self.counts.iter_mut().enumerate() {
            if self.wide & (1 << index) != 0 {
                *count = Symbol(*count).translate(moved).0;
            }
        }
        self
    }
}

/// A borrowed row of a [`UsageTable`](crate::UsageTable).
///
/// ```
/// use usage_core::{UsageRecord, UsageTable};
///
/// let record = UsageRecord { date: Some("2026-06-01".into()), requests: Some(42), ..Default::default() };
/// let table = UsageTable::from_iter([record]);
/// let row = table.row(0).unwrap();
/// assert_eq!(row.date().unwrap().to_string(), "2026-06-01");
/// assert_eq!((row.requests(), row.client_id()), (Some(42), None));
/// ```
#[derive(Clone, Copy)]
pub struct UsageRow<'a> {
    texts: &'a Texts,
    row: &'a PackedRow,
}

impl<'a> UsageRow<'a> {
    #[inline]
    pub(crate) fn new(texts: &'a Texts, row: &'a PackedRow) -> Self {
        Self { texts, row }
    }

    /// Returns the text in `column`.
    #[inline]
    pub fn text(&self, column: Column) -> Option<&'a str> {
        self.texts.get(self.row.symbol(column))
    }

    /// Returns the count of `counter`.
    #[inline]
    pub fn count(&self, counter: Counter) -> Option<u64> {
        self.row.count(counter, self.texts)
    }

    /// Returns the first day of the row's bucket; `None` if the query had no granularity, or if the text is no day.
    /// [`date_text`](Self::date_text) tells these apart.
    pub fn date(&self) -> Option<Date> {
        let text = self.date_text()?;
        text.parse().ok().or_else(|| WrittenDate::parse(text)?.day())
    }

    /// Returns the text of [`date`](Self::date), `yyyy-MM-dd`. A time within a day is `yyyy-MM-ddTHH:mm:ssZ`. A text
    /// that is no date is as the service wrote it.
    pub fn date_text(&self) -> Option<&'a str> {
        self.text(Column::Date)
    }

    /// Returns the OAuth client's id.
    pub fn client_id(&self) -> Option<&'a str> {
        self.text(Column::ClientId)
    }

    /// Returns the OAuth client's name.
    pub fn client_name(&self) -> Option<&'a str> {
        self.text(Column::ClientName)
    }

    /// Returns the id of the organization that made the requests.
    pub fn organization_id(&self) -> Option<&'a str> {
        self.text(Column::OrganizationId)
    }

    /// Returns the id of the user on whose behalf they were made.
    pub fn user_id(&self) -> Option<&'a str> {
        self.text(Column::UserId)
    }

    /// Returns the API's path with placeholders, as the service wrote it.
    pub fn template_uri(&self) -> Option<&'a str> {
        self.text(Column::TemplateUri)
    }

    /// Returns the HTTP method.
    pub fn http_method(&self) -> Option<HttpMethod> {
        self.http_method_text().map(HttpMethod::from)
    }

    /// Returns the text of [`http_method`](Self::http_method).
    pub fn http_method_text(&self) -> Option<&'a str> {
        self.text(Column::HttpMethod)
    }

    /// Returns the platform (jobs only).
    pub fn platform(&self) -> Option<&'a str> {
        self.text(Column::Platform)
    }

    /// Returns the number of requests.
    pub fn requests(&self) -> Option<u64> {
        self.count(Counter::Requests)
    }

    /// Returns the number of responses of class 2xx.
    pub fn status200(&self) -> Option<u64> {
        self.count(Counter::Status200)
    }

    /// Returns the number of responses of class 3xx.
    pub fn status300(&self) -> Option<u64> {
        self.count(Counter::Status300)
    }

    /// Returns the number of responses of class 4xx, the rate-limited ones included.
    pub fn status400(&self) -> Option<u64> {
        self.count(Counter::Status400)
    }

    /// Returns the number of rate-limited requests, a subset of [`status400`](Self::status400).
    pub fn status429(&self) -> Option<u64> {
        self.count(Counter::Status429)
    }

    /// Returns the number of responses of class 5xx.
    pub fn status500(&self) -> Option<u64> {
        self.count(Counter::Status500)
    }

    /// Returns the row as an owned record.
    pub fn to_record(&self) -> UsageRecord {
        let text = |column| self.text(column).map(Into::into);
        UsageRecord {
            date: text(Column::Date),
            client_id: text(Column::ClientId),
            client_name: text(Column::ClientName),
            organization_id: text(Column::OrganizationId),
            user_id: text(Column::UserId),
            template_uri: text(Column::TemplateUri),
            http_method: text(Column::HttpMethod),
            platform: text(Column::Platform),
            requests: self.requests(),
            status200: self.status200(),
            status300: self.status300(),
            status400: self.status400(),
            status429: self.status429(),
            status500: self.status500(),
        }
    }

    /// Returns the number of the text in `column`, which is 0 if there is none.
    #[inline]
    pub fn symbol(&self, column: Column) -> Symbol {
        self.row.symbol(column)
    }

    pub(super) fn packed(&self) -> &'a PackedRow {
        self.row
    }
}

impl PartialEq for UsageRow<'_> {
    /// Compares texts and counts, also of rows of different tables.
    fn eq(&self, other: &Self) -> bool {
        Counter::ALL.iter().all(|counter| self.count(*counter) == other.count(*counter))
            && Column::ALL.iter().all(|column| self.text(*column) == other.text(*column))
    }
}

impl Eq for UsageRow<'_> {}

impl Hash for UsageRow<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for &counter in Counter::ALL {
            self.count(counter).hash(state);
        }
        for &column in Column::ALL {
            self.text(column).hash(state);
        }
    }
}

impl fmt::Debug for UsageRow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_record().fmt(f)
    }
}

impl serde::Serialize for UsageRow<'_> {
    /// Writes the members of [`UsageRecord`] that are present.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let texts = Column::ALL.iter().filter(|column| self.text(**column).is_some()).count();
        let counts = Counter::ALL.iter().filter(|counter| self.count(**counter).is_some()).count();
        let mut row = serializer.serialize_struct("UsageRecord", texts + counts)?;
        for &column in Column::ALL {
            match self.text(column) {
                Some(text) => row.serialize_field(column.name(), text)?,
                None => row.skip_field(column.name())?,
            }
        }
        for &counter in Counter::ALL {
            match self.count(counter) {
                Some(count) => row.serialize_field(counter.name(), &count)?,
                None => row.skip_field(counter.name())?,
            }
        }
        row.end()
    }
}

/// Returns the 16 hexadecimal digits of `count`.
#[cold]
fn hex(count: u64) -> [u8; 16] {
    let bytes = count.to_be_bytes();
    std::array::from_fn(|place| {
        let byte = bytes[place / 2];
        let digit = if place % 2 == 0 { byte >> 4 } else { byte & 15 };
        if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }
    })
}

#[cfg(test)]
impl PackedRow {
    /// Returns a row that differs from those with other numbers.
    pub(super) fn numbered(number: usize) -> Self {
        let mut row = Self::default();
        row.set_count(Counter::Requests, number as u64, |_| Symbol::default());
        row
    }

    pub(super) fn number(&self) -> usize {
        self.counts[0] as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_any_size_are_kept_and_absent_is_not_zero() {
        let mut texts = Texts::default();
        assert_eq!(PackedRow::default().count(Counter::Requests, &texts), None);
        for count in [0, 1, u32::MAX.into(), u64::from(u32::MAX) + 1, UsageRecord::MAX_COUNT, u64::MAX, 7] {
            let mut row = PackedRow::default();
            row.set_count(Counter::Status500, count, |text| texts.push(text));
            assert_eq!(row.count(Counter::Status500, &texts), Some(count));
            assert_eq!(row.count(Counter::Status200, &texts), None);
        }
        assert_eq!(size_of::<PackedRow>(), 60);
    }

    #[test]
    fn rows_are_equal_if_every_member_is_whichever_table_they_are_in() {
        // One of the 14 members is different.
        let row = |texts: &mut Texts, other: usize| {
            let mut row = PackedRow::default();
            for (member, column) in Column::ALL.iter().copied().enumerate() {
                row.set_text(column, texts.push(if member == other { "other" } else { "same" }));
            }
            for (member, counter) in (Column::ALL.len()..).zip(Counter::ALL.iter().copied()) {
                row.set_count(counter, if member == other { 8 } else { 7 }, |text| texts.push(text));
            }
            row
        };
        let (mut one_table, mut other_table) = (Texts::default(), Texts::default());
        other_table.push("what is in no row");
        let one = row(&mut one_table, usize::MAX);
        for other in 0..=14 {
            let row = row(&mut other_table, other);
            let same = UsageRow::new(&one_table, &one) == UsageRow::new(&other_table, &row);
            assert_eq!(same, other == 14, "{other}");
        }
    }

    #[test]
    fn a_method_is_known_or_kept() {
        for (text, method) in [("GET", HttpMethod::Get), ("BREW", HttpMethod::Unknown("BREW".into()))] {
            let mut texts = Texts::default();
            let mut row = PackedRow::default();
            row.set_text(Column::HttpMethod, texts.push(text));
            let row = UsageRow::new(&texts, &row);
            assert_eq!((row.http_method(), row.http_method_text()), (Some(method), Some(text)));
        }
        let (texts, row) = (Texts::default(), PackedRow::default());
        assert_eq!(UsageRow::new(&texts, &row).http_method(), None);
    }

    #[test]
    fn a_row_is_written_as_its_record() {
        let record = UsageRecord {
            date: Some("2026-07-01".into()),
            template_uri: Some("api/v2/users".into()),
            requests: Some(UsageRecord::MAX_COUNT),
            status429: Some(0),
            ..Default::default()
        };
        let mut texts = Texts::default();
        let row = PackedRow::pack(&record, |text| texts.push(text));
        let row = UsageRow::new(&texts, &row);
        assert_eq!(serde_json::to_string(&row).unwrap(), serde_json::to_string(&record).unwrap());
        assert_eq!(row.to_record(), record);
    }
}
