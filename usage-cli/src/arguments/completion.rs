//! Completion of the command line, by the shell: its script asks this program, which knows every value.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use clap::Command;
use clap_complete::Shell;
use clap_complete::engine::{CompletionCandidate, PathCompleter};
use clap_complete::env::{CompleteEnv, Shells};
use usage_core::Region;

/// The variable by which a shell's script asks for completions.
const VARIABLE: &str = "GENESYS_USAGE_COMPLETE";

const NAME: &str = "genesys-usage";

/// How the names of saved rows end, with or without `.gz` behind it.
const SAVED: [&str; 8] = ["csv", "json", "jsonl", "md", "ndjson", "tsv", "yaml", "yml"];

/// Returns the script that registers completion with `shell`.
pub(crate) fn script(shell: Shell) -> io::Result<Vec<u8>> {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    let completer = shells.completer(&shell.to_string()).ok_or(io::ErrorKind::Unsupported)?;
    completer.write_registration(VARIABLE, NAME, NAME, NAME, &mut script)?;
    if shell == Shell::Zsh {
        // A file in $fpath is the function itself at the first completion: without this, that one would be empty.
        let call = b"if [[ \"${funcstack[1]}\" == _genesys-usage ]]; then _clap_dynamic_completer_genesys_usage \"$@\"; fi\n";
        script.extend_from_slice(call);
    }
    Ok(script)
}

/// Answers a shell that asks for completions of `program`. Returns `None` if none asks.
pub(crate) fn answer(program: fn() -> Command) -> Option<ExitCode> {
    env::var_os(VARIABLE)?;
    let answered = CompleteEnv::with_factory(program)
        .var(VARIABLE)
        .bin(NAME)
        .completer(NAME)
        .try_complete(env::args_os(), env::current_dir().ok().as_deref());
    match answered {
        Ok(true) => Some(ExitCode::SUCCESS),
        Ok(false) => None,
        // A message would stand in the middle of the line that is being typed.
        Err(_) => Some(ExitCode::FAILURE),
    }
}

/// Returns the AWS names of the regions, with their domains.
pub(crate) fn regions() -> Vec<CompletionCandidate> {
    let candidate = |region: Region| {
        let name = region.aws_name()?;
        Some(CompletionCandidate::new(name).help(Some(region.domain().to_owned().into())))
    };
    Region::all().filter_map(candidate).collect()
}

/// Returns a completer for files of saved rows, and for directories, which may be histories.
pub(crate) fn saved_rows() -> PathCompleter {
    PathCompleter::any().stdio().filter(|path| path.is_dir() || is_saved_rows(path))
}

fn is_saved_rows(path: &Path) -> bool {
    let is = |ending: Option<&OsStr>, wanted: &[&str]| {
        ending.is_some_and(|ending| wanted.iter().any(|wanted| ending.eq_ignore_ascii_case(wanted)))
    };
    let path = if is(path.extension(), &["gz"]) { path.with_extension("") } else { path.to_owned() };
    is(path.extension(), &SAVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_rows_are_known_by_the_ends_of_their_names() {
        for name in ["a.csv", "a.JSON", "a.jsonl.gz", "2026-10.yaml", "x/a.tsv"] {
            assert!(is_saved_rows(Path::new(name)), "{name}");
        }
        for name in ["a", "a.gz", "a.png", "a.csv.zip", ".csv", "csv"] {
            assert!(!is_saved_rows(Path::new(name)), "{name}");
        }
    }
}
