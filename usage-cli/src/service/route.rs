//! The way to the service: trusted certificates and a proxy.

use usage_core::error::BuildError;
use usage_driver::{ClientBuilder, FromConfig, Proxy};

use crate::service::roots::Roots;

/// How the service is reached.
#[derive(Clone, Debug, Default)]
pub(crate) struct Route {
    pub(crate) roots: Roots,
    /// One that other programs' settings name; the drivers read the variables of all programs.
    pub(crate) proxy: Option<Proxy>,
}

impl Route {
    /// The client of `builder` that takes this route.
    pub(crate) fn build<C: FromConfig>(&self, mut builder: ClientBuilder<C>) -> Result<C, BuildError> {
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.clone());
        }
        let built = self.roots.apply(builder).and_then(ClientBuilder::build);
        built.map_err(|error| self.roots.explained(error))
    }
}
