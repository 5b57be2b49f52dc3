//! `postUsageQuery`: usage of the organization.

use usage_core::model::Dimension;

use super::{Body, Horizon, grouped_query};
use crate::aggregate::Plan;
use crate::reply::Problem;

/// The dimensions that this query accepts. Jobs accept more.
const DIMENSIONS: &[Dimension] = &[
    Dimension::OAuthClientId,
    Dimension::OrganizationId,
    Dimension::UserId,
    Dimension::TemplateUri,
    Dimension::HttpMethod,
];

/// Reads an `ApiUsageOrganizationQuery`.
pub(crate) fn organization_query(body: &Body, horizon: Horizon) -> Result<Plan, Problem> {
    grouped_query(body, horizon, DIMENSIONS)
}
