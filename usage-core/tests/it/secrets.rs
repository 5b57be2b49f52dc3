//! No output contains a secret.

use usage_core::query::OrganizationQuery;
use usage_core::{Execution, Machine, Next};

use crate::support::{START, TOKEN, credentials, execution, policy, query, static_token};

#[test]
fn sessions_executions_exchanges_and_readers_do_not_print_secrets() {
    let (mut execution, mut session) = (execution(), credentials());
    let mut printed = format!("{session:?} {execution:?}");
    let Next::Send(fetch) = execution.next(START, &mut session).next else { panic!() };
    printed += &format!("{fetch:?}");
    let head = http::Response::new(()).into_parts().0;
    let mut reader = execution.on_head(START, fetch.ticket, &head, &mut session);
    let _ = reader.push(TOKEN.as_bytes());
    printed += &format!("{reader:?}");
    let progress = execution.on_end(START, reader, &mut session);
    printed += &format!("{progress:?} {session:?}");
    let Next::Send(submit) = execution.next(START, &mut session).next else { panic!() };
    printed += &format!("{submit:?} {:?}", static_token());

    // `id:client-secret` in base64 starts with aWQ6.
    for secret in ["client-secret", "aWQ6", "t-1", "manual-token"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
    assert!(printed.contains("redacted") || printed.contains("Sensitive"));
}

#[test]
fn a_reader_shows_what_it_decodes() {
    let (mut execution, mut session) = (execution(), static_token());
    let head = http::Response::new(()).into_parts().0;
    let Next::Send(submit) = execution.next(START, &mut session).next else { panic!() };
    let reader = execution.on_head(START, submit.ticket, &head, &mut session);
    assert!(format!("{reader:?}").contains("OpDecoder::Submission"));
    let mut attached = attached();
    let Next::Send(poll) = attached.next(START, &mut session).next else { panic!() };
    let reader = attached.on_head(START, poll.ticket, &head, &mut session);
    assert!(format!("{reader:?}").contains("OpDecoder::Page"));
}

#[test]
fn a_reader_shows_an_error_body_as_text_and_no_token() {
    let shown = |mut execution: Execution<OrganizationQuery>, mut session, status: u16, body: &[u8]| {
        let Next::Send(exchange) = execution.next(START, &mut session).next else { panic!() };
        let head = http::Response::builder().status(status).body(()).unwrap().into_parts().0;
        let mut reader = execution.on_head(START, exchange.ticket, &head, &mut session);
        let _ = reader.push(body);
        format!("{reader:?}")
    };
    let text = shown(execution(), static_token(), 502, &b"<h1>Bad Gateway</h1>".repeat(3_000));
    assert!(text.contains("Error(\"<h1>Bad Gateway") && text.len() < 2_000, "{text}");
    for body in ["hunter2", "{\"access_token\":\"hunter2\""] {
        for status in [200, 302, 400] {
            let text = shown(execution(), credentials(), status, body.as_bytes());
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}

fn attached() -> Execution<OrganizationQuery> {
    Execution::attach(query(), "e-1".parse().unwrap(), policy(), 1, START)
}

#[test]
fn machines_can_move_between_threads_and_stay_small_while_they_wait() {
    fn assert_send_sync<T: Send + Sync>(_: &T) {}
    let execution = execution();
    assert_send_sync(&execution);
    assert_send_sync(&static_token());
    assert!(size_of_val(&execution) <= 272, "{}", size_of_val(&execution));
}
