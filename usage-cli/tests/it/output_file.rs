//! `--output`: the file is written completely or not at all.

use std::fs;
use std::path::Path;

use usage_sim::{Fault, Match, Rule};

use crate::support::{Ran, Service, program, without_the_time};

fn names(directory: &Path) -> Vec<String> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_good_run_replaces_the_file_and_leaves_nothing_else() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rows.json");
    fs::write(&path, "before").unwrap();
    let arguments = ["query", "--last", "1d", "--format", "jsonl"];
    let wanted = service.run(&arguments).well();
    let stdout = service.run(&[&arguments[..], &["--output", path.to_str().unwrap()]].concat()).well();
    assert_eq!(stdout, "");
    assert_eq!(fs::read_to_string(&path).unwrap(), wanted);
    assert_eq!(names(directory.path()), ["rows.json"]);
}

#[test]
fn a_bad_run_touches_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rows.json");
    let output = ["--output", path.to_str().unwrap()];
    // The second page fails permanently after rows have arrived.
    let rule = || Rule::new(Match::Results, Fault::Status(500)).skip(1).always();
    let search = [&["search", "--last", "30d"][..], &output].concat();
    Service::misbehaving([rule()]).run(&search).failed(5, &[]);
    assert!(names(directory.path()).is_empty());
    fs::write(&path, "before").unwrap();
    Service::misbehaving([rule()]).run(&search).failed(5, &[]);
    assert_eq!(fs::read_to_string(&path).unwrap(), "before");
    assert_eq!(names(directory.path()), ["rows.json"]);
}

#[test]
fn what_cannot_be_written_is_refused_before_anything_is_sent() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("none").join("rows.json");
    for path in [directory.path(), &missing] {
        service
            .run(&["query", "--last", "1d", "--output", path.to_str().unwrap()])
            .failed(2, &["cannot write to"]);
    }
    assert!(service.server.simulator().journal().is_empty());
}

#[test]
fn the_name_says_the_format_unless_an_option_does() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let query = ["query", "--interval", "2026-09-01/2026-09-02", "--group-by", "method"];
    for (name, option, wanted) in [
        ("rows.csv", &[][..], "csv"),
        ("rows.json", &[], "json"),
        ("rows.JSON", &[], "json"),
        ("rows.jsonl", &[], "jsonl"),
        ("rows.prom", &[], "openmetrics"),
        ("rows.txt", &[], "table"),
        ("rows", &[], "table"),
        (".csv", &[], "table"),
        ("rows.csv", &["--format", "json"], "json"),
        ("rows.xls", &["--format", "csv"], "csv"),
    ] {
        let path = directory.path().join(name);
        service.run(&[&query[..], option, &["--output", path.to_str().unwrap()]].concat()).well();
        let wanted = service.run(&[&query[..], &["--format", wanted]].concat()).well();
        let [written, wanted] =
            [fs::read_to_string(&path).unwrap(), wanted].map(|text| without_the_time(&text));
        assert_eq!(written, wanted, "{name} {option:?}");
    }
    // A directory does not tell a format, and none is guessed.
    let lake = directory.path().join("lake.csv");
    let options = ["--granularity", "day", "--partition-by", "date", "--output", lake.to_str().unwrap()];
    let ran = service.run(&[&query[..], &options].concat());
    ran.failed(2, &["nothing says in which format", "give --format csv"]);
    assert!(!lake.exists());
}

