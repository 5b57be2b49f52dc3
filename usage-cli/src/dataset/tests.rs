//! The dataset: kinds, days, and what interrupted runs leave.

use std::fs;
use std::path::Path;

use usage_core::model::Granularity;
use usage_core::{Date, Gap, Scope, ScopeQuery, Timestamp, UsageRecord, UsageTable};

use super::*;

fn kind(group_by: &[&str]) -> Kind {
    Kind { family: "organization".into(), group_by: group_by.iter().map(|name| (*name).to_owned()).collect() }
}

fn begin(directory: &Path) -> History {
    History::begin(directory, &kind(&["TemplateUri"])).unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn scope(date: &str, asked: &str) -> Scope {
    let query = ScopeQuery::new(format!("{date}/{date}").parse().unwrap());
    let asked_at = Timestamp::from_unix_millis(day(asked).start().as_unix_millis() + 6 * 3_600_000);
    let query = query.with_granularity(Some(Granularity::Day)).with_group_by(["TemplateUri"]);
    Scope::new("organization", asked_at).with_query(query)
}

fn rows(date: &str, counts: &[u64]) -> UsageTable {
    let record = |count: &u64| UsageRecord {
        date: Some(date.to_owned()),
        client_name: Some(format!("client {count}")),
        requests: Some(*count),
        ..UsageRecord::default()
    };
    counts.iter().map(record).collect()
}

const DATE: &str = "2026-10-01";

/// Stores rows of the first of October that were asked for on the day `asked`.
fn store(organization: &mut Organization, counts: &[u64], asked: &str) -> Stored {
    let stored = organization.store(day(DATE), rows(DATE, counts), &scope(DATE, asked), 3).unwrap();
    organization.save().unwrap();
    stored
}

fn requests(history: &History, name: &str) -> Vec<(String, u64)> {
    let organization = history.organization(name).unwrap();
    let days = organization.days().keys().map(|date| {
        let (columns, _) = organization.rows(*date, &Needs::all()).unwrap();
        (date.to_string(), columns.counts[0].iter().sum())
    });
    days.collect()
}

#[test]
fn days_are_stored_replaced_by_better_ones_and_settled() {
    let directory = tempfile::tempdir().unwrap();
    let history = begin(&directory.path().join("new").join("lake"));
    let mut acme = history.organization("acme").unwrap();
    acme.collect_from("https://api.example").unwrap();
    assert_eq!(store(&mut acme, &[1, 2], "2026-10-02"), Stored::New);
    assert_eq!(store(&mut acme, &[1, 3], "2026-10-03"), Stored::Changed);
    assert!(!acme.days()[&day(DATE)].settled);
    // Nothing at all, and an earlier read, are worse.
    assert_eq!(store(&mut acme, &[], "2026-10-04"), Stored::Kept);
    assert_eq!(store(&mut acme, &[9], "2026-10-02"), Stored::Kept);
    let incomplete = scope(DATE, "2026-10-04").with_gap(Gap::Lists);
    assert_eq!(acme.store(day(DATE), rows(DATE, &[9]), &incomplete, 3).unwrap(), Stored::Kept);
    assert_eq!(store(&mut acme, &[3, 1], "2026-10-05"), Stored::Confirmed);
    assert!(acme.days()[&day(DATE)].settled);
    assert_eq!(requests(&history, "acme"), [(DATE.to_owned(), 4)]);
    assert_eq!(history.organizations().unwrap(), ["acme"]);
    let again = history.organization("acme").unwrap();
    assert_eq!(again.days(), acme.days());
}

#[test]
fn files_are_the_truth_and_the_list_follows_them() {
    let directory = tempfile::tempdir().unwrap();
    let history = begin(directory.path());
    let mut acme = history.organization("a/b").unwrap();
    acme.collect_from("here").unwrap();
    store(&mut acme, &[1], "2026-10-02");
    let before = fs::read(directory.path().join("organization=a%2Fb").join(manifest::NAME)).unwrap();
    store(&mut acme, &[10, 20], "2026-10-03");
    let second = "2026-10-05";
    acme.store(day(second), rows(second, &[5]), &scope(second, "2026-10-06"), 3).unwrap();
    // A kill before the list was written.
    fs::write(directory.path().join("organization=a%2Fb").join(manifest::NAME), before).unwrap();
    assert_eq!(requests(&history, "a/b"), [(DATE.to_owned(), 30), (second.to_owned(), 5)]);
    let acme = history.organization("a/b").unwrap();
    assert_eq!((acme.days()[&day(DATE)].rows, acme.days()[&day(DATE)].requests), (2, 30));
    // No list at all, and a file that was removed.
    fs::remove_file(directory.path().join("organization=a%2Fb").join(manifest::NAME)).unwrap();
    fs::remove_dir_all(directory.path().join("organization=a%2Fb").join(format!("date={second}"))).unwrap();
    assert_eq!(requests(&history, "a/b"), [(DATE.to_owned(), 30)]);
    // A day that was read when it was old need not be read again because the list is gone.
    let third = "2026-09-20";
    let mut acme = history.organization("a/b").unwrap();
    acme.store(day(third), rows(third, &[7]), &scope(third, "2026-10-02"), 3).unwrap();
    assert!(acme.days()[&day(third)].settled);
    let mut again = history.organization("a/b").unwrap();
    again.settle_old(3);
    let settled = [DATE, third].map(|date| again.days()[&day(date)].settled);
    assert_eq!(settled, [false, true]);
}

/// Engines read each of these, and would count its rows twice or fail.
#[test]
fn copies_that_engines_would_read_are_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let lake = directory.path();
    let history = begin(lake);
    let mut acme = history.organization("acme").unwrap();
    acme.collect_from("here").unwrap();
    store(&mut acme, &[1], "2026-10-02");
    let copies = [
        "organization=acme (copy)",
        "Organization=acme",
        "usage.parquet",
        "organization=acme/date=2026-10-01 (2)",
        "organization=acme/date=2026-1-1",
        "organization=acme/usage.parquet",
        "organization=acme/date=2026-10-01/usage (1).parquet",
        "organization=acme/date=2026-10-01/usage.sync-conflict-1.PARQUET",
    ];
    for copy in copies {
        fs::write(lake.join(copy), "").unwrap();
        let said = Selection::default().find(lake).unwrap_err().to_string();
        assert!(said.contains(&format!("{copy} is no part of a history")), "{said}");
        fs::remove_file(lake.join(copy)).unwrap();
    }
    // Engines skip these.
    for other in
        ["organization=acme/._usage.parquet", "organization=acme/_old.parquet", "read me", "lost+found"]
    {
        fs::write(lake.join(other), "").unwrap();
    }
    Selection::default().find(lake).unwrap();
}

