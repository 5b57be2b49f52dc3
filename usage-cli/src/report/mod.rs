//! A report on paper: the formats that it is written in.

pub(crate) mod csv;
pub(crate) mod html;
mod limitation;
pub(crate) mod lookback;
pub(crate) mod text;

use std::io::{self, Write};

use clap::ValueEnum;
use usage_report::Report;

use crate::chart;
use crate::output::{Look, openmetrics};

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people, in the terminal: in colour where that is welcome, as wide as it is
    #[default]
    Text,
    /// One document: totals, days, top lists, comparison, allowance
    Json,
    /// One page with charts and sortable tables, complete in itself: to be opened, sent or printed
    Html,
    /// The days and the top lists, one line each, for a spreadsheet
    Csv,
    /// One chart, as a picture that scales; --chart says which
    Svg,
    /// One chart, as a picture of pixels; --chart says which
    #[cfg_attr(not(feature = "png"), value(hide = true))]
    Png,
    /// Metrics for a monitoring: the totals, each client, the allowance
    Openmetrics,
}

impl ReportFormat {
    /// How the name of a file of this format ends.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Json => "json",
            Self::Html => "html",
            Self::Csv => "csv",
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Openmetrics => "prom",
        }
    }
}

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

/// Writes `report`.
pub(crate) fn write(
    to: &mut dyn Write,
    report: &Report,
    format: ReportFormat,
    picture: Chart,
    look: Look,
) -> io::Result<()> {
    match format {
        ReportFormat::Text => to.write_all(text::draw(report, look).as_bytes()),
        ReportFormat::Json => {
            serde_json::to_writer(&mut *to, report)?;
            writeln!(to)
        }
        ReportFormat::Html => to.write_all(html::page(report).as_bytes()),
        ReportFormat::Csv => csv::write(to, report),
        ReportFormat::Svg => to.write_all(draw(report, picture).standalone().as_bytes()),
        #[cfg(feature = "png")]
        ReportFormat::Png => to.write_all(&chart::png::render(&draw(report, picture).standalone())?),
        #[cfg(not(feature = "png"))]
        ReportFormat::Png => Err(io::ErrorKind::Unsupported.into()),
        ReportFormat::Openmetrics => openmetrics::write_report(to, report),
    }
}

fn draw(report: &Report, picture: Chart) -> chart::svg::Picture {
    match picture {
        Chart::Days => chart::days::draw(report),
        Chart::Heatmap => chart::heat_map::draw(report),
        Chart::Clients => chart::clients::draw(report),
    }
}

#[cfg(test)]
mod bounds;
