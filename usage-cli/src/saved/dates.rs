//! The dates of one file. Each text is parsed once; an ambiguous date is resolved by the whole column.

use std::collections::{HashMap, HashSet};

use usage_core::{Date, DateOrder, NumericDate, UsageTable, WrittenDate};

use crate::saved::count::is_nothing;
use crate::saved::parse_error::{ParseError, Wrong};
use crate::saved::total_line::{is_total, total_line};

/// A date as it is known when its row is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DateText<'a> {
    /// The row has no date.
    Nothing,
    /// The day, `yyyy-MM-dd`.
    Day(&'a str),
    /// The original text of an ambiguous date, which is resolved at the end of the file.
    Open(&'a str),
}

/// The dates of one file.
#[derive(Debug, Default)]
pub(super) struct Dates {
    /// The user's order for dates with the year last.
    order: Option<DateOrder>,
    /// The previous text and its day.
    last: (String, String),
    /// Dates whose day and month are ambiguous, and where each first occurs.
    open: Vec<(Box<str>, NumericDate, Place)>,
    known_open: HashSet<Box<str>>,
}

/// The position of a date in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: String,
    pub(super) line: u64,
}

const ORDER_HINT: &str = "say which by --date-order mdy or --date-order dmy, or save dates as 2026-10-31";

impl Dates {
    pub(super) fn new(order: Option<DateOrder>) -> Self {
        Self { order, ..Self::default() }
    }

    /// Returns the day in `text` if it is spelled as the service spells it. Fast path without any other check.
    #[inline]
    pub(super) fn usual(text: &str) -> Option<&str> {
        let (day, time) = text.split_at_checked(10)?;
        (matches!(time, "" | "T00:00:00Z" | "T00:00:00.000Z") && day.parse::<Date>().is_ok()).then_some(day)
    }

    /// Parses `text`, which is at `place`.
    pub(super) fn read<'a>(
        &'a mut self,
        text: &'a str,
        place: impl FnOnce() -> Place,
    ) -> Result<DateText<'a>, Wrong> {
        if let Some(day) = Self::usual(text) {
            return Ok(DateText::Day(day));
        }
        if !self.last.0.is_empty() && self.last.0 == text {
            return Ok(DateText::Day(&self.last.1));
        }
        if is_nothing(text.trim()) {
            return Ok(DateText::Nothing);
        }
        if let Some(date) = WrittenDate::parse(text) {
            return self.day(text, date).map(DateText::Day);
        }
        let Some(numeric) = NumericDate::parse(text) else { return Err(not_understood(text)) };
        if let Some(order) = numeric.order().filter(|_| numeric.is_dotted()).or(self.order) {
            let date = numeric.read(order).ok_or_else(|| not_understood(text))?;
            return self.day(text, date).map(DateText::Day);
        }
        self.leave_open(text, numeric, place)?;
        Ok(DateText::Open(text))
    }

    fn day(&mut self, text: &str, date: WrittenDate) -> Result<&str, Wrong> {
        let Some(day) = date.day() else {
            let problem = format!("{text:?} is a time within a day ({date}): rows are about whole UTC days");
            return Err(Wrong::from(problem).with_hint("save the dates in UTC, without a time: 2026-10-31"));
        };
        self.last = (text.to_owned(), day.to_string());
        Ok(&self.last.1)
    }

    fn leave_open(
        &mut self,
        text: &str,
        numeric: NumericDate,
        place: impl FnOnce() -> Place,
    ) -> Result<(), Wrong> {
        if self.known_open.contains(text) {
            return Ok(());
        }
        let readings = [DateOrder::DayFirst, DateOrder::MonthFirst].map(|order| numeric.read(order));
        if readings.iter().flatten().all(|date| date.day().is_none()) {
            return match readings.iter().flatten().next() {
                Some(date) => self.day(text, *date).map(drop),
                None => Err(not_understood(text)),
            };
        }
        self.known_open.insert(text.into());
        self.open.push((text.into(), numeric, place()));
        Ok(())
    }

    /// Resolves the ambiguous dates in the rows from `first` on.
    pub(super) fn decide(self, table: &mut UsageTable, first: usize) -> Result<(), ParseError> {
        if self.open.is_empty() {
            return Ok(());
        }
        let order = self.common_order()?;
        let mut days = HashMap::new();
        for (text, numeric, place) in &self.open {
            let day = numeric.read(order).and_then(WrittenDate::day);
            let day = day.ok_or_else(|| not_understood(text).at(&*place.path, place.line))?;
            days.insert(&**text, day.to_string());
        }
        table.replace_texts(usage_core::Column::Date, first, |text| days.get(text).cloned());
        Ok(())
    }

    /// Returns the one order that all ambiguous dates can have.
    fn common_order(&self) -> Result<DateOrder, ParseError> {
        let mut decided =
            self.open.iter().filter_map(|(text, numeric, place)| Some((text, numeric.order()?, place)));
        if let Some((first, order, _)) = decided.next() {
            return match decided.find(|(_, other, _)| *other != order) {
                None => Ok(order),
                Some((other, _, place)) => {
                    let problem =
                        format!("{other:?} has the day and the month in another order than {first:?}");
                    Err(ParseError::at(&*place.path, place.line, problem))
                }
            };
        }
        match self.open.iter().find(|(_, numeric, _)| !numeric.is_symmetric()) {
            None => Ok(DateOrder::DayFirst),
            Some((text, numeric, place)) => {
                let reading = |order| numeric.read(order).map(|date| date.to_string()).unwrap_or_default();
                let problem = format!(
                    "{text:?} may be {} or {}, and no other date of the column says which",
                    reading(DateOrder::DayFirst),
                    reading(DateOrder::MonthFirst)
                );
                Err(ParseError::at(&*place.path, place.line, problem).with_hint(ORDER_HINT))
            }
        }
    }
}

