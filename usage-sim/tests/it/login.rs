//! The login host: the authorize page and every grant.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Request, Response};
use serde_json::{Value, json as object};
use usage_core::Timestamp;
use usage_sim::{Fault, Match, Operation, Rule, Simulator, SimulatorConfig};

use crate::support::{json, start, text};

const BACK: &str = "http://localhost:8085/callback";
/// The example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const PKCE: [(&str, &str); 2] = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
const SAML: &str = "urn:ietf:params:oauth:grant-type:saml2-bearer";

type Fields<'a> = &'a [(&'a str, &'a str)];

fn form(fields: Fields) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A login host and its time.
struct Login {
    service: Simulator,
    now: Timestamp,
}

impl Login {
    fn new() -> Self {
        Self::with(SimulatorConfig::default())
    }

    fn with(config: SimulatorConfig) -> Self {
        let config = config.with_client("the-client", "the-secret");
        Self { service: Simulator::new(config), now: start() }
    }

    fn authorize(&mut self, fields: Fields) -> Response<Vec<u8>> {
        let uri = format!("https://login.mypurecloud.com/oauth/authorize?{}", form(fields));
        self.service.handle(self.now, Request::get(uri).body(Vec::new()).unwrap()).response
    }

    /// Returns the parameters that come back to [`BACK`], after `separator`.
    fn redirected(&mut self, separator: char, fields: Fields) -> BTreeMap<String, String> {
        let mut all = vec![("client_id", "the-client"), ("redirect_uri", BACK)];
        all.extend_from_slice(fields);
        let response = self.authorize(&all);
        assert_eq!(response.status(), 302, "{}", String::from_utf8_lossy(response.body()));
        let location = response.headers()["location"].to_str().unwrap();
        let answer = location.strip_prefix(BACK).and_then(|rest| rest.strip_prefix(separator)).unwrap();
        form_urlencoded::parse(answer.as_bytes()).into_owned().collect()
    }

    fn code(&mut self, fields: Fields) -> String {
        let mut all = vec![("response_type", "code")];
        all.extend_from_slice(fields);
        self.redirected('?', &all).remove("code").unwrap()
    }

    fn token(&mut self, credentials: Option<(&str, &str)>, fields: Fields) -> Response<Vec<u8>> {
        let mut request = Request::post("https://login.mypurecloud.com/oauth/token")
            .header("Content-Type", "application/x-www-form-urlencoded");
        if let Some((id, secret)) = credentials {
            request = request
                .header("Authorization", format!("Basic {}", STANDARD.encode(format!("{id}:{secret}"))));
        }
        self.service.handle(self.now, request.body(form(fields).into_bytes()).unwrap()).response
    }

    /// Exchanges a code with the client's secret and the fields `more`.
    fn exchange(&mut self, code: &str, more: Fields) -> Response<Vec<u8>> {
        let mut fields = vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", BACK)];
        fields.extend_from_slice(more);
        self.token(OWN, &fields)
    }

    /// Exchanges a code without a secret, with the fields `more`.
    fn exchange_publicly(&mut self, code: &str, more: Fields) -> Response<Vec<u8>> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", BACK),
            ("client_id", "the-client"),
        ];
        fields.extend_from_slice(more);
        self.token(None, &fields)
    }

    fn opens(&mut self, access_token: &str) -> bool {
        let request = Request::get("/api/v2/usage/query/x/results");
        let request =
            request.header("Authorization", format!("Bearer {access_token}")).body(Vec::new()).unwrap();
        self.service.handle(self.now, request).response.status() == 404
    }

    fn wait(&mut self, seconds: u64) {
        self.now = self.now.saturating_add(Duration::from_secs(seconds));
    }
}

const OWN: Option<(&str, &str)> = Some(("the-client", "the-secret"));

fn refused(status: u16, error: &str, response: &Response<Vec<u8>>) {
    let body = json(response);
    assert_eq!((response.status().as_u16(), text(&body, "error")), (status, error), "{body}");
    assert_eq!((body.as_object().unwrap().len(), &body["description"]), (3, &body["error_description"]));
    assert_eq!(response.headers().contains_key("www-authenticate"), status == 401);
}

