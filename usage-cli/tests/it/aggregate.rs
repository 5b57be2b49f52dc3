//! `genesys-usage aggregate`: a long range as one table.

use serde_json::Value;

use crate::support::{Ran, Service, TRANSPORTS, config, program};

fn rows(service: &Service, arguments: &[&str]) -> Vec<Value> {
    let json = service.run(&[&["aggregate", "--format", "json"], arguments].concat()).well();
    let document: Value = serde_json::from_str(&json).unwrap();
    document["rows"].as_array().unwrap().clone()
}

fn requests(rows: &[Value]) -> Vec<u64> {
    rows.iter().map(|row| row["requests"].as_u64().unwrap()).collect()
}

/// The bodies of the submits, oldest first.
fn bodies(service: &Service) -> Vec<Value> {
    let journal = service.server.simulator().journal().to_vec();
    let submits = journal.iter().filter(|entry| entry.started.is_some());
    submits.map(|entry| serde_json::from_slice(&entry.body).unwrap()).collect()
}

#[test]
fn a_long_range_is_one_table_over_every_transport() {
    let service = Service::new();
    let arguments = ["--last", "200d", "--group-by", "platform", "--sort", "requests:desc"];
    let tables =
        TRANSPORTS.map(|transport| rows(&service, &[&arguments[..], &["--transport", transport]].concat()));
    assert!(tables.iter().all(|table| *table == tables[0]));
    assert_eq!(bodies(&service).len(), 9);
    let sorted = requests(&tables[0]);
    assert!(sorted.len() > 1 && sorted.is_sorted_by(|one, other| one >= other), "{sorted:?}");
    let mut platforms: Vec<_> = tables[0].iter().map(|row| row["platform"].as_str().unwrap()).collect();
    platforms.sort_unstable();
    platforms.dedup();
    assert_eq!(platforms.len(), tables[0].len(), "a platform has two rows");

    // The same days in parts.
    let parts = bodies(&service);
    let parts = parts[..3].iter().map(|body| body["interval"].as_str().unwrap());
    let parts = parts.map(|part| rows(&service, &["--interval", part, "--group-by", "platform"]));
    let sum: u64 = parts.flat_map(|rows| requests(&rows)).sum();
    assert_eq!(sorted.iter().sum::<u64>(), sum);
    // One token for all parts of a run.
    let tokens =
        service.server.simulator().journal().iter().filter(|entry| entry.target == "/oauth/token").count();
    assert_eq!(tokens, 3 + 3);
}

#[test]
fn buckets_that_a_split_cut_are_whole() {
    let service = Service::new();
    let total: u64 = requests(&rows(&service, &["--last", "100d", "--group-by", "platform"])).iter().sum();
    for (granularity, most) in [("week", 16), ("month", 5), ("day", 100)] {
        let rows = rows(
            &service,
            &[
                "--last",
                "100d",
                "--client",
                service.client_id(),
                "--group-by",
                "organization",
                "--granularity",
                granularity,
            ],
        );
        let mut dates: Vec<_> = rows.iter().map(|row| row["date"].as_str().unwrap()).collect();
        assert!(dates.is_sorted() && dates.len() <= most, "{dates:?}");
        dates.dedup();
        assert_eq!(dates.len(), rows.len(), "a {granularity} has two rows");
        let sum = requests(&rows).iter().sum::<u64>();
        assert!(sum > 0 && sum < total);
    }
}

#[test]
fn the_service_gets_the_whole_query() {
    let service = Service::new();
    let arguments = [
        "--last",
        "3d",
        "--group-by",
        "client,client-name,user,uri,method,platform",
        "--granularity",
        "Day",
        "--metrics",
        "requests,status429",
        "--sort",
        "date,requests:desc,client-name:asc",
        "--uri",
        "api/v2/users",
        "--method",
        "get",
        "--method",
        "HEAD",
        "--platform",
        "api",
        "--user",
        "u",
        "--oauth-client",
        "c",
        "--oauth-client",
        "d",
    ];
    rows(&service, &arguments);
    let mut body = bodies(&service).remove(0);
    body["interval"].take();
    let wanted = serde_json::json!({
        "interval": null, "granularity": "Day", "metrics": ["Requests", "Status429"],
        "sortBy": [
            {"fieldName": "date", "order": "Asc"}, {"fieldName": "requestCount", "order": "Desc"},
            {"fieldName": "oauthClient.name", "order": "Asc"},
        ],
        "templateUris": ["api/v2/users"], "httpMethods": ["GET", "HEAD"], "platforms": ["api"],
        "groupBy": ["OauthClientId", "OauthClientName", "UserId", "TemplateUri", "HttpMethod", "Platform"],
        "userIds": ["u"], "oauthClientIds": ["c", "d"],
    });
    assert_eq!(body, wanted);

    rows(
        &service,
        &["--last", "3d", "--client", service.client_id(), "--organization", "o", "--sort", "organization"],
    );
    let body = bodies(&service).remove(1);
    assert_eq!(body["organizationIds"], serde_json::json!(["o"]));
    assert_eq!(body["sortBy"][0]["fieldName"], "organizationId");
}

