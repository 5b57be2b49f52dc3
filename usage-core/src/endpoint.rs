//! Operations of the API: how a request is built and how its response is read.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Response};

use crate::auth::AccessToken;
use crate::decode::ResponseDecoder;
use crate::failures::{ApiError, BuildError, ResponseError};
use crate::region::{BaseUrl, parse_path_and_query};
use crate::uri::{PathWriter, QueryWriter};

/// Initial capacity for the headers of a request, including those that the session and the driver add.
const USUAL_HEADERS: usize = 6;

pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An operation of the API. Implement it for operations that this crate does not cover.
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
    /// The name of the operation in traces and errors, for example `usage.query.results`.
    const NAME: &'static str;
    /// The HTTP method of the request.
    const METHOD: Method;
    /// The permissions that grant access to the operation. The service requires **any one** of them.
    const PERMISSIONS: &'static [&'static str];
    /// Whether the request is idempotent: whether it may be sent again when the outcome of the first attempt is
    /// unknown.
    const IDEMPOTENT: bool;
    /// The value that a successful response is decoded into.
    type Response: Send;
    /// The decoder of successful responses.
    type Decoder: ResponseDecoder<Output = Self::Response> + Default;

    /// Writes the path of the request.
    fn path(&self, path: &mut PathWriter);

    /// Writes the query string of the request; none by default.
    fn query(&self, query: &mut QueryWriter) {
        let _ = query;
    }

    /// Returns the JSON body of the request; none by default.
    ///
    /// # Errors
    ///
    /// [`BuildError`] if the body cannot be serialized.
    fn body(&self) -> Result<Option<Vec<u8>>, BuildError> {
        Ok(None)
    }
}

/// Methods of every [`Endpoint`]. They alone deal with the base URL, the bearer token, headers and error responses.
///
/// ```
/// use usage_core::EndpointExt;
/// use usage_core::auth::AccessToken;
/// use usage_core::platform::OrganizationMe;
///
/// let token = AccessToken::parse("a-token")?;
/// let request = OrganizationMe.to_request(&"https://api.mypurecloud.de".parse()?, Some(&token))?;
/// assert_eq!(request.headers()["authorization"], "Bearer a-token");
/// assert!(OrganizationMe::parse(&http::Response::new(&b"{}"[..])).is_ok());
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
pub trait EndpointExt: Endpoint {
    /// Returns the request of this operation at `base`, with `token` as its bearer token. The header value is marked
    /// sensitive.
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

    /// Parses a complete response to this operation.
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

/// Returns the request as [`EndpointExt::to_request`] does. The path is written into `path_buf`, whose allocation is
/// reused by the next request. `previous` is the path and query of the caller's previous request: a poll repeats it,
/// and parsing it again would take half of the time.
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
        _ => parse_path_and_query(path_buf),
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
    *request.uri_mut() = uri?;
    *request.headers_mut() = headers;
    Ok(request)
}
