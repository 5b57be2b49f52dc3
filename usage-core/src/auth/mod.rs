//! Who is asking: credentials, the requests that turn them into access tokens, and the tokens' lifetime.

mod access_token;
mod grant;
mod token_answer;
mod token_store;

pub use access_token::AccessToken;
pub use grant::Grant;
pub use token_answer::TokenAnswer;
pub use token_store::{TOKEN_REFUSED_FOR, TokenStore};

pub(crate) use token_store::{Authorization, FetchId};
