//! Files with hosts, commands, tokens and secrets are used only if no other account can have written them.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::config::{OFFICIAL, OWN, home, run};
use crate::support::{Ran, Service, keeping};

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

const QUERY: [&str; 5] = ["query", "--last", "1d", "--initial-delay", "20ms"];

#[test]
fn a_planted_state_file_gets_no_credential_and_is_not_suggested() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    chmod(directory.path(), 0o1777);
    let state = directory.path().join("run.json");
    let plant = |mode: u32, owner: Option<u32>| {
        let _ = fs::remove_file(&state);
        fs::write(&state, "{}").unwrap();
        chmod(&state, mode);
        owner.is_none_or(|owner| chown(&state, Some(owner), None).is_ok())
    };
    // Only root can change the owner of a file.
    for (mode, owner) in [(0o644, Some(65534)), (0o666, None), (0o620, None)] {
        if !plant(mode, owner) {
            continue;
        }
        let ran =
            Ran::of(service.command(&QUERY[..3]).args(keeping(&state))).failed(2, &["is there already"]);
        assert!(!ran.stderr.contains("genesys-usage resume"), "{ran:?}");
        let ran = service.resume(&["resume", state.to_str().unwrap()]);
        ran.failed(2, &["it says where credentials go", "chmod 600 "]);
    }
    // Nor a file that others can replace.
    plant(0o600, None);
    chmod(directory.path(), 0o777);
    let ran = service.resume(&["resume", state.to_str().unwrap()]);
    ran.failed(2, &["others may replace ", "chmod go-w "]);
    // Therefore no such file is created there.
    fs::remove_file(&state).unwrap();
    for command in [&QUERY[..3], &["watch", "--once"]] {
        let ran = Ran::of(service.command(command).args(keeping(&state)));
        ran.failed(2, &["others may replace ", "chmod go-w "]);
        assert!(!state.exists());
    }
    assert!(service.server.simulator().journal().is_empty());
}

#[test]
fn what_is_no_file_is_refused_at_once() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [&*pipe, Path::new("/dev/null"), directory.path()] {
        let name = path.to_str().unwrap();
        service.resume(&["resume", name]).failed(2, &["cannot read ", "not a regular file"]);
        for option in ["--access-token-file", "--config"] {
            service.run(&[&QUERY[..3], &[option, name]].concat()).failed(2, &["not a regular file"]);
        }
        service.run(&[&QUERY[..3], &["--state", name]].concat()).failed(2, &["is there already"]);
    }
    assert!(service.server.simulator().journal().is_empty());
}

#[test]
fn a_configuration_that_others_can_write_runs_no_command() {
    let directory = tempfile::tempdir().unwrap();
    let marker = directory.path().join("it-ran");
    let command = format!("secret-command = 'touch {0}; echo x'\noauth-client-id = 'id'\n", marker.display());
    let login = format!(
        r#"{{"format":"genesys-usage login","version":1,"apiUrl":"http://127.0.0.1:9","loginUrl":"http://127.0.0.1:9","clientId":"id","secretCommand":"touch {}; echo x","accessToken":"hunter2","refreshToken":"hunter3","expiresAt":1}}"#,
        marker.display()
    );
    let login_file = ".config/genesys-usage/login.json";
    let official =
        "[DEFAULT]\nenvironment='mypurecloud.de'\nclient_credentials='id'\nclient_secret='hunter2'\n"
            .to_owned();
    for (file, text) in [(OWN, &command), (login_file, &login), (OFFICIAL, &official)] {
        for mode in [0o666, 0o660, 0o602] {
            let home = home(&[(file, text)]);
            chmod(&home.path().join(file), mode);
            let ran = run(home.path(), &QUERY, &[]);
            let ran = ran.failed(2, &["others may write to ", file, "chmod 600 "]);
            assert!(!marker.exists() && !ran.stderr.contains("hunter"), "{file} {mode:o} {ran:?}");
        }
        let home = home(&[(file, text)]);
        chmod(home.path().join(file).parent().unwrap(), 0o777);
        run(home.path(), &QUERY, &[]).failed(2, &["others may replace ", "chmod go-w "]);
        assert!(!marker.exists(), "{file}");
    }
}

