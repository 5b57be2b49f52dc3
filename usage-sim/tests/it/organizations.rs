//! Several organizations behind one host.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Request, Response};
use usage_sim::{Organizations, ServeOptions, Simulator, SimulatorConfig, VirtualClock, serve};

use crate::support::{json, start, text};
use crate::wire::Connection;

fn organization(seed: u64, name: &str) -> Simulator {
    Simulator::new(SimulatorConfig::default().with_seed(seed).with_organization_name(name))
}

fn three() -> Organizations {
    let mut organizations = Organizations::from(organization(1, "first"));
    assert_eq!(organizations.add(organization(2, "second")), Ok(1));
    assert_eq!(organizations.add(organization(3, "third")), Ok(2));
    organizations
}

fn ask(organizations: &Organizations, request: http::request::Builder, body: &str) -> Response<Vec<u8>> {
    organizations.handle(start(), request.body(body.as_bytes().to_vec()).unwrap()).response
}

fn log_in(organizations: &Organizations, id: &str, secret: &str) -> Response<Vec<u8>> {
    let request = Request::post("/oauth/token")
        .header("Authorization", format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))))
        .header("Content-Type", "application/x-www-form-urlencoded");
    ask(organizations, request, "grant_type=client_credentials")
}

#[test]
fn the_credential_selects_the_organization() {
    let organizations = three();
    assert_eq!(organizations.len(), 3);
    for (index, name) in ["First", "Second", "Third"].into_iter().enumerate() {
        let (id, secret) = {
            let simulator = organizations.get(index).unwrap();
            (simulator.client_id().to_owned(), simulator.client_secret().to_owned())
        };
        let token = json(&log_in(&organizations, &id, &secret));
        let bearer = format!("Bearer {}", text(&token, "access_token"));
        let me = Request::get("/api/v2/organizations/me").header("Authorization", bearer);
        assert_eq!(json(&ask(&organizations, me, ""))["name"], name);
        assert_eq!(organizations.get(index).unwrap().journal().len(), 2);
    }
}

#[test]
fn a_public_client_is_recognized_by_its_form_and_a_browser_by_its_query() {
    let organizations = three();
    let id = organizations.get(2).unwrap().client_id().to_owned();
    let authorize =
        format!("/oauth/authorize?client_id={id}&response_type=token&redirect_uri=http://localhost/cb");
    let location = ask(&organizations, Request::get(authorize), "").headers()["location"].clone();
    assert!(location.to_str().unwrap().contains("access_token="), "{location:?}");
    let form = format!("grant_type=authorization_code&code=x&client_id={id}");
    let request = Request::post("/oauth/token").header("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(ask(&organizations, request, &form).status(), 400);
    assert_eq!(organizations.get(2).unwrap().journal().len(), 2);
}

#[test]
fn unknown_credentials_are_refused_by_the_first_organization() {
    let organizations = three();
    assert_eq!(log_in(&organizations, "stranger", "secret").status(), 400);
    for request in [
        Request::get("/api/v2/organizations/me"),
        Request::get("/api/v2/organizations/me").header("Authorization", "Bearer short"),
        Request::get("/api/v2/organizations/me").header("Authorization", "Bearer üüüüüüüüüüüüüüüü"),
    ] {
        assert_eq!(ask(&organizations, request, "").status(), 401);
    }
    assert_eq!(organizations.first().journal().len(), 4);
    assert!(organizations.get(3).is_none());
}

#[test]
fn one_seed_or_client_id_is_one_organization() {
    let mut organizations = three();
    let config = SimulatorConfig::default().with_seed(2);
    assert!(organizations.add(Simulator::new(config.clone())).is_err());
    let same_seed =
        organizations.add(Simulator::new(config.clone().with_client("other", "secret"))).unwrap_err();
    assert!(same_seed.to_string().contains("\"other\""));
    let same_id = SimulatorConfig::default().with_seed(9).with_client(config.client_id(), "secret");
    assert!(organizations.add(Simulator::new(same_id)).is_err());
    assert_eq!(organizations.len(), 3);
}

#[test]
fn one_listener_serves_all() {
    let options = ServeOptions::default().with_clock(VirtualClock::new(start()));
    let server = serve(three(), options).unwrap();
    let token = server.organization(1).unwrap().issue_token(start());
    let head = format!(
        "GET /api/v2/organizations/me HTTP/1.1\r\nHost: sim\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    let mut connection = Connection::new(&server);
    let (_, body) = connection.send(head).answer();
    let organization: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(organization["name"], "Second");
    assert_eq!((server.organizations().len(), server.organization(1).unwrap().journal().len()), (3, 1));
    assert!(server.simulator().journal().is_empty());
}

#[test]
fn varied_organizations_differ_in_size() {
    let organizations = Organizations::varied(200, 1);
    assert_eq!(organizations.len(), 200);
    let requests = |index: usize| -> u64 {
        let mut simulator = organizations.get(index).unwrap();
        let token = simulator.issue_token(start());
        let send = |simulator: &mut Simulator, method: &str, target: &str, body: &str, seconds| {
            let request = Request::builder()
                .method(method)
                .uri(target)
                .header("Authorization", format!("Bearer {token}"));
            let request =
                request.header("Content-Type", "application/json").body(body.as_bytes().to_vec()).unwrap();
            let now = start().saturating_add(std::time::Duration::from_secs(seconds));
            json(&simulator.handle(now, request).response)
        };
        let submit = r#"{"interval":"2026-07-01/2026-07-01","groupBy":["OrganizationId"]}"#;
        let submitted = send(&mut simulator, "POST", "/api/v2/usage/query", submit, 0);
        let results = send(&mut simulator, "GET", text(&submitted, "resultsUri"), "", 5);
        results["results"][0]["requests"].as_u64().unwrap()
    };
    let (large, tiny, huge) = (requests(0), requests(1), requests(4));
    assert!(tiny * 30 < large && huge > large * 2, "{tiny} {large} {huge}");
}
