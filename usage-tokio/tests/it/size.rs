//! Drivers are thin enough to be read side by side.

use std::fs;
use std::path::Path;

/// Lines of code in a driver at most, without comments and tests: enough for the one on async-std, which brings sockets,
/// timers and tasks to hyper.
const MOST: usize = 350;

#[test]
fn a_driver_is_thin() {
    for driver in ["usage-blocking", "usage-tokio", "usage-async-std"] {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(driver).join("src");
        let lines = |file: fs::DirEntry| {
            let text = fs::read_to_string(file.path()).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            code.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with("//")).count()
        };
        let lines: usize = fs::read_dir(sources).unwrap().map(|file| lines(file.unwrap())).sum();
        assert!((100..MOST).contains(&lines), "{driver} has {lines} lines");
    }
}
