//! Checks that the rows of all files can be added up: no row occurs twice, and all are grouped in the same way.

use std::collections::BTreeSet;

use usage_core::model::Granularity;
use usage_core::{Column, Counter, Date, UsageRecord, UsageTable};

use crate::problem::Problem;
use crate::saved::refusal::{SUM_HINT, on};
use crate::saved::rows::Source;
use crate::saved::{same, total};

/// Refuses rows that would count twice.
pub(super) fn rows_can_be_added(table: &UsageTable, sources: &[Source]) -> Result<(), Problem> {
    no_row_is_repeated(table, sources)?;
    total::no_row_is_a_total(table, sources)?;
    all_count_in_one_way(table, sources)
}

/// Refuses rows whose sums exceed 64 bits.
pub(super) fn sums_are_counts(sources: &[Source]) -> Result<(), Problem> {
    for &counter in Counter::ALL {
        let sum: u128 = sources.iter().map(|source| source.sums[counter as usize]).sum();
        if sum > u128::from(UsageRecord::MAX_COUNT) {
            let problem =
                format!("the sum of {counter} is {sum}, which is larger than {}", UsageRecord::MAX_COUNT);
            return Err(Problem::usage(problem).with_hint("one of the counts is likely to be wrong"));
        }
    }
    Ok(())
}

/// Refuses rows that differ only in their counts, or in the spelling of their texts.
fn no_row_is_repeated(table: &UsageTable, sources: &[Source]) -> Result<(), Problem> {
    let Some((first, second)) = same::first_repeated(table, sources) else { return Ok(()) };
    let place = |row: usize| {
        let source = sources.iter().find(|source| source.rows.contains(&row));
        source.map_or_else(String::new, |source| {
            format!("row {} of {}", row - source.rows.start + 1, source.name)
        })
    };
    let row = table.row(second);
    let texts = Column::ALL.iter().filter_map(|column| row.and_then(|row| row.text(*column)));
    let about = texts.map(|text| text.chars().take(60).collect::<String>()).collect::<Vec<_>>().join(", ");
    let about = if about.is_empty() { String::new() } else { format!(" ({about})") };
    let problem =
        format!("{} is about the same as {}{about}: it would count twice", place(second), place(first));
    Err(Problem::usage(problem).with_hint(SUM_HINT))
}

/// Refuses files that group the requests of the same day in different ways.
fn all_count_in_one_way(table: &UsageTable, sources: &[Source]) -> Result<(), Problem> {
    if sources.len() < 2 && sources.iter().all(|source| source.totals != [true, true]) {
        return Ok(());
    }
    let days: Vec<Days> = sources.iter().map(|source| Days::of(table, source)).collect();
    let of_kind = |is_dated: bool| {
        let mut with_days = sources.iter().zip(&days);
        with_days
            .find(|(_, days)| days.all().iter().any(|day| day.is_some() == is_dated))
            .map(|(source, _)| source)
    };
    if let (Some(dated), Some(undated)) = (of_kind(true), of_kind(false)) {
        let problem = format!(
            "the rows of {} have dates, those of {} have none and may be totals of them: the requests would count twice",
            dated.name, undated.name
        );
        return Err(Problem::usage(problem).with_hint(SUM_HINT));
    }
    for (source, days) in sources.iter().zip(&days) {
        if let Some(day) = days.with_total.intersection(&days.without_total).next() {
            let problem = format!(
                "{} has rows with and rows without a count of all requests{}, as a query and a search have: the requests \
                 would count twice",
                source.name,
                on(*day)
            );
            return Err(Problem::usage(problem).with_hint(SUM_HINT));
        }
    }
    let pairs = (0..sources.len()).flat_map(|second| (0..second).map(move |first| (first, second)));
    for (first, second) in pairs {
        let (one, other) = (&sources[first], &sources[second]);
        let differ = shape(one) != shape(other) || name_clients_apart(one, other);
        let both = || days[first].all().intersection(&days[second].all()).next().copied();
        if !differ && total::optional_columns(one) != total::optional_columns(other) && both().is_some() {
            total::no_row_is_in_both(table, one, other)?;
        }
        if let (true, Some(day)) = (differ, both()) {
            let problem = format!(
                "{} and {} are grouped in different ways, and both have rows{}: the requests would count twice",
                one.name,
                other.name,
                on(day)
            );
            return Err(Problem::usage(problem).with_hint(SUM_HINT));
        }
    }
    Ok(())
}

/// Refuses files of which one has days and another weeks or months. `granularity` is the user's option, which applies
/// to all.
pub(super) fn buckets_are_one(
    table: &UsageTable,
    sources: &[Source],
    granularity: Option<&Granularity>,
) -> Result<(), Problem> {
    if let Some(granularity) = granularity {
        return dates_can_be(table, sources, granularity);
    }
    let mut known: Option<(Granularity, &Source)> = None;
    for source in sources {
        let dates = Days::of(table, source).dates();
        if source.buckets.len() > 1 || (source.scope.is_none() && seem_mixed(&dates)) {
            let problem = format!(
                "the rows of {} seem to be of days, and some of weeks or months: they cannot be put into one report",
                source.name
            );
            return Err(Problem::usage(problem)
                .with_hint("leave out those of one kind, or say by --granularity what all of them are"));
        }
        let said = source.scope.as_ref().and_then(|scope| scope.query.as_ref()?.granularity.clone());
        let Some(bucket) = said.or_else(|| guess(&dates)) else { continue };
        match &known {
            Some((other, first)) if *other != bucket => {
                let problem = format!(
                    "the rows of {} seem to be of one {}, those of {} of one {}: they cannot be put into one report",
                    first.name,
                    word(other),
                    source.name,
                    word(&bucket)
                );
                return Err(Problem::usage(problem).with_hint(
                    "report them one after another, or say by --granularity what the rows of all files are",
                ));
            }
            Some(_) => {}
            None => known = Some((bucket, source)),
        }
    }
    match known {
        Some((Granularity::Day, days)) => no_date_is_apart(table, sources, days),
        _ => Ok(()),
    }
}