#[test]
fn a_code_for_a_client_with_a_secret() {
    let mut login = Login::new();
    let answer = login.redirected('?', &[("response_type", "code"), ("state", "a b&ü")]);
    assert_eq!(answer["state"], "a b&ü");
    let token = json(&login.exchange(&answer["code"], &[]));
    let mut members: Vec<_> = token.as_object().unwrap().keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["access_token", "expires_in", "refresh_token", "token_type"]);
    assert_eq!((text(&token, "token_type"), &token["expires_in"]), ("bearer", &object!(86_400)));
    assert!(login.opens(text(&token, "access_token")));
    refused(400, "invalid_grant", &login.exchange(&answer["code"], &[]));
    let operations: Vec<_> = login.service.journal().iter().map(|entry| entry.operation.unwrap()).collect();
    assert_eq!(operations[..2], [Operation::Authorize, Operation::Token]);
}

#[test]
fn a_code_lives_five_minutes() {
    let mut login = Login::new();
    let (first, second) = (login.code(&[]), login.code(&[]));
    login.wait(299);
    assert_eq!(login.exchange(&first, &[]).status(), 200);
    login.wait(1);
    refused(400, "invalid_grant", &login.exchange(&second, &[]));
    let third = login.code(&[]);
    login.service.revoke_all_refresh_tokens();
    refused(400, "invalid_grant", &login.exchange(&third, &[]));
}

#[test]
fn a_code_is_for_its_redirect_uri() {
    let mut login = Login::new();
    for redirect_uri in [Some("http://localhost:8085/other"), Some(""), None] {
        let code = login.code(&[]);
        let mut fields = vec![("grant_type", "authorization_code"), ("code", &*code)];
        fields.extend(redirect_uri.map(|uri| ("redirect_uri", uri)));
        refused(400, "invalid_grant", &login.token(OWN, &fields));
    }
    refused(
        400,
        "invalid_request",
        &login.token(OWN, &[("grant_type", "authorization_code"), ("redirect_uri", BACK)]),
    );
    refused(400, "invalid_grant", &login.exchange("made up", &[]));
}

#[test]
fn a_public_client_sends_its_pkce_verifier() {
    let mut login = Login::new();
    let code = login.code(&PKCE);
    let token = json(&login.exchange_publicly(&code, &[("code_verifier", VERIFIER)]));
    assert!(login.opens(text(&token, "access_token")));
    assert!(token.get("refresh_token").is_none(), "it has no secret to use it with");
    refused(400, "invalid_grant", &login.exchange_publicly(&code, &[("code_verifier", VERIFIER)]));

    let code = login.code(&PKCE);
    let wrong = VERIFIER.to_uppercase();
    refused(400, "invalid_grant", &login.exchange_publicly(&code, &[("code_verifier", &wrong)]));
    refused(400, "invalid_grant", &login.exchange_publicly(&code, &[("code_verifier", VERIFIER)]));
    let code = login.code(&PKCE);
    refused(400, "invalid_grant", &login.exchange_publicly(&code, &[]));
    let code = login.code(&[]);
    refused(401, "invalid_client", &login.exchange_publicly(&code, &[]));
    let code = login.code(&[]);
    refused(400, "invalid_grant", &login.exchange_publicly(&code, &[("code_verifier", VERIFIER)]));

    let code = login.code(&PKCE);
    let fields = |verifier| {
        [
            ("grant_type", "authorization_code"),
            ("code", &*code),
            ("redirect_uri", BACK),
            ("code_verifier", verifier),
        ]
    };
    refused(401, "invalid_client", &login.token(None, &fields(VERIFIER)));
    refused(400, "invalid_client", &login.token(Some(("nobody", "")), &fields(VERIFIER)));
    refused(401, "invalid_client", &login.token(Some(("the-client", "wrong")), &fields(VERIFIER)));
    refused(401, "invalid_client", &login.token(Some(("the-client", "")), &fields("")));
    let empty_secret = login.token(Some(("the-client", "")), &fields(VERIFIER));
    assert_eq!(empty_secret.status(), 200, "as the official command line client does");
    let other = [("grant_type", "authorization_code"), ("client_id", "nobody"), ("code", "x")];
    refused(400, "invalid_client", &login.token(None, &other));
}

