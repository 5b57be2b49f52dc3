//! OAuth: grants, the token requests and responses that they make, and the log-in of users through a browser.
//!
//! A [`Grant`] determines how access tokens are obtained. Most programs create one and pass it to a driver's builder.
//! An [`AuthorizationRequest`] obtains the grant of a user: open its URL in the browser, and pass the redirect back to
//! it. Nothing here sends a request. [`Grant::token_request`] returns one, [`TokenResponse`] parses its response, and a
//! [`Session`](crate::Session) does both when its machines need a token.
//!
//! The feature `pkce` (on by default, brings `sha2`) adds `PkceVerifier` and the functions that take one.

mod access_token;
mod authorization_request;
mod grant;
mod login_state;
mod oauth_client;
#[cfg(feature = "pkce")]
mod pkce;
mod random_text;
mod redirect;
mod redirect_error;
mod redirect_uri;
mod renewal;
mod token_document;
mod token_fetch;
mod token_request;
mod token_response;
mod token_store;

pub use access_token::AccessToken;
pub use authorization_request::AuthorizationRequest;
pub use grant::Grant;
pub use login_state::LoginState;
pub use oauth_client::OAuthClient;
#[cfg(feature = "pkce")]
pub use pkce::PkceVerifier;
pub use redirect::Redirect;
pub use redirect_error::{AuthorizeError, AuthorizeErrorCode, RedirectError};
pub use token_fetch::FetchId;
pub use token_response::TokenResponse;
pub use token_store::TOKEN_REFUSED_FOR;

pub(crate) use token_fetch::Ended;
pub(crate) use token_store::{Authorization, TokenStore, refusal};
