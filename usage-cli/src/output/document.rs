//! The options that all commands have that write a document: its format, its file, and the pager.

use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::output::format::{self, Choice, Choices, Format, one_of};
use crate::output::{check_file, file_of};
use crate::problem::Problem;

/// The kind of a document: which formats it has.
pub(crate) trait Kind: fmt::Debug + Send + Sync + 'static {
    const FORMATS: Choices;
}

/// The format of a document, and where it goes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct DocumentArgs<K: Kind> {
    #[arg(long, value_parser = one_of(K::FORMATS), help = format_help(K::FORMATS))]
    pub(super) format: Option<Format>,

    #[arg(long, short, value_name = "FILE", help = FILE_HELP, long_help = file_help(K::FORMATS))]
    pub(super) output: Option<PathBuf>,

    /// Do not page long text on a terminal; without it, the pager is PAGER, or less
    #[arg(long)]
    pub(super) no_pager: bool,

    #[arg(skip)]
    kind: PhantomData<K>,
}

const FILE_HELP: &str = "Write to this file, whole or not at all, in place of standard output";

fn format_help(formats: Choices) -> String {
    let default = formats.first().map_or("text", |choice| choice.name);
    format!("The format [default: by the extension of --output, else {default}]")
}

fn file_help(formats: Choices) -> String {
    let ending = |choice: &Choice| {
        let ending = choice.format.extension();
        let says_it = choice.name == ending || choice.format == Format::Markdown;
        if says_it { format!(".{ending}") } else { format!(".{ending} ({})", choice.name) }
    };
    let endings: Vec<_> = formats.iter().map(ending).collect();
    let endings = match &endings[..] {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        all => all.concat(),
    };
    format!(
        "{FILE_HELP}\n\nWithout --format, the extension selects the format: {endings}. Extensions of other formats, such as \
         .pdf, are refused. - is standard output."
    )
}

impl<K: Kind> DocumentArgs<K> {
    pub(super) fn new(format: Option<Format>, output: Option<PathBuf>, no_pager: bool) -> Self {
        Self { format, output, no_pager, kind: PhantomData }
    }

    /// Refuses a format of another build, and a file that cannot be written, as far as that can be seen now.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        if self.format.is_none() {
            format::check_name(self.file(), K::FORMATS)?;
        }
        self.format().check_built()?;
        self.file().map_or(Ok(()), check_file)
    }

    /// Returns the format of the option, or that of the file's name.
    pub(super) fn said_format(&self) -> Option<Format> {
        self.format.or_else(|| format::of_name(self.file(), K::FORMATS))
    }

    /// Returns the format: by the option, by the name of the file, or for people.
    pub(crate) fn format(&self) -> Format {
        self.said_format().unwrap_or_default()
    }

    /// Returns the file to write to, if there is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        file_of(self.output.as_deref())
    }

    /// Returns whether it is paged on a terminal if it is long.
    pub(crate) fn is_paged(&self) -> bool {
        self.format() == Format::Table && !self.no_pager
    }
}
