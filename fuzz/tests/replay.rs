//! The committed corpora, replayed on stable.

use std::path::Path;

use usage_core::fuzzing;

fn replay(target: &str, run: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let files =
        usage_fuzz::replay(&corpus, run).unwrap_or_else(|error| panic!("{}: {error}", corpus.display()));
    assert!(files > 0, "{} is empty", corpus.display());
}

#[test]
fn page() {
    replay("page", fuzzing::page);
}

#[test]
fn error_body() {
    replay("error_body", fuzzing::error_body);
}

#[test]
fn texts() {
    replay("texts", fuzzing::texts);
}

#[test]
fn snapshot() {
    replay("snapshot", fuzzing::snapshot);
}

#[test]
fn service() {
    replay("service", fuzzing::service);
}

#[test]
fn authorize_redirect() {
    replay("authorize_redirect", usage_core::auth::fuzzing::authorize_redirect);
}

#[test]
fn token_answer() {
    replay("token_answer", usage_core::auth::fuzzing::token_answer);
}
