//! Collects the rows of all files value by value, and records the structure of each file.

use std::ops::Range;

use usage_core::model::Granularity;
use usage_core::query::SimpleSearch;
use usage_core::{Column, Counter, Gap, Scope, TableBuilder};
use usage_report::Names;

use crate::output::columns::GAP_SEPARATOR;
use crate::saved::count::is_nothing;
use crate::saved::dates::{DateText, Dates, Place};
use crate::saved::name::Subject;
use crate::saved::parse_error::{ParseError, Wrong};
use crate::saved::total_line::{is_total, total_line};
use crate::saved::{SavedArgs, reference};

/// Maximum number of names of unused members kept for a file.
const MAX_UNUSED: usize = 20;

/// Builds the rows of all files.
#[derive(Debug, Default)]
pub(super) struct Rows {
    builder: TableBuilder,
    /// The members of the current row: a bit for each column, followed by a bit for each counter.
    has: Members,
    dates: Dates,
    /// Whether the user allows to add up all rows.
    adds_totals: bool,
    source: Source,
    pub(super) sources: Vec<Source>,
}

/// A set of columns and counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Members(u16);

impl Members {
    const COUNTS: Self = Self(0x3F << Column::ALL.len());
    /// The columns that distinguish rows of the same day.
    const LABELS: Self = Self((1 << Column::ALL.len()) - 1 - (1 << Column::Date as u16));

    const fn of_column(column: Column) -> Self {
        Self(1 << column as usize)
    }

    const fn of_counter(counter: Counter) -> Self {
        Self(1 << (Column::ALL.len() + counter as usize))
    }

    pub(super) const fn contains(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn has_column(self, column: Column) -> bool {
        self.contains(Self::of_column(column))
    }

    pub(super) fn has_counter(self, counter: Counter) -> bool {
        self.contains(Self::of_counter(counter))
    }
}

/// The structure of one file.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) name: String,
    /// The range of its rows among all rows.
    pub(super) rows: Range<usize>,
    /// The members that any of its rows has.
    pub(super) members: Members,
    /// The members that all of its rows have.
    pub(super) common: Option<Members>,
    /// The sum of each counter.
    pub(super) sums: [u128; Counter::ALL.len()],
    /// Whether some rows have, and whether some lack, a count of all requests.
    pub(super) totals: [bool; 2],
    pub(super) scope: Option<Scope>,
    /// The granularities of the scopes of its documents, at most two.
    pub(super) buckets: Vec<Option<Granularity>>,
    /// The number of scopes at the top of a document.
    pub(super) scopes: usize,
    /// Whether it is one result of one query, as this program writes it. All of its rows are the service's.
    pub(super) is_one_result: bool,
    has_dated: bool,
    /// The position of the first row without a date.
    undated: Option<Place>,
    /// The names of unused members.
    pub(super) unused: Vec<String>,
    /// Whether the last page says that another follows.
    pub(super) has_more_pages: bool,
    /// Why rows are missing, as the rows say.
    missing: Vec<Gap>,
    /// The names behind ids.
    pub(super) names: Names,
}

impl Source {
    /// Returns whether some of its rows have a text that others lack.
    pub(super) fn is_uneven(&self) -> bool {
        let common = self.common.unwrap_or_default();
        (self.members.0 ^ common.0) & Members::LABELS.0 != 0
    }

    /// Returns whether it looks like a search result that the service cut at its limit. Rows of a search have no
    /// count of all requests. A file with a scope says itself which rows are missing.
    pub(super) fn may_be_cut_off(&self) -> bool {
        let limit = usize::try_from(SimpleSearch::MAX_RECORDS).unwrap_or(usize::MAX);
        let is_search = self.totals == [true, false] && self.scope.is_none();
        is_search && self.rows.len().is_multiple_of(limit)
    }

    /// Returns whether rows are missing.
    pub(super) fn has_gaps(&self) -> bool {
        self.scope.as_ref().is_some_and(|scope| !scope.is_complete()) || self.gaps().next().is_some()
    }

