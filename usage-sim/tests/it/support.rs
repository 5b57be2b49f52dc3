//! A minimal client that makes no decisions.

use std::time::Duration;

use http::{Request, Response, StatusCode};
use serde_json::Value;
use usage_core::{Date, Timestamp};
use usage_sim::{Reply, Simulator, SimulatorConfig};

/// Wednesday, 8 July 2026, around nine in the morning.
pub(crate) fn start() -> Timestamp {
    "2026-07-08".parse::<Date>().unwrap().start().saturating_add(Duration::from_secs(9 * 3600))
}

/// A service with a token, and its time.
pub(crate) struct Bench {
    pub(crate) service: Simulator,
    pub(crate) now: Timestamp,
    pub(crate) token: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(SimulatorConfig::default().with_rate_limit(u32::MAX))
    }

    pub(crate) fn with(config: SimulatorConfig) -> Self {
        let mut service = Simulator::new(config);
        let token = service.issue_token(start());
        Self { service, now: start(), token }
    }

    pub(crate) fn request(&self, method: &str, target: &str, body: &str) -> Request<Vec<u8>> {
        Request::builder()
            .method(method)
            .uri(target)
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Content-Type", "application/json")
            .body(body.as_bytes().to_vec())
            .unwrap()
    }

    pub(crate) fn reply(&mut self, method: &str, target: &str, body: &str) -> Reply {
        let request = self.request(method, target, body);
        self.service.handle(self.now, request)
    }

    pub(crate) fn get(&mut self, target: &str) -> Response<Vec<u8>> {
        self.reply("GET", target, "").response
    }

    pub(crate) fn post(&mut self, target: &str, body: &str) -> Response<Vec<u8>> {
        self.reply("POST", target, body).response
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        self.now = self.now.saturating_add(Duration::from_secs(seconds));
    }

    /// Starts a query, and returns its results URI.
    pub(crate) fn submit(&mut self, target: &str, body: &str) -> String {
        let response = if body.is_empty() { self.get(target) } else { self.post(target, body) };
        assert_eq!(response.status(), StatusCode::OK, "{}", String::from_utf8_lossy(response.body()));
        json(&response)["resultsUri"].as_str().unwrap().to_string()
    }

    /// Runs a query to its end, and returns its rows.
    pub(crate) fn rows(&mut self, target: &str, body: &str) -> Vec<Value> {
        let results = self.submit(target, body);
        self.wait(3);
        let answer = json(&self.get(&results));
        assert_eq!(answer["queryStatus"], "Complete");
        answer["results"].as_array().unwrap().clone()
    }

    /// Runs a job to its end, and returns the rows of all its pages, which are as long as possible.
    pub(crate) fn job_rows(&mut self, target: &str, body: &str) -> Vec<Value> {
        let results = self.submit(target, body);
        self.wait(3);
        self.pages(&format!("{results}?pageSize=1000")).concat()
    }

    /// Returns the pages from the one at `uri` to the last, following `nextUri`.
    pub(crate) fn pages(&mut self, uri: &str) -> Vec<Vec<Value>> {
        let mut pages = Vec::new();
        let mut next = Some(uri.to_string());
        while let Some(uri) = next {
            let page = json(&self.get(&uri));
            assert_eq!((&page["queryStatus"], &page["selfUri"]), (&"Succeeded".into(), &uri.into()));
            pages.push(page["entities"].as_array().unwrap().clone());
            next = page["nextUri"].as_str().map(str::to_string);
        }
        pages
    }

    pub(crate) fn client_jobs(&self, name: &str) -> String {
        let path = self.client_path(name, "");
        let id = path.strip_prefix("/api/v2/oauth/clients/").and_then(|rest| rest.strip_suffix("/usage/"));
        format!("/api/v2/usage/client/{}/aggregates/query/jobs", id.unwrap())
    }

    pub(crate) fn own_path(&self, rest: &str) -> String {
        format!("/api/v2/oauth/clients/{}/usage/{rest}", self.service.client_id())
    }

    /// Returns the path of the client with this name.
    pub(crate) fn client_path(&self, name: &str, rest: &str) -> String {
        let clients = self.service.oauth_clients(self.now);
        let client = clients.iter().find(|client| client.name == name).unwrap();
        format!("/api/v2/oauth/clients/{}/usage/{rest}", client.id)
    }
}

pub(crate) fn json(response: &Response<Vec<u8>>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

pub(crate) fn text<'a>(row: &'a Value, member: &str) -> &'a str {
    row[member].as_str().unwrap_or_else(|| panic!("{member} in {row}"))
}

pub(crate) fn sum(rows: &[Value], member: &str) -> u64 {
    rows.iter().map(|row| row[member].as_u64().unwrap()).sum()
}
