//! Reports, and the formats that they are written in.

pub(crate) mod about;
pub(crate) mod allowance;
pub(crate) mod csv;
#[cfg(feature = "parquet")]
pub(crate) mod history;
pub(crate) mod html;
mod limitation;
pub(crate) mod lookback;
pub(crate) mod selection;
pub(crate) mod several;
pub(crate) mod text;
#[cfg(feature = "xlsx")]
mod xlsx;

use std::io::{self, Write};

use clap::ValueEnum;
use usage_report::{By, Report};

use crate::chart;
use crate::output::format::{Choices, Format, choice};
use crate::output::{Look, openmetrics};
use crate::report::about::About;
use crate::report::several::Document;

/// The formats of a report.
pub(crate) const FORMATS: Choices = &[
    choice(Format::Table, "text", "For people: in colour, and as wide as the terminal"),
    choice(Format::Json, "json", "One document: totals, days, top lists, comparison, allowance"),
    choice(
        Format::Html,
        "html",
        "One self-contained page with findings, charts, and tables to search, sort and open",
    ),
    choice(Format::Csv, "csv", "Days and lists, one line each, for spreadsheets"),
    choice(
        Format::Xlsx,
        "xlsx",
        "A workbook for spreadsheets: the findings, the days and each list on a sheet",
    ),
    choice(Format::Svg, "svg", "One chart as a vector picture; --chart selects it"),
    choice(Format::Png, "png", "One chart, as a picture of pixels; --chart says which"),
    choice(Format::Openmetrics, "openmetrics", "Metrics for monitoring: totals, clients, allowance"),
];

/// The charts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Chart {
    /// Requests a day, stacked by class of answer
    #[default]
    Days,
    /// Requests by weekday and client
    Heatmap,
    /// The largest clients
    Clients,
}

/// Writes `report`. Its lists as text and as CSV are ordered by `by`; the other formats have every order.
pub(crate) fn write(
    to: &mut dyn Write,
    report: &Report,
    about: &About,
    format: Format,
    by: By,
    picture: Chart,
    look: Look,
) -> io::Result<()> {
    match format {
        Format::Table => to.write_all(text::draw(report, about, by, look).as_bytes()),
        Format::Json => {
            match &about.several {
                None => serde_json::to_writer(&mut *to, report)?,
                Some(several) => serde_json::to_writer(&mut *to, &Document::new(report, several))?,
            }
            writeln!(to)
        }
        Format::Html => to.write_all(html::page(report, about).as_bytes()),
        Format::Csv => csv::write(to, report, by),
        Format::Svg => to.write_all(draw(report, about, picture).standalone().as_bytes()),
        #[cfg(feature = "png")]
        Format::Png => to.write_all(&chart::png::render(&draw(report, about, picture).standalone())?),
        Format::Openmetrics => match &about.several {
            None => openmetrics::write_report(to, report),
            Some(several) => openmetrics::write_reports(to, &several.organizations),
        },
        #[cfg(feature = "xlsx")]
        Format::Xlsx => xlsx::write(to, report, by),
        // The options name no other.
        _ => Err(io::ErrorKind::Unsupported.into()),
    }
}

fn draw(report: &Report, about: &About, picture: Chart) -> chart::svg::Picture {
    let mut picture = match picture {
        Chart::Days => chart::days::draw(report),
        Chart::Heatmap => chart::heat_map::draw(report),
        Chart::Clients => chart::clients::draw(report),
    };
    let period =
        report.totals.period.map(|period| format!("{} to {}", period.first_day(), period.last_day()));
    let facts = [about.organizations(report), about.region.clone(), period];
    picture.subtitle = facts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    picture
}

#[cfg(test)]
mod bounds;
