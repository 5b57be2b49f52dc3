//! A report for people, in the terminal.

pub(crate) mod allowance;
mod changes;
mod columns;
pub(crate) mod days;
mod findings;
pub(crate) mod lists;
mod organizations;

use std::borrow::Cow;
use std::fmt::Write;

use anstyle::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
use usage_report::{By, CAVEAT, Period, Report, Subject};

use crate::chart::labels::bucket;
use crate::chart::terminal::{Paint, sparkline};
use crate::output::{Look, printable};
use crate::report::about::About;
use crate::report::limitation;
use crate::text::number::{count, grouped, growth, rate};
use crate::text::one_line;

/// The width of paragraphs and bars in a file.
const WIDTH: usize = 100;

/// Returns the report as text, with lists ordered by `by`.
pub(super) fn draw(report: &Report, about: &About, by: By, look: Look) -> String {
    let width = look.width.unwrap_or(WIDTH).clamp(20, 160);
    let paint = Paint { colour: look.bold };
    let is_free = look.width.is_none();
    let mut page = Page { text: String::new(), paint, width, limit: look.width, is_free };
    page.title(report, about);
    if report.totals.counts.rows > 0 {
        findings::draw(&mut page, report, about);
        page.totals(report);
        if let Some(several) = &about.several {
            organizations::draw(&mut page, several);
        }
        allowance::draw(&mut page, report);
        days::draw(&mut page, report);
        // The section has all that a list would have.
        let is_listed = |subject: &Subject| *subject != Subject::Organization || about.several.is_none();
        for subject in Subject::ALL.iter().copied().filter(is_listed) {
            lists::draw(&mut page, report.top(subject), by, report.totals.period);
        }
        days::draw_weekdays(&mut page, report);
        changes::draw(&mut page, report);
    }
    page.text.push('\n');
    for sentence in limitation::sentences(report) {
        page.paragraph(&sentence);
    }
    for sentence in limitation::undated(report) {
        page.paragraph(&sentence);
    }
    page.paragraph(CAVEAT);
    page.text
}

/// The text so far, and how it is laid out.
struct Page {
    text: String,
    paint: Paint,
    /// The width that paragraphs, bars and tables fill.
    width: usize,
    /// The width that no line exceeds: a terminal may be narrower than any layout.
    limit: Option<usize>,
    /// Whether lines may be wider: in a file nothing is shortened.
    is_free: bool,
}

impl Page {
    fn line(&mut self, text: &str) {
        let text = text.trim_end();
        match self.limit {
            Some(limit) => self.text.push_str(&cut(text, limit)),
            None => self.text.push_str(text),
        }
        self.text.push('\n');
    }

    /// Returns the room for a name in a line whose other parts are `others` wide.
    fn room(&self, others: usize) -> usize {
        if self.is_free { usize::MAX } else { self.width.saturating_sub(others).max(12) }
    }

    fn heading(&mut self, text: &str) {
        self.line("");
        self.styled_paragraph(0, Style::new().bold(), text);
    }

    fn dim(&self, text: &str) -> String {
        self.paint.styled(Style::new().dimmed(), text)
    }

    /// Writes a dimmed paragraph.
    fn paragraph(&mut self, text: &str) {
        self.indented(0, text);
    }

    /// Writes a dimmed paragraph behind a margin.
    fn indented(&mut self, margin: usize, text: &str) {
        self.styled_paragraph(margin, Style::new().dimmed(), text);
    }

    /// Writes a paragraph behind a mark.
    fn item(&mut self, mark: &str, of_mark: Style, style: Style, text: &str) {
        let start = format!("{} ", self.paint.styled(of_mark, mark));
        self.styled_words(start, mark.width() + 1, style, text);
    }

    fn styled_paragraph(&mut self, margin: usize, style: Style, text: &str) {
        self.styled_words(" ".repeat(margin), margin, style, text);
    }

    /// Writes a paragraph whose first line begins with `start`, which is `margin` wide; the others are indented as far.
    fn styled_words(&mut self, start: String, margin: usize, style: Style, text: &str) {
        let mut space = start;
        let room = self.limit.map_or(self.width, |limit| limit.min(self.width)).saturating_sub(margin).max(1);
        let mut line = String::new();
        // A number and its sign stay together.
        let text = text.replace(" %", "\u{a0}%");
        let longest = if self.is_free { usize::MAX } else { room };
        for word in text.split([' ', '\n']).flat_map(|word| pieces(word, longest)) {
            if !line.is_empty() && line.width() + 1 + word.width() > room {
                let full = self.paint.styled(style, &line);
                self.line(&format!("{space}{full}"));
                space = " ".repeat(margin);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&word.replace('\u{a0}', " "));
        }
        let rest = self.paint.styled(style, &line);
        self.line(&format!("{space}{rest}"));
    }

    fn title(&mut self, report: &Report, about: &About) {
        let of = about.organization.as_ref().map_or_else(String::new, |name| format!("{}: ", one_line(name)));
        let title = format!("{of}{}", title(report));
        self.styled_paragraph(0, Style::new().bold(), &title);
        if report.totals.counts.rows == 0 {
            let mut text = limitation::no_rows(report);
            text[..1].make_ascii_uppercase();
            self.line(&format!("{text}."));
        }
    }

