//! Workbooks of spreadsheet programs, which need the cargo feature `xlsx`.

use crate::support::{Ran, program};

#[test]
#[cfg(not(feature = "xlsx"))]
fn without_the_feature_it_says_how_to_get_it() {
    for command in [&["query", "--last", "1d", "--simulate"][..], &["report", "--last", "1d", "--simulate"]] {
        let ran = Ran::of(&mut program(&[command, &["--output", "rows.xlsx"]].concat()));
        ran.failed(2, &["cannot write xlsx", "cargo install genesys-usage --features xlsx"]);
    }
}

#[test]
#[cfg(feature = "xlsx")]
#[expect(clippy::print_stderr, reason = "a note that something was not tested")]
fn cells_have_types_and_no_text_is_a_formula() {
    use std::fs;
    use std::process::Command;

    use crate::support::Service;

    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).into_os_string().into_string().unwrap();
    // The files of a workbook, one after the other; `None` without Python.
    let parts = |name: &str| {
        let script = "import sys, zipfile\nbook = zipfile.ZipFile(sys.argv[1])\n\
                      for part in sorted(book.namelist()):\n    print(part, book.read(part).decode())";
        let output = Command::new("python3").args(["-c", script, name]).output().ok()?;
        assert!(output.status.success(), "{output:?}");
        Some(String::from_utf8(output.stdout).unwrap())
    };
    fs::write(
        path("rows.csv"),
        "date,clientName,requests,status200\n2026-10-01,=1+1,7,7\n2026-10-02,\"@SUM(A1)<&\",9007199254740993,\n",
    )
    .unwrap();
    let report = path("report.xlsx");
    Ran::of(&mut program(&["report", &path("rows.csv"), "--output", &report])).well();
    let rows = path("rows.xlsx");
    let service = Service::fixed();
    let query = ["query", "--interval", "2026-10-01/2026-10-07", "--granularity", "day", "--limit", "3"];
    service.run(&[&query[..], &["--output", &rows]].concat()).well();
    let (Some(report), Some(rows)) = (parts(&report), parts(&rows)) else {
        eprintln!("skipped: python3 is not installed");
        return;
    };
    for text in [
        "=1+1",
        "@SUM(A1)&lt;&amp;",
        "9007199254740993",
        "name=\"clients\"",
        "name=\"Days\"",
        "state=\"frozen\"",
    ] {
        assert!(report.contains(text), "{text}: {report}");
    }
    assert!(!report.contains("<f>") && !report.contains("<f "), "{report}");
    // Day 46296 of a sheet is 2026-10-01.
    for text in ["<v>46296</v>", "rowsLeftOut", "leftOut", "Client id"] {
        assert!(rows.contains(text), "{text}: {rows}");
    }
}
