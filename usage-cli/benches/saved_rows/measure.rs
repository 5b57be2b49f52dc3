//! Measures whole processes.

use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// The number of runs of each program; the median counts.
const RUNS: usize = 3;

/// Measures another program if this process was started for that, and returns whether it was.
pub(crate) fn is_measuring() -> bool {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--measure", program, ref arguments @ ..] => {
            print_measure(program, arguments);
            true
        }
        _ => false,
    }
}

/// The resources that a process used.
pub(crate) struct Measure {
    /// User and system time.
    pub(crate) seconds: f64,
    /// Peak memory.
    pub(crate) megabytes: u64,
}

impl std::fmt::Display for Measure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} s CPU, {} MB", self.seconds, self.megabytes)
    }
}

/// Returns the median of several runs. A process of its own starts each, because the system only reports totals of all
/// children.
pub(crate) fn measure(program: &str, arguments: &[&str]) -> Measure {
    let mut runs: Vec<_> = (0..RUNS)
        .map(|_| {
            let mut measuring = Command::new(std::env::current_exe().unwrap());
            let output = measuring.arg("--measure").arg(program).args(arguments).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let text = String::from_utf8(output.stdout).unwrap();
            let (milliseconds, kilobytes) = text.trim().split_once(' ').unwrap();
            (milliseconds.parse::<u32>().unwrap(), kilobytes.parse::<u64>().unwrap())
        })
        .collect();
    runs.sort_unstable();
    let (milliseconds, kilobytes) = runs[RUNS / 2];
    Measure { seconds: f64::from(milliseconds) / 1e3, megabytes: kilobytes / 1024 }
}

fn print_measure(program: &str, arguments: &[&str]) {
    let mut command = Command::new(program);
    let status = command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap();
    assert!(status.success());
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let time = usage.user_time() + usage.system_time();
    println!("{} {}", time.num_milliseconds(), usage.max_rss());
}
