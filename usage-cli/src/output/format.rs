//! The formats of all commands, and which of them a command writes.

use std::path::Path;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// A format of rows, lists or reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Format {
    /// Text for people.
    #[default]
    Table,
    Csv,
    Json,
    /// One JSON document on each line.
    Jsonl,
    Markdown,
    Html,
    Svg,
    Png,
    Openmetrics,
    Parquet,
    /// A workbook of a spreadsheet program.
    Xlsx,
}

/// A format that a command writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    pub(crate) format: Format,
    /// Its name on the command line.
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
}

/// The formats that a command writes; the first is the default.
pub(crate) type Choices = &'static [Choice];

/// The formats of commands that write a line at a time.
pub(crate) const LINE_FORMATS: Choices = &[
    choice(Format::Table, "text", "A line for people"),
    choice(Format::Jsonl, "json", "A JSON document on each line"),
];

pub(crate) const fn choice(format: Format, name: &'static str, help: &'static str) -> Choice {
    Choice { format, name, help }
}

impl Format {
    /// Returns how the names of its files end.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Table => "txt",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Markdown => "md",
            Self::Html => "html",
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Openmetrics => "prom",
            Self::Parquet => "parquet",
            Self::Xlsx => "xlsx",
        }
    }

    /// Returns its name among the formats of rows.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Markdown => "markdown",
            Self::Openmetrics => "openmetrics",
            _ => self.extension(),
        }
    }

    /// Returns whether people read it as it is.
    pub(crate) fn is_for_people(self) -> bool {
        matches!(self, Self::Table | Self::Markdown)
    }

    /// Returns the cargo feature that it needs and this build lacks.
    fn missing_feature(self) -> Option<&'static str> {
        match self {
            Self::Parquet if !cfg!(feature = "parquet") => Some("parquet"),
            Self::Png if !cfg!(feature = "png") => Some("png"),
            Self::Xlsx if !cfg!(feature = "xlsx") => Some("xlsx"),
            _ => None,
        }
    }

    /// Refuses a format that this build cannot write.
    pub(crate) fn check_built(self) -> Result<(), Problem> {
        let Some(feature) = self.missing_feature() else { return Ok(()) };
        Err(of_another_build(&format!("write {feature}"), feature))
    }
}

/// Returns the problem that this build cannot do `task`, because it lacks the cargo feature `feature`.
pub(crate) fn of_another_build(task: &str, feature: &str) -> Problem {
    Problem::usage(format!("this build of genesys-usage cannot {task}"))
        .with_hint(format!("build one that can: cargo install genesys-usage --features {feature}"))
}

/// Parses the name of one of `choices`.
pub(crate) fn one_of(choices: Choices) -> impl TypedValueParser<Value = Format> {
    let value = |choice: &Choice| {
        PossibleValue::new(choice.name).help(choice.help).hide(choice.format.missing_feature().is_some())
    };
    PossibleValuesParser::new(choices.iter().map(value)).try_map(|name| {
        let found = choices.iter().find(|choice| choice.name == name);
        found.map(|choice| choice.format).ok_or("unknown format")
    })
}

/// Returns the one of `choices` that the name of `file` says.
pub(crate) fn of_name(file: Option<&Path>, choices: Choices) -> Option<Format> {
    let ending = file?.extension()?;
    let formats = choices.iter().map(|choice| choice.format);
    formats.into_iter().find(|format| ending.eq_ignore_ascii_case(format.extension()))
}

/// Refuses a name that says a format beside `choices`: `rows.docx`, `report.pdf`.
pub(crate) fn check_name(file: Option<&Path>, choices: Choices) -> Result<(), Problem> {
    let ending = file.and_then(Path::extension).map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    let Some(ending) = ending.filter(|ending| names_a_format(ending)) else { return Ok(()) };
    if of_name(file, choices).is_some() {
        return Ok(());
    }
    let known: Vec<_> = choices.iter().map(|choice| format!(".{}", choice.format.extension())).collect();
    let name = file.unwrap_or(Path::new("")).display();
    Err(Problem::usage(format!("{name}: this command writes no .{ending}"))
        .with_hint(format!("it writes {}; or give --format, and any name is fine", known.join(", "))))
}

/// Returns whether `ending` looks like that of a format. Endings of plain text, and numbers as in `rows.2026-10`, do not.
fn names_a_format(ending: &str) -> bool {
    const TEXT: [&str; 6] = ["txt", "text", "log", "out", "tmp", "part"];
    ending.len() <= 8
        && ending.starts_with(|c: char| c.is_ascii_alphabetic())
        && ending.chars().all(|c| c.is_ascii_alphanumeric())
        && !TEXT.contains(&ending)
}
