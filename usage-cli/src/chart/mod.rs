//! Pictures of a report: in the terminal, and as SVG.

pub(crate) mod class;
pub(crate) mod clients;
pub(crate) mod days;
pub(crate) mod heat_map;
pub(crate) mod labels;
#[cfg(feature = "png")]
pub(crate) mod png;
pub(crate) mod scale;
pub(crate) mod svg;
pub(crate) mod terminal;
pub(crate) mod timeline;
