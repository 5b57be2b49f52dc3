//! Queries without failures, to the millisecond.

use usage_core::Phase;

use crate::support::{
    ACCEPTED, COMPLETE, RUNNING, START, TOKEN, credentials, drive, execution, ok, play, script, static_token,
};

#[test]
fn submits_polls_with_growing_delays_and_returns_the_rows_once() {
    let run = play(vec![ok(ACCEPTED), ok(RUNNING), ok(RUNNING), ok(COMPLETE)]);
    let results = "GET https://api.mypurecloud.de/api/v2/usage/query/e-1/results".to_owned();
    assert_eq!(
        run.requests,
        [
            (0, "POST https://api.mypurecloud.de/api/v2/usage/query".to_owned()),
            (400, results.clone()),
            (1_000, results.clone()),
            (1_900, results),
        ]
    );
    assert_eq!(
        run.transitions,
        [
            "ReadySubmit -Sent-> InFlightSubmit",
            "InFlightSubmit -Accepted-> WaitPoll",
            "WaitPoll -Elapsed-> ReadyPoll",
            "ReadyPoll -Sent-> InFlightPoll",
            "InFlightPoll -Pending-> WaitPoll",
            "WaitPoll -Elapsed-> ReadyPoll",
            "ReadyPoll -Sent-> InFlightPoll",
            "InFlightPoll -Pending-> WaitPoll",
            "WaitPoll -Elapsed-> ReadyPoll",
            "ReadyPoll -Sent-> InFlightPoll",
            "InFlightPoll -LastPage-> Complete",
        ]
    );
    assert_eq!(run.rows.len(), 1);
    assert_eq!(run.error, None);
}

#[test]
fn fetches_a_token_first_from_the_login_host() {
    let mut execution = execution();
    let run =
        drive(&mut execution, &mut credentials(), START, script(vec![ok(TOKEN), ok(ACCEPTED), ok(COMPLETE)]));
    assert_eq!(run.requests[0], (0, "POST https://login.mypurecloud.de/oauth/token".to_owned()));
    assert_eq!(run.transitions[0], "ReadySubmit -Authorized-> ReadySubmit");
    assert_eq!(execution.phase(), Phase::Complete);
    assert_eq!(execution.attempts(), 3);
}

#[test]
fn the_bearer_is_the_sessions_token_and_the_credential_goes_to_the_login_host_only() {
    let replies = vec![ok(TOKEN), ok(ACCEPTED), ok(RUNNING), ok(COMPLETE)];
    let mut play = script(replies);
    drive(&mut execution(), &mut credentials(), START, |request| {
        let authorization = request.headers()["authorization"].to_str().unwrap();
        match request.uri().host().unwrap() {
            "login.mypurecloud.de" => assert_eq!(authorization, "Basic aWQ6Y2xpZW50LXNlY3JldA=="),
            "api.mypurecloud.de" => assert_eq!(authorization, "Bearer t-1"),
            host => panic!("{host}"),
        }
        assert!(request.headers()["authorization"].is_sensitive());
        play(request)
    });
}

#[test]
fn a_second_execution_of_the_session_needs_no_second_token() {
    let mut session = credentials();
    drive(&mut execution(), &mut session, START, script(vec![ok(TOKEN), ok(ACCEPTED), ok(COMPLETE)]));
    let run = drive(&mut execution(), &mut session, START, script(vec![ok(ACCEPTED), ok(COMPLETE)]));
    assert_eq!(run.error, None);
}

#[test]
fn any_2xx_with_a_body_is_a_success() {
    use crate::support::Reply;
    let accepted = Reply::Answer(202, Vec::new(), ACCEPTED.to_owned());
    assert_eq!(play(vec![accepted, ok(COMPLETE)]).error, None);
}

#[test]
fn a_cancelled_execution_sends_nothing_more() {
    let mut execution = execution();
    assert_eq!(execution.cancel().unwrap().to_string(), "ReadySubmit -Cancelled-> Failed");
    assert_eq!(execution.cancel(), None);
    let run = drive(&mut execution, &mut static_token(), START, script(Vec::new()));
    assert_eq!(run.error.unwrap().to_string(), "cancelled (at usage.query)");
}
