//! Values of texts, cached by the symbol of the text, so that each different text of a table is looked at once.

use usage_core::{Column, Date, Symbol, UsageRow, UsageTable};

use crate::subject::{Key, Subject};

/// A cached value for each text of a column.
#[derive(Debug)]
pub(crate) struct BySymbol<T>(Vec<Option<T>>);

impl<T> Default for BySymbol<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy> BySymbol<T> {
    /// Returns the value of `symbol`, which `find` computes the first time.
    #[inline]
    pub(crate) fn get(&mut self, symbol: Symbol, find: impl FnOnce() -> T) -> T {
        match self.0.get(symbol.number()) {
            Some(Some(value)) => *value,
            _ => self.insert(symbol.number(), find()),
        }
    }

    #[cold]
    fn insert(&mut self, number: usize, value: T) -> T {
        if self.0.len() <= number {
            self.0.resize(number + 1, None);
        }
        self.0[number] = Some(value);
        value
    }
}

/// The parsed dates of the rows of one table.
#[derive(Debug, Default)]
pub(crate) struct Dates(BySymbol<Option<Date>>);

impl Dates {
    /// Parses all dates of `table`, for [`known`](Self::known).
    pub(crate) fn all(table: &UsageTable) -> Self {
        let mut dates = Self::default();
        table.iter().for_each(|row| {
            dates.of(row);
        });
        dates
    }

    /// Returns the date of a row whose date was parsed before.
    #[inline]
    pub(crate) fn known(&self, row: UsageRow<'_>) -> Option<Date> {
        self.0.0.get(row.symbol(Column::Date).number()).copied().flatten().flatten()
    }

    /// Returns the date of `row`.
    #[inline]
    pub(crate) fn of(&mut self, row: UsageRow<'_>) -> Option<Date> {
        self.0.get(row.symbol(Column::Date), || row.date())
    }
}

/// A cached value for each client, user, URI, … of one table.
#[derive(Debug)]
pub(crate) struct BySubject<T> {
    subject: Subject,
    values: BySymbol<T>,
    /// Those of clients without an id, by name.
    of_names: BySymbol<T>,
}

impl<T: Copy> BySubject<T> {
    pub(crate) fn new(subject: Subject) -> Self {
        Self { subject, values: BySymbol::default(), of_names: BySymbol::default() }
    }

    /// Returns the value of the client, user, URI, … of `row`, which `find` computes the first time.
    #[inline]
    pub(crate) fn get<'a>(&mut self, row: UsageRow<'a>, find: impl FnOnce(Key<'a>) -> T) -> T {
        let subject = self.subject;
        let symbol = row.symbol(subject.column());
        if subject == Subject::Client && symbol == Symbol::default() {
            return self.of_names.get(row.symbol(Column::ClientName), || find(subject.key(row)));
        }
        self.values.get(symbol, || find(subject.key(row)))
    }
}
