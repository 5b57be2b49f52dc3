//! Requests over time, ready to be drawn: one bar for each bucket; long periods are added up to weeks or months.

use usage_core::Date;
use usage_core::model::Granularity;
use usage_report::{Counts, Report};

use crate::chart::class::Class;
use crate::chart::labels::{self, bucket, weekday};
use crate::chart::scale::{fraction, ticks};
use crate::text::number::{count, grouped, percent};

/// More days are drawn as weeks, and more than [`MOST_DAYS_IN_WEEKS`] as months.
const MOST_DAYS: usize = 100;
const MOST_DAYS_IN_WEEKS: usize = 3 * 366;

/// The most bars of a chart, the latest ones: more are thinner than a line.
const MOST_BARS: usize = 400;

/// The most labels below the bars; every fourth of them is shown where there is little room.
const LABELS: usize = 16;

/// The part of the chart that the name of a month needs: one in so many.
const LABEL_ROOM: usize = 14;

/// The pace of the allowance is left out if it would press the bars down to less than a third.
const HIGHEST_PACE: u64 = 3;

/// Requests over time.
#[derive(Debug)]
pub(crate) struct Timeline {
    /// The unit of a bar, singular: `day`.
    pub(crate) unit: &'static str,
    pub(crate) bars: Vec<Bar>,
    /// The number of earlier bars that are left out.
    earlier: usize,
    /// The number of buckets of the report that these stand for.
    skipped: usize,
    /// The classes that occur, from the bottom of a bar to its top.
    pub(crate) classes: Vec<Class>,
    /// The values of the axis: round numbers from 0 up to one that nothing exceeds.
    pub(crate) ticks: Vec<u64>,
}

/// The requests of one bar.
#[derive(Debug)]
pub(crate) struct Bar {
    pub(crate) first: Date,
    pub(crate) last: Date,
    pub(crate) counts: Counts,
    /// The requests at the same place of the earlier period.
    pub(crate) before: Option<u64>,
    /// The requests of a bar at which the month would end at its allowance.
    pub(crate) pace: Option<u64>,
    pub(crate) is_weekend: bool,
    pub(crate) label: Option<Label>,
    /// The number of buckets of the report that it adds up.
    buckets: usize,
}

/// The text below a bar.
#[derive(Debug)]
pub(crate) struct Label {
    pub(crate) text: String,
    /// Whether it is shown where there is little room.
    pub(crate) is_major: bool,
}

impl Timeline {
    pub(crate) fn of(report: &Report) -> Self {
        let (unit, mut bars) = folded(report);
        let earlier = bars.len().saturating_sub(MOST_BARS);
        let skipped = bars.drain(..earlier).map(|bar| bar.buckets).sum();
        let classes = Class::present(bars.iter().map(|bar| &bar.counts));
        let largest = |bar: &Bar| Class::all_of(&bar.counts).max(bar.before.unwrap_or(0));
        let largest = bars.iter().map(largest).max().unwrap_or(0);
        add_pace(report, unit, &mut bars, largest.saturating_mul(HIGHEST_PACE));
        add_labels(unit, &mut bars);
        let highest = bars.iter().filter_map(|bar| bar.pace).fold(largest, u64::max);
        Self { unit, bars, earlier, skipped, classes, ticks: ticks(highest, 4) }
    }

    /// Returns the height of the axis in requests.
    pub(crate) fn top(&self) -> u64 {
        self.ticks.last().copied().unwrap_or(1)
    }

    /// Returns whether an earlier period is drawn.
    pub(crate) fn has_before(&self) -> bool {
        self.bars.iter().any(|bar| bar.before.is_some())
    }

    pub(crate) fn has_pace(&self) -> bool {
        self.bars.iter().any(|bar| bar.pace.is_some())
    }

    /// Adds up `series`, which has a number for each bucket of the report, by bar.
    pub(crate) fn folded_series(&self, series: &[Option<u64>]) -> Vec<Option<u64>> {
        let mut rest = series.get(self.skipped..).unwrap_or_default();
        let mut folded = Vec::with_capacity(self.bars.len());
        for bar in &self.bars {
            let (buckets, after) = rest.split_at(bar.buckets.min(rest.len()));
            folded.push(buckets.iter().copied().flatten().reduce(u64::saturating_add));
            rest = after;
        }
        folded
    }

    /// Returns `the latest 400 of 5,000 months`, if there are more bars than a chart has.
    pub(crate) fn note_of_earlier(&self) -> Option<String> {
        let all = grouped((self.bars.len() + self.earlier) as u128);
        (self.earlier > 0).then(|| format!("the latest {} of {all} {}s", self.bars.len(), self.unit))
    }

