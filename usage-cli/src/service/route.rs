//! The route to the service: trusted certificates and a proxy.

use usage_core::error::BuildError;
use usage_driver::{ClientBuilder, FromConfig, Proxy};

use crate::service::roots::Roots;

/// The way to the service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Route {
    pub(crate) roots: Roots,
    /// The proxy of other programs' settings. The drivers themselves read the common variables.
    pub(crate) proxy: Option<Proxy>,
}

impl Route {
    /// Builds the client of `builder` with this route.
    pub(crate) fn build<C: FromConfig>(&self, mut builder: ClientBuilder<C>) -> Result<C, BuildError> {
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.clone());
        }
        let built = self.roots.apply(builder).and_then(ClientBuilder::build);
        built.map_err(|error| self.roots.explained(error))
    }
}
