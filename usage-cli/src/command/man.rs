//! `genesys-usage man`: a manual page for each command, made from the definition of the command line.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Command};
use clap_mangen::Man;

use crate::problem::Problem;
use crate::process::stdout;

/// Write the manual pages: one for the program, and one for each command
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ManArgs {
    /// Write all pages to this directory, which is created if it does not exist. Without it, print the first page
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  genesys-usage man --directory ~/.local/share/man/man1
  genesys-usage man | man -l -";

pub(crate) fn run(args: &ManArgs, program: Command) -> Result<(), Problem> {
    let mut program = program.disable_help_subcommand(true);
    program.build();
    let Some(directory) = &args.directory else {
        return stdout::write(None, |to| write_page(to, &program));
    };
    fs::create_dir_all(directory).map_err(|error| {
        Problem::usage(format!("cannot make the directory {}: {error}", directory.display()))
    })?;
    let mut commands = vec![program];
    while let Some(command) = commands.pop() {
        let path = directory.join(Man::new(command.clone()).get_filename());
        let mut page = Vec::new();
        write_page(&mut page, &command)
            .and_then(|()| fs::write(&path, page))
            .map_err(|error| Problem::usage(format!("cannot write to {}: {error}", path.display())))?;
        commands.extend(command.get_subcommands().filter(|below| !below.is_hide_set()).cloned());
    }
    Ok(())
}

/// Writes the page of `command`.
fn write_page(to: &mut dyn Write, command: &Command) -> io::Result<()> {
    let text = command.get_after_long_help().or_else(|| command.get_after_help());
    let sections = sections(&text.map(ToString::to_string).unwrap_or_default());
    // What is after the help would be one paragraph of text there, lists and examples included.
    let man = Man::new(command.clone().after_help(None::<&str>).after_long_help(None::<&str>));
    let man = man.source(concat!("genesys-usage ", env!("CARGO_PKG_VERSION")));
    let (mut title, mut page) = (Vec::new(), Vec::new());
    man.render_title(&mut title)?;
    man.render(&mut page)?;
    let page = page.strip_prefix(&*title).unwrap_or(&page);
    // A command that is hyphenated or stretched cannot be copied.
    [&title, &b".nh\n.ad l\n"[..], page, sections.as_bytes()]
        .into_iter()
        .try_for_each(|part| to.write_all(part))
}

/// Returns the text that stands after the help as sections. An unindented line that ends with a colon is the title of one.
/// In it, a line that is indented by two spaces is a command, or a term with its description behind two spaces, or else is
/// kept as it is; a line that is indented further describes the command before it.
fn sections(help: &str) -> String {
    let (mut page, mut is_paragraph) = (String::new(), false);
    for line in help.lines() {
        let text = line.trim_start();
        let is_text = !text.is_empty() && text == line && !text.ends_with(':');
        // Writing to a string does not fail.
        let _ = match line.len() - text.len() {
            _ if text.is_empty() => Ok(()),
            0 => match text.strip_suffix(':') {
                Some(title) => writeln!(page, ".SH \"{}\"", escaped(&title.to_uppercase())),
                None if is_paragraph => writeln!(page, "{}", escaped(text)),
                None => writeln!(page, ".PP\n{}", escaped(text)),
            },
            1..=2 => match text.split_once("  ") {
                Some((term, rest)) => {
                    writeln!(page, ".TP\n\\fB{}\\fR\n{}", escaped(term), escaped(rest.trim_start()))
                }
                None if text.starts_with("genesys-usage ") => {
                    writeln!(page, ".PP\n\\fB{}\\fR", escaped(text))
                }
                None => writeln!(page, ".br\n{}", escaped(text)),
            },
            _ => writeln!(page, ".RS 4\n{}\n.RE", escaped(text)),
        };
        is_paragraph = is_text;
    }
    page
}

/// Returns `text` as roff shows it: no part of it is a request or an escape, and a hyphen can be copied.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_and_lists_are_sections() {
        let help = "Examples:\n  genesys-usage query --last 7d\n      What 'each' called.\n  \
                    genesys-usage man   the pages\n\nExit codes:\n  0    done\n\nA setting:\n  a = \"b\\c\"\n\n.Text\nin two lines";
        let wanted = ".SH \"EXAMPLES\"\n.PP\n\\fBgenesys\\-usage query \\-\\-last 7d\\fR\n.RS 4\nWhat 'each' called.\n.RE\n\
                      .TP\n\\fBgenesys\\-usage man\\fR\nthe pages\n.SH \"EXIT CODES\"\n.TP\n\\fB0\\fR\ndone\n\
                      .SH \"A SETTING\"\n.br\na = \"b\\ec\"\n.PP\n\\&.Text\nin two lines\n";
        assert_eq!(sections(help), wanted);
    }
}