    /// Returns a sentence that describes the chart.
    pub(crate) fn description(&self) -> String {
        let busiest = self.bars.iter().max_by_key(|bar| bar.counts.requests);
        let busiest = busiest.map_or_else(String::new, |bar| {
            format!("; the busiest is {} with {}", bar.first, count(bar.counts.requests))
        });
        format!("Requests by {}, stacked by class of answer{busiest}", self.unit)
    }
}

impl Bar {
    /// Returns the text of a bar that the pointer is on, in lines.
    pub(crate) fn description(&self, unit: &str) -> String {
        let name = match unit {
            "day" => format!("{} {}", weekday(self.first), self.first),
            "date" => self.first.to_string(),
            _ => format!("{} to {}", self.first, self.last),
        };
        let all = Class::all_of(&self.counts);
        let mut lines = vec![name, format!("{} requests", count(self.counts.requests))];
        for class in Class::ALL.into_iter().filter(|class| *class != Class::Unknown) {
            let part = class.of(&self.counts);
            if part > 0 {
                let share = percent(fraction(part, all));
                lines.push(format!("{}: {} ({share})", class.label(), grouped(part.into())));
            }
        }
        lines.extend(self.before.map(|before| format!("earlier period: {}", grouped(before.into()))));
        lines.extend(self.pace.map(|pace| format!("allowance's pace: {}", grouped(pace.into()))));
        lines.join("\n")
    }
}

/// Returns the unit of the bars, and the bars.
fn folded(report: &Report) -> (&'static str, Vec<Bar>) {
    let of_report = bucket(report.granularity.as_ref());
    let is_by_day = report.granularity == Some(Granularity::Day);
    let unit = match report.days.len() {
        _ if !is_by_day => of_report,
        days if days <= MOST_DAYS => "day",
        days if days <= MOST_DAYS_IN_WEEKS => "week",
        _ => "month",
    };
    let mut bars: Vec<Bar> = Vec::new();
    for (index, day) in report.days.iter().enumerate() {
        let before = report.comparison.as_ref().and_then(|earlier| *earlier.days.get(index)?);
        let first = if is_by_day { first_of(unit, day.date) } else { day.date };
        match bars.last_mut().filter(|bar| is_by_day && first_of(unit, bar.first) == first) {
            Some(bar) => {
                bar.last = day.date;
                bar.counts.merge(&day.counts);
                bar.before = bar.before.into_iter().chain(before).reduce(u64::saturating_add);
                bar.buckets += 1;
            }
            None => bars.push(Bar {
                first: day.date,
                last: if is_by_day { day.date } else { last_of(unit, day.date) },
                counts: day.counts,
                before,
                pace: None,
                is_weekend: unit == "day" && day.date.weekday() > 5,
                label: None,
                buckets: 1,
            }),
        }
    }
    (unit, bars)
}

fn first_of(unit: &str, date: Date) -> Date {
    match unit {
        "week" => date.plus_days(1 - i64::from(date.weekday())),
        "month" => date.first_of_month(),
        _ => date,
    }
}

fn last_of(unit: &str, first: Date) -> Date {
    match unit {
        "week" => first.plus_days(6),
        "month" => first.last_of_month(),
        _ => first,
    }
}

/// Adds the pace of the allowance to each bar, unless one would be more than `most`.
fn add_pace(report: &Report, unit: &str, bars: &mut [Bar], most: u64) {
    let Some(allowance) = report.allowance.as_ref().filter(|_| unit != "date") else { return };
    let monthly = u128::from(allowance.allowance.monthly);
    let pace = |bar: &Bar| {
        let days = u128::from(bar.first.days_until(bar.last).unsigned_abs()) + 1;
        let of_month = bar.first.first_of_month().days_until(bar.first.last_of_month()).unsigned_abs() + 1;
        u64::try_from(monthly * days / u128::from(of_month)).unwrap_or(u64::MAX)
    };
    let paces: Vec<_> = bars.iter().map(pace).collect();
    if paces.iter().all(|pace| *pace <= most) {
        bars.iter_mut().zip(paces).for_each(|(bar, pace)| bar.pace = Some(pace));
    }
}

/// Adds labels: dates, or of long periods months, with a year where it changes.
fn add_labels(unit: &str, bars: &mut [Bar]) {
    let is_one_year = bars.first().map(|bar| bar.first.year()) == bars.last().map(|bar| bar.last.year());
    let months = matches!(unit, "month") || bars.len() > MOST_DAYS / 2;
    let month = |bar: &Bar| (bar.first.year(), bar.first.month());
    let mut places: Vec<_> = (0..bars.len())
        .filter(|index| !months || *index == 0 || month(&bars[index - 1]) != month(&bars[*index]))
        .collect();
    // The name of a month that ends soon would reach into that of the next.
    if months && unit != "month" && places.get(1).is_some_and(|second| second * LABEL_ROOM < bars.len()) {
        places.remove(0);
    }
    let every = places.len().div_ceil(LABELS).max(1);
    let mut year = None;
    for (number, place) in places.into_iter().step_by(every).enumerate() {
        let date = bars[place].first;
        let is_new_year = year.replace(date.year()) != Some(date.year());
        let text = match months {
            true if is_new_year => format!("{} {}", labels::month(date), date.year()),
            true => labels::month(date).to_owned(),
            false if is_one_year => date.to_string().split_off(5),
            false => date.to_string(),
        };
        bars[place].label = Some(Label { text, is_major: number % 4 == 0 });
    }
}

