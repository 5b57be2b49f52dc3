//! The sources of this crate and of the core, for tests that what is public is not left out of another test.

use std::fs;
use std::path::{Path, PathBuf};

/// Every file of `src` and its text, without unit tests and what the fuzzer runs.
pub(crate) fn sources() -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    for sources in ["src", "../usage-core/src"] {
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(sources), &mut files);
    }
    assert!(files.len() > 80, "the sources are not where they were");
    files
}

#[expect(clippy::disallowed_methods, reason = "the core does no I/O; this test of it reads its sources")]
fn read(path: &Path, files: &mut Vec<(PathBuf, String)>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            read(&entry.unwrap().path(), files);
        }
    } else if !path.to_string_lossy().contains("fuzzing") && !path.ends_with("tests.rs") {
        let text = fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        files.push((path.to_owned(), code.to_owned()));
    }
}
