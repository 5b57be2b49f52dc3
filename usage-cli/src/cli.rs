//! The command line as a whole.

use clap::Parser;

use crate::arguments::color::Color;
use crate::command::Command;

/// Report the API usage of a Genesys Cloud organization
///
/// Queries the Genesys Cloud Usage API: which OAuth client called what, how often, and with which result. Submits a query, waits until the service has run it, and reads all rows of its result.
#[derive(Debug, Parser)]
#[command(name = "genesys-usage", version, max_term_width = 100, after_help = EXAMPLES, after_long_help = LONG_EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// When to colour text for people
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, global = true)]
    pub(crate) color: Color,
}

const EXAMPLES: &str = "\
Examples:
  genesys-usage query --simulate --last 7d               try it, without an account
  genesys-usage query --last 7d --group-by client,uri    who called what in the last week

'genesys-usage --help' lists the exit codes, 'genesys-usage query --help' the options of a command.";

const LONG_EXAMPLES: &str = "\
Examples:
  genesys-usage query --simulate --last 7d               try it, without an account
  genesys-usage query --last 7d --group-by client,uri    who called what in the last week
  genesys-usage login --client-id ID --open              log in as yourself, with a browser
  genesys-usage doctor                                   check the set-up, and print what to fix
  genesys-usage aggregate --last 200d --group-by platform --state run.json
  genesys-usage query --month 2026-10 --output october.csv

Exit codes:
  0    done
  1    the service refused the query, or the query failed; doctor: a check failed
  2    wrong usage or configuration, or the result could not be written
  3    not authorised: the credential is not accepted, or lacks a permission
  4    the deadline passed; continue with --attach, or after --state with resume
  5    the service could not be reached or broke the protocol
  6    watch: a threshold is crossed, and there is no --on-alert
  7    search: the rows are written, and some are missing: a single day reached the service's limit
  8    several organizations: at least one failed, and its lines say why
  130  interrupted";

#[cfg(test)]
mod tests {
    use std::iter;

    use clap::CommandFactory;
    use std::fs;
    use std::path::Path;

    use clap::error::ErrorKind;

    use super::*;

    /// The manual, the README of the project, and every command's examples, as lines for a shell.
    fn documents() -> Vec<(String, String)> {
        let fences = |text: &str| {
            let fences = text.split("```sh\n").skip(1).filter_map(|rest| rest.split_once("```"));
            fences.map(|(fence, _)| fence).collect::<String>()
        };
        // It is not part of the package.
        let overview = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
        let overview = fs::read_to_string(overview).unwrap_or_default();
        let mut documents = vec![
            ("usage-cli/README.md".to_owned(), fences(include_str!("../README.md"))),
            ("README.md".to_owned(), fences(&overview)),
        ];
        let mut program = Cli::command();
        program.build();
        let mut commands = vec![program];
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands().cloned());
            // An example may have its explanation behind it, after some spaces.
            let examples = [command.get_after_help(), command.get_after_long_help()];
            let examples = examples.into_iter().flatten().map(ToString::to_string).collect::<String>();
            let lines = examples.lines().filter(|line| line.starts_with("  genesys-usage"));
            let lines = lines.filter_map(|line| line.trim_start().split("  ").next());
            documents.push((
                format!("{} --help", command.get_name()),
                lines.map(|line| line.to_owned() + "\n").collect(),
            ));
        }
        documents
    }

    /// The arguments of each call of this program in `line`.
    fn calls(line: &str) -> Vec<Vec<String>> {
        let words = shlex::split(line).unwrap_or_else(|| panic!("not closed: {line}"));
        let commands = words.split(|word| ["|", "&&", "||", ";"].contains(&&**word));
        commands
            .filter_map(|command| {
                let end =
                    command.iter().position(|word| word.starts_with(['<', '>'])).unwrap_or(command.len());
                match &command[..end] {
                    [program, ..] if program == "genesys-usage" => Some(command[..end].to_vec()),
                    // cargo run -- query
                    [cargo, run, dashes, rest @ ..] if [&**cargo, run, dashes] == ["cargo", "run", "--"] => {
                        Some([&["genesys-usage".to_owned()], rest].concat())
                    }
                    _ => None,
                }
            })
            .collect()
    }

    #[test]
    fn what_the_documents_tell_to_type_can_be_typed() {
        let mut checked = 0;
        for (document, lines) in documents() {
            for line in lines.replace("\\\n", " ").lines() {
                for call in calls(line) {
                    checked += 1;
                    match Cli::try_parse_from(call) {
                        Ok(_) => {}
                        Err(error) if error.kind() == ErrorKind::DisplayHelp => {}
                        Err(error) => panic!("{document}: {line}\n{error}"),
                    }
                }
            }
        }
        // Or nobody would notice if none were found any more.
        assert!(checked > 60, "{checked}");
    }

    #[test]
    fn calls_are_found_where_a_shell_finds_them() {
        let found = calls("curl x | genesys-usage report - 'a b' \"$C\" > out # genesys-usage none");
        assert_eq!(found, [["genesys-usage", "report", "-", "a b", "$C"]]);
        assert_eq!(calls("cargo run -- query --simulate"), [["genesys-usage", "query", "--simulate"]]);
        assert!(calls("cargo install --path usage-cli && echo genesys-usage").is_empty());
    }

    /// What each command below `command` is and says of itself, but for 'help', which comes with the definition.
    fn abouts(command: &clap::Command) -> Vec<(String, String)> {
        let own = |command: &clap::Command| {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            (command.get_name().to_owned(), about)
        };
        let below = command.get_subcommands().filter(|below| below.get_name() != "help");
        below.flat_map(|below| iter::once(own(below)).chain(abouts(below))).collect()
    }

    #[test]
    fn a_command_says_the_same_of_itself_before_and_after_it_is_defined() {
        let mut program = Cli::command();
        let before = abouts(&program);
        program.build();
        let after = abouts(&program);
        assert!(before.len() > 15, "{before:?}");
        assert_eq!(before, after);
        program.debug_assert();
    }
}