/// Refuses dates that cannot start weeks or months: three of them within one. Starts of intervals cut some buckets.
fn dates_can_be(table: &UsageTable, sources: &[Source], granularity: &Granularity) -> Result<(), Problem> {
    let shortest = match granularity {
        Granularity::Week => 7,
        Granularity::Month => 28,
        _ => return Ok(()),
    };
    let dates: BTreeSet<Date> = sources.iter().flat_map(|source| Days::of(table, source).dates()).collect();
    let dates: Vec<Date> = dates.into_iter().collect();
    match dates.windows(3).find(|three| three[0].days_until(three[2]) < shortest) {
        None => Ok(()),
        Some(three) => {
            let (first, last, word) = (three[0], three[2], word(granularity));
            let problem = format!(
                "the rows are not of one {word} each: three of their dates are from {first} to {last}"
            );
            Err(Problem::usage(problem).with_hint(format!("leave out --granularity {word}")))
        }
    }
}

/// Refuses a file whose only date may start a week or a month, and is not next to those of files with days.
fn no_date_is_apart(table: &UsageTable, sources: &[Source], days: &Source) -> Result<(), Problem> {
    let dates: Vec<Vec<Date>> = sources.iter().map(|source| Days::of(table, source).dates()).collect();
    for (source, own) in sources.iter().zip(&dates).filter(|(source, _)| source.scope.is_none()) {
        let [date] = own[..] else { continue };
        let is_next = |other: &Date| date.days_until(*other).abs() == 1;
        if (date.day() == 1 || date.weekday() == 1) && !dates.iter().flatten().any(is_next) {
            let problem = format!(
                "the rows of {} are of {date}, which may be a day, a week or a month; those of {} are of days",
                source.name, days.name
            );
            return Err(
                Problem::usage(problem).with_hint("say by --granularity what the rows of all files are")
            );
        }
    }
    Ok(())
}

fn word(granularity: &Granularity) -> String {
    granularity.as_str().to_lowercase()
}

/// Guesses the granularity of rows with these dates. Returns `None` if they do not show it; a single date never does.
fn guess(dates: &[Date]) -> Option<Granularity> {
    let (first, others) = dates.split_first().filter(|(_, others)| !others.is_empty())?;
    if dates.iter().all(|date| date.day() == 1) {
        return Some(Granularity::Month);
    }
    let are_weeks = others.iter().all(|date| first.days_until(*date) % 7 == 0);
    Some(if are_weeks { Granularity::Week } else { Granularity::Day })
}

/// Returns whether some dates are consecutive while others are a week or a month apart without a day between them.
fn seem_mixed(dates: &[Date]) -> bool {
    let gaps = || dates.windows(2).map(|pair| (pair[0], pair[1], pair[0].days_until(pair[1])));
    let weeks = gaps().filter(|(first, _, days)| *days == 7 && first.weekday() == 1).count();
    let months = gaps().filter(|(one, two, days)| one.day() == 1 && two.day() == 1 && *days <= 31).count();
    gaps().any(|(.., days)| days == 1) && (weeks > 1 || months > 0)
}

/// Returns which columns distinguish the rows of a file, and which it counts. Users are ignored, because rows of one
/// query may or may not have one.
fn shape(source: &Source) -> [bool; 6] {
    let members = source.members;
    [
        members.has_column(Column::ClientId) || members.has_column(Column::ClientName),
        members.has_column(Column::TemplateUri),
        members.has_column(Column::HttpMethod),
        members.has_column(Column::Platform),
        members.has_column(Column::OrganizationId),
        source.totals[1],
    ]
}

/// Returns which columns identify clients: the id, the name.
fn client_columns(source: &Source) -> [bool; 2] {
    [Column::ClientId, Column::ClientName].map(|column| source.members.has_column(column))
}

/// Returns whether one file has only ids of clients and the other only names.
fn name_clients_apart(one: &Source, other: &Source) -> bool {
    matches!(
        (client_columns(one), client_columns(other)),
        ([true, false], [false, true]) | ([false, true], [true, false])
    )
}

/// The dates of the rows of one file; `None` for rows without a date.
#[derive(Debug, Default)]
struct Days {
    with_total: BTreeSet<Option<Date>>,
    without_total: BTreeSet<Option<Date>>,
}

impl Days {
    fn of(table: &UsageTable, source: &Source) -> Self {
        let mut days = Self::default();
        // Consecutive rows mostly have the same date.
        let mut last: Option<(Option<&str>, bool)> = None;
        for row in source.rows.clone().filter_map(|index| table.row(index)) {
            let (text, has_total) = (row.date_text(), row.requests().is_some());
            if last != Some((text, has_total)) {
                last = Some((text, has_total));
                let set = if has_total { &mut days.with_total } else { &mut days.without_total };
                set.insert(row.date());
            }
        }
        days
    }

    fn all(&self) -> BTreeSet<Option<Date>> {
        self.with_total.union(&self.without_total).copied().collect()
    }

    /// Returns the dates in order.
    fn dates(&self) -> Vec<Date> {
        self.all().into_iter().flatten().collect()
    }
}
