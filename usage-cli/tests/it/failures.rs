//! Failures over every transport: exit code, one line of error, and how to continue.

use std::time::Duration;

use usage_sim::{Fault, Match, Refusing, Rule, WireFault};

use crate::support::{Ran, Service, TRANSPORTS, config, program};

const QUERY: [&str; 3] = ["query", "--last", "1d"];

/// Runs a query over every transport, against a service that misbehaves by `rule`.
#[track_caller]
fn misbehaving(rule: &Rule, code: i32, texts: &[&str]) {
    for transport in TRANSPORTS {
        let service = Service::misbehaving([rule.clone()]);
        service.run(&[&QUERY[..], &["--transport", transport]].concat()).failed(code, texts);
    }
}

#[test]
fn a_query_that_fails_at_the_service() {
    let texts = ["error: the query ended as Failed at the service", "hint: the execution was "];
    misbehaving(&Rule::new(Match::Submit, Fault::FailQuery), 1, &texts);
}

#[test]
fn wrong_credentials() {
    let service = Service::new();
    let mut command = service.command(&QUERY);
    let wrong_secret = Ran::of(command.env("GENESYSCLOUD_OAUTHCLIENT_SECRET", "wrong"));
    wrong_secret
        .failed(3, &["error: not authorised: ", "401 (invalid_client)", "hint: check the credential"]);
    let mut command = service.command(&QUERY);
    let wrong_id = Ran::of(command.env("GENESYSCLOUD_OAUTHCLIENT_ID", "nobody"));
    wrong_id.failed(3, &["error: not authorised: ", "400 (invalid_client)"]);
    let mut command = service.command(&QUERY);
    let wrong_token = Ran::of(command.env("GENESYSCLOUD_ACCESS_TOKEN", "wrong"));
    wrong_token.failed(3, &["error: not authorised: "]);
}

#[test]
fn a_token_that_is_never_accepted() {
    misbehaving(
        &Rule::new(Match::Results, Fault::Status(401)).always(),
        3,
        &["error: not authorised", "--attach "],
    );
}

#[test]
fn a_missing_permission() {
    let service = Service::with(config().with_permissions(["usage:client:view"]));
    let ran = service.run(&QUERY);
    ran.failed(3, &["error: the service answered 403", "oauth:client:view, usage:organization:view"]);
    let ran = service.run(&["search", "--last", "1d", "-v"]);
    let details = [
        "  status: 403 Forbidden",
        "  correlation id: ",
        "  endpoint: usage.simplesearch",
        "usage:simpleSearch:view",
    ];
    ran.failed_after_steps(3, &details);
}

#[test]
fn a_client_that_nobody_knows() {
    let service = Service::new();
    for command in [&["summary"][..], &["query", "--last", "1d"]] {
        let ran = service.run(&[command, &["--client", "nobody"]].concat());
        ran.failed(1, &["error: the service answered 404"]);
    }
}

#[test]
fn an_execution_that_nobody_knows() {
    let ran = Service::new().run(&["query", "--attach", "nothing"]);
    ran.failed(
        1,
        &[
            "error: the service answered 404",
            "hint: an execution is found only by",
            "the execution was nothing",
        ],
    );
}

#[test]
fn a_rate_limit_that_passes() {
    for transport in TRANSPORTS {
        let limited = Fault::RateLimited { retry_after: Some("0".into()) };
        let service = Service::misbehaving(
            [Match::Submit, Match::Results].map(|on| Rule::new(on, limited.clone()).times(2)),
        );
        let table = service.run(&[&QUERY[..], &["--transport", transport]].concat()).well();
        assert!(table.contains("Total of"));
    }
}

#[test]
fn a_rate_limit_that_lasts_for_hours() {
    let limited = Fault::RateLimited { retry_after: Some("7200".into()) };
    let texts = [
        "error: the service limits the rate: it takes the next request at ",
        "hint: the service takes requests again at 2",
    ];
    misbehaving(&Rule::new(Match::Submit, limited.clone()), 4, &texts);
    misbehaving(&Rule::new(Match::Results, limited), 4, &[texts[0], texts[1], "--attach "]);
}