#[test]
fn a_name_of_another_format_is_refused_and_not_filled_with_a_table() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).into_os_string().into_string().unwrap();
    let query = &["query", "--last", "1d", "--group-by", "method"][..];
    let report = &["report", "--last", "2d"][..];
    let events = &["events", "definitions"][..];
    let config = &["config", "show"][..];
    for (command, ending) in [
        (query, "docx"),
        (query, "PDF"),
        (query, "html"),
        (query, "svg"),
        (query, "gz"),
        (query, "db"),
        (report, "docx"),
        (report, "pdf"),
        (report, "md"),
        (report, "jsonl"),
        (report, "parquet"),
        (report, "docx"),
        (events, "xlsx"),
        (events, "prom"),
        (events, "html"),
        (config, "toml"),
    ] {
        let name = path(&format!("out.{ending}"));
        let ran = service.run(&[command, &["--output", &name]].concat());
        let text = format!("this command writes no .{}", ending.to_lowercase());
        ran.failed(2, &[&text, "hint: it writes .", "--format"]);
        assert!(!Path::new(&name).exists());
    }
    assert!(service.server.simulator().journal().is_empty());
    for name in ["rows.log", "rows.out", "rows.2026-10", "rows.v1.", "rows"] {
        service.run(&[query, &["--output", &path(name)]].concat()).well();
        assert!(fs::read_to_string(path(name)).unwrap().contains("Requests"), "{name}");
    }
}

#[test]
fn the_name_says_the_format_of_lists_and_reports_too() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let written = |command: &[&str], name: &str| {
        let path = directory.path().join(name);
        service.run(&[command, &["--output", path.to_str().unwrap()]].concat()).well();
        fs::read_to_string(path).unwrap()
    };
    let events = ["events", "definitions"];
    assert!(written(&events, "kinds.md").starts_with("| Id | Name | Description |\n| --- |"));
    assert!(written(&events, "kinds.csv").starts_with("id,name,description\n"));
    assert!(written(&events, "kinds.json").starts_with("{\"definitions\":["));
    assert!(written(&events, "kinds.jsonl").starts_with("{\"id\":"));
    assert!(written(&events, "kinds.txt").starts_with("Id "));
    let report = ["report", "--last", "2d"];
    for (name, start) in [
        ("report.html", "<!DOCTYPE html>"),
        ("report.json", "{"),
        ("report.csv", "list,place,id,"),
        ("report.svg", "<svg "),
        ("report.prom", "# "),
        ("report.txt", "Example Org: API usage from "),
        ("report", "Example Org: API usage from "),
    ] {
        let text = written(&report, name);
        assert!(text.starts_with(start), "{name}: {text}");
    }
    let html = directory.path().join("explicit.html");
    let explicit = [&report[..], &["--format", "svg", "--output", html.to_str().unwrap()]].concat();
    service.run(&explicit).well();
    assert!(fs::read_to_string(html).unwrap().starts_with("<svg "));
}

#[test]
fn a_format_that_this_build_lacks_is_not_written_as_another() {
    let directory = tempfile::tempdir().unwrap();
    for (command, extension, is_built) in
        [("query", "parquet", cfg!(feature = "parquet")), ("report", "png", cfg!(feature = "png"))]
    {
        let path = directory.path().join("rows").with_extension(extension);
        let service = Service::new();
        let ran = service.run(&[command, "--last", "1d", "--output", path.to_str().unwrap()]);
        if is_built {
            ran.well();
            assert!(String::from_utf8(fs::read(path).unwrap()).is_err(), "{extension} is no text");
        } else {
            ran.failed(2, &[&format!("cannot write {extension}"), "hint: build one that can"]);
            assert!(service.server.simulator().journal().is_empty());
        }
    }
}

#[test]
fn a_dash_is_standard_output() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let query = ["query", "--last", "1d", "--group-by", "method"];
    let wanted = service.run(&query).well();
    let mut command = service.command(&[&query[..], &["--output", "-"]].concat());
    assert_eq!(Ran::of(command.current_dir(directory.path())).well(), wanted);
    assert!(names(directory.path()).is_empty());
    let parts = [&query[..], &["--output", "-", "--partition-by", "date"]].concat();
    service.run(&parts).failed(2, &["--partition-by writes to a directory"]);
}

