//! No `Debug` of anything public shows a secret. Which types may hold one is read from the sources: a type that names a
//! secret, or a type that does, has to be printed here with one in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

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

use crate::sources::sources;
use crate::stuck::Stuck;
use crate::support::{START, execution, query};

const SECRET: &str = "hunter2-hunter2-hunter2-hunter2-hunter2-hunter2";

/// What holds a secret by its nature, and names of members that do.
const ROOTS: [&str; 12] = [
    "AccessToken",
    "HeaderMap",
    "HeaderValue",
    "JsonDecoder",
    "Request",
    "Secret",
    "Zeroizing",
    "assertion",
    "password",
    "secret",
    "token",
    "verifier",
];

/// What names one of these and holds no secret all the same.
const HARMLESS: [(&str, &str); 2] =
    [("TokenStore", "a session keeps its own to itself"), ("TokenWait", "it prints its name")];

/// Everything public that may hold a secret, printed with one in it.
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

/// What a client is built from, as it is.
#[derive(Debug)]
struct Config(ClientConfig);

impl FromConfig for Config {
    const USER_AGENT: &'static str = "test";

    fn from_config(config: ClientConfig) -> Result<Self, BuildError> {
        Ok(Self(config))
    }
}

#[test]
fn whatever_may_hold_a_secret_does_not_print_it() {
    let bytes = format!("{:?}", &SECRET.as_bytes()[..8]);
    let mut forms = vec!["hunter2".to_owned(), bytes.trim_matches(['[', ']']).to_owned()];
    // In base64 it looks different by what stands before it.
    forms.extend(
        ["", "x", "xx"].map(|before| BASE64_STANDARD.encode(format!("{before}{SECRET}"))[4..20].to_owned()),
    );
    for (name, text) in printed() {
        for form in &forms {
            assert!(!text.contains(form), "{name} prints a secret: {text}");
        }
    }
}

#[test]
fn nothing_public_that_may_hold_a_secret_is_left_out() {
    let files = sources();
    let definitions: Vec<_> = files.iter().flat_map(|(file, code)| definitions_in(file, code)).collect();
    assert!(definitions.len() > 100, "the definitions are not found");

    let mut holders: BTreeSet<(PathBuf, String)> = BTreeSet::new();
    loop {
        let more: Vec<_> = definitions
            .iter()
            .filter(|one| !holders.contains(&one.key()) && one.holds(&definitions, &holders))
            .map(Definition::key)
            .collect();
        if more.is_empty() {
            break;
        }
        holders.extend(more);
    }
    let public: BTreeSet<_> = definitions
        .iter()
        .filter(|one| one.is_public && holders.contains(&one.key()))
        .map(|one| one.name.clone())
        .collect();
    let printed: BTreeSet<_> = printed().iter().map(|(name, _)| (*name).to_owned()).collect();
    let harmless: BTreeMap<_, _> = HARMLESS.into_iter().collect();
    let left_out: Vec<_> =
        public.iter().filter(|name| !printed.contains(*name) && !harmless.contains_key(&***name)).collect();
    assert!(left_out.is_empty(), "print these with a secret in them, in `printed`: {left_out:?}");
    let stale: Vec<_> = printed.iter().filter(|name| !public.contains(*name)).collect();
    assert!(stale.is_empty(), "these hold no secret any more: {stale:?}");
}

/// A type as the sources define it.
#[derive(Debug)]
struct Definition {
    file: PathBuf,
    name: String,
    is_public: bool,
    /// The names in it: of types, and of a struct's members.
    names: BTreeSet<String>,
}

impl Definition {
    fn key(&self) -> (PathBuf, String) {
        (self.file.clone(), self.name.clone())
    }

    /// Whether it names a root, or a type that holds a secret: the one in its own file if there is one of that name, or in
    /// its own folder.
    fn holds(&self, all: &[Self], holders: &BTreeSet<(PathBuf, String)>) -> bool {
        self.names.iter().any(|name| {
            let of_that_name = |one: &&Self| one.name == *name;
            let in_its_file = all.iter().filter(of_that_name).find(|one| one.file == self.file);
            let in_its_folder =
                || all.iter().filter(of_that_name).find(|one| one.file.parent() == self.file.parent());
            let here = in_its_file.or_else(in_its_folder);
            let known = |one: &Self| holders.contains(&one.key());
            match here {
                Some(one) => known(one) || ROOTS.contains(&&**name),
                None => ROOTS.contains(&&**name) || all.iter().filter(of_that_name).any(known),
            }
        })
    }
}

/// Every type in a file.
fn definitions_in(file: &Path, code: &str) -> Vec<Definition> {
    let tokens = tokens(code);
    let mut definitions = Vec::new();
    for at in 0..tokens.len() {
        if !matches!(&*tokens[at], "struct" | "enum") {
            continue;
        }
        let (Some(name), Some(names)) = (tokens.get(at + 1), names(&tokens[at..])) else { continue };
        let is_public = at > 0 && tokens[at - 1] == "pub";
        definitions.push(Definition { file: file.to_owned(), name: name.clone(), is_public, names });
    }
    definitions
}

/// Identifiers and single marks, without comments and texts.
fn tokens(code: &str) -> Vec<String> {
    let code: String = code.lines().flat_map(|line| [without_comment(line), "\n".to_owned()]).collect();
    let parts: Vec<_> = code.split('"').collect();
    assert!(parts.len() % 2 == 1, "a text does not end: {}", parts.last().unwrap_or(&""));
    let mut tokens = Vec::new();
    // Every second part is inside a text.
    for part in parts.iter().step_by(2) {
        let mut rest = *part;
        while let Some(first) = rest.chars().next() {
            let length = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len())
                .max(first.len_utf8());
            let (token, behind) = rest.split_at(length);
            if !token.trim().is_empty() {
                tokens.push(token.to_owned());
            }
            rest = behind;
        }
    }
    tokens
}

/// The line without quotation marks that open or close nothing, up to a comment that is not inside a text.
fn without_comment(line: &str) -> String {
    let line = line.replace("'\"'", "").replace("\\\"", "");
    let begins = |at: &usize| line[..*at].matches('"').count().is_multiple_of(2);
    let comment = line.match_indices("//").map(|(at, _)| at).find(begins);
    line[..comment.unwrap_or(line.len())].to_owned()
}

/// The names in the definition that `tokens` begin with; those of an enum's variants are not types.
fn names(tokens: &[String]) -> Option<BTreeSet<String>> {
    let is_enum = tokens.first()? == "enum";
    let (mut depth, mut attribute, mut names) = (0, 0, BTreeSet::new());
    for token in &tokens[2..] {
        match &**token {
            "[" => attribute += 1,
            "]" => attribute -= 1,
            "{" | "(" => depth += 1,
            "}" | ")" => {
                depth -= 1;
                if depth == 0 {
                    return Some(names);
                }
            }
            ";" if depth == 0 => return Some(names),
            _ if attribute > 0 && depth < 2 && is_enum => {}
            _ if is_enum && depth == 1 => {}
            name => drop(names.insert(name.to_owned())),
        }
    }
    None
}
