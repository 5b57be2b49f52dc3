//! What a row is about.

use usage_core::Date;
use usage_core::model::HttpMethod;

use crate::world::{PLATFORMS, TEMPLATES};

/// One row: a dimension that is not grouped by is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) date: Option<Date>,
    pub(crate) client: Option<u16>,
    pub(crate) template: Option<u16>,
    /// The method's place among those of [`METHODS`].
    pub(crate) method: Option<u8>,
    pub(crate) user: Option<u16>,
    pub(crate) platform: Option<u8>,
}

/// The methods in the order of the rows.
pub(crate) const METHODS: &[HttpMethod] = HttpMethod::KNOWN;

impl Key {
    /// The platform, if it is grouped by it.
    pub(crate) fn platform_name(&self) -> Option<&'static str> {
        PLATFORMS.get(usize::from(self.platform?)).copied()
    }

    /// The method, if it is grouped by it.
    pub(crate) fn http_method(&self) -> Option<&'static str> {
        METHODS.get(usize::from(self.method?)).map(HttpMethod::as_str)
    }

    /// The template URI, if it is grouped by it.
    pub(crate) fn template_uri(&self) -> Option<&'static str> {
        TEMPLATES.get(usize::from(self.template?)).map(|template| template.uri)
    }
}
