//! What the fuzz targets run: a function from bytes for each kind of input that a user hands in.

use std::iter;

use clap::Parser;
use usage_core::Secret;

use crate::cli::Cli;
use crate::{config, saved};

/// A command line, an argument a line, is taken or refused.
pub fn arguments(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let arguments = iter::once("genesys-usage").chain(text.lines());
    if let Err(error) = Cli::try_parse_from(arguments) {
        assert!(!error.to_string().is_empty());
    }
}

/// A configuration file of any of the three kinds is read or refused, and its secrets do not print.
pub fn configuration(data: &[u8]) {
    config::parse_each_way(&String::from_utf8_lossy(data), |settings| {
        let shown = format!("{settings:?}");
        let secrets = [&settings.client_secret, &settings.access_token];
        for secret in secrets.into_iter().flatten().map(Secret::expose) {
            // A short one may be a part of anything.
            assert!(secret.len() < 12 || !shown.contains(secret.as_str()), "a secret prints");
        }
    });
}

/// A saved file is read, or what is wrong with it is told with a place that is in it.
pub fn saved_file(data: &[u8]) {
    if let Err(byte) = saved::read_for_fuzzing(data) {
        assert!(byte <= data.len() as u64, "byte {byte} of {}", data.len());
    }
}