#[test]
fn tokens_that_others_can_read_are_told_of() {
    let login = r#"{"format":"genesys-usage login","version":1,"apiUrl":"http://127.0.0.1:9","loginUrl":"http://127.0.0.1:9","clientId":"id","accessToken":"hunter2"}"#;
    let file = ".config/genesys-usage/login.json";
    let home = home(&[(file, login)]);
    run(home.path(), &["config", "show"], &[]).well();
    chmod(&home.path().join(file), 0o644);
    let ran = run(home.path(), &["config", "show"], &[]);
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.stderr.starts_with("warning: others may read the tokens in ")
            && ran.stderr.contains("chmod 600 ")
    );
    assert!(!ran.stderr.contains("hunter2") && !ran.stdout.contains("hunter2"), "{ran:?}");
}

#[test]
fn a_secret_file_is_trusted_like_the_others_and_a_passed_descriptor_is_read() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let secret = directory.path().join("secret");
    fs::write(&secret, &service.secret).unwrap();
    let option = ["--oauth-client-secret-file", secret.to_str().unwrap()];
    let id = ["--oauth-client-id", service.client_id()];
    service.run(&[&QUERY[..3], &option, &id].concat()).well();
    // As Kubernetes mounts secrets: a link to a link.
    let (data, link) = (directory.path().join("..data"), directory.path().join("link"));
    symlink(directory.path(), &data).unwrap();
    symlink("..data/secret", &link).unwrap();
    service.run(&[&QUERY[..3], &[option[0], link.to_str().unwrap()], &id].concat()).well();
    chmod(&secret, 0o666);
    for path in [&secret, &link] {
        let ran = service.run(&[&QUERY[..3], &[option[0], path.to_str().unwrap()], &id].concat());
        ran.failed(2, &["others may write to ", "it should hold a secret", "chmod 600 "]);
    }
    for path in ["/dev/stdin", "/dev/fd/0"] {
        let mut command = service.command(&[&QUERY[..3], &[option[0], path], &id].concat());
        command.stdin(fs::File::open(&secret).unwrap());
        Ran::of(&mut command).well();
    }
    // `<(pass show it)`
    let mut command = service.command(&[&QUERY[..3], &[option[0], "/dev/stdin"], &id].concat());
    let mut echo = Command::new("echo").arg(&service.secret).stdout(Stdio::piped()).spawn().unwrap();
    command.stdin(echo.stdout.take().unwrap());
    Ran::of(&mut command).well();
    echo.wait().unwrap();
}

#[test]
fn certificates_that_others_can_write_are_trusted_nowhere() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let (file, roots) = (directory.path().join("ca.pem"), directory.path().join("roots"));
    let pem = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    fs::create_dir(&roots).unwrap();
    let member = roots.join("a.pem");
    for path in [&file, &member] {
        fs::write(path, pem).unwrap();
        chmod(path, 0o666);
    }
    let config = directory.path().join("config.toml");
    fs::write(&config, "ca-file = 'ca.pem'\n").unwrap();
    chmod(&config, 0o600);
    let refused = ["others may write to ", "it says who is trusted with credentials", "chmod go-w "];
    let query = |arguments: &[&str], variable: Option<(&str, &Path)>| {
        let mut command = crate::support::program(&[&QUERY[..3], arguments].concat());
        command.envs(variable).env("GENESYSCLOUD_ACCESS_TOKEN", "x");
        Ran::of(&mut command)
    };
    let address = ["--region", "euw2"];
    query(&["--region", "euw2", "--ca-file", file.to_str().unwrap()], None).failed(2, &refused);
    query(&["--region", "euw2", "--config", config.to_str().unwrap()], None).failed(2, &refused);
    query(&address, Some(("SSL_CERT_FILE", &file))).failed(2, &refused);
    query(&address, Some(("SSL_CERT_DIR", &roots))).failed(2, &refused);
    // Nor files that others can replace, or that another account owns.
    chmod(&file, 0o644);
    chmod(directory.path(), 0o777);
    query(&address, Some(("SSL_CERT_FILE", &file))).failed(2, &["others may replace "]);
    chmod(directory.path(), 0o1777);
    if chown(&file, Some(65534), None).is_ok() {
        query(&address, Some(("SSL_CERT_FILE", &file))).failed(2, &["belongs to another account"]);
    }
    assert!(service.server.simulator().journal().is_empty());
}
