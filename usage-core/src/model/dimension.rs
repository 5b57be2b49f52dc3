//! The dimensions by which queries group rows.

use crate::open_enum::open_enum;

open_enum! {
    /// A dimension by which usage is grouped: `groupBy` of a query. Each query type documents the dimensions that it
    /// supports, and a query with another one is refused before it is sent.
    ///
    /// The service spells the first one `OAuthClientId` and, in jobs, `OauthClientId`. Here it is one dimension, and each
    /// query family sends the spelling that it needs.
    ///
    /// ```
    /// use usage_core::model::Dimension;
    /// use usage_core::query::{OrganizationJob, OrganizationQuery};
    ///
    /// assert!(OrganizationJob::DIMENSIONS.contains(&Dimension::Platform));
    /// assert!(!OrganizationQuery::DIMENSIONS.contains(&Dimension::Platform));
    /// ```
    pub enum Dimension {
        /// The OAuth client.
        OAuthClientId = "OAuthClientId",
        /// The OAuth client's name (jobs only).
        OAuthClientName = "OauthClientName",
        /// The organization whose client made the request.
        OrganizationId = "OrganizationId",
        /// The user on whose behalf the request was made.
        UserId = "UserId",
        /// The API's path with placeholders: `api/v2/users/{userId}`.
        TemplateUri = "TemplateUri",
        /// The HTTP method.
        HttpMethod = "HttpMethod",
        /// The platform that made the request (jobs only).
        Platform = "Platform",
    }
}
