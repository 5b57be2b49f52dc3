//! `genesys-usage completions` and `man`: generated from the definition of the command line.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::arguments::completion;
use crate::problem::Problem;
use crate::process::stdout;

/// Write a shell's completions for this program to standard output
#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  genesys-usage completions bash > ~/.local/share/bash-completion/completions/genesys-usage
  genesys-usage completions zsh > ~/.zfunc/_genesys-usage
  genesys-usage completions fish > ~/.config/fish/completions/genesys-usage.fish

The script asks the program that is found as genesys-usage: it completes options, and their values with lists
(--group-by client,u), regions, profiles, formats and files of rows.";

/// Write the manual pages: one for the program, and one for each command
#[derive(Debug, Args)]
#[command(after_help = MAN_EXAMPLES)]
pub(crate) struct ManArgs {
    /// Write all pages to this directory, which is created if it does not exist. Without it, print the first page
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
}

const MAN_EXAMPLES: &str = "\
Examples:
  genesys-usage man --directory ~/.local/share/man/man1
  genesys-usage man | man -l -";

pub(crate) fn completions(args: &CompletionsArgs) -> Result<(), Problem> {
    let text = completion::script(args.shell)
        .map_err(|error| Problem::usage(format!("no completions for {}: {error}", args.shell)))?;
    stdout::write(None, |to| to.write_all(&text))
}

pub(crate) fn man(args: &ManArgs, program: clap::Command) -> Result<(), Problem> {
    let program = program.disable_help_subcommand(true);
    match &args.directory {
        None => stdout::write(None, |to| Man::new(program).render(to)),
        Some(directory) => {
            fs::create_dir_all(directory).map_err(|error| {
                Problem::usage(format!("cannot make the directory {}: {error}", directory.display()))
            })?;
            clap_mangen::generate_to(program, directory)
                .map_err(|error| Problem::usage(format!("cannot write to {}: {error}", directory.display())))
        }
    }
}
