//! Replays the committed corpora on stable.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use usage_fuzz::TARGETS;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Returns the names of the entries of a folder, without extensions.
fn names(name: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    paths.flatten().filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect()
}

#[test]
fn every_target_has_its_file_and_its_corpus() {
    let targets: BTreeSet<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names("fuzz_targets"), targets);
    assert_eq!(names("corpus"), targets);
    assert!(names("dictionaries").is_subset(&targets));
}

#[test]
fn what_was_found_stays_found() {
    for (name, run) in TARGETS {
        let corpus = folder("corpus").join(name);
        let files = usage_fuzz::replay(&corpus, *run).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(files > 0, "{} is empty", corpus.display());
    }
}