#[test]
fn a_rate_limit_for_good() {
    // Without `Retry-After`, the end of the service's minute counts.
    let limited = Rule::new(Match::Results, Fault::RateLimited { retry_after: None }).always();
    for transport in TRANSPORTS {
        let service = Service::misbehaving([limited.clone()]);
        let arguments = [&QUERY[..], &["--transport", transport, "--deadline", "10s"]].concat();
        let texts = ["error: the service limits the rate: it takes the next request at ", "429", "--attach "];
        service.run(&arguments).failed(4, &texts);
    }
}

#[test]
fn a_service_that_is_out_of_order() {
    let texts = ["error: 5 failed tries in a row, the last: the service answered 503"];
    misbehaving(&Rule::new(Match::Submit, Fault::Status(503)).always(), 5, &texts);
    misbehaving(&Rule::new(Match::Results, Fault::Status(503)).always(), 5, &[texts[0], "--attach "]);
    misbehaving(&Rule::new(Match::Token, Fault::Status(503)).always(), 5, &texts);
}

#[test]
fn nobody_listens() {
    let refusing = Refusing::new().unwrap();
    let url = refusing.url();
    for transport in TRANSPORTS {
        let mut command = program(&QUERY);
        command.args(["--api-url", &url, "--initial-delay", "20ms", "--transport", transport, "-v"]);
        let ran = Ran::of(command.env("GENESYSCLOUD_ACCESS_TOKEN", "token"));
        ran.failed_after_steps(
            5,
            &[
                "error: 5 failed tries in a row, the last: no connection",
                "transport: Connect, sent: No",
                "hint: genesys-usage doctor",
            ],
        );
    }
    // More time would not help.
    let mut command = program(&[&QUERY[..], &["--api-url", &url, "--deadline", "50ms"]].concat());
    let ran = Ran::of(command.env("GENESYSCLOUD_ACCESS_TOKEN", "token"));
    let ran = ran.failed(4, &["error: the deadline passed", "no connection", "hint: genesys-usage doctor"]);
    assert!(!ran.stderr.contains("--deadline"), "{ran:?}");
    let mut command = program(&["events", "definitions", "--api-url", &url, "--initial-delay", "20ms"]);
    Ran::of(command.env("GENESYSCLOUD_ACCESS_TOKEN", "token")).failed(5, &["hint: genesys-usage doctor"]);
}

#[test]
fn bodies_that_are_cut_short() {
    let texts = ["error: 5 failed tries in a row", "--attach "];
    misbehaving(&Rule::new(Match::Results, WireFault::CloseMidBody).always(), 5, &texts);
}

#[test]
fn a_submit_without_an_answer_is_not_repeated() {
    for transport in TRANSPORTS {
        let service = Service::misbehaving([Rule::new(Match::Submit, WireFault::CloseBeforeReply)]);
        let ran = service.run(&[&QUERY[..], &["--transport", transport]].concat());
        ran.failed(5, &["may have been submitted"]);
        let journal = service.server.simulator().journal().len();
        assert_eq!(journal, 2, "a token and one submit");
    }
}

#[test]
fn pages_of_a_gateway() {
    misbehaving(
        &Rule::new(Match::Results, Fault::Html).always(),
        5,
        &["502 with a body that is not JSON", "--attach "],
    );
    let page = Fault::StatusWith {
        status: 200,
        headers: vec![("content-type".into(), "text/html".into())],
        body: b"<html><h1>Log in</h1></html>".to_vec(),
    };
    misbehaving(&Rule::new(Match::Results, page.clone()), 5, &["error: ", "--attach "]);
    misbehaving(&Rule::new(Match::Submit, page), 5, &["error: "]);
}

