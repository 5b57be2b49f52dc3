//! Configuration files: precedence, what is shown, what is refused.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{Ran, Service, program};

/// Creates a home directory with these files.
pub(crate) fn home(files: &[(&str, &str)]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = home.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }
    home
}

pub(crate) const OWN: &str = ".config/genesys-usage/config.toml";
pub(crate) const OFFICIAL: &str = ".gc/config.toml";

pub(crate) fn run(home: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
    Ran::of(program(arguments).env("HOME", home).envs(environment.iter().copied()))
}

/// Returns the value and the source of each setting.
#[track_caller]
pub(crate) fn shown(
    home: &Path,
    options: &[&str],
    environment: &[(&str, &str)],
) -> Vec<(String, String, String)> {
    let arguments = [&["config", "show", "--format", "json"], options].concat();
    let document: Value = serde_json::from_str(&run(home, &arguments, environment).well()).unwrap();
    let text = |setting: &Value, member: &str| setting[member].as_str().unwrap().to_owned();
    let settings = document["settings"].as_array().unwrap().iter();
    settings.map(|s| (text(s, "name"), text(s, "value"), text(s, "from"))).collect()
}

/// Returns the source of the setting `name`.
#[track_caller]
pub(crate) fn place(settings: &[(String, String, String)], name: &str) -> String {
    let setting = settings.iter().find(|setting| setting.0 == name);
    let setting = setting.unwrap_or_else(|| panic!("no {name} in {settings:?}"));
    format!("{} of {}", setting.1, setting.2.rsplit('/').next().unwrap())
}

#[test]
fn the_places_in_their_order() {
    let home = home(&[
        (
            OWN,
            "profile = 'prod'\nregion = 'eu-west-2'\ndeadline = '30m'\n[profiles.prod]\nregion = 'eu-west-1'\n\
             oauth-client-id = 'own'\noauth-client-secret = 'hunter2'\ntransport = 'tokio'\nallowance = 7\n[profiles.test]\n",
        ),
        (
            OFFICIAL,
            "[test]\nenvironment = 'mypurecloud.de'\nclient_credentials = 'gc'\nclient_secret = 'hunter3'\n",
        ),
        (".genesyscloudgo/config", "[general]\nhost = https://api.mypurecloud.jp\n"),
    ]);
    let environment = [
        ("GENESYSCLOUD_REGION", "us-west-2"),
        ("GENESYSCLOUD_OAUTHCLIENT_ID", "env"),
        ("GENESYSCLOUD_OAUTHCLIENT_SECRET", "hunter4"),
    ];
    let options = ["--region", "ap-south-1", "--access-token-file", "/dev/null", "--deadline", "1m"];
    let all = shown(home.path(), &options, &environment);
    assert_eq!(place(&all, "api-url"), "https://api.aps1.pure.cloud of --region");
    assert_eq!(place(&all, "access-token"), "of the file /dev/null of --access-token-file");
    assert_eq!(place(&all, "deadline"), "1m of --deadline");

    let all = shown(home.path(), &[], &environment);
    assert_eq!(place(&all, "api-url"), "https://api.usw2.pure.cloud of GENESYSCLOUD_REGION");
    assert_eq!(place(&all, "oauth-client-id"), "env of GENESYSCLOUD_OAUTHCLIENT_ID");

    let all = shown(home.path(), &[], &[]);
    assert_eq!(place(&all, "profile"), "prod of configuration");
    assert_eq!(place(&all, "login-url"), "https://login.mypurecloud.ie of config.toml [profiles.prod]");
    assert_eq!(place(&all, "oauth-client-secret"), "[redacted] of config.toml [profiles.prod]");
    assert_eq!(place(&all, "transport"), "tokio of config.toml [profiles.prod]");
    assert_eq!(place(&all, "deadline"), "30m of config.toml");
    assert_eq!(place(&all, "allowance"), "7 of config.toml [profiles.prod]");

    // A profile without settings of its own uses the file's top-level settings, then the official client's.
    let all = shown(home.path(), &["--profile", "test"], &[]);
    assert_eq!(place(&all, "profile"), "test of --profile");
    assert_eq!(place(&all, "api-url"), "https://api.euw2.pure.cloud of config.toml");
    assert_eq!(place(&all, "oauth-client-id"), "gc of config.toml [test]");
    assert_eq!(shown(home.path(), &[], &[("GENESYS_USAGE_PROFILE", "test")])[1..], all[1..]);

    fs::remove_file(home.path().join(OWN)).unwrap();
    let all = shown(home.path(), &["--profile", "test"], &[]);
    assert_eq!(place(&all, "api-url"), "https://api.mypurecloud.de of config.toml [test]");
    fs::remove_file(home.path().join(OFFICIAL)).unwrap();
    let all = shown(home.path(), &[], &[]);
    assert_eq!(place(&all, "api-url"), "https://api.mypurecloud.jp of config");
    assert!(!format!("{all:?}").contains("hunter"));
}