    /// Returns why rows are missing.
    pub(super) fn gaps(&self) -> impl Iterator<Item = Gap> {
        let said = self.scope.iter().flat_map(|scope| scope.missing.clone());
        let cut_off = self.may_be_cut_off().then_some(Gap::RowLimit);
        said.chain(self.missing.clone()).chain(cut_off).chain(self.has_more_pages.then_some(Gap::Pages))
    }
}

impl Rows {
    /// Starts the file `name`.
    pub(super) fn begin_file(&mut self, name: &str, args: &SavedArgs) {
        let end = self.builder.table().len();
        self.dates = Dates::new(args.date_order());
        self.adds_totals = args.sum;
        self.source = Source { name: name.to_owned(), rows: end..end, ..Source::default() };
    }

    /// Ends the file and resolves its ambiguous dates.
    pub(super) fn end_file(&mut self) -> Result<(), ParseError> {
        let first = self.source.rows.start;
        std::mem::take(&mut self.dates).decide(self.builder.table_mut(), first)?;
        if let (true, Some(place)) = (self.source.has_dated, &self.source.undated) {
            let wrong = Wrong::from("the row has no date, but others have: a total of the others?");
            return Err(wrong
                .with_hint("remove lines of totals; rows without dates belong into a file of their own")
                .at(&*place.path, place.line));
        }
        self.source.rows.end = self.builder.table().len();
        self.sources.push(std::mem::take(&mut self.source));
        Ok(())
    }

    /// Returns whether the current file has no row yet.
    pub(super) fn is_file_empty(&self) -> bool {
        self.builder.table().len() == self.source.rows.start
    }

    pub(super) fn source(&mut self) -> &mut Source {
        &mut self.source
    }

    pub(super) fn finish(self) -> usage_core::UsageTable {
        self.builder.finish()
    }

    /// Records a member that is not used.
    pub(super) fn unused(&mut self, name: &str) {
        let unused = &mut self.source.unused;
        if unused.len() < MAX_UNUSED && !unused.iter().any(|known| known == name) {
            unused.push(name.to_owned());
        }
    }

    /// Records why rows are missing: the names of gaps, separated by [`GAP_SEPARATOR`].
    pub(super) fn missing(&mut self, text: &str) {
        for gap in text.split(GAP_SEPARATOR).filter(|gap| !is_nothing(gap.trim())).map(Gap::from) {
            if !self.source.missing.contains(&gap) {
                self.source.missing.push(gap);
            }
        }
    }

    /// Sets a text of the row, except its date.
    #[inline]
    pub(super) fn text(&mut self, column: Column, text: &str) -> Result<(), Wrong> {
        let member = Members::of_column(column);
        let text = if is_name(column) { text } else { text.trim() };
        // A client may be called None; nothing is called as databases write what is absent.
        if text.is_empty() || text == "\\N" || (!is_name(column) && is_nothing(text)) {
            return Ok(());
        }
        if self.has.contains(member) {
            return same(&self.builder, column, text);
        }
        self.has = self.has.with(member);
        self.builder.set_text(column, text);
        Ok(())
    }

    /// Sets the date of the row if it is spelled as the service spells it. Returns whether it did.
    #[inline]
    pub(super) fn usual_date(&mut self, text: &str) -> bool {
        match Dates::usual(text) {
            Some(day) if !self.has.has_column(Column::Date) => self.text(Column::Date, day).is_ok(),
            _ => false,
        }
    }

    /// Sets the date of the row, which is at `place`.
    pub(super) fn date(&mut self, text: &str, place: impl FnOnce() -> Place) -> Result<(), Wrong> {
        if text.is_empty() {
            return Ok(());
        }
        let day = match self.dates.read(text, place)? {
            DateText::Nothing => return Ok(()),
            DateText::Day(day) | DateText::Open(day) => day,
        };
        if self.has.has_column(Column::Date) {
            return same(&self.builder, Column::Date, day);
        }
        self.has = self.has.with(Members::of_column(Column::Date));
        self.builder.set_text(Column::Date, day);
        Ok(())
    }