fn not_understood(text: &str) -> Wrong {
    if is_total(text) {
        return total_line(text);
    }
    let shown: String = text.chars().take(60).collect();
    Wrong::from(format!("{shown:?} is not understood as a date")).with_hint(
        "dates are read as 2026-10-31, with or without a time, and as other programs write such dates",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: u64) -> Place {
        Place { path: "date".into(), line }
    }

    /// Parses the days of a column. Returns the line and the problem of the first wrong one otherwise.
    fn days(order: Option<DateOrder>, column: &[&str]) -> Result<Vec<String>, (u64, String)> {
        let mut dates = Dates::new(order);
        let mut builder = usage_core::TableBuilder::default();
        for (line, text) in (2..).zip(column) {
            match dates.read(text, || place(line)) {
                Ok(DateText::Day(day) | DateText::Open(day)) => {
                    builder.set_text(usage_core::Column::Date, day);
                }
                Ok(DateText::Nothing) => {}
                Err(wrong) => return Err((line, wrong.problem)),
            }
            builder.end_row();
        }
        let mut table = builder.finish();
        dates.decide(&mut table, 0).map_err(|flaw| (flaw.line, flaw.problem))?;
        Ok(table.iter().map(|row| row.date_text().unwrap_or_default().to_owned()).collect())
    }

    #[test]
    fn one_date_decides_for_the_column() {
        let wanted = Ok(vec!["2026-10-01".to_owned(), "2026-10-13".to_owned()]);
        assert_eq!(days(None, &["10/01/2026 00:00:00", "10/13/2026 00:00:00"]), wanted);
        assert_eq!(days(None, &["1/10/2026", "13/10/2026"]), wanted);
        assert_eq!(days(None, &["10/1/2026 12:00:00 AM", "10/13/2026 12:00:00 AM"]), wanted);
        assert_eq!(days(None, &["01.10.2026", "13.10.2026 00:00"]), wanted);
        assert_eq!(days(None, &["2026-10-01T00:00:00+00:00", "20261013"]), wanted);
        assert_eq!(days(None, &["10/10/2026"]), Ok(vec!["2026-10-10".into()]));
        assert_eq!(days(Some(DateOrder::MonthFirst), &["10/01/2026"]), Ok(vec!["2026-10-01".into()]));
        assert_eq!(
            days(Some(DateOrder::DayFirst), &["10/01/2026", "1.2.2026"]),
            Ok(vec!["2026-01-10".into(), "2026-02-01".into()])
        );
    }

    #[test]
    fn what_is_not_certain_is_refused_with_its_place() {
        for (column, line, problem) in [
            (&["10/10/2026", "10/01/2026"][..], 3, "may be 2026-01-10 or 2026-10-01"),
            (&["10/13/2026", "13/10/2026"], 3, "in another order than \"10/13/2026\""),
            (&["10/13/2026", "13/13/2026"], 3, "is not understood"),
            (&["2/30/2026", "10/13/2026"], 2, "is not understood"),
            (&["2026-10-01", "2026-13-45"], 3, "is not understood"),
            (&["2026-10-01", "Grand Total"], 3, "a total"),
            (&["2026-10-01", "SUMME:"], 3, "a total"),
            (&["2026-10-01T10:00:00Z"], 2, "a time within a day (2026-10-01T10:00:00Z)"),
            (&["10/13/2026 10:00:00"], 2, "a time within a day"),
        ] {
            let (at, said) = days(None, column).unwrap_err();
            assert!(at == line && said.contains(problem), "{column:?}: {at} {said}");
        }
        assert!(days(Some(DateOrder::DayFirst), &["10/13/2026"]).is_err());
    }
}
