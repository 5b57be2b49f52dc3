//! Who is asking: credentials, the requests that turn them into access tokens, and the tokens' lifetime.
//!
//! A [`Grant`] says how tokens are obtained. Most programs make one and pass it to a driver's builder. A user who logs in
//! through the browser makes an [`AuthorizationRequest`] of it: its URL is opened, and what the browser is sent back with
//! becomes the grant. None of this sends anything: [`Grant::token_request`] is a request, [`TokenResponse`] what its
//! answer is read as, and a [`Session`](crate::Session) does both when its machines need a token.
//!
//! With the feature `pkce` (on by default, it brings `sha2`) there is `PkceVerifier`, and what is made with it.

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
