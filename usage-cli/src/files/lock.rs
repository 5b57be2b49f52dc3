//! One process at a time writes to a directory of partitions.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::files::draft::lock;
use crate::problem::Problem;

/// How long to wait for another process that is writing.
const PATIENCE: Duration = Duration::from_secs(60);

/// The interval at which the lock is tried again.
const PAUSE: Duration = Duration::from_millis(20);

/// Keeps other processes from a directory as long as it lives. It is on the directory itself, so nothing is left of it
/// when the process ends, however that ends. Where directories cannot be locked, it keeps nobody out.
#[derive(Debug)]
pub(crate) struct Lock {
    _directory: Option<File>,
}

impl Lock {
    /// Waits until no other process writes to `directory`.
    ///
    /// # Errors
    ///
    /// Returns a problem if another process still writes after a minute.
    pub(crate) fn wait(directory: &Path) -> Result<Self, Problem> {
        Self::within(directory, PATIENCE)
    }

    /// Returns `None` if another process writes to `directory`.
    #[cfg(feature = "parquet")]
    pub(crate) fn at_once(directory: &Path) -> Option<Self> {
        Self::within(directory, Duration::ZERO).ok()
    }

    fn within(directory: &Path, patience: Duration) -> Result<Self, Problem> {
        // Windows does not open directories, and this account may not be allowed to read this one.
        let Ok(file) = File::open(directory) else { return Ok(Self { _directory: None }) };
        let began = Instant::now();
        while lock(&file).is_err_and(|error| error.kind() == ErrorKind::WouldBlock) {
            if began.elapsed() >= patience {
                let name = directory.display();
                return Err(Problem::usage(format!("another process writes to {name}, and does not end")));
            }
            thread::sleep(PAUSE);
        }
        Ok(Self { _directory: Some(file) })
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_has_the_directory_and_nothing_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let first = Lock::wait(directory.path()).unwrap();
        let said = Lock::within(directory.path(), Duration::ZERO).unwrap_err().to_string();
        assert!(said.contains("another process writes to "), "{said}");
        let path = directory.path().to_owned();
        let second = thread::spawn(move || Lock::wait(&path).map(drop));
        drop(first);
        second.join().unwrap().unwrap();
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