#[test]
fn what_is_no_history_is_refused_by_name_and_stays() {
    let directory = tempfile::tempdir().unwrap();
    let lake = directory.path();
    let said = |lake: &Path| History::begin(lake, &kind(&["TemplateUri"])).unwrap_err().to_string();
    fs::write(lake.join("letter.txt"), "dear").unwrap();
    assert!(said(lake).contains("is no history of genesys-usage: it has letter.txt"), "{}", said(lake));
    assert!(History::open(lake).is_err() && History::open(&lake.join("none")).is_err());
    assert_eq!(fs::read_to_string(lake.join("letter.txt")).unwrap(), "dear");
    fs::remove_file(lake.join("letter.txt")).unwrap();
    drop(begin(lake));
    let other = History::begin(lake, &kind(&["HttpMethod"])).unwrap_err();
    assert!(other.to_string().contains("(grouping: TemplateUri, asked for: HttpMethod)"), "{other}");
    assert!(other.hints()[0].contains("begin a second history in another directory"));
    let manifest = lake.join(manifest::NAME);
    let text = fs::read_to_string(&manifest).unwrap();
    for (changed, wanted) in [
        (text.replace("\"version\": 1", "\"version\": 2"), "it has version 2, of a later genesys-usage"),
        (text.replace("history", "partitions"), "its format is \"genesys-usage partitions\""),
        ("{".to_owned(), "_genesys-usage.json cannot be used: EOF"),
        (String::new(), "_genesys-usage.json cannot be used: EOF"),
    ] {
        fs::write(&manifest, changed).unwrap();
        assert!(said(lake).contains(wanted), "{}", said(lake));
    }
}

