//! Connections over ureq's connector, so that what fails before there is one can be told from what fails later.

use ureq::unversioned::transport::{ConnectionDetails, Connector as Connect, DefaultConnector, Transport};
use ureq::{Error, Timeout};

/// That of ureq. It fails with [`Error::Other`], of which ureq itself makes none.
#[derive(Debug, Default)]
pub(crate) struct Connector(DefaultConnector);

impl Connect for Connector {
    type Out = Box<dyn Transport>;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<Self::Out>, Error> {
        self.0.connect(details, chained).map_err(|error| match error {
            // The exchange is out of time; or it was the connection to a proxy, or its name.
            Error::Timeout(Timeout::Global) | Error::Other(_) => error,
            Error::Rustls(error) => Error::Other(error.into()),
            error => Error::Other(error.into_io().into()),
        })
    }
}