#[test]
fn a_secret_and_a_pkce_verifier_may_be_combined() {
    let mut login = Login::new();
    let code = login.code(&PKCE);
    assert!(json(&login.exchange(&code, &[("code_verifier", VERIFIER)]))["refresh_token"].is_string());
    let code = login.code(&PKCE);
    refused(400, "invalid_grant", &login.exchange(&code, &[]));
}

#[test]
fn refresh_tokens_are_used_once() {
    let mut login = Login::new();
    let refresh = |login: &mut Login, token: &str| {
        login.token(OWN, &[("grant_type", "refresh_token"), ("refresh_token", token)])
    };
    let code = login.code(&[]);
    let first = json(&login.exchange(&code, &[]));
    login.wait(100 * 86_400);
    assert!(!login.opens(text(&first, "access_token")));
    let second = json(&refresh(&mut login, text(&first, "refresh_token")));
    assert!(login.opens(text(&second, "access_token")));
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    refused(400, "invalid_grant", &refresh(&mut login, text(&first, "refresh_token")));
    let third = json(&refresh(&mut login, text(&second, "refresh_token")));
    let token = text(&third, "refresh_token");
    let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
    refused(401, "invalid_client", &login.token(None, &fields));
    refused(401, "invalid_client", &login.token(Some(("the-client", "")), &fields));
    refused(400, "invalid_request", &login.token(OWN, &fields[..1]));
    refused(400, "invalid_request", &login.token(OWN, &[fields[0], fields[1], fields[1]]));
    login.service.revoke_all_tokens();
    assert_eq!(refresh(&mut login, token).status(), 200, "access tokens are another matter");
    let code = login.code(&[]);
    let fourth = json(&login.exchange(&code, &[]));
    login.service.revoke_all_refresh_tokens();
    refused(400, "invalid_grant", &refresh(&mut login, text(&fourth, "refresh_token")));
}

#[test]
fn a_saml_assertion_of_the_configured_organization() {
    let mut login = Login::with(SimulatorConfig::default().with_organization_name("acme"));
    assert_eq!(login.service.organization_name(), "acme");
    let mut ask = |organization, assertion| {
        login.token(OWN, &[("grant_type", SAML), ("orgName", organization), ("assertion", assertion)])
    };
    for assertion in ["PHNhbWw+", "PHNhbWw-", "YQ", "YQ=="] {
        let token = json(&ask("acme", assertion));
        assert!(token["access_token"].is_string() && token.get("refresh_token").is_none(), "{assertion}");
    }
    refused(400, "invalid_grant", &ask("another", "PHNhbWw+"));
    refused(400, "invalid_grant", &ask("acme", "<saml>"));
    refused(400, "invalid_request", &ask("acme", ""));
    refused(400, "invalid_request", &ask("", "PHNhbWw+"));
    let fields = [("grant_type", SAML), ("orgName", "acme"), ("assertion", "PHNhbWw+")];
    refused(401, "invalid_client", &login.token(None, &fields));
}

#[test]
fn an_implicit_token_comes_in_the_fragment() {
    let mut login = Login::with(SimulatorConfig::default().with_token_lifetime(Duration::from_secs(600)));
    let answer = login.redirected('#', &[("response_type", "token"), ("state", "s")]);
    assert_eq!((&*answer["expires_in"], &*answer["token_type"], &*answer["state"]), ("600", "bearer", "s"));
    assert!(login.opens(&answer["access_token"]));
    let answer = login.redirected('#', &[("response_type", "token")]);
    assert!(!answer.contains_key("state") && !answer.contains_key("code"));
}

