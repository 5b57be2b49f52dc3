//! Standard output, through a pager if it is a terminal that is too small.

use std::env;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::process::{Command, Stdio};

use crate::problem::Problem;
use crate::process::children;

/// The pager without `PAGER`: it leaves colours and the screen as they are, and cuts long lines, to be moved sideways.
const PAGER: &str = "less";
const LESS: &str = "RSX";

/// The exit codes of a shell that cannot start a program.
const NOT_STARTED: [i32; 2] = [126, 127];

/// The number of bytes that are collected before a write: the most that a pipe takes at once.
const BUFFER: usize = 64 * 1024;

/// Writes `content` to standard output. A broken pipe is not an error. If it has `lines` for people, and
/// more than the terminal, it goes through the pager.
pub(crate) fn write(
    lines: Option<usize>,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Problem> {
    let written = match lines.filter(|lines| is_paged(*lines)).and_then(|_| pager()) {
        Some(pager) => page(pager, content),
        None => fill(io::stdout().lock(), content),
    };
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Problem::usage(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes `content` through `pager`. If that cannot be started, the text is written all the same.
fn page(mut pager: Command, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut text = Vec::new();
    content(&mut text)?;
    if let Ok(mut pager) = pager.spawn() {
        let written = pager.stdin.take().map_or(Ok(()), |mut to| to.write_all(&text));
        // The pager has the terminal until the user quits.
        let status = pager.wait()?;
        if !status.code().is_some_and(|code| NOT_STARTED.contains(&code)) {
            return written;
        }
    }
    io::stdout().lock().write_all(&text)
}

/// Whether there is a terminal, and a pager for it.
pub(crate) fn has_pager() -> bool {
    io::stdout().is_terminal() && io::stdin().is_terminal() && pager().is_some()
}

fn is_paged(lines: usize) -> bool {
    let height =
        || terminal_size::terminal_size_of(io::stdout()).map_or(0, |(_, height)| usize::from(height.0));
    has_pager() && (1..=lines).contains(&height())
}

fn fill(to: impl Write, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut to = BufWriter::with_capacity(BUFFER, to);
    content(&mut to)?;
    to.flush()
}

/// The pager, if one is wanted.
fn pager() -> Option<Command> {
    let mut command = match env::var("PAGER") {
        Ok(pager) if pager.trim().is_empty() || pager.trim() == "cat" => return None,
        Ok(pager) => children::shell(&pager),
        Err(_) => children::command(PAGER),
    };
    if env::var_os("LESS").is_none() {
        command.env("LESS", LESS);
    }
    command.stdin(Stdio::piped());
    Some(command)
}
