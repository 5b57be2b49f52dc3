//! Rows in the form of the older queries.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::table::{Column, Counter, UsageRow, UsageTable};

/// The rows of a table in the service's own shape, a list of `ApiUsageRow`, for programs that read responses of the
/// service.
///
/// An absent text is written as `""`, a day as midnight UTC, and there is no `platform`.
///
/// ```
/// use usage_core::{UsageRecord, UsageTable};
///
/// let day = UsageRecord { date: Some("2026-07-01".into()), requests: Some(42), ..Default::default() };
/// let table = UsageTable::from_iter([day]);
/// let json = serde_json::to_value(table.legacy()).unwrap();
/// assert_eq!(json[0]["date"], "2026-07-01T00:00:00Z");
/// assert_eq!(json[0]["clientId"], "");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct LegacyRows<'a>(&'a UsageTable);

impl<'a> LegacyRows<'a> {
    pub(super) fn new(table: &'a UsageTable) -> Self {
        Self(table)
    }
}

impl Serialize for LegacyRows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.0.len()))?;
        for row in self.0 {
            rows.serialize_element(&LegacyRow(row))?;
        }
        rows.end()
    }
}

struct LegacyRow<'a>(UsageRow<'a>);

impl Serialize for LegacyRow<'_> {
    /// The members in the service's order.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const TEXTS: [Column; 6] = [
            Column::ClientId,
            Column::ClientName,
            Column::OrganizationId,
            Column::UserId,
            Column::TemplateUri,
            Column::HttpMethod,
        ];
        const COUNTS: [Counter; 6] = [
            Counter::Status200,
            Counter::Status300,
            Counter::Status400,
            Counter::Status500,
            Counter::Status429,
            Counter::Requests,
        ];
        let mut row = serializer.serialize_map(None)?;
        for column in TEXTS {
            row.serialize_entry(column.name(), self.0.text(column).unwrap_or_default())?;
        }
        for counter in COUNTS {
            if let Some(count) = self.0.count(counter) {
                row.serialize_entry(counter.name(), &count)?;
            }
        }
        match (self.0.date(), self.0.date_text()) {
            (Some(day), _) => row.serialize_entry("date", &format_args!("{day}T00:00:00Z"))?,
            (None, Some(text)) => row.serialize_entry("date", text)?,
            (None, None) => {}
        }
        row.end()
    }
}