#[test]
fn a_profile_is_used() {
    let service = Service::new();
    let url = service.server.url();
    let text = format!(
        "[profiles.it]\napi-url = '{url}'\noauth-client-id = '{}'\nsecret-command = 'cat \"$SECRET\" 2>/dev/null'\n",
        service.client_id()
    );
    let home = home(&[(OWN, &text), ("secret", &service.secret)]);
    let secret = home.path().join("secret").into_os_string().into_string().unwrap();
    let query = ["query", "--last", "1d", "--profile", "it", "--initial-delay", "20ms"];
    run(home.path(), &query, &[("SECRET", &secret)]).well();
    run(home.path(), &query, &[("SECRET", "/nowhere")])
        .failed(2, &["the secret command 'cat ", "ended with exit"]);
    // The same with options, and with a file named by an option.
    let config = home.path().join(OWN).into_os_string().into_string().unwrap();
    let mut command = program(&query);
    command.args(["--config", &config, "--secret-command", &format!("cat '{secret}'")]);
    Ran::of(&mut command).well();
}

#[test]
fn the_official_clients_profile_is_used() {
    let service = Service::new();
    let url = service.server.url();
    let port = url.rsplit(':').next().unwrap();
    let text = format!(
        "[default]\nenvironment = 'localhost:{port}'\nclient_credentials = '{}'\nclient_secret = '{}'\ngrant_type = '1'\n",
        service.client_id(),
        service.secret
    );
    let home = home(&[(OFFICIAL, &text)]);
    run(home.path(), &["query", "--last", "1d", "--initial-delay", "20ms"], &[]).well();
}

#[test]
fn what_is_wrong_is_refused() {
    let token = [("GENESYSCLOUD_ACCESS_TOKEN", "hunter2")];
    let query = ["query", "--last", "1d"];
    let refused = |text: &str, options: &[&str], texts: &[&str]| {
        let home = home(&[(OWN, text)]);
        run(home.path(), &[&query[..], options].concat(), &token).failed(2, texts);
    };
    refused("regoin = 'x'", &[], &["config.toml: there is no key 'regoin'; did you mean 'region'?"]);
    refused("[", &[], &["config.toml: line 1: "]);
    refused("[profiles.prod]", &["--profile", "prd"], &["there is no profile 'prd'", "did you mean 'prod'?"]);
    refused("profile = 'x'", &[], &["there is no profile 'x'"]);
    refused("", &["--profile", "../x"], &["a profile's name is"]);
    refused("", &["--config", "/nowhere/config.toml"], &["there is no configuration /nowhere/config.toml"]);
    let home = home(&[(OFFICIAL, "[")]);
    run(home.path(), &query, &[]).failed(2, &[".gc/config.toml [DEFAULT]: "]);
    // Nothing of the file is needed.
    run(home.path(), &["config", "show", "--region", "us-east-1"], &token).well();
}

#[cfg(unix)]
#[test]
fn secrets_that_others_can_read_are_warned_of() {
    use std::os::unix::fs::PermissionsExt;

    let home = home(&[(OWN, "access-token = 'hunter2'\n")]);
    run(home.path(), &["config", "show"], &[]).well();
    fs::set_permissions(home.path().join(OWN), fs::Permissions::from_mode(0o644)).unwrap();
    let ran = run(home.path(), &["config", "show"], &[]);
    assert!(ran.stderr.starts_with("warning: others may read the secrets in "), "{ran:?}");
    assert!(ran.stderr.contains("chmod 600 ") && !ran.stdout.contains("hunter"), "{ran:?}");
}

#[test]
fn the_path_is_told() {
    let home = home(&[]);
    let path = run(home.path(), &["config", "path"], &[]).well();
    assert_eq!(Path::new(path.trim_end()), home.path().join(OWN));
}

#[test]
fn a_report_holds_months_against_the_configured_allowance_unless_it_is_told_another() {
    let home = home(&[
        (OWN, "allowance = 7000\n[profiles.small]\nallowance = 70\n"),
        ("rows.json", r#"[{"requests":80}]"#),
    ]);
    let rows = home.path().join("rows.json");
    let allowance = |options: &[&str]| {
        let arguments = [&["report", rows.to_str().unwrap(), "--format", "json"], options].concat();
        let report: Value = serde_json::from_str(&run(home.path(), &arguments, &[]).well()).unwrap();
        report["allowance"]["allowance"]["monthly"].as_u64()
    };
    assert_eq!(allowance(&[]), Some(7000));
    assert_eq!(allowance(&["--profile", "small"]), Some(70));
    assert_eq!(allowance(&["--profile", "small", "--allowance", "8"]), Some(8));
    assert_eq!(allowance(&["--licenses", "communicate=0"]), Some(0));
    fs::remove_file(home.path().join(OWN)).unwrap();
    assert_eq!(allowance(&[]), None);

    // Applies to the service and to files; the simulated organization is not part of it.
    let service = Service::new();
    let configured = tempfile::NamedTempFile::new().unwrap();
    fs::write(&configured, "allowance = 7000\n").unwrap();
    let config = ["--config", configured.path().to_str().unwrap()];
    let report = service.run(&[&["report", "--last", "2d", "--format", "json"][..], &config].concat()).well();
    assert!(report.contains(r#""allowance":{"monthly":7000}"#), "{report}");
    service
        .run(&[&["report", "--last", "2d", "--simulate"][..], &config].concat())
        .failed(2, &["cannot be used with"]);
}