#[test]
fn errors_are_redirected_if_the_redirect_uri_is_known() {
    let mut login = Login::new();
    for (fields, error) in [
        (&[("state", "s")][..], "invalid_request"),
        (&[("response_type", "password"), ("state", "s")], "unsupported_response_type"),
        (&[("response_type", "code"), ("response_type", "code"), ("state", "s")], "invalid_request"),
        (&[("response_type", "code"), ("code_challenge", CHALLENGE), ("state", "s")], "invalid_request"),
        (
            &[
                ("response_type", "code"),
                ("code_challenge", "x"),
                ("code_challenge_method", "S256"),
                ("state", "s"),
            ],
            "invalid_request",
        ),
        (&[("response_type", "code"), ("code_challenge_method", "S256"), ("state", "s")], "invalid_request"),
        (
            &[
                ("response_type", "code"),
                ("code_challenge", VERIFIER),
                ("code_challenge_method", "plain"),
                ("state", "s"),
            ],
            "invalid_request",
        ),
    ] {
        let answer = login.redirected('?', fields);
        assert_eq!((&*answer["error"], &*answer["state"]), (error, "s"));
        assert!(!answer["error_description"].is_empty() && !answer.contains_key("code"));
    }
    let twice = [("response_type", "code"), ("state", "s"), ("state", "t")];
    assert_eq!(login.redirected('?', &twice)["error"], "invalid_request");

    let right = ("client_id", "the-client");
    let code = ("response_type", "code");
    refused(400, "invalid_request", &login.authorize(&[("redirect_uri", BACK), code]));
    refused(
        400,
        "invalid_client",
        &login.authorize(&[("client_id", "nobody"), ("redirect_uri", BACK), code]),
    );
    refused(400, "invalid_request", &login.authorize(&[right, code]));
    refused(
        400,
        "invalid_request",
        &login.authorize(&[right, ("redirect_uri", "http://elsewhere.example/"), code]),
    );
    refused(400, "invalid_request", &login.authorize(&[right, right, ("redirect_uri", BACK), code]));
}

#[test]
fn registered_redirect_uris() {
    let back = "https://app.example/back?tenant=1";
    let mut login = Login::with(SimulatorConfig::default().with_redirect_uris([back]));
    let fields = [("client_id", "the-client"), ("redirect_uri", back), ("response_type", "code")];
    let response = login.authorize(&fields);
    let location = response.headers()["location"].to_str().unwrap().to_string();
    let code = location.strip_prefix("https://app.example/back?tenant=1&code=").unwrap();
    let fields = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", back)];
    assert_eq!(login.token(OWN, &fields).status(), 200);
    let fields = [("client_id", "the-client"), ("redirect_uri", BACK), ("response_type", "code")];
    refused(400, "invalid_request", &login.authorize(&fields));
}

#[test]
fn secrets_do_not_print() {
    let mut login = Login::new();
    let code = login.code(&PKCE);
    let token = json(&login.exchange(&code, &[("code_verifier", VERIFIER)]));
    let refresh = text(&token, "refresh_token");
    login.token(OWN, &[("grant_type", "refresh_token"), ("refresh_token", refresh)]);
    login.token(
        OWN,
        &[("grant_type", SAML), ("orgName", "example-org"), ("assertion", "c2VjcmV0LWFzc2VydGlvbg")],
    );
    let misplaced = format!("/oauth/token?{}", form(&[("code", &code), ("code_verifier", VERIFIER)]));
    login.service.handle(
        login.now,
        Request::put(misplaced).body(form(&[("refresh_token", refresh)]).into_bytes()).unwrap(),
    );
    let unspent = login.code(&[]);
    let shown = format!("{:?} {:?}", login.service.journal(), login.service);
    let mut printed = shown.clone();
    for entry in login.service.journal() {
        printed.push_str(&String::from_utf8_lossy(&entry.body));
        printed.push_str(&entry.target);
    }
    for secret in [
        &*code,
        &unspent,
        VERIFIER,
        refresh,
        text(&token, "access_token"),
        "c2VjcmV0LWFzc2VydGlvbg",
        "the-secret",
    ] {
        assert!(!printed.contains(secret), "{secret}");
    }
    assert!(printed.contains("grant_type=refresh_token&refresh_token=%5Bredacted%5D"));
}

#[test]
fn the_authorize_page_fails_with_errors_of_the_login_host() {
    let mut login = Login::new();
    login.service.inject(Rule::new(Match::Operation(Operation::Authorize), Fault::Status(503)));
    let response = login.authorize(&[]);
    assert_eq!(
        (response.status().as_u16(), &json(&response)["error"]),
        (503, &Value::from("temporarily_unavailable"))
    );
}