    fn totals(&mut self, report: &Report) {
        let counts = &report.totals.counts;
        let label = |text: &str| format!("  {text:<13}");
        self.line("");
        let mut line = format!("{}{:>14}", label("Requests"), count(counts.requests));
        if let Some(comparison) = &report.comparison {
            let _ = write!(line, "  {} against {}", growth(&comparison.requests), before(comparison.period));
        }
        self.line(&line);
        for (text, rate_of, number) in [
            (
                "Errors",
                counts.error_rate(),
                counts.status400.zip(counts.status500).map(|(a, b)| a.saturating_add(b)),
            ),
            ("Rate limited", counts.throttle_rate(), counts.status429),
        ] {
            let of = if text == "Errors" { "4xx and 5xx" } else { "429, a part of 4xx" };
            let mut line = format!("{}{:>14}", label(text), rate(rate_of));
            if let Some(number) = number {
                let _ = write!(line, "  {}", grouped(number.into()));
                if line.width() + of.width() + 3 <= self.width {
                    let _ = write!(line, " ({of})");
                }
            }
            self.line(&line);
        }
        let series: Vec<_> = report.days.iter().map(|day| day.counts.requests).collect();
        if series.len() > 1 && counts.requests.is_some() {
            let line = sparkline(&series, self.width.saturating_sub(17));
            self.line(&format!("{}  {line}", label(&format!("By {}", bucket(report.granularity.as_ref())))));
        }
    }
}

/// Returns `word` in pieces of at most `width`.
fn pieces(word: &str, width: usize) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), word);
    while rest.width() > width {
        let mut used = 0;
        let fits = |c: &char| {
            used += c.width().unwrap_or(0);
            used <= width
        };
        let length: usize = rest.chars().take_while(fits).map(char::len_utf8).sum();
        let length = length.max(rest.chars().next().map_or(0, char::len_utf8));
        let (piece, others) = rest.split_at(length);
        pieces.push(piece);
        rest = others;
    }
    if !rest.is_empty() {
        pieces.push(rest);
    }
    pieces
}

/// Returns as much of `text` as is at most `limit` wide, with an ellipsis for the rest: a number that is cut would read
/// as another one. Escape sequences have no width, and all of them are kept.
fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    let mut in_escape = false;
    let chars = text.chars().map(|c| {
        let width = if in_escape || c == '\u{1b}' { None } else { Some(c.width().unwrap_or(0)) };
        in_escape = width.is_none() && c != 'm';
        (c, width)
    });
    let chars: Vec<(char, Option<usize>)> = chars.collect();
    if chars.iter().filter_map(|(_, width)| *width).sum::<usize>() <= limit {
        return text.into();
    }
    let (mut cut, mut left) = (String::with_capacity(text.len()), Some(limit.saturating_sub(1)));
    for (c, width) in chars {
        match (width, left) {
            (None, _) => cut.push(c),
            (Some(_), None) => {}
            (Some(width), Some(room)) => {
                left = room.checked_sub(width);
                cut.push(if left.is_some() { c } else { '…' });
            }
        }
    }
    cut.into()
}

/// Returns `API usage from 2026-10-01 to 2026-10-31: 31 days, 24 clients`.
pub(crate) fn title(report: &Report) -> String {
    let mut title = "API usage".to_owned();
    match report.totals.period {
        None => title.push_str(" of an unknown period"),
        Some(period) if period.days() == 1 => {
            let _ = write!(title, " on {}", period.first_day());
        }
        Some(period) => {
            let _ = write!(title, " from {} to {}", period.first_day(), period.last_day());
            match period_length(report) {
                Some(days) => drop(write!(title, ": {days} days")),
                None => drop(write!(title, ": {} dates", report.days.len())),
            }
        }
    }
    if report.clients.count > 0 {
        let plural = if report.clients.count == 1 { "client" } else { "clients" };
        let _ = write!(title, ", {} {plural}", report.clients.count);
    }
    let patterns = report.filter.patterns();
    let patterns: Vec<_> =
        patterns.map(|(subject, pattern)| format!("{} {}", subject.singular(), printable(pattern))).collect();
    if !patterns.is_empty() {
        let _ = write!(title, ", only {}", patterns.join(", "));
    }
    title
}

/// Returns the number of days of the period, unless it is only known from dates that may start weeks or months.
pub(crate) fn period_length(report: &Report) -> Option<u64> {
    let period = report.totals.period?;
    let (first, last) = (report.days.first(), report.days.last());
    let is_dated = first.is_some_and(|first| first.date == period.first_day())
        && last.is_some_and(|last| last.date == period.last_day());
    (report.granularity.is_some() || !is_dated).then(|| period.days())
}

/// Returns the earlier period for a sentence.
pub(crate) fn before(period: Option<Period>) -> String {
    period.map_or_else(
        || "the earlier period".into(),
        |period| format!("{} to {}", period.first_day(), period.last_day()),
    )
}

#[cfg(test)]
mod tests;
