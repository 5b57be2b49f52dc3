//! Every operation of the API, against the simulated service over a socket: `docs/coverage.md` of the core names
//! these tests.

use usage_core::events::{EventAggregatesQuery, EventDefinitionById, EventDefinitions, EventQuery};
use usage_core::model::{Dimension, Granularity, SortBy, SortOrder};
use usage_core::platform::{OAuthClients, OrganizationMe, Users};
use usage_core::query::{
    ClientJob, ClientQuery, ClientSummary, OrganizationJob, OrganizationQuery, SimpleSearch,
};
use usage_core::{ClientId, Interval, UsageTable};

use crate::support::{START, World, world};

fn june() -> Interval {
    "2026-06-01/2026-06-30".parse().unwrap()
}

fn some_client(world: &World) -> ClientId {
    world.server.simulator().oauth_clients(START)[0].id.parse().unwrap()
}

fn requests(table: &UsageTable) -> u64 {
    table.iter().filter_map(|row| row.requests()).sum()
}

#[test]
fn organization_query() {
    let rows = world().client.run(OrganizationQuery::new(june())).unwrap();
    assert!(requests(&rows) > 0);
}

#[test]
fn simple_search() {
    let rows = world().client.run(SimpleSearch::new(june())).unwrap();
    assert!(rows.len() > 1000);
}

#[test]
fn client_query() {
    let world = world();
    let rows = world.client.run(ClientQuery::new(some_client(&world), june())).unwrap();
    assert!(requests(&rows) > 0);
}

#[test]
fn client_summary() {
    let world = world();
    let rows = world.client.run(ClientSummary::new(some_client(&world))).unwrap();
    assert!(requests(&rows) > 0);
}

#[test]
fn organization_job() {
    let world = world();
    let job = OrganizationJob::new(june())
        .with_granularity(Granularity::Day)
        .with_group_by([Dimension::OAuthClientId, Dimension::OAuthClientName, Dimension::TemplateUri])
        .with_sort_by([SortBy::new("requestCount", SortOrder::Desc)]);
    let rows = world.client.run(job).unwrap();
    assert!(rows.len() > 1000, "several pages");
    let counts: Vec<_> = rows.iter().map(|row| row.requests().unwrap()).collect();
    assert!(counts.is_sorted_by(|a, b| a >= b));
    let row = rows.row(0).unwrap();
    assert!(row.client_id().is_some() && row.client_name().is_some() && row.date().is_some());
}

#[test]
fn client_job() {
    let world = world();
    let job = ClientJob::new(some_client(&world), june());
    let by_platform = world.client.run(job.clone().with_group_by([Dimension::Platform])).unwrap();
    assert!(by_platform.iter().all(|row| row.platform().is_some()));
    let by_method = world.client.run(job.with_group_by([Dimension::HttpMethod])).unwrap();
    assert_eq!(requests(&by_platform), requests(&by_method));
}

#[test]
fn event_definitions() {
    let world = world();
    let listing = world.client.call(EventDefinitions).unwrap();
    let first = &listing.entities[0];
    let id = first.id.as_deref().unwrap().parse().unwrap();
    assert_eq!(&world.client.call(EventDefinitionById::new(id)).unwrap(), first);
}

#[test]
fn event_query() {
    let world = world();
    let mut query = EventQuery::new("2026-06-01/2026-06-07".parse().unwrap()).with_page_size(10);
    let (mut events, mut pages) = (0, 0);
    loop {
        let page = world.client.call(query.clone()).unwrap();
        events += page.entities.len();
        pages += 1;
        match page.next().unwrap() {
            Some(cursor) => query = query.with_after(cursor),
            None => break,
        }
    }
    assert!(pages > 1 && events > 10, "{events} on {pages}");
}

#[test]
fn event_aggregates() {
    let world = world();
    let interval: Interval = "2026-06-01/2026-06-07".parse().unwrap();
    let aggregates = world.client.call(EventAggregatesQuery::new(interval)).unwrap();
    assert!(aggregates.event_definition_aggregates.iter().any(|entry| entry.event_count > Some(0)));
}

#[test]
fn users() {
    let world = world();
    let rows = world.client.run(OrganizationQuery::new(june()).with_group_by([Dimension::UserId])).unwrap();
    let ids: Vec<_> = rows.iter().filter_map(|row| row.user_id()).map(|id| id.parse().unwrap()).collect();
    let listing = world.client.call(Users::by_ids(ids.clone())).unwrap();
    assert_eq!(listing.entities.len(), ids.len());
    assert!(listing.entities.iter().all(|user| user.name.is_some()) && listing.next_page().is_none());
}

#[test]
fn oauth_clients() {
    let world = world();
    let rows = world.client.run(OrganizationQuery::new(june())).unwrap();
    let listing = world.client.call(OAuthClients::default()).unwrap();
    for row in &rows {
        let entry = listing.entities.iter().find(|entry| entry.id.as_deref() == row.client_id()).unwrap();
        assert_eq!(entry.name.as_deref(), row.client_name());
    }
}

#[test]
fn organization_me() {
    let world = world();
    let organization = world.client.call(OrganizationMe).unwrap();
    assert_eq!(organization.id.as_deref(), Some(world.server.simulator().organization_id()));
    assert!(organization.name.is_some());
}
