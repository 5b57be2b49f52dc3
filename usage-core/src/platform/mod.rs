//! Operations outside the Usage API that resolve the ids in its rows to names: users, OAuth clients, the organization.
//!
//! Usage rows contain ids. Only some query families name the OAuth client, and none names a user or the organization.
//! Send these three synchronous operations with a driver's `call`, or drive a [`Call`](crate::Call).
//!
//! | operation | request | documented permission |
//! |---|---|---|
//! | [`Users`] | `GET /api/v2/users` | none |
//! | [`OAuthClients`] | `GET /api/v2/oauth/clients` | `oauth:client:view` |
//! | [`OrganizationMe`] | `GET /api/v2/organizations/me` | none |
//!
//! An operation without a documented permission may still be refused with 403. A caller that only wants names should
//! treat every failure as "no names".
//!
//! Paths, parameters, permissions and members are those of the public SDKs: `getUsers`, `getOauthClients` and
//! `getOrganizationsMe` in platform-client-sdk-javascript 262.0.0, the models `User`, `OAuthClientListing` and
//! `Organization` in platform-client-sdk-python 258.0.0, and the permissions in platform-client-sdk-cli. Limits that
//! the SDKs do not state are documented with each item.

mod listing;
mod oauth_clients;
mod organization;
mod users;

pub use listing::Listing;
pub use oauth_clients::{OAuthClientEntry, OAuthClients};
pub use organization::{Organization, OrganizationMe};
pub use users::{MAX_USER_IDS, User, UserState, Users};
