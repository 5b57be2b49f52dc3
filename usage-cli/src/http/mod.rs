//! A small HTTP server for browsers and scrapers on this machine.

pub(crate) mod request;
pub(crate) mod serve;
