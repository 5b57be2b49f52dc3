//! The operations outside the Usage API: OAuth clients, users, the organization.

use usage_sim::{ALL_PERMISSIONS, Operation, SimulatorConfig};

use crate::support::{Bench, json, start, text};

const CLIENTS: &str = "/api/v2/oauth/clients";
const USERS: &str = "/api/v2/users";
const ORGANIZATION: &str = "/api/v2/organizations/me";

#[test]
fn lists_the_clients_that_queries_name() {
    let mut bench = Bench::new();
    let listing = json(&bench.get(CLIENTS));
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let entities = listing["entities"].as_array().unwrap();
    let listed: Vec<_> = entities.iter().map(|client| (text(&client["id"]), text(&client["name"]))).collect();
    let known = bench.service.oauth_clients(start());
    assert_eq!(
        listed,
        known.iter().map(|client| (client.id.clone(), client.name.clone())).collect::<Vec<_>>()
    );
    assert_eq!((&listing["total"], &listing["pageNumber"]), (&known.len().into(), &1.into()));
    assert_eq!(bench.service.journal().last().unwrap().operation, Some(Operation::OAuthClients));
}

#[test]
fn lists_the_users_that_queries_name() {
    let mut bench = Bench::new();
    let body = r#"{"interval":"2026-07-01/2026-07-07","groupBy":["UserId"]}"#;
    let rows = bench.rows("/api/v2/usage/query", body);
    let ids: Vec<_> =
        rows.iter().filter_map(|row| row["userId"].as_str()).filter(|id| !id.is_empty()).collect();
    assert!(ids.len() > 30);
    let query: Vec<_> = ids.iter().map(|id| format!("id={id}")).collect();
    let listing = json(&bench.get(&format!("{USERS}?{}&pageSize=100&state=any", query.join("&"))));
    let listed = listing["entities"].as_array().unwrap();
    assert_eq!((listed.len(), &listing["total"]), (ids.len(), &ids.len().into()));
    let names: Vec<_> = bench.service.users().into_iter().map(|user| (user.id, user.name)).collect();
    for user in listed {
        assert!(names.contains(&(text(user, "id").into(), text(user, "name").into())), "{user}");
    }
}

#[test]
fn users_are_listed_in_pages_and_by_state() {
    let mut bench = Bench::new();
    let all = bench.service.users().len();
    let active = json(&bench.get(USERS));
    assert_eq!((&active["pageSize"], &active["pageNumber"]), (&25.into(), &1.into()));
    assert!(active["entities"].as_array().unwrap().iter().all(|user| user["state"] == "active"));
    let mut seen = Vec::new();
    for page in 1..=3 {
        let page = json(&bench.get(&format!("{USERS}?state=any&pageSize=20&pageNumber={page}")));
        assert_eq!((&page["pageCount"], &page["total"]), (&3.into(), &all.into()));
        seen.extend(page["entities"].as_array().unwrap().iter().map(|user| text(user, "id").to_owned()));
    }
    assert_eq!(seen, bench.service.users().into_iter().map(|user| user.id).collect::<Vec<_>>());
    let nobody = json(&bench.get(&format!("{USERS}?id=nobody&state=any")));
    assert_eq!((&nobody["entities"], &nobody["pageCount"]), (&serde_json::json!([]), &0.into()));
    for query in ["state=gone", "pageSize=0", "pageSize=501", "pageNumber=0", "pageNumber=x"] {
        assert_eq!(bench.get(&format!("{USERS}?{query}")).status(), 400, "{query}");
    }
}

#[test]
fn the_organization_has_a_name() {
    let mut bench = Bench::with(SimulatorConfig::default().with_organization_name("north-wind"));
    let organization = json(&bench.get(ORGANIZATION));
    assert_eq!(text(&organization, "id"), bench.service.organization_id());
    assert_eq!(
        (text(&organization, "name"), text(&organization, "thirdPartyOrgName")),
        ("North Wind", "north-wind")
    );
}

#[test]
fn each_operation_requires_its_own_permission() {
    for (path, permission) in [
        (CLIENTS, "oauth:client:view"),
        (USERS, "directory:user:view"),
        (ORGANIZATION, "directory:organization:view"),
    ] {
        let others = ALL_PERMISSIONS.iter().copied().filter(|other| *other != permission);
        let response = Bench::with(SimulatorConfig::default().with_permissions(others)).get(path);
        let (status, body) = (response.status().as_u16(), json(&response));
        assert_eq!((status, &body["code"]), (403, &"missing.any.permissions".into()), "{path}");
        let alone = SimulatorConfig::default().with_permissions([permission]);
        assert_eq!(Bench::with(alone).get(path).status(), 200, "{path}");
    }
}
