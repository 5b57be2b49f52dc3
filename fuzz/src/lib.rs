//! What the fuzz targets have in common: the same file runs under the fuzzer and, on stable, over saved inputs.

#[cfg(fuzzing)]
pub use libfuzzer_sys;

/// Makes a fuzz target of a function from bytes.
#[cfg(fuzzing)]
#[macro_export]
macro_rules! target {
    ($run:path) => {
        $crate::libfuzzer_sys::fuzz_target!(|data: &[u8]| $run(data));
    };
}

/// Makes a program of a function from bytes: it runs over the files and folders given as arguments.
#[cfg(not(fuzzing))]
#[macro_export]
macro_rules! target {
    ($run:path) => {
        fn main() -> std::io::Result<()> {
            std::env::args_os().skip(1).try_for_each(|path| $crate::replay(path.as_ref(), $run).map(drop))
        }
    };
}

/// Runs `run` over the file at `path`, or over every file in the folder there. How many files that were.
pub fn replay(path: &std::path::Path, run: fn(&[u8])) -> std::io::Result<usize> {
    if !path.is_dir() {
        run(&std::fs::read(path)?);
        return Ok(1);
    }
    let mut files = 0;
    for entry in std::fs::read_dir(path)? {
        files += replay(&entry?.path(), run)?;
    }
    Ok(files)
}