    /// Sets a count of the row.
    #[inline]
    pub(super) fn count(&mut self, counter: Counter, count: u64) -> Result<(), Wrong> {
        if count > usage_core::UsageRecord::MAX_COUNT {
            return Err(format!(
                "{count} is no count: it is larger than {}",
                usage_core::UsageRecord::MAX_COUNT
            )
            .into());
        }
        let member = Members::of_counter(counter);
        if self.has.contains(member) {
            let other = self.builder.current().count(counter);
            if other != Some(count) {
                return Err(format!(
                    "the row has two values of {counter}: {} and {count}",
                    other.unwrap_or(0)
                )
                .into());
            }
        }
        if !self.has.contains(member) {
            self.source.sums[counter as usize] += u128::from(count);
        }
        self.has = self.has.with(member);
        self.builder.set_count(counter, count);
        Ok(())
    }

    /// Sets the client or the user of the row from a text.
    pub(super) fn reference(&mut self, subject: Subject, text: &str) -> Result<(), Wrong> {
        if is_nothing(text.trim()) {
            return Ok(());
        }
        let Some(reference) = reference::parse(text) else {
            let shown: String = text.chars().take(60).collect();
            return Err(Wrong::from(format!("{shown:?} has neither an id nor a name that can be told"))
                .with_hint("PowerShell cuts what is nested deep: save with ConvertTo-Json -Depth 10"));
        };
        match subject {
            Subject::Client => {
                self.text(Column::ClientId, &reference.id)?;
                self.text(Column::ClientName, &reference.name)
            }
            Subject::User => self.text(Column::UserId, &reference.id),
        }
    }

    /// Returns whether the current row has no value.
    pub(super) fn is_row_empty(&self) -> bool {
        self.has == Members::default()
    }

    /// Discards the row.
    pub(super) fn drop_row(&mut self) {
        self.has = Members::default();
        self.builder.discard_row();
    }

    /// Ends the row.
    #[inline]
    pub(super) fn end_row(&mut self, place: impl FnOnce() -> Place) -> Result<(), Wrong> {
        if !self.has.contains(Members::COUNTS) {
            return Err("the row has no count".into());
        }
        self.no_label_of_a_total()?;
        if self.has.has_column(Column::Date) {
            self.source.has_dated = true;
        } else if self.source.undated.is_none() {
            self.source.undated = Some(place());
        }
        self.source.totals[usize::from(self.has.has_counter(Counter::Requests))] = true;
        self.source.members = self.source.members.with(self.has);
        self.source.common = Some(Members(self.source.common.unwrap_or(self.has).0 & self.has.0));
        self.has = Members::default();
        self.builder.end_row();
        Ok(())
    }

    /// Refuses a row whose only text beside its date is a label such as `Total`.
    fn no_label_of_a_total(&self) -> Result<(), Wrong> {
        let labels = self.has.0 & Members::LABELS.0;
        if labels.count_ones() != 1 || self.adds_totals {
            return Ok(());
        }
        let row = self.builder.current();
        let label = Column::ALL.iter().find(|column| Members::of_column(**column).0 == labels);
        match label.and_then(|column| row.text(*column)) {
            Some(text) if is_total(text) => Err(total_line(text)),
            _ => Ok(()),
        }
    }
}

/// Returns whether the texts of `column` are chosen by people. In other columns, surrounding whitespace is removed
/// and `NaN` means absent.
fn is_name(column: Column) -> bool {
    column == Column::ClientName
}

/// Checks that a text that is set twice has the same value.
#[cold]
fn same(builder: &TableBuilder, column: Column, text: &str) -> Result<(), Wrong> {
    match builder.current().text(column) {
        Some(other) if other != text => {
            Err(format!("the row has two values of {column}: {other:?} and {text:?}").into())
        }
        _ => Ok(()),
    }
}