#[cfg(unix)]
#[test]
fn a_destination_is_proven_before_anything_is_sent() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(directory.path().join("socket")).unwrap();
    let turn = directory.path().join("turn");
    std::os::unix::fs::symlink("turn", &turn).unwrap();
    // Not even root can create a file in /proc.
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    for output in [
        "/proc/rows.csv".to_owned(),
        text(&directory.path().join("socket")),
        text(&turn),
        text(&file.join("x")),
    ] {
        for command in [
            &["query"][..],
            &["aggregate"],
            &["report"],
            &["summary", "--client", service.client_id()],
            &["events", "query"],
        ] {
            let last = if command[0] == "summary" { &["--days", "1"] } else { &["--last", "1d"] };
            let ran = service.run(&[command, last, &["--output", &output]].concat());
            ran.failed(2, &["cannot write to "]);
        }
    }
    for lake in ["/proc/lake".to_owned(), text(&file), text(&file.join("below"))] {
        let options =
            ["--granularity", "day", "--format", "csv", "--partition-by", "date", "--output", &lake];
        service.run(&[&["query", "--last", "1d"][..], &options].concat()).failed(2, &["cannot write to "]);
    }
    for state in
        ["/proc/run.json".to_owned(), text(&directory.path().join("none/run.json")), text(&file.join("x"))]
    {
        service.run(&["query", "--last", "1d", "--state", &state]).failed(2, &["cannot write the state to "]);
    }
    assert!(service.server.simulator().journal().is_empty());
}

#[cfg(unix)]
#[test]
fn standard_output_by_another_name_is_standard_output() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let query = ["query", "--last", "1d", "--group-by", "method", "--format", "csv"];
    let wanted = service.run(&query).well();
    for name in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "-"] {
        assert_eq!(service.run(&[&query[..], &["--output", name]].concat()).well(), wanted);
        // A log to which the shell appends is not replaced.
        let log = directory.path().join("log");
        fs::write(&log, "before\n").unwrap();
        let appended = fs::File::options().append(true).open(&log).unwrap();
        let mut command = service.command(&[&query[..], &["--output", name]].concat());
        assert!(command.stdout(appended).status().unwrap().success());
        assert_eq!(fs::read_to_string(&log).unwrap(), format!("before\n{wanted}"));
    }
    for name in ["/dev/stderr", "/dev/fd/2"] {
        let mut command = service.command(&[&query[..], &["--output", name]].concat());
        let ran = Ran::of(&mut command);
        assert_eq!((ran.code, ran.stdout, ran.stderr), (Some(0), String::new(), wanted.clone()));
    }
    service.run(&[&query[..], &["--output", "/dev/full"]].concat()).failed(2, &["cannot write to /dev/full"]);
}

#[cfg(unix)]
#[test]
fn a_pipe_without_a_reader_is_an_error_that_leads_to_the_rows() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let pipe = directory.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let query = ["query", "--last", "1d", "--output", pipe.to_str().unwrap()];
    let ran = service.run(&query).failed(2, &["no process reads from it", "--attach "]);
    let attach = ran.to_attach().to_owned();
    let mut reader =
        std::process::Command::new("cat").arg(&pipe).stdout(std::process::Stdio::piped()).spawn().unwrap();
    // The reader may not have opened it yet.
    while service.run(&[&query[..1], &query[3..], &["--attach", &attach]].concat()).code != Some(0) {}
    let mut rows = String::new();
    std::io::Read::read_to_string(&mut reader.stdout.take().unwrap(), &mut rows).unwrap();
    assert!(rows.starts_with("Date") || rows.contains("Total of "), "{rows}");
    reader.wait().unwrap();
}

