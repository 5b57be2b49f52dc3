use std::fmt;

use crate::date::Date;
use crate::model::HttpMethod;
use crate::table::UsageRecord;
use crate::table::symbols::{Symbol, Symbols};

/// A row as it is stored: the symbols of its texts, its counts, and which counts are there.
#[derive(Clone, Debug)]
pub(super) struct PackedRow {
    texts: [Symbol; 8],
    /// Each count in two halves: rows of 4-byte numbers need no padding.
    counts: [[u32; 2]; 6],
    present: u32,
}

// Where each member stands in `PackedRow`.
const DATE: usize = 0;
const CLIENT_ID: usize = 1;
const CLIENT_NAME: usize = 2;
const ORGANIZATION_ID: usize = 3;
const USER_ID: usize = 4;
const TEMPLATE_URI: usize = 5;
const HTTP_METHOD: usize = 6;
const PLATFORM: usize = 7;
const REQUESTS: usize = 0;
const STATUS200: usize = 1;
const STATUS300: usize = 2;
const STATUS400: usize = 3;
const STATUS429: usize = 4;
const STATUS500: usize = 5;

impl PackedRow {
    pub(super) fn pack(record: &UsageRecord, symbols: &mut Symbols) -> Self {
        let mut intern = |text: &Option<String>| symbols.intern(text.as_deref().unwrap_or_default());
        let texts = [
            intern(&record.date),
            intern(&record.client_id),
            intern(&record.client_name),
            intern(&record.organization_id),
            intern(&record.user_id),
            intern(&record.template_uri),
            intern(&record.http_method),
            intern(&record.platform),
        ];
        let mut row = Self { texts, counts: Default::default(), present: 0 };
        row.set(REQUESTS, record.requests);
        row.set(STATUS200, record.status200);
        row.set(STATUS300, record.status300);
        row.set(STATUS400, record.status400);
        row.set(STATUS429, record.status429);
        row.set(STATUS500, record.status500);
        row
    }

    /// The same row, its texts numbered as in the table that it moves to.
    pub(super) fn translate(&self, moved: &[Symbol]) -> Self {
        Self { texts: self.texts.map(|symbol| symbol.translate(moved)), ..self.clone() }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the two halves of the number")]
    fn set(&mut self, index: usize, count: Option<u64>) {
        if let Some(count) = count {
            self.counts[index] = [(count >> 32) as u32, count as u32];
            self.present |= 1 << index;
        }
    }

    fn count(&self, index: usize) -> Option<u64> {
        let [high, low] = self.counts[index];
        (self.present & (1 << index) != 0).then_some((u64::from(high) << 32) | u64::from(low))
    }
}

/// One row of a [`UsageTable`](crate::UsageTable), borrowed.
#[derive(Clone, Copy)]
pub struct UsageRow<'a> {
    symbols: &'a Symbols,
    row: &'a PackedRow,
}

impl<'a> UsageRow<'a> {
    pub(super) fn new(symbols: &'a Symbols, row: &'a PackedRow) -> Self {
        Self { symbols, row }
    }

    /// The first day of the row's bucket; absent if the query had no granularity, or if the text is no day.
    pub fn date(&self) -> Option<Date> {
        self.date_text()?.parse().ok()
    }

    /// The text of [`date`](Self::date), `yyyy-MM-dd`; what the service wrote if that is no midnight.
    pub fn date_text(&self) -> Option<&'a str> {
        self.text(DATE)
    }

    /// The OAuth client's id.
    pub fn client_id(&self) -> Option<&'a str> {
        self.text(CLIENT_ID)
    }

    /// The OAuth client's name.
    pub fn client_name(&self) -> Option<&'a str> {
        self.text(CLIENT_NAME)
    }

    /// The organisation that made the requests.
    pub fn organization_id(&self) -> Option<&'a str> {
        self.text(ORGANIZATION_ID)
    }

    /// The user on whose behalf they were made.
    pub fn user_id(&self) -> Option<&'a str> {
        self.text(USER_ID)
    }

    /// The API's path with placeholders, as the service wrote it.
    pub fn template_uri(&self) -> Option<&'a str> {
        self.text(TEMPLATE_URI)
    }

    /// The HTTP method.
    pub fn http_method(&self) -> Option<HttpMethod> {
        self.http_method_text().map(HttpMethod::from)
    }

    /// The text of [`http_method`](Self::http_method).
    pub fn http_method_text(&self) -> Option<&'a str> {
        self.text(HTTP_METHOD)
    }

    /// The platform (jobs only).
    pub fn platform(&self) -> Option<&'a str> {
        self.text(PLATFORM)
    }

    /// All requests.
    pub fn requests(&self) -> Option<u64> {
        self.row.count(REQUESTS)
    }

    /// Answers of class 2xx.
    pub fn status200(&self) -> Option<u64> {
        self.row.count(STATUS200)
    }

    /// Answers of class 3xx.
    pub fn status300(&self) -> Option<u64> {
        self.row.count(STATUS300)
    }

    /// Answers of class 4xx, the rate-limited ones included.
    pub fn status400(&self) -> Option<u64> {
        self.row.count(STATUS400)
    }

    /// Rate-limited requests: a subset of [`status400`](Self::status400).
    pub fn status429(&self) -> Option<u64> {
        self.row.count(STATUS429)
    }

    /// Answers of class 5xx.
    pub fn status500(&self) -> Option<u64> {
        self.row.count(STATUS500)
    }

    /// The row with everything owned.
    pub fn to_record(&self) -> UsageRecord {
        UsageRecord {
            date: self.date_text().map(Into::into),
            client_id: self.client_id().map(Into::into),
            client_name: self.client_name().map(Into::into),
            organization_id: self.organization_id().map(Into::into),
            user_id: self.user_id().map(Into::into),
            template_uri: self.template_uri().map(Into::into),
            http_method: self.http_method_text().map(Into::into),
            platform: self.platform().map(Into::into),
            requests: self.requests(),
            status200: self.status200(),
            status300: self.status300(),
            status400: self.status400(),
            status429: self.status429(),
            status500: self.status500(),
        }
    }

    fn text(&self, index: usize) -> Option<&'a str> {
        self.symbols.text(self.row.texts[index])
    }
}

impl PartialEq for UsageRow<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.row.counts == other.row.counts
            && self.row.present == other.row.present
            && (DATE..=PLATFORM).all(|index| self.text(index) == other.text(index))
    }
}

impl fmt::Debug for UsageRow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_record().fmt(f)
    }
}

impl serde::Serialize for UsageRow<'_> {
    /// As [`UsageRecord`].
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_record().serialize(serializer)
    }
}
