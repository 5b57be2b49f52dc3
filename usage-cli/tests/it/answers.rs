//! Responses that do not come from the service: proxies, captive portals, and what `doctor` reports about them.

use serde_json::Value;
use usage_sim::{Fault, Match, Rule};

use crate::support::{Ran, Service, TRANSPORTS};

fn answer(status: u16, content_type: Option<&str>, body: &str) -> Fault {
    let headers = content_type.map(|name| ("content-type".to_owned(), name.to_owned())).into_iter().collect();
    Fault::StatusWith { status, headers, body: body.into() }
}

const PORTAL: &str = "<!DOCTYPE html><html><head><style>h1 { color: red }</style><title>Guest\u{1b}[31m network</title></head>\
                      <body><h1>Sign in</h1></body></html>";

fn page(status: u16) -> Fault {
    answer(status, Some("text/html; charset=utf-8"), PORTAL)
}

#[track_caller]
fn failed(ran: Ran, code: i32, texts: &[&str]) {
    assert!(!ran.stderr.contains('\u{1b}') && !ran.stderr.contains("<h1>"), "{ran:?}");
    assert!(!ran.stderr.contains("permissions:"), "{ran:?}");
    ran.failed(code, texts);
}

#[test]
fn a_page_in_the_services_place_is_named_with_its_host() {
    for (on, transport) in [Match::Token, Match::Submit, Match::Results].into_iter().zip(TRANSPORTS) {
        for (fault, shown) in [
            (page(200), "200 OK with text/html: Guest [31m network Sign in"),
            (page(403), "403 Forbidden with text/html: Guest [31m network Sign in"),
            (page(407), "407 Proxy Authentication Required with text/html: Guest"),
            (page(404), "404 Not Found with text/html: Guest"),
            (
                answer(200, Some("text/plain"), "blocked by policy"),
                "200 OK with text/plain: blocked by policy",
            ),
            (answer(200, Some("text/html"), ""), "200 OK with text/html but no text"),
            (answer(200, None, ""), "200 OK with no text"),
        ] {
            let service = Service::misbehaving([Rule::new(on.clone(), fault).always()]);
            let ran = service.run(&["query", "--last", "1d", "--transport", transport]);
            let host = format!("{} gave this answer ({shown}", service.server.url());
            assert!(!ran.stderr.contains("check the credential"), "{ran:?}");
            failed(ran, 5, &[&host, "does a proxy, a captive portal or a gateway answer in its place?"]);
        }
    }
}

#[test]
fn a_proxy_that_wants_credentials_says_so() {
    let service = Service::misbehaving([Rule::new(Match::Submit, page(407)).always()]);
    let ran = service.run(&["query", "--last", "1d"]);
    failed(ran, 5, &["407", "HTTPS_PROXY=http://user:password@host:port"]);
}

#[test]
fn a_service_that_is_out_of_order_has_advice() {
    for fault in [page(503), Fault::Status(503)] {
        let service = Service::misbehaving([Rule::new(Match::Submit, fault).always()]);
        let ran = service.run(&["query", "--last", "1d"]);
        failed(ran, 5, &["503", "hint: the service, or what stands before it, is out of order"]);
    }
}

#[test]
fn permissions_are_spoken_of_only_where_the_code_does() {
    let refusal =
        |code: &str| answer(403, Some("application/json"), &format!(r#"{{"code":"{code}","message":"no"}}"#));
    for (code, is) in [
        ("missing.permissions", true),
        ("missing.any.permissions", true),
        ("not.authorized", false),
        ("ip.address.blocked", false),
    ] {
        let service = Service::misbehaving([Rule::new(Match::Submit, refusal(code)).always()]);
        let ran = service.run(&["query", "--last", "1d"]);
        assert_eq!(ran.stderr.contains("needs any one of these permissions"), is, "{ran:?}");
        ran.failed(3, &[code]);
    }
}

#[test]
fn what_is_wrong_in_particular_is_shown() {
    let body = r#"{"code":"bad.request","message":"The request is bad","details":[{"errorCode":"invalid.date","fieldName":"interval"}],
                   "errors":[{"code":"inner.code","message":"inner message"}]}"#;
    let service =
        Service::misbehaving(
            [Rule::new(Match::Submit, answer(400, Some("application/json"), body)).always()],
        );
    let ran = service.run(&["query", "--last", "1d"]);
    ran.failed(1, &["The request is bad (interval: invalid.date; inner.code: inner message)"]);
}

#[test]
fn doctor_tells_a_page_from_a_permission_and_from_a_service_out_of_order() {
    for (on, fault, check, text) in [
        (Match::Token, page(200), "token", "a captive portal"),
        (Match::Token, page(503), "token", "is out of order"),
        (Match::Results, page(403), "permissions", "a captive portal"),
        (Match::Results, page(404), "permissions", "a captive portal"),
        (Match::Results, page(407), "permissions", "HTTPS_PROXY=http://"),
        (Match::Results, Fault::Status(503), "permissions", "is out of order"),
    ] {
        let service = Service::misbehaving([Rule::new(on, fault).always()]);
        let ran = service.run(&["doctor", "--format", "json"]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        let document: Value = serde_json::from_str(&ran.stdout).unwrap();
        let checks = document["checks"].as_array().unwrap();
        let failed = checks.iter().find(|found| found["name"] == check && found["verdict"] == "failed");
        let failed = failed.unwrap_or_else(|| panic!("{checks:#?}"));
        assert!(failed["fix"].as_str().unwrap_or_default().contains(text), "{failed}");
        assert!(
            !checks.iter().any(|found| found["name"] == "permissions" && found["verdict"] == "ok"),
            "{checks:#?}"
        );
    }
}
