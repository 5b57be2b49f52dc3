use crate::open_enum::open_enum;

open_enum! {
    /// What usage is grouped by: `groupBy` of a query. Which of them a query takes is said by its own type; the
    /// query is refused before it is sent if it names another.
    ///
    /// The service writes the first one in two casings, `OAuthClientId` and (in jobs) `OauthClientId`. Here it is
    /// one dimension, and each query family sends the casing that it needs.
    pub enum Dimension {
        /// The OAuth client.
        OAuthClientId = "OAuthClientId",
        /// The OAuth client's name (jobs only).
        OAuthClientName = "OauthClientName",
        /// The organisation whose client made the request.
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