#[test]
fn damage_names_its_file_and_another_service_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let history = begin(directory.path());
    let mut acme = history.organization("acme").unwrap();
    acme.collect_from("here").unwrap();
    store(&mut acme, &[1, 2, 3], "2026-10-02");
    assert!(acme.collect_from("there").unwrap_err().to_string().contains("are from here, not from there"));
    let file = directory.path().join("organization=acme").join(format!("date={DATE}")).join("usage.parquet");
    let bytes = fs::read(&file).unwrap();
    // Half copied.
    fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let said = history.organization("acme").unwrap_err();
    assert!(said.to_string().contains("date=2026-10-01/usage.parquet is damaged"), "{said}");
    assert!(said.hints()[0].contains("asks for a day without a file again"));
    // One bit of the rows.
    let mut flipped = bytes.clone();
    flipped[40] ^= 1;
    fs::write(&file, flipped).unwrap();
    let said = history
        .organization("acme")
        .unwrap()
        .rows(day(DATE), &Needs::all())
        .map(drop)
        .unwrap_err()
        .to_string();
    assert!(said.contains("usage.parquet is damaged: its content does not have the checksum"), "{said}");
    // The file of another day.
    let other = directory.path().join("organization=acme").join("date=2026-10-02");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("usage.parquet"), bytes).unwrap();
    let said = history.organization("acme").unwrap_err().to_string();
    assert!(said.contains("it is the file of \"acme\" and 2026-10-01/2026-10-01"), "{said}");
    // Something else in the place of a file.
    fs::remove_file(other.join("usage.parquet")).unwrap();
    fs::create_dir(other.join("usage.parquet")).unwrap();
    let said = history.organization("acme").unwrap_err().to_string();
    assert!(said.contains("date=2026-10-02/usage.parquet is not a regular file"), "{said}");
    // A day of another history, with other rows.
    fs::remove_dir(other.join("usage.parquet")).unwrap();
    for (family, group_by, wanted) in [
        ("organization-job", "TemplateUri", "(query: organization-job, those of the history: organization)"),
        ("organization", "UserId", "(grouping: UserId, those of the history: TemplateUri)"),
    ] {
        let mut scope = scope("2026-10-02", "2026-10-03");
        scope.family = Some(family.to_owned());
        scope.query = scope.query.map(|query| query.with_group_by([group_by]));
        let (bytes, _) = partition::encode(rows("2026-10-02", &[1]), &scope, "acme").unwrap();
        fs::write(other.join("usage.parquet"), bytes).unwrap();
        let said = history.organization("acme").unwrap_err().to_string();
        assert!(said.contains(&format!("its rows are of another kind {wanted}")), "{said}");
    }
    fs::rename(&other, directory.path().join("organization=acme").join("date=tomorrow")).unwrap();
    assert!(
        history
            .organization("acme")
            .unwrap_err()
            .to_string()
            .contains("date=tomorrow is no part of a history")
    );
    fs::create_dir(directory.path().join("organization=ac me")).unwrap();
    let said = history.organizations().unwrap_err().to_string();
    assert!(said.contains("organization=ac me is no part of a history"), "{said}");
}

#[cfg(unix)]
#[test]
fn one_process_writes_at_a_time_and_links_are_not_followed() {
    let directory = tempfile::tempdir().unwrap();
    let lake = directory.path().join("lake");
    let history = begin(&lake);
    let said = History::begin(&lake, &kind(&["TemplateUri"])).unwrap_err().to_string();
    assert!(said.contains("another process collects into "), "{said}");
    History::open(&lake).unwrap();
    drop(history);
    let history = begin(&lake);
    std::os::unix::fs::symlink(directory.path(), lake.join("organization=acme")).unwrap();
    assert!(history.organization("acme").unwrap_err().to_string().contains("is a symbolic link"));
}

#[test]
fn days_without_a_gap_end_with_the_last() {
    let directory = tempfile::tempdir().unwrap();
    let history = begin(directory.path());
    let mut acme = history.organization("acme").unwrap();
    acme.collect_from("here").unwrap();
    for date in ["2026-10-01", "2026-10-02", "2026-10-04", "2026-10-05"] {
        acme.store(day(date), rows(date, &[1]), &scope(date, "2026-10-06"), 3).unwrap();
    }
    acme.save().unwrap();
    let selected = Selection::default().select(directory.path()).unwrap();
    assert_eq!(selected.unbroken().to_string(), "2026-10-04/2026-10-05");
}
