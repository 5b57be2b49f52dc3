//! No `Debug` of anything public shows a secret. `cargo xtask check` finds public types that may hold one and are not
//! printed here.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use usage_core::auth::{
    AccessToken, AuthorizationRequest, Grant, LoginState, OAuthClient, PkceVerifier, Redirect, TokenResponse,
};
use usage_core::decode::{JsonDecoder, ListingDecoder, ResponseDecoder};
use usage_core::error::BuildError;
use usage_core::query::OrganizationJob;
use usage_core::{Endpoint, Machine, Next, Region, Secret, Session};
use usage_driver::{ClientBuilder, ClientConfig, FromConfig, Identity, Proxy, TlsOptions};
use usage_driver::{SharedSession, Task, TokenExchange, blocking, futures};

use crate::stuck::Stuck;
use crate::support::{START, execution, query};

const SECRET: &str = "hunter2-hunter2-hunter2-hunter2-hunter2-hunter2";

/// Prints each public type that may contain a secret, with one in it.
fn printed() -> Vec<(&'static str, String)> {
    let secret = || Secret::new(SECRET.to_owned());
    let token = AccessToken::parse(SECRET).unwrap();
    let state = || LoginState::parse(SECRET).unwrap();
    let client = || OAuthClient::confidential("id", secret()).unwrap();
    let grant = || Grant::client_credentials("id", secret()).unwrap();
    let verifier = || PkceVerifier::parse(SECRET).unwrap();
    let uri = "http://localhost/cb";
    let login = AuthorizationRequest::pkce("id", uri, state(), verifier()).unwrap();
    let proxy = format!("http://user:{SECRET}@proxy.example:1").parse::<Proxy>().unwrap();
    let pem = |what: &str| {
        format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", BASE64_STANDARD.encode(SECRET))
    };
    let key = Secret::new(pem("PRIVATE KEY").into_bytes());
    let identity = Identity::from_pem(pem("CERTIFICATE").as_bytes(), key).unwrap();
    let mut tls = TlsOptions::default();
    tls.identity = Some(identity.clone());

    let grants = [
        grant(),
        Grant::StaticToken(token.clone()),
        Grant::authorization_code(client(), secret(), uri).unwrap(),
        Grant::pkce("id", secret(), &verifier(), uri).unwrap(),
        Grant::refresh_token(client(), secret()).unwrap(),
        Grant::saml2_bearer(client(), "org", Secret::new(BASE64_STANDARD.encode(SECRET))).unwrap(),
        Grant::issued(token.clone(), None, Some(grant())),
    ];
    let body = format!(r#"{{"access_token":"{SECRET}","refresh_token":"{SECRET}","id":"{SECRET}"}}"#);
    let mut listing = ListingDecoder::<TokenResponse>::default();
    listing.push(body.as_bytes()).unwrap();
    let mut decoder = JsonDecoder::<TokenResponse>::default();
    decoder.push(body.as_bytes()).unwrap();
    let mut job_decoder = <OrganizationJob as Endpoint>::Decoder::default();
    job_decoder.push(body.as_bytes()).unwrap();
    let answer: TokenResponse = serde_json::from_str(&body).unwrap();

    let builder = secretive::<Config>(&proxy);
    let printed_builder = format!("{builder:?}");
    let config = builder.build().unwrap().0;
    let blocking = secretive::<blocking::Client<Stuck>>(&proxy).build().unwrap();
    let futures = secretive::<futures::Client<Stuck>>(&proxy).build().unwrap();
    let [handle, rows] = [(); 2].map(|()| blocking.start(query()));

    let session = Session::new(&Region::default(), Grant::refresh_token(client(), secret()).unwrap());
    let mut session = session.with_header("x-key", SECRET).unwrap();
    let mut running = execution();
    let step = running.next(START, &mut session);
    let printed_step = format!("{step:?}");
    let Next::Send(exchange) = step.next else { panic!() };
    let printed_exchange = format!("{exchange:?}");
    let next = Next::Send(exchange);
    let printed_next = format!("{next:?}");
    let Next::Send(fetch) = next else { panic!() };
    let (head, ()) = http::Response::builder().header("set-cookie", SECRET).body(()).unwrap().into_parts();
    let mut reader = running.on_head(START, fetch.ticket, &head, &mut session);
    let _ = reader.push(body.as_bytes());

    let redirects = [
        Redirect::parse(&format!("?code={SECRET}&state={SECRET}"), &state()).unwrap(),
        Redirect::parse(&format!("#access_token={SECRET}&state={SECRET}"), &state()).unwrap(),
    ];
    let shared = SharedSession::new(session.clone());
    let mut asking = Task::new(execution());
    let Next::Send(fetch) = asking.next(START, &shared) else { panic!() };
    let token_exchange = TokenExchange::new(&shared, fetch);
    vec![
        ("AccessToken", format!("{token:?}")),
        ("AuthorizationRequest", format!("{login:?}")),
        ("Grant", format!("{grants:?}")),
        ("Identity", format!("{identity:?}")),
        ("JsonDecoder", format!("{decoder:?}")),
        ("ListingDecoder", format!("{listing:?}")),
        ("LoginState", format!("{:?}", state())),
        ("OAuthClient", format!("{:?}", client())),
        ("PkceVerifier", format!("{:?}", verifier())),
        ("Proxy", format!("{proxy:?} {proxy}")),
        ("Redirect", format!("{redirects:?}")),
        ("Secret", format!("{:?}", secret())),
        ("Session", format!("{session:?}")),
        ("SessionGuard", format!("{:?}", shared.lock())),
        ("TlsOptions", format!("{tls:?}")),
        ("TokenExchange", format!("{token_exchange:?} {shared:?}")),
        ("TokenResponse", format!("{answer:?}")),
        ("Client", format!("{blocking:?} {futures:?}")),
        ("ClientBuilder", printed_builder),
        ("ClientConfig", format!("{config:?}")),
        ("Exchange", printed_exchange),
        ("Handle", format!("{handle:?} {:?}", futures.start(query()))),
        ("ResponseReader", format!("{reader:?}")),
        ("Next", printed_next),
        ("Step", printed_step),
        ("JobSubmissionDecoder", format!("{job_decoder:?}")),
        ("Rows", format!("{:?} {:?}", rows.rows(), futures.start(query()).rows())),
        ("SharedSession", format!("{:?}", SharedSession::new(session))),
    ]
}

fn secretive<C: FromConfig>(proxy: &Proxy) -> ClientBuilder<C> {
    let builder = ClientBuilder::new().client_credentials("id", Secret::new(SECRET.to_owned())).unwrap();
    builder.header("x-key", SECRET).proxy(proxy.clone())
}

/// The configuration itself.
#[derive(Debug)]
struct Config(ClientConfig);

impl FromConfig for Config {
    const USER_AGENT: &'static str = "test";

    fn from_config(config: ClientConfig) -> Result<Self, BuildError> {
        Ok(Self(config))
    }
}

#[test]
fn types_that_may_contain_a_secret_do_not_print_it() {
    let bytes = format!("{:?}", &SECRET.as_bytes()[..8]);
    let mut forms = vec!["hunter2".to_owned(), bytes.trim_matches(['[', ']']).to_owned()];
    // Its base64 depends on what precedes it.
    forms.extend(
        ["", "x", "xx"].map(|before| BASE64_STANDARD.encode(format!("{before}{SECRET}"))[4..20].to_owned()),
    );
    for (name, text) in printed() {
        for form in &forms {
            assert!(!text.contains(form), "{name} prints a secret: {text}");
        }
    }
}
