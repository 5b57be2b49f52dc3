//! The package of the program `genesys-usage`. This library is empty: it is where the README's examples, which use
//! every driver, are compiled and run.

/// The README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
