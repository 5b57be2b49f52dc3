//! Names to addresses, without a thread where there is nothing to look up.

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver as Resolve};
use ureq::unversioned::transport::NextTimeout;
use ureq::{Error, Timeout};
use usage_core::driver::address_of;
use usage_core::error::Unresolved;

/// That of ureq, which starts a thread for each request to be able to give up; but an address is its own answer.
#[derive(Debug, Default)]
pub(crate) struct Resolver(DefaultResolver);

impl Resolve for Resolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, Error> {
        let Some(address) = address_of(uri) else {
            return self.0.resolve(uri, config, timeout).map_err(unresolved);
        };
        let mut addresses = self.empty();
        addresses.push(address);
        Ok(addresses)
    }
}

fn unresolved(error: Error) -> Error {
    match error {
        // The exchange is out of time.
        Error::Timeout(Timeout::Global) => error,
        error => Error::Other(Unresolved(error.into_io()).into()),
    }
}