#[test]
fn the_state_is_no_place_for_the_result() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir(path("lake")).unwrap();
    let (state, other, manifest) =
        (path("run.json"), path("lake/../run.json"), path("lake/_genesys-usage.json"));
    let refused = ["cannot be both the state of the run and its result"];
    for output in [&state, &other] {
        let query = ["query", "--last", "1d", "--state", &state, "--output", output];
        service.run(&query).failed(2, &refused);
        service.run(&[&["report"], &query[1..]].concat()).failed(2, &refused);
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("run.json", path("link.json")).unwrap();
        let link = path("link.json");
        service.run(&["query", "--last", "1d", "--state", &state, "--output", &link]).failed(2, &refused);
    }
    let lake = path("lake");
    let daily =
        ["query", "--last", "1d", "--granularity", "day", "--format", "csv", "--partition-by", "date"];
    service.run(&[&daily[..], &["--output", &lake, "--state", &manifest]].concat()).failed(2, &refused);
    assert!(service.server.simulator().journal().is_empty());
    // A run that stopped.
    let rule = Rule::new(Match::Results, Fault::Status(500)).always();
    let stopped = Service::misbehaving([rule]);
    stopped.run(&["query", "--last", "1d", "--state", &state]).failed(5, &["genesys-usage resume"]);
    let asked = stopped.server.simulator().journal().len();
    stopped.resume(&["resume", &state, "--output", &other]).failed(2, &refused);
    assert_eq!(stopped.server.simulator().journal().len(), asked);
    assert!(fs::read_to_string(&state).unwrap().contains("checksum"));
}

#[test]
fn a_name_that_ends_as_a_directorys_is_refused_before_anything_is_sent() {
    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let output = directory.path().join("rows.csv/");
    service
        .run(&["query", "--last", "1d", "--output", output.to_str().unwrap()])
        .failed(2, &["is a directory"]);
    assert!(service.server.simulator().journal().is_empty() && names(directory.path()).is_empty());
}

/// Only root can run this, as another account.
#[cfg(unix)]
#[test]
fn a_file_of_another_account_in_a_shared_directory_is_refused_before_anything_is_sent() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;

    let service = Service::new();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rows.csv");
    fs::write(&path, "before").unwrap();
    let chmod = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    chmod(&path, 0o666);
    chmod(directory.path(), 0o1777);
    let mut command = service.command(&["query", "--last", "1d", "--output", path.to_str().unwrap()]);
    // A pipe must belong to this account; the owner of another could read what is written.
    let pipe = directory.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let query = ["query", "--last", "1d", "--output", pipe.to_str().unwrap()];
    if std::os::unix::fs::chown(&pipe, Some(65534), None).is_ok() {
        service.run(&query).failed(2, &["it is a pipe that belongs to another account"]);
        assert!(service.server.simulator().journal().is_empty());
    }
    let Ok(output) = command.uid(65534).output() else { return };
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && said.contains("it belongs to another account"), "{said}");
    assert!(service.server.simulator().journal().is_empty());
    assert_eq!(fs::read_to_string(&path).unwrap(), "before");
}

#[test]
fn an_input_is_not_replaced_by_its_result() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).into_os_string().into_string().unwrap();
    let rows = "date,clientId,requests\n2026-10-01,a,5\n";
    let body = r#"{"interval":"2026-10/2026-10"}"#;
    let files = [("rows.csv", rows), ("earlier.csv", rows), ("query.json", body)];
    for (name, text) in files {
        fs::write(path(name), text).unwrap();
    }
    let (rows, earlier, query) = (path("rows.csv"), path("earlier.csv"), path("query.json"));
    let other_way = path("./rows.csv");
    for arguments in [
        &["report", &rows, "--output", &other_way][..],
        &["report", &rows, "--compare-with", &earlier, "--output", &earlier],
        &["query", "--simulate", "--body", &query, "--output", &query],
        &["search", "--simulate", "--body", &query, "--output", &query],
        &["aggregate", "--simulate", "--body", &query, "--output", &query],
    ] {
        Ran::of(&mut program(arguments)).failed(2, &["is an input, and the result would replace it"]);
    }
    for (name, text) in files {
        assert_eq!(fs::read_to_string(path(name)).unwrap(), text);
    }
}
