//! The common part of the fuzz targets. Each target runs with the fuzzer and, on stable, over saved inputs.

#[cfg(feature = "simulator")]
mod simulator;

#[cfg(fuzzing)]
pub use libfuzzer_sys;

/// The bodies of the targets, by the targets' names.
pub mod targets {
    #[cfg(feature = "program")]
    pub use genesys_usage::fuzzing::{arguments, configuration, saved_file, saved_rows};
    pub use usage_core::fuzzing::auth::{authorize_redirect, token_response};
    pub use usage_core::fuzzing::{
        error_body, headers, interval, open_enums, page, page_cuts, page_oracle, path_ids, service, snapshot,
        texts,
    };
    #[cfg(feature = "simulator")]
    pub use usage_sim::fuzzing::requests;

    #[cfg(feature = "simulator")]
    pub use crate::simulator::simulator;

    /// Operations on executions that share a session, and on pairs of executions.
    #[cfg(feature = "driver")]
    pub fn operations(data: &[u8]) {
        usage_driver::fuzzing::session(data);
        usage_core::fuzzing::operations(data);
    }
}

/// A target's name and body.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    #[cfg(feature = "program")]
    ("arguments", targets::arguments),
    ("authorize_redirect", targets::authorize_redirect),
    #[cfg(feature = "program")]
    ("configuration", targets::configuration),
    ("error_body", targets::error_body),
    ("headers", targets::headers),
    ("interval", targets::interval),
    ("open_enums", targets::open_enums),
    #[cfg(feature = "driver")]
    ("operations", targets::operations),
    ("page", targets::page),
    ("page_cuts", targets::page_cuts),
    ("page_oracle", targets::page_oracle),
    ("path_ids", targets::path_ids),
    #[cfg(feature = "simulator")]
    ("requests", targets::requests),
    #[cfg(feature = "program")]
    ("saved_file", targets::saved_file),
    #[cfg(feature = "program")]
    ("saved_rows", targets::saved_rows),
    ("service", targets::service),
    #[cfg(feature = "simulator")]
    ("simulator", targets::simulator),
    ("snapshot", targets::snapshot),
    ("texts", targets::texts),
    ("token_response", targets::token_response),
];

/// Defines a fuzz target from a function of bytes.
#[cfg(fuzzing)]
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        $crate::libfuzzer_sys::fuzz_target!(|data: &[u8]| $crate::targets::$name(data));
    };
}

/// Defines a program that runs a function of bytes over the files and folders given as arguments.
#[cfg(not(fuzzing))]
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        fn main() -> std::io::Result<()> {
            let mut paths = std::env::args_os().skip(1);
            paths.try_for_each(|path| $crate::replay(path.as_ref(), $crate::targets::$name).map(drop))
        }
    };
}

/// Runs `run` over the file at `path`, or over every file in the folder there, and returns the number of files.
///
/// # Errors
///
/// Returns an error if a file or folder cannot be read.
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