#[test]
fn redirects_are_not_followed() {
    let redirect = Fault::Redirect("http://127.0.0.1:1/".into());
    misbehaving(
        &Rule::new(Match::Submit, redirect),
        5,
        &["error: the service answered 302", "hint: redirects are not followed"],
    );
}

#[test]
fn pages_that_go_round_in_a_circle() {
    let service = Service::misbehaving([Rule::new(Match::Results, Fault::RepeatCursor).always()]);
    for transport in TRANSPORTS {
        let arguments = ["search", "--last", "30d", "--format", "jsonl", "--transport", transport];
        let ran = service.run(&arguments);
        assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 1000), "{ran:?}");
        assert!(ran.stderr.starts_with("warning: the service's pages repeat: "), "{ran:?}");
    }
}

#[test]
fn a_complete_query_without_a_list_of_rows_is_not_one_without_requests() {
    let page = Fault::StatusWith {
        status: 200,
        headers: vec![("content-type".into(), "application/json".into())],
        body: br#"{"queryStatus":"Complete"}"#.to_vec(),
    };
    let service = Service::misbehaving([Rule::new(Match::Results, page).always()]);
    for transport in TRANSPORTS {
        let ran = service.run(&["query", "--last", "7d", "--format", "json", "--transport", transport]);
        assert!(ran.stderr.contains("sent no list of rows"), "{ran:?}");
        let document: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(
            (&document["scope"]["complete"], document["scope"]["missing"][0].as_str()),
            (&false.into(), Some("lists"))
        );
    }
    let ran = service.run(&["report", "--last", "7d", "--allowance", "100", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["limitations"], serde_json::json!(["missing"]));
    assert!(report["allowance"]["months"][0].get("projected").is_none(), "{report}");
}

#[test]
fn the_deadline_and_the_way_on() {
    for transport in TRANSPORTS {
        let service = Service::with(config().with_execution_time(Duration::from_millis(2500)));
        let query =
            ["query", "--last", "1d", "--group-by", "method", "--format", "json", "--transport", transport];
        let ran = service.run(&[&query[..], &["--deadline", "700ms"]].concat());
        let ran = ran.failed(4, &["error: the deadline passed", "hint: --deadline allows more time"]);
        let id = ran.to_attach();

        let attached = service.run(&["query", "--attach", id, "--format", "json"]).well();
        assert!(attached.contains("\"httpMethod\":\"GET\""));
        // The same command as before works as well, and submits nothing again.
        assert_eq!(service.run(&[&query[..], &["--attach", id]].concat()).well(), attached);
        let submits =
            service.server.simulator().journal().iter().filter(|entry| entry.started.is_some()).count();
        assert_eq!(submits, 1);
    }
}

#[test]
fn a_summary_can_be_gone_on_with() {
    let service = Service::with(config().with_execution_time(Duration::from_secs(2)));
    let summary = ["summary", "--client", service.client_id()];
    let ran = service.run(&[&summary[..], &["--deadline", "700ms"]].concat()).failed(4, &[]);
    service.run(&[&summary[..], &["--attach", ran.to_attach()]].concat()).well();
}

#[test]
fn the_simulators_executions_end_with_it() {
    let ran = Ran::of(&mut program(&["query", "--last", "1d", "--simulate", "--deadline", "700ms"]));
    let ran = ran.failed(4, &["it ended with the simulator"]);
    assert!(!ran.stderr.contains("--attach"));
}

impl Ran {
    /// Like `failed`, with the steps that `-v` prints before the error.
    #[track_caller]
    fn failed_after_steps(mut self, code: i32, texts: &[&str]) {
        let start = self.stderr.find("error: ").unwrap_or_else(|| panic!("no error in {self:?}"));
        assert!(self.stderr[..start].lines().all(|line| line.starts_with('[')), "{self:?}");
        self.stderr.drain(..start);
        self.failed(code, texts);
    }
}
