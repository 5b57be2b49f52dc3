//! Parts of the command line that several commands have: values, the period, deferred definitions.

pub(crate) mod color;
pub(crate) mod completion;
pub(crate) mod deferred;
pub(crate) mod period;
pub(crate) mod region;
pub(crate) mod value_parsers;
