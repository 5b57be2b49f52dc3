//! What an operation of the API is: how its request is made and how its answer is read.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Response};

use crate::auth::AccessToken;
use crate::decode::ResponseDecoder;
use crate::failures::{ApiError, BuildError, ResponseError};
use crate::region::BaseUrl;
use crate::uri::{PathWriter, QueryWriter};

/// Room for the headers of a request, those that the session and the driver add included.
const USUAL_HEADERS: usize = 6;

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// One operation of the API. It can be implemented by hand for operations that this crate does not have.
///
/// ```
/// use usage_core::decode::JsonDecoder;
/// use usage_core::uri::PathWriter;
/// use usage_core::{Endpoint, EndpointExt};
///
/// /// `GET /api/v2/tokens/me`
/// struct TokensMe;
///
/// #[derive(serde::Deserialize)]
/// struct TokenInfo {
///     organization: serde_json::Value,
/// }
///
/// impl Endpoint for TokensMe {
///     const NAME: &'static str = "tokens.me";
///     const METHOD: http::Method = http::Method::GET;
///     const PERMISSIONS: &'static [&'static str] = &[];
///     const IDEMPOTENT: bool = true;
///     type Response = TokenInfo;
///     type Decoder = JsonDecoder<TokenInfo>;
///
///     fn path(&self, path: &mut PathWriter) {
///         path.fixed("api/v2/tokens/me");
///     }
/// }
///
/// let request = TokensMe.to_request(&"https://api.mypurecloud.de".parse()?, None)?;
/// assert_eq!(request.uri(), "https://api.mypurecloud.de/api/v2/tokens/me");
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
pub trait Endpoint: Send {
    /// A name for traces and errors: `usage.query.results`.
    const NAME: &'static str;
    /// The HTTP method.
    const METHOD: Method;
    /// The permissions of which the service wants **any one**.
    const PERMISSIONS: &'static [&'static str];
    /// Whether the same bytes may go again when it is not known what became of them the first time.
    const IDEMPOTENT: bool;
    /// What the answer becomes.
    type Response: Send;
    /// What reads the answer.
    type Decoder: ResponseDecoder<Output = Self::Response> + Default;

    /// Writes the path.
    fn path(&self, path: &mut PathWriter);

    /// Writes the query string; none by default.
    fn query(&self, query: &mut QueryWriter) {
        let _ = query;
    }

    /// Returns the JSON body; none by default.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the body cannot be serialized.
    fn body(&self) -> Result<Option<Vec<u8>>, BuildError> {
        Ok(None)
    }
}

/// What every [`Endpoint`] can do: the only place that knows base URL, bearer, headers and errors.
pub trait EndpointExt: Endpoint {
    /// Returns the request of this operation at `base`, with `token` as its bearer. The header value is marked sensitive.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the body cannot be serialized or the URL is longer than a URI may be.
    fn to_request(
        &self,
        base: &BaseUrl,
        token: Option<&AccessToken>,
    ) -> Result<Request<Vec<u8>>, BuildError> {
        request(self, base, token, &mut String::new(), None)
    }

    /// Reads the answer of this operation from a whole response.
    ///
    /// # Errors
    ///
    /// [`ResponseError::Api`] for any status but 2xx, [`ResponseError::Decode`] for a body that is not the documented one.
    fn parse(response: &Response<&[u8]>) -> Result<Self::Response, ResponseError> {
        let status = response.status();
        if !status.is_success() {
            let error = ApiError::from_response(status, response.headers(), response.body());
            return Err(ResponseError::Api(Box::new(error)));
        }
        let mut decoder = Self::Decoder::default();
        decoder.push(response.body())?;
        Ok(decoder.finish()?)
    }
}

impl<E: Endpoint + ?Sized> EndpointExt for E {}

/// As [`EndpointExt::to_request`]. The path is written into `path_buf`, whose memory is kept for the next request.
/// `previous` is the path and query of the caller's previous request: a poll repeats it, and parsing it again would be half
/// of the work.
pub(crate) fn request<E: Endpoint + ?Sized>(
    endpoint: &E,
    base: &BaseUrl,
    token: Option<&AccessToken>,
    path_buf: &mut String,
    previous: Option<&PathAndQuery>,
) -> Result<Request<Vec<u8>>, BuildError> {
    let mut path = PathWriter::after(base.prefix(), std::mem::take(path_buf));
    endpoint.path(&mut path);
    let mut query = QueryWriter::after(path.finish()?);
    endpoint.query(&mut query);
    *path_buf = query.finish();
    let body = endpoint.body()?;
    let target = match previous {
        Some(previous) if previous.as_str() == path_buf => Ok(previous.clone()),
        _ => PathAndQuery::try_from(path_buf.as_str()).map_err(http::Error::from),
    };
    let uri = target.and_then(|target| base.with_path_and_query(target));

    let mut headers = HeaderMap::with_capacity(USUAL_HEADERS);
    headers.insert(ACCEPT, JSON);
    if body.is_some() {
        headers.insert(CONTENT_TYPE, JSON);
    }
    if let Some(token) = token {
        headers.insert(AUTHORIZATION, token.bearer());
    }
    let mut request = Request::new(body.unwrap_or_default());
    *request.method_mut() = E::METHOD;
    *request.uri_mut() = uri.map_err(|error| unbuildable(&error))?;
    *request.headers_mut() = headers;
    Ok(request)
}

fn unbuildable(error: &http::Error) -> BuildError {
    BuildError::Request { problem: error.to_string().into() }
}
