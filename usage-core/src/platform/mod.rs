//! Operations outside the Usage API that give names to the ids in its rows: users, OAuth clients, the organization.
//!
//! Usage rows carry ids. Only some families name the OAuth client, and none names a user or the organization. These
//! three synchronous operations do. Send them with a driver's `call`, or drive a [`Call`](crate::Call).
//!
//! | operation | request | documented permission |
//! |---|---|---|
//! | [`Users`] | `GET /api/v2/users` | none |
//! | [`OAuthClients`] | `GET /api/v2/oauth/clients` | `oauth:client:view` |
//! | [`OrganizationMe`] | `GET /api/v2/organizations/me` | none |
//!
//! An operation without a documented permission may still be refused with 403, so a caller that only wants names
//! should treat every failure as "no names".
//!
//! Paths, parameters, permissions and members are those of the public SDKs: `getUsers`, `getOauthClients` and
//! `getOrganizationsMe` in platform-client-sdk-javascript 262.0.0, the models `User`, `OAuthClientListing` and
//! `Organization` in platform-client-sdk-python 258.0.0, and the permissions in platform-client-sdk-cli. Where the
//! SDKs state no limit, the documentation of the item says so.

mod oauth_clients;
mod organization;
mod paging;
mod users;

pub use oauth_clients::{OAuthClientEntry, OAuthClientListing, OAuthClients};
pub use organization::{Organization, OrganizationMe};
pub use users::{MAX_USER_IDS, User, UserListing, UserState, Users};
