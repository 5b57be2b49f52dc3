//! Wrong usage: exit code 2, before a request is sent.

use std::fs;
use std::time::SystemTime;

use usage_core::Date;

use crate::support::{Ran, Service, program};

/// Runs `arguments` with an access token in the environment.
#[track_caller]
fn refused(arguments: &[&str], texts: &[&str]) {
    let ran = Ran::of(program(arguments).env("GENESYSCLOUD_ACCESS_TOKEN", "hunter2"));
    ran.failed(2, texts);
}

#[test]
fn periods() {
    refused(&["query"], &["which period?"]);
    refused(&["search"], &["which period?"]);
    refused(&["query", "--interval", "2026-07-02/2026-07-01"], &["ends before it starts"]);
    refused(&["query", "--interval", "2026-07-02"], &["has no '/'"]);
    refused(&["query", "--month", "2026-13"], &["write a month as yyyy-MM"]);
    refused(&["query", "--last", "7"], &["7d, 4w, 3m or 1y"]);
    refused(&["query", "--last", "7d", "--month", "2026-10"], &["cannot be used with"]);
    refused(&["report"], &["which period?", "hint: or files of saved rows"]);
}

#[test]
fn a_period_that_has_not_begun() {
    for command in [
        &["query"][..],
        &["search"],
        &["aggregate"],
        &["report"],
        &["events", "query"],
        &["events", "aggregate"],
    ] {
        for period in [["--month", "2999-01"], ["--interval", "2999-01/2999-02"]] {
            let arguments = [command, &period].concat();
            refused(&arguments, &["error: the period 2999-01", "has not begun: today is ", "hint: "]);
        }
    }
    let service = Service::new();
    service.run(&["query", "--month", "2999-01"]).failed(2, &["has not begun"]);
    assert!(service.server.simulator().journal().is_empty());
    // The current month has begun, and tomorrow has begun in some time zones.
    let today = Date::of(SystemTime::now().into());
    for day in [today, today.plus_days(1)] {
        service.run(&["query", "--month", &day.to_string()[..7]]).well();
    }
}

