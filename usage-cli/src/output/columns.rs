//! The 14 columns of a row, in the order of every format.
//!
//! Rows of several organizations have the name of their own in place of an id of an organization, as the first column.

use usage_core::{Gap, Scope, UsageRow};

use crate::output::layout::Align;

/// A column.
#[derive(Clone, Copy)]
pub(crate) struct Column {
    /// Its name in CSV and JSON.
    pub(super) name: &'static str,
    /// Its title for people.
    pub(super) title: &'static str,
    pub(crate) cell: Cell,
}

/// How a row's cell is read.
#[derive(Clone, Copy)]
pub(crate) enum Cell {
    Text(for<'a> fn(UsageRow<'a>) -> Option<&'a str>),
    Count(fn(UsageRow<'_>) -> Option<u64>),
}

impl Column {
    const fn text(
        name: &'static str,
        title: &'static str,
        cell: for<'a> fn(UsageRow<'a>) -> Option<&'a str>,
    ) -> Self {
        Self { name, title, cell: Cell::Text(cell) }
    }

    const fn count(name: &'static str, title: &'static str, cell: fn(UsageRow<'_>) -> Option<u64>) -> Self {
        Self { name, title, cell: Cell::Count(cell) }
    }

    /// Whether its texts are days.
    #[cfg(any(feature = "parquet", feature = "xlsx"))]
    pub(super) fn is_date(&self) -> bool {
        self.name == "date"
    }

    /// Texts are to the left, counts to the right.
    pub(super) fn align(&self) -> Align {
        match self.cell {
            Cell::Text(_) => Align::Left,
            Cell::Count(_) => Align::Right,
        }
    }

    /// Whether `row` has something here.
    pub(super) fn has_data(&self, row: UsageRow<'_>) -> bool {
        match self.cell {
            Cell::Text(read) => read(row).is_some(),
            Cell::Count(read) => read(row).is_some(),
        }
    }
}

/// All columns.
pub(crate) static COLUMNS: [Column; 14] = ALL;

const ALL: [Column; 14] = [
    Column::text("date", "Date", |row| row.date_text()),
    Column::text("clientId", "Client id", |row| row.client_id()),
    Column::text("clientName", "Client name", |row| row.client_name()),
    Column::text("organizationId", "Organization id", |row| row.organization_id()),
    Column::text("userId", "User id", |row| row.user_id()),
    Column::text("templateUri", "URI", |row| row.template_uri()),
    Column::text("httpMethod", "Method", |row| row.http_method_text()),
    Column::text("platform", "Platform", |row| row.platform()),
    Column::count("requests", "Requests", |row| row.requests()),
    Column::count("status200", "2xx", |row| row.status200()),
    Column::count("status300", "3xx", |row| row.status300()),
    Column::count("status400", "4xx", |row| row.status400()),
    Column::count("status429", "429", |row| row.status429()),
    Column::count("status500", "5xx", |row| row.status500()),
];

/// The columns of rows of several organizations, whose names are in the place of organizations' ids.
static OF_SEVERAL: [Column; 14] = {
    let mut columns = ALL;
    let mut place = 3;
    while place > 0 {
        columns[place] = columns[place - 1];
        place -= 1;
    }
    columns[0] = Column::text("organization", "Organization", |row| row.organization_id());
    columns
};

/// The additional column of formats without a scope: why rows are missing. Files of whole results do not have it.
pub(crate) const ROWS_MISSING: &str = "rowsMissing";

/// The separator of the reasons in [`ROWS_MISSING`].
pub(crate) const GAP_SEPARATOR: &str = "; ";

/// Returns the value of [`ROWS_MISSING`] for rows of `scope`, if some are missing.
pub(super) fn rows_missing(scope: &Scope) -> Option<String> {
    let missing: Vec<_> = scope.missing.iter().map(Gap::as_str).collect();
    (!scope.is_complete())
        .then(|| if missing.is_empty() { "unknown".into() } else { missing.join(GAP_SEPARATOR) })
}

/// Returns the columns of rows of one organization, or of several.
pub(super) fn of(is_several: bool) -> &'static [Column; 14] {
    if is_several { &OF_SEVERAL } else { &COLUMNS }
}

/// The column of this name.
pub(crate) fn named(name: &str) -> Option<&'static Column> {
    COLUMNS.iter().find(|column| column.name == name)
}

#[cfg(test)]
mod tests {
    use usage_core::{UsageRecord, UsageTable};

    use super::*;

    #[test]
    fn rows_of_several_organizations_have_the_same_columns_in_the_same_order() {
        let names = |columns: &'static [Column; 14]| columns.iter().map(|column| column.name);
        let others: Vec<_> = names(of(false)).filter(|name| *name != "organizationId").collect();
        assert_eq!(names(of(true)).collect::<Vec<_>>(), [&["organization"], &others[..]].concat());
    }

    #[test]
    fn names_and_order_are_those_of_the_record() {
        let text = |text: &str| Some(text.to_owned());
        let record = UsageRecord {
            date: text("date"),
            client_id: text("clientId"),
            client_name: text("clientName"),
            organization_id: text("organizationId"),
            user_id: text("userId"),
            template_uri: text("templateUri"),
            http_method: text("httpMethod"),
            platform: text("platform"),
            requests: Some(1),
            status200: Some(2),
            status300: Some(3),
            status400: Some(4),
            status429: Some(5),
            status500: Some(6),
        };
        let json = serde_json::to_string(&record).unwrap();
        let table: UsageTable = [record].into_iter().collect();
        let members: Vec<_> = COLUMNS
            .iter()
            .map(|column| match column.cell {
                Cell::Text(read) => {
                    assert_eq!(read(table.row(0).unwrap()), Some(column.name));
                    format!("{0:?}:{0:?}", column.name)
                }
                Cell::Count(read) => format!("{:?}:{}", column.name, read(table.row(0).unwrap()).unwrap()),
            })
            .collect();
        assert_eq!(json, format!("{{{}}}", members.join(",")));
    }
}
