//! `postUsageQuery`: the whole organisation.

use usage_core::model::Dimension;

use super::{Body, Horizon, grouped_query};
use crate::aggregate::Plan;
use crate::reply::Problem;

/// Spelled out: the jobs have dimensions that this query does not take.
const DIMENSIONS: &[Dimension] = &[
    Dimension::OAuthClientId,
    Dimension::OrganizationId,
    Dimension::UserId,
    Dimension::TemplateUri,
    Dimension::HttpMethod,
];

/// The plan of an `ApiUsageOrganizationQuery`.
pub(crate) fn organization_query(body: &Body, horizon: Horizon) -> Result<Plan, Problem> {
    grouped_query(body, horizon, DIMENSIONS)
}
