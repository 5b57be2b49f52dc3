//! The listing of OAuth clients.

use usage_sim::{Operation, SimulatorConfig};

use crate::support::{Bench, json, start};

const CLIENTS: &str = "/api/v2/oauth/clients";

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
fn wants_a_permission_of_its_own() {
    let config = SimulatorConfig::default().with_permissions(["usage:organization:view"]);
    let response = Bench::with(config).get(CLIENTS);
    assert_eq!(
        (response.status().as_u16(), &json(&response)["code"]),
        (403, &"missing.any.permissions".into())
    );
}
