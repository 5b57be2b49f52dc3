//! The dimensions that identify a row.

use usage_core::Date;
use usage_core::model::HttpMethod;

use crate::world::{PLATFORMS, TEMPLATES};

/// The dimensions of one row. A dimension that the query does not group by is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) date: Option<Date>,
    pub(crate) client: Option<u16>,
    pub(crate) template: Option<u16>,
    /// The index of the method in [`METHODS`].
    pub(crate) method: Option<u8>,
    pub(crate) user: Option<u16>,
    pub(crate) platform: Option<u8>,
}

/// The methods in the order of the rows.
pub(crate) const METHODS: &[HttpMethod] = HttpMethod::KNOWN;

impl Key {
    /// Returns the name of the platform, if the query groups by platform.
    pub(crate) fn platform_name(&self) -> Option<&'static str> {
        PLATFORMS.get(usize::from(self.platform?)).copied()
    }

    /// Returns the method, if the query groups by method.
    pub(crate) fn http_method(&self) -> Option<&'static str> {
        METHODS.get(usize::from(self.method?)).map(HttpMethod::as_str)
    }

    /// Returns the template URI, if the query groups by template URI.
    pub(crate) fn template_uri(&self) -> Option<&'static str> {
        TEMPLATES.get(usize::from(self.template?)).map(|template| template.uri)
    }
}
