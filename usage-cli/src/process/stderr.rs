//! Lines on stderr: in colour on a terminal that shows it; printable, and without any known secret.

use std::fmt::Display;
use std::io::Write;

use anstyle::{AnsiColor, Style};

use crate::problem::Problem;
use crate::text::{self, secrets};

pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
pub(crate) const HINT: Style = AnsiColor::Cyan.on_default().bold();

/// One line.
pub(crate) fn line(text: impl Display) {
    // There is nowhere to report to that stderr is gone.
    let _ = writeln!(anstream::stderr().lock(), "{}", one_line(text));
}

/// One line that begins with a word in colour.
pub(crate) fn labelled(label: &str, style: Style, text: impl Display) {
    let _ = writeln!(anstream::stderr().lock(), "{style}{label}:{style:#} {}", one_line(text));
}

/// Writes `problem`: the error, the details if `verbosity` is not 0, the hints.
pub(crate) fn problem(problem: &Problem, verbosity: u8) {
    labelled("error", ERROR, problem.message());
    if verbosity > 0 {
        problem.details().iter().for_each(|detail| line(format_args!("  {detail}")));
    }
    problem.hints().iter().for_each(|hint| labelled("hint", HINT, hint));
}

/// Text of other programs cannot leave this line or control the terminal.
fn one_line(text: impl Display) -> String {
    text::one_line(&secrets::redacted(&text.to_string())).into_owned()
}
