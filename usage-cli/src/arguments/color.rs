//! `--color`: whether text for people is coloured.

use anstream::ColorChoice;
use clap::ValueEnum;

/// When text is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR or CLICOLOR=0 is set; anywhere with CLICOLOR_FORCE
    #[default]
    Auto,
    /// Also in a file or a pipe
    Always,
    /// Not at all
    Never,
}

impl Color {
    /// Makes this the choice for everything that this process writes.
    pub(crate) fn apply(self) {
        let choice = match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        };
        choice.write_global();
    }
}
