//! The routing of requests to operations, as one table of methods and paths.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::reply::Problem;

/// An operation of the service, named after the API's own operation ids.
///
/// ```
/// use usage_sim::Operation;
///
/// assert!(Operation::OrganizationQuery.is_submit());
/// assert!(Operation::OrganizationJobResults.is_job());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// `POST /oauth/token`, on the login host.
    Token,
    /// `GET /oauth/authorize`, on the login host: the page that redirects a browser with a code or a token.
    Authorize,
    /// `postUsageQuery`: starts a query over the organization.
    OrganizationQuery,
    /// `getUsageQueryExecutionIdResults`.
    OrganizationResults,
    /// `postUsageSimplesearch`.
    SimpleSearch,
    /// `getUsageSimplesearchExecutionIdResults`: the only one of the older results that pages.
    SimpleSearchResults,
    /// `postOauthClientUsageQuery`: starts a query over one OAuth client.
    ClientQuery,
    /// `getOauthClientUsageQueryResult`.
    ClientResults,
    /// `getOauthClientUsageSummary`: a GET that starts a query over one client's last days.
    ClientSummary,
    /// `postUsageAggregatesQueryJobs`: starts a job over the organization.
    OrganizationJob,
    /// `getUsageAggregatesQueryJob`.
    OrganizationJobResults,
    /// `postUsageClientClientIdAggregatesQueryJobs`: starts a job over one OAuth client.
    ClientJob,
    /// `getUsageClientClientIdAggregatesQueryJob`.
    ClientJobResults,
    /// `getUsageEventsDefinitions`: the kinds of operational events.
    EventDefinitions,
    /// `getUsageEventsDefinition`.
    EventDefinition,
    /// `postUsageEventsQuery`: operational events, page by page.
    EventQuery,
    /// `postUsageEventsAggregatesQuery`: operational events, counted.
    EventAggregates,
    /// `getOauthClients`: the OAuth clients of the organization, with their names.
    OAuthClients,
    /// `getUsers`: the users of the organization, by their ids.
    Users,
    /// `getOrganizationsMe`: the organization.
    OrganizationMe,
}

impl Operation {
    /// Returns whether it starts an execution.
    pub fn is_submit(self) -> bool {
        matches!(
            self,
            Self::OrganizationQuery
                | Self::SimpleSearch
                | Self::ClientQuery
                | Self::ClientSummary
                | Self::OrganizationJob
                | Self::ClientJob
        )
    }

    /// Returns whether it reads an execution's state and rows.
    pub fn is_results(self) -> bool {
        matches!(
            self,
            Self::OrganizationResults
                | Self::SimpleSearchResults
                | Self::ClientResults
                | Self::OrganizationJobResults
                | Self::ClientJobResults
        )
    }

    /// Returns whether it starts or reads a job.
    pub fn is_job(self) -> bool {
        matches!(
            self,
            Self::OrganizationJob | Self::OrganizationJobResults | Self::ClientJob | Self::ClientJobResults
        )
    }

    /// Returns whether it is about operational events.
    pub fn is_event(self) -> bool {
        matches!(
            self,
            Self::EventDefinitions | Self::EventDefinition | Self::EventQuery | Self::EventAggregates
        )
    }

    /// Returns whether it is outside the Usage API and gives names to the ids in its rows.
    pub(crate) fn is_platform(self) -> bool {
        matches!(self, Self::OAuthClients | Self::Users | Self::OrganizationMe)
    }

    /// Returns whether it is an operation of the login host, which has its own kind of error body.
    pub(crate) fn is_login(self) -> bool {
        matches!(self, Self::Token | Self::Authorize)
    }

    /// Returns the permissions of which one is sufficient; operational events require all.
    pub(crate) fn permissions(self) -> &'static [&'static str] {
        match self {
            Self::Token | Self::Authorize => &[],
            Self::OrganizationQuery | Self::OrganizationResults => {
                &["oauth:client:view", "usage:organization:view"]
            }
            Self::SimpleSearch | Self::SimpleSearchResults => {
                &["oauth:client:view", "usage:simpleSearch:view"]
            }
            Self::ClientQuery | Self::ClientResults | Self::ClientSummary => {
                &["oauth:client:view", "usage:client:view"]
            }
            Self::OrganizationJob | Self::OrganizationJobResults => &["usage:organization:view"],
            Self::ClientJob | Self::ClientJobResults => &["usage:client:view"],
            Self::EventDefinitions | Self::EventDefinition | Self::EventQuery | Self::EventAggregates => {
                &["usage:events:view"]
            }
            Self::OAuthClients => &["oauth:client:view"],
            // The service documents no permissions for these two. They have one here so that a refusal can be tested.
            Self::Users => &["directory:user:view"],
            Self::OrganizationMe => &["directory:organization:view"],
        }
    }
}

