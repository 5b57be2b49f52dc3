//! Drivers are thin enough to be read side by side.

use std::fs;
use std::path::Path;

/// The drivers, and the most lines of code that each may have, without comments and tests. The one on async-std brings
/// sockets, timers and tasks to hyper, which hyper-util has for tokio.
const DRIVERS: [(&str, usize); 3] = [("usage-blocking", 300), ("usage-tokio", 300), ("usage-async-std", 330)];

#[test]
fn a_driver_is_thin() {
    for (driver, most) in DRIVERS {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(driver).join("src");
        let lines = |file: fs::DirEntry| {
            let text = fs::read_to_string(file.path()).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            code.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with("//")).count()
        };
        let lines: usize = fs::read_dir(sources).unwrap().map(|file| lines(file.unwrap())).sum();
        assert!((100..most).contains(&lines), "{driver} has {lines} lines");
    }
}