#[cfg(test)]
mod tests {
    use usage_core::{UsageRecord, UsageTable};
    use usage_report::{Allowance, ReportOptions};

    use super::*;

    fn timeline(first: &str, days: i64) -> Timeline {
        let first: Date = first.parse().unwrap();
        let row = |day| UsageRecord {
            date: Some(first.plus_days(day).to_string()),
            requests: Some(1),
            status200: Some(1),
            ..UsageRecord::default()
        };
        let table: UsageTable = (0..days).map(row).collect();
        let options = ReportOptions::default()
            .with_granularity(Granularity::Day)
            .with_allowance(Allowance::requests(60));
        Timeline::of(&Report::new(&table, &options))
    }

    fn labels(timeline: &Timeline) -> Vec<&str> {
        timeline.bars.iter().filter_map(|bar| bar.label.as_ref()).map(|label| &*label.text).collect()
    }

    #[test]
    fn a_month_has_days_and_weekends() {
        let month = timeline("2026-11-01", 30);
        assert_eq!((month.unit, month.bars.len()), ("day", 30));
        assert_eq!(month.bars.iter().filter(|bar| bar.is_weekend).count(), 9);
        assert_eq!(month.bars[0].pace, Some(2));
        assert_eq!(labels(&month)[..2], ["11-01", "11-03"]);
    }

    #[test]
    fn a_year_folds_into_weeks_with_years_in_the_labels() {
        let year = timeline("2025-11-01", 365);
        assert_eq!((year.unit, year.bars.len()), ("week", 53));
        assert_eq!(labels(&year).first(), Some(&"Nov 2025"));
        assert_eq!(labels(&year)[1..4], ["Dec", "Jan 2026", "Feb"]);
        // The first week has two days only: Saturday and Sunday.
        assert_eq!(year.bars[0].counts.requests, Some(2));
        assert_eq!(year.bars.iter().filter_map(|bar| bar.counts.requests).sum::<u64>(), 365);
        let series: Vec<_> = vec![Some(1); 365];
        let folded = year.folded_series(&series);
        assert_eq!((folded.len(), folded[0], folded[1]), (53, Some(2), Some(7)));
    }

    #[test]
    fn a_month_that_ends_soon_is_not_named() {
        assert_eq!(labels(&timeline("2026-08-30", 90)), ["Sep 2026", "Oct", "Nov"]);
        assert_eq!(labels(&timeline("2026-08-20", 90)), ["Aug 2026", "Sep", "Oct", "Nov"]);
    }

    #[test]
    fn a_chart_of_thousands_of_months_has_the_latest_and_says_so() {
        let first: Date = "1200-01-01".parse().unwrap();
        let month = |number: i64| first.plus_days(number * 31).first_of_month();
        let row = |number| UsageRecord {
            date: Some(month(number).to_string()),
            client_id: Some("Bot".into()),
            requests: Some(1),
            ..UsageRecord::default()
        };
        let table: UsageTable = (0..5_000).map(row).collect();
        let report = Report::new(&table, &ReportOptions::default().with_granularity(Granularity::Month));
        let timeline = Timeline::of(&report);
        assert_eq!((timeline.unit, timeline.bars.len()), ("month", MOST_BARS));
        assert_eq!(timeline.bars.last().map(|bar| bar.first), Some(month(4_999)));
        assert_eq!(timeline.note_of_earlier().as_deref(), Some("the latest 400 of 5,000 months"));
        let series: Vec<_> = (0..5_000).map(Some).collect();
        let folded = timeline.folded_series(&series);
        assert_eq!(
            (folded.len(), folded.first(), folded.last()),
            (400, Some(&Some(4_600)), Some(&Some(4_999)))
        );
    }

    #[test]
    fn ten_years_fold_into_months() {
        let years = timeline("2016-01-01", 3_653);
        assert_eq!((years.unit, years.bars.len()), ("month", 120));
        assert!(labels(&years).len() <= LABELS);
    }

    #[test]
    fn a_pace_far_above_the_bars_is_left_out() {
        let row =
            UsageRecord { date: Some("2026-11-01".into()), requests: Some(5), ..UsageRecord::default() };
        let options = ReportOptions::default()
            .with_granularity(Granularity::Day)
            .with_allowance(Allowance::requests(30_000));
        let timeline = Timeline::of(&Report::new(&[row].into_iter().collect(), &options));
        assert!(!timeline.has_pace() && timeline.top() < 10);
    }
}
