//! Every command in every format, over every transport.

use std::thread;

use serde_json::Value;

use crate::support::{Ran, Service, TRANSPORTS, last_month, program};

fn arguments<'a>(command: &str, client: &'a str, month: &'a str) -> Vec<&'a str> {
    match command {
        "query" => vec!["query", "--last", "3d", "--granularity", "day", "--group-by", "client,uri,method"],
        "client" => vec![
            "query",
            "--month",
            month,
            "--client",
            client,
            "--group-by",
            "uri",
            "--metrics",
            "requests,status429",
        ],
        "summary" => vec!["summary", "--client", client, "--days", "30"],
        _ => vec![
            "search",
            "--last",
            "2w",
            "--method",
            "get",
            "--method",
            "POST",
            "--client-name",
            "Nightly Export",
            "--client-name",
            "Agent Desktop",
        ],
    }
}

#[test]
fn every_command_gives_the_same_json_over_every_transport() {
    let service = Service::new();
    let month = last_month();
    for command in ["query", "client", "summary", "search"] {
        let mut arguments = arguments(command, service.client_id(), &month);
        arguments.extend(["--format", "json", "--transport"]);
        let results =
            TRANSPORTS.map(|transport| service.run(&[&arguments[..], &[transport]].concat()).well());
        let documents = results.clone().map(|result| {
            let mut document: Value = serde_json::from_str(&result).unwrap();
            // A later run has a later time of the query.
            document["scope"]["askedAt"].take();
            document
        });
        assert!(documents.iter().all(|document| *document == documents[0]), "{command}");
        let document = &documents[0];
        assert_eq!(document["status"], "Complete");
        assert!(!document["rows"].as_array().unwrap().is_empty(), "{command}");
        assert!(results[0].ends_with("]}\n") && results[0].matches('\n').count() == 1);
    }
}

#[test]
fn a_search_reads_all_pages() {
    let service = Service::new();
    let json = service.run(&["search", "--last", "30d", "--format", "json"]).well();
    let document: Value = serde_json::from_str(&json).unwrap();
    assert!(document["rows"].as_array().unwrap().len() > 1000);
    let told = service.run(&["search", "--last", "30d", "--format", "jsonl", "-v"]);
    assert!(told.stderr.contains("page 1 arrived, and there are more"), "{}", told.stderr);
}

#[test]
fn the_formats_have_the_same_rows() {
    let service = Service::new();
    let month = last_month();
    let arguments = arguments("query", service.client_id(), &month);
    let run = |format| service.run(&[&arguments[..], &["--format", format]].concat()).well();
    let document: Value = serde_json::from_str(&run("json")).unwrap();
    let rows = document["rows"].as_array().unwrap();

    let lines = run("jsonl");
    let from_lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(&from_lines, rows);

    let csv = run("csv");
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let names = reader.headers().unwrap().clone();
    assert_eq!(names.len(), 14);
    for (record, row) in reader.records().map(Result::unwrap).zip(rows) {
        for (name, cell) in names.iter().zip(&record) {
            let wanted = match &row[name] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                count => count.to_string(),
            };
            assert_eq!(cell, wanted, "{name}");
        }
    }
    assert_eq!(csv.lines().count(), rows.len() + 1);

    let table = run("table");
    assert!(table.starts_with("Date        Client id "), "{table}");
    assert_eq!(table.lines().count(), rows.len() + 3);
    assert!(table.contains(&format!("\nTotal of {} rows", rows.len())), "{table}");

    let markdown = run("markdown");
    assert!(markdown.starts_with("| Date | Client id "), "{markdown}");
    assert_eq!(markdown.lines().count(), rows.len() + 2);
    let bars = |line: &str| line.replace("\\|", "").matches('|').count();
    assert!(markdown.lines().all(|line| bars(line) == bars(markdown.lines().next().unwrap())), "{markdown}");
    assert!(!table.contains('…') && !table.contains('\u{1b}'), "shortened or coloured without a terminal");
}

#[test]
fn all_commands_run_against_the_built_in_simulator() {
    let client = usage_sim::SimulatorConfig::default().client_id();
    let month = last_month();
    // Each run waits more than a second for its execution.
    thread::scope(|scope| {
        for (command, transport) in
            ["query", "client", "summary", "search"].into_iter().zip(TRANSPORTS.into_iter().cycle())
        {
            let mut arguments = arguments(command, &client, &month);
            arguments.extend(["--simulate", "--initial-delay", "1300ms", "--transport", transport]);
            scope.spawn(move || {
                // The simulated service ignores credentials of the environment.
                let mut program = program(&arguments);
                let ran = Ran::of(program.env("GENESYSCLOUD_ACCESS_TOKEN", "not for the simulator"));
                assert!(ran.well().contains("\nTotal"), "{command}");
            });
        }
    });
}

#[test]
fn a_reader_who_goes_away_is_no_error() {
    let service = Service::new();
    let mut command = service.command(&["search", "--last", "30d", "--format", "jsonl"]);
    let mut child =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    Ran::from(child.wait_with_output().unwrap()).well();
}

#[test]
fn verbose_tells_the_steps_and_quiet_does_not() {
    let service = Service::new();
    let ran = service.run(&["query", "--last", "1d", "-v"]);
    for text in [
        "an access token arrived",
        "submitted: execution ",
        "waiting 0.0 s for the query's result",
        "page 1 arrived, the last one",
    ] {
        assert!(ran.stderr.contains(text), "{text:?} is not in {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("ReadySubmit"));
    let ran = service.run(&["query", "--last", "1d", "-vv"]);
    assert!(ran.stderr.contains("InFlightSubmit -Accepted-> WaitPoll; 2 requests sent"), "{}", ran.stderr);
    assert!(ran.stderr.contains("; 1 request sent\n") && ran.stderr.contains(", transport blocking\n"));
    service.run(&["query", "--last", "1d", "-q"]).well();
}