#[test]
fn several_parts_are_told_of() {
    let service = Service::new();
    let ran = service.run(&["aggregate", "--last", "100d", "--group-by", "platform", "-v"]);
    for text in ["] part 1 of 2: submitted: execution ", "] part 2 of 2: page 1 arrived, the last one"] {
        assert!(ran.stderr.contains(text), "{text:?} is not in {}", ran.stderr);
    }
    let ran = service.run(&["aggregate", "--last", "2d", "--group-by", "platform", "-v"]);
    assert!(ran.code == Some(0) && !ran.stderr.contains("part 1"), "{}", ran.stderr);
}

#[test]
fn the_deadline_is_one_for_all_parts() {
    let service = Service::with(config().with_execution_time(std::time::Duration::from_millis(1500)));
    let arguments = ["aggregate", "--last", "350d", "--group-by", "platform", "--deadline", "4s"];
    let ran = service.run(&arguments).failed(4, &["one of several; with --state FILE"]);
    assert!(!ran.stderr.contains("--attach"), "{ran:?}");
    assert!(bodies(&service).len() < 4);
}

#[test]
fn it_runs_against_the_built_in_simulator() {
    let arguments = ["aggregate", "--last", "100d", "--group-by", "platform", "--simulate"];
    let ran = Ran::of(program(&arguments).args(["--initial-delay", "1300ms"]));
    assert!(ran.well().contains("\nTotal"));
}

#[test]
fn a_job_can_be_attached_to() {
    let service = Service::new();
    let arguments = ["aggregate", "--last", "3d", "--group-by", "platform", "--format", "json"];
    let wanted = service.run(&arguments).well();
    let journal = service.server.simulator().journal().to_vec();
    let id = journal.iter().find_map(|entry| entry.started.clone()).unwrap();
    let attached = service.run(&["aggregate", "--attach", &id, "--format", "json"]).well();
    let [wanted, attached] = [&wanted, &attached].map(|text| serde_json::from_str::<Value>(text).unwrap());
    assert_eq!(attached["rows"], wanted["rows"]);
    // The service does not tell what was asked, and when.
    let scope = serde_json::json!({"family": "organization-job", "complete": true, "missing": []});
    assert_eq!(attached["scope"], scope);
    let ran = service.run(&["aggregate", "--attach", &id, "--last", "100d"]);
    ran.failed(2, &["an execution is over 90 days at most"]);
}

#[test]
fn wrong_usage_is_said_before_anything_is_sent() {
    let service = Service::new();
    let client = ["--client", service.client_id()];
    let last = ["aggregate", "--last", "3d"];
    for (arguments, text) in [
        (&["--user", "x"][..], "cannot be used with"),
        (&["--oauth-client", "x"], "cannot be used with"),
        (&["--group-by", "user"], "cannot group by UserId"),
        (&["--group-by", "client-name"], "cannot group by OauthClientName"),
        (&["--sort", "client"], "--sort client:asc: rows have no such member with --client"),
        (&["--method", "TRACE"], "[possible values: GET, POST, DELETE, PATCH, PUT, HEAD]"),
    ] {
        service.run(&[&last[..], &client, arguments].concat()).failed(2, &[text]);
    }
    for (arguments, text) in [
        (&["--organization", "x"][..], "--client <ID>"),
        (&["--group-by", "organization"], "cannot group by OrganizationId"),
        (&["--sort", "organization"], "rows have no such member without --client"),
        (&["--sort", "requests:up"], "'up' is neither asc nor desc"),
        (&["--sort", "weather"], "rows have no 'weather'; they have requests, "),
    ] {
        service.run(&[&last[..], arguments].concat()).failed(2, &[text]);
    }
    service.run(&["aggregate"]).failed(2, &["which period?"]);
    service.run(&["aggregate", "--last", "400d"]).failed(2, &["looks back one year"]);
    service.run(&["aggregate", "--last", "36600d"]).failed(2, &["looks back one year"]);
    assert!(service.server.simulator().journal().is_empty());
}

#[test]
fn a_whole_year_is_one_table() {
    let service = Service::new();
    let rows =
        service.run(&["aggregate", "--last", "365d", "--group-by", "platform", "--format", "jsonl"]).well();
    let platforms: Vec<_> = rows.lines().map(|row| row.split("\"requests\"").next().unwrap()).collect();
    let mut different = platforms.clone();
    different.sort_unstable();
    different.dedup();
    assert!(platforms.len() > 1 && different.len() == platforms.len(), "each platform is one row: {rows}");
    let journal = service.server.simulator().journal().to_vec();
    assert_eq!(journal.iter().filter(|entry| entry.started.is_some()).count(), 5);
    service.run(&["aggregate", "--last", "367d"]).failed(2, &["looks back one year"]);
}