/// Method, path and operation. The results of clients have the execution id last, others before `/results`.
const ROUTES: &[(Method, &str, Operation)] = &[
    (Method::POST, "/oauth/token", Operation::Token),
    (Method::GET, "/oauth/authorize", Operation::Authorize),
    (Method::POST, "/api/v2/usage/query", Operation::OrganizationQuery),
    (Method::GET, "/api/v2/usage/query/{executionId}/results", Operation::OrganizationResults),
    (Method::POST, "/api/v2/usage/simplesearch", Operation::SimpleSearch),
    (Method::GET, "/api/v2/usage/simplesearch/{executionId}/results", Operation::SimpleSearchResults),
    (Method::POST, "/api/v2/oauth/clients/{clientId}/usage/query", Operation::ClientQuery),
    (
        Method::GET,
        "/api/v2/oauth/clients/{clientId}/usage/query/results/{executionId}",
        Operation::ClientResults,
    ),
    (Method::GET, "/api/v2/oauth/clients/{clientId}/usage/summary", Operation::ClientSummary),
    (Method::POST, "/api/v2/usage/aggregates/query/jobs", Operation::OrganizationJob),
    (Method::GET, "/api/v2/usage/aggregates/query/jobs/{jobId}", Operation::OrganizationJobResults),
    (Method::POST, "/api/v2/usage/client/{clientId}/aggregates/query/jobs", Operation::ClientJob),
    (
        Method::GET,
        "/api/v2/usage/client/{clientId}/aggregates/query/jobs/{jobId}",
        Operation::ClientJobResults,
    ),
    (Method::GET, "/api/v2/usage/events/definitions", Operation::EventDefinitions),
    (Method::GET, "/api/v2/usage/events/definitions/{eventDefinitionId}", Operation::EventDefinition),
    (Method::POST, "/api/v2/usage/events/query", Operation::EventQuery),
    (Method::POST, "/api/v2/usage/events/aggregates/query", Operation::EventAggregates),
    (Method::GET, "/api/v2/oauth/clients", Operation::OAuthClients),
    (Method::GET, "/api/v2/users", Operation::Users),
    (Method::GET, "/api/v2/organizations/me", Operation::OrganizationMe),
];

/// An operation and the values of its path parameters, percent-decoded.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) operation: Operation,
    parameters: Vec<(&'static str, String)>,
}

impl Route {
    /// Returns the operation of `method` and `path`; 404 if no path matches, 405 if only the method does not.
    pub(crate) fn find(method: &Method, path: &str) -> Result<Self, Problem> {
        let mut allowed = Vec::new();
        for (route_method, template, operation) in ROUTES {
            let Some(parameters) = fit(template, path) else { continue };
            if route_method == method {
                return Ok(Self { operation: *operation, parameters });
            }
            allowed.push(route_method.as_str());
        }
        Err(if allowed.is_empty() {
            Problem::no_such_path(path)
        } else {
            Problem::method_not_allowed(&allowed.join(", "))
        })
    }

    /// Returns the path parameter `name`, or an empty text if the route has none.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }
}

/// Dot segments are not resolved, and empty segments match no parameter.
fn fit(template: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let (mut wanted, mut found) = (template.split('/'), path.split('/'));
    let mut parameters = Vec::new();
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return Some(parameters),
            (Some(wanted), Some(found)) => {
                let found = percent_decode_str(found).decode_utf8().ok()?;
                match wanted.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
                    Some(name) if !found.is_empty() => parameters.push((name, found.into_owned())),
                    None if wanted == found => {}
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(method: &Method, path: &str) -> Result<Route, u16> {
        Route::find(method, path).map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn every_route_is_found_and_its_parameters_decoded() {
        let route = find(&Method::GET, "/api/v2/oauth/clients/a%2Fb%20c/usage/query/results/%C3%A4").unwrap();
        assert_eq!(route.operation, Operation::ClientResults);
        assert_eq!((route.parameter("clientId"), route.parameter("executionId")), ("a/b c", "ä"));
        assert_eq!(route.parameter("jobId"), "");
        for (method, template, operation) in ROUTES {
            assert_eq!(find(method, template).unwrap().operation, *operation);
        }
    }

    #[test]
    fn a_known_path_with_another_method_is_405() {
        assert_eq!(find(&Method::GET, "/api/v2/usage/query").unwrap_err(), 405);
        assert_eq!(find(&Method::DELETE, "/oauth/token").unwrap_err(), 405);
        for path in [
            "",
            "/",
            "*",
            "/api/v2/usage/query/",
            "/api/v2/usage/query//results",
            "/api/v2/usage/query/%FF/results",
        ] {
            assert_eq!(find(&Method::GET, path).unwrap_err(), 404, "{path}");
        }
    }
}