#[test]
fn a_half_open_end_is_noted_and_counted() {
    let service = Service::new();
    let half_open = "2026-07-01T00:00:00.000Z/2026-08-01T00:00:00.000Z";
    for command in [
        &["query", "--granularity", "day"][..],
        &["search", "--metrics", "date,status200"],
        &["aggregate", "--granularity", "day", "--group-by", "method"],
        &["report"],
    ] {
        let ran = service.run(&[command, &["--interval", half_open]].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let note = "note: 2026-08-01 is counted as well: the end is included; without it, write 2026-07-01/2026-07-31\n";
        assert_eq!(ran.stderr, note, "{command:?}");
        service.run(&[command, &["--interval", "2026-07-01/2026-07-31"]].concat()).well();
    }
    // Events have times: an end at midnight is exact.
    service.run(&["events", "query", "--interval", "2026-09-01T00:00:00Z/2026-09-02T00:00:00Z"]).well();
    service.run(&["query", "--interval", "2026-09-01T00:00:00Z/2026-09-01T00:00:00Z"]).well();
}

#[test]
fn times() {
    for arguments in [
        ["query", "--deadline", "5"],
        ["watch", "--every", "soon"],
        ["login", "--timeout", "5 min utes"],
        ["simulate", "--for", "-1s"],
    ] {
        let attached = format!("{}={}", arguments[1], arguments[2]);
        refused(&[arguments[0], &attached], &["write a time as 90s, 10m or 1h"]);
    }
}

#[test]
fn numbers() {
    for arguments in [
        ["query", "--limit", "0"],
        ["summary", "--days", "1.5"],
        ["events query", "--page-size", "201"],
        ["simulate", "--seed", "x"],
        ["watch", "--allowance", "1,000"],
        ["report", "--allowance", ""],
        ["login", "--port", "65536"],
        ["simulate", "--organizations", "99999999999999999999"],
    ] {
        let command: Vec<_> = arguments[0].split(' ').collect();
        let attached = format!("{}={}", arguments[1], arguments[2]);
        refused(&[&command[..], &[&attached]].concat(), &["write a whole number"]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn what_cannot_be_written_is_an_error_even_if_it_is_help() {
    for arguments in [&["--version"][..], &["--help"], &["query", "--help"]] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        assert_eq!(program(arguments).stdout(full).status().unwrap().code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn words() {
    refused(
        &["query", "--last", "7d", "--group-by", "client,ur"],
        &["'ur'", "a similar value exists: 'uri'"],
    );
    refused(&["query", "--last", "7d", "--metrics", "status428"], &["[possible values: requests,"]);
    refused(&["query", "--last", "7d", "--granularity", "hour"], &["[possible values: day, week, month]"]);
    refused(&["search", "--last", "7d", "--method", "GETT"], &["a similar value exists: 'GET'"]);
    refused(&["search", "--last", "7d", "--metrics", "requests"], &["[possible values: date,"]);
    refused(&["query", "--last", "7d", "--transport", "carrier-pigeon"], &["[possible values: blocking,"]);
    refused(&["query", "--last", "7d", "--deadline", "soon"], &["--deadline"]);
    refused(&["summary", "--client", "x", "--days", "0"], &["--days"]);
    refused(&["summary"], &["--client <ID>"]);
    refused(&["quary"], &["'query'"]);
}

#[test]
fn a_client_is_not_grouped_by_user() {
    refused(
        &["query", "--last", "7d", "--client", "x", "--group-by", "user"],
        &["cannot group by UserId; it takes OAuthClientId"],
    );
}

#[test]
fn ids_that_would_change_the_path() {
    refused(&["query", "--last", "7d", "--client", ".."], &["would change the path"]);
    refused(&["query", "--attach", ""], &["is empty"]);
}

#[test]
fn hosts() {
    refused(&["query", "--last", "7d", "--api-url", "http://example.com"], &["--api-url", "is not https"]);
    refused(&["query", "--last", "7d", "--login-url", "ftp://example.com"], &["--login-url"]);
    refused(
        &["query", "--last", "7d", "--region", "eu-cantral-1"],
        &["neither an AWS region", "did you mean 'eu-central-1' (mypurecloud.de)?"],
    );
    for foreign in ["https://api.mypurecloud.de.example.com/api/v2", "https://mypurecloud.de@example.com"] {
        refused(&["query", "--last", "7d", "--region", foreign], &["--region", "neither an AWS region"]);
    }
    for pasted in
        ["https://api.euw2.pure.cloud/api/v2", "https://apps.euw2.pure.cloud/directory/#/admin", "EUW2 "]
    {
        let mut command = program(&["query", "--last", "7d", "--dry-run", "--region", pasted]);
        let shown = Ran::of(command.env("GENESYSCLOUD_ACCESS_TOKEN", "hunter2")).well();
        assert!(shown.contains("https://api.euw2.pure.cloud/api/v2/usage/query"), "{shown}");
    }
    refused(
        &["query", "--last", "7d", "--region", "eu-central-1", "--api-url", "https://example.com"],
        &["cannot be used with"],
    );
    let mut command = program(&["query", "--last", "7d"]);
    command.env("GENESYSCLOUD_ACCESS_TOKEN", "hunter2").env("GENESYSCLOUD_REGION", "nowhere");
    Ran::of(&mut command).failed(2, &["GENESYSCLOUD_REGION: \"nowhere\" is neither"]);
}

#[test]
fn a_password_in_a_url_is_not_repeated() {
    for option in ["--api-url", "--login-url"] {
        let ran = Ran::of(
            program(&["query", "--last", "7d", option, "https://me:swordfish@example.com"])
                .env("GENESYSCLOUD_ACCESS_TOKEN", "hunter2"),
        );
        assert!(!ran.failed(2, &["has user info"]).stderr.contains("swordfish"));
    }
}

#[test]
fn a_credential_goes_to_no_host_that_was_not_named_for_it() {
    let mut command = program(&["query", "--last", "7d", "--api-url", "https://gateway.example/genesys"]);
    command.env("GENESYSCLOUD_OAUTHCLIENT_ID", "me").env("GENESYSCLOUD_OAUTHCLIENT_SECRET", "hunter2");
    Ran::of(&mut command)
        .failed(2, &["--api-url does not say where client credentials go", "hint: give --login-url"]);
}

#[test]
fn no_credentials() {
    let ran = Ran::of(&mut program(&["query", "--last", "7d"]));
    ran.failed(
        2,
        &[
            "error: no credentials\n",
            "GENESYSCLOUD_OAUTHCLIENT_ID",
            "GENESYSCLOUD_ACCESS_TOKEN",
            "--simulate",
        ],
    );
    // An empty variable counts as unset.
    Ran::of(program(&["query", "--last", "7d"]).env("GENESYSCLOUD_ACCESS_TOKEN", ""))
        .failed(2, &["error: no credentials\n"]);
    let mut half = program(&["query", "--last", "7d"]);
    Ran::of(half.env("GENESYSCLOUD_OAUTHCLIENT_ID", "me"))
        .failed(2, &["an id, but no secret", "--oauth-client-secret-file"]);
    let mut half = program(&["query", "--last", "7d"]);
    Ran::of(half.env("GENESYSCLOUD_OAUTHCLIENT_SECRET", "hunter2"))
        .failed(2, &["a secret, but no id", "--oauth-client-id"]);
}

#[test]
fn files_with_secrets() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).into_os_string().into_string().unwrap();
    fs::write(path("empty"), " \n").unwrap();
    fs::write(path("long"), "x".repeat(100_000)).unwrap();
    fs::write(path("binary"), [0xff, 0xfe]).unwrap();
    for (name, text) in [
        ("missing", "cannot read the"),
        ("empty", "is empty"),
        ("long", "far too long"),
        ("binary", "cannot read the"),
    ] {
        refused(&["query", "--last", "7d", "--access-token-file", &path(name)], &[text, &path(name)]);
        refused(
            &["query", "--last", "7d", "--oauth-client-id", "me", "--oauth-client-secret-file", &path(name)],
            &[text],
        );
    }
}

#[test]
fn a_secret_that_is_none_is_named_by_its_place() {
    for (name, value) in
        [("GENESYSCLOUD_ACCESS_TOKEN", "a\nb".to_owned()), ("GENESYSCLOUD_ACCESS_TOKEN", "x".repeat(100_000))]
    {
        let mut command = program(&["query", "--last", "7d"]);
        let wanted = format!("error: {name} should hold a secret");
        Ran::of(command.env("GENESYSCLOUD_REGION", "eu-central-1").env(name, value)).failed(2, &[&wanted]);
    }
}

#[test]
fn options_win_over_the_environment() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let (secret, token) = (directory.path().join("secret"), directory.path().join("token"));
    fs::write(&secret, format!("{}\n", service.secret)).unwrap();
    let issued = service.server.simulator().issue_token(SystemTime::now().into());
    fs::write(&token, format!("{issued}\r\n")).unwrap();

    let file = format!("--oauth-client-secret-file={}", secret.display());
    let mut command = service.command(&["query", "--last", "1d", &file]);
    Ran::of(command.env("GENESYSCLOUD_ACCESS_TOKEN", "wrong")).well();
    let file = format!("--access-token-file={}", token.display());
    let mut command = service.command(&["query", "--last", "1d", &file]);
    Ran::of(command.env("GENESYSCLOUD_OAUTHCLIENT_SECRET", "wrong")).well();
    let mut command = service.command(&["query", "--last", "1d", "--oauth-client-id", service.client_id()]);
    Ran::of(command.env("GENESYSCLOUD_OAUTHCLIENT_ID", "nobody")).well();
    // Without an option, the token of the environment has precedence.
    let mut command = service.command(&["query", "--last", "1d"]);
    Ran::of(command.env("GENESYSCLOUD_ACCESS_TOKEN", &issued).env("GENESYSCLOUD_OAUTHCLIENT_ID", "nobody"))
        .well();
}

#[test]
fn the_simulator_takes_no_hosts_and_no_credentials() {
    for option in [
        "--region=eu-central-1",
        "--api-url=https://example.com",
        "--attach=x",
        "--state=x",
        "--oauth-client-id=me",
        "--access-token-file=x",
    ] {
        refused(&["query", "--last", "7d", "--simulate", option], &["cannot be used with"]);
    }
}

#[test]
fn help_and_version() {
    let version = Ran::of(&mut program(&["--version"])).well();
    assert_eq!(version, concat!("genesys-usage ", env!("CARGO_PKG_VERSION"), "\n"));
    for command in crate::snapshots::COMMANDS {
        let mut program = program(&[command, &["--help"]].concat());
        let help = Ran::of(
            program
                .env("GENESYSCLOUD_OAUTHCLIENT_SECRET", "hunter2")
                .env("GENESYSCLOUD_ACCESS_TOKEN", "hunter2"),
        )
        .well();
        assert!(help.contains("Examples:\n") && !help.contains("hunter2"), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    }
}

#[test]
fn what_is_missing_is_named_with_what_to_do() {
    let service = Service::new();
    for command in [&["summary"][..], &["query", "--last", "2d"]] {
        let ran = service.run(&[command, &["--client", "nobody"]].concat());
        ran.failed(
            1,
            &["404", "hint: genesys-usage query --last 7d --group-by client lists the clients' ids"],
        );
    }
    let directory = tempfile::tempdir().unwrap();
    let nowhere = directory.path().join("none").join("rows.csv");
    let ran = service.run(&["query", "--last", "2d", "--output", nowhere.to_str().unwrap()]);
    ran.failed(2, &["cannot write to", "hint: there is no directory", "make it first"]);
}

#[test]
fn what_needs_another_option_is_refused_with_what_rules_that_out() {
    for (arguments, texts) in [
        (
            &["report", "--last", "3d", "--simulate", "--compare-with", "x"][..],
            ["--compare-with", "--simulate"],
        ),
        (&["report", "--last", "3d", "--region", "euc1", "--sum"], ["--sum", "--region"]),
        (&["report", "--last", "3d", "--state", "x", "--date-order", "mdy"], ["--date-order", "--state"]),
        (
            &["report", "--last", "3d", "--all-profiles", "--organization", "x"],
            ["--organization", "--all-profiles"],
        ),
        (&["watch", "--once", "--simulate", "--alert-new-client"], ["--alert-new-client", "--simulate"]),
        (&["watch", "--once", "--all-profiles", "--alert-jump", "3x"], ["--alert-jump", "--all-profiles"]),
        (&["watch", "--once", "--simulate", "--organization", "x"], ["--organization", "--simulate"]),
        (&["watch", "--once", "--simulate", "--metrics-clients", "3"], ["--metrics-clients", "--once"]),
        (&["aggregate", "--last", "3d", "--organization", "x", "--user", "y"], ["--organization", "--user"]),
    ] {
        refused(arguments, &["cannot be used with", texts[0], texts[1]]);
    }
}
