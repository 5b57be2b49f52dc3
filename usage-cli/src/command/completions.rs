//! `genesys-usage completions`: a shell's script for completions.

use clap::Args;
use clap_complete::Shell;

use crate::arguments::completion;
use crate::problem::Problem;
use crate::process::stdout;

/// Write a shell's completions for this program to standard output
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  genesys-usage completions bash > ~/.local/share/bash-completion/completions/genesys-usage
  genesys-usage completions zsh > ~/.zfunc/_genesys-usage
  genesys-usage completions fish > ~/.config/fish/completions/genesys-usage.fish

The script asks the program that is found as genesys-usage. It completes commands, options and
their values: lists (--group-by client,u), regions, profiles, formats and files of rows.";

pub(crate) fn run(args: &CompletionsArgs) -> Result<(), Problem> {
    let text = completion::script(args.shell)
        .map_err(|error| Problem::usage(format!("no completions for {}: {error}", args.shell)))?;
    stdout::write(None, |to| to.write_all(&text))
}
