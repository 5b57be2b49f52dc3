//! `man`: every command has a page, and `man` renders it as intended.

use std::fs;
use std::process::Command;

use crate::snapshots::COMMANDS;
use crate::support::{Ran, program};

#[test]
fn every_command_has_a_page() {
    let directory = tempfile::tempdir().unwrap();
    let pages = directory.path().join("man").join("man1");
    Ran::of(&mut program(&["man", "--directory", pages.to_str().unwrap()])).well();
    for command in COMMANDS {
        let name = format!("genesys-usage-{}.1", command.join("-"));
        let page = fs::read_to_string(pages.join(&name)).unwrap_or_else(|_| panic!("no page {name}"));
        assert!(page.contains(".SH NAME") && page.contains(".SH \"EXAMPLES\""), "{name}: {page}");
        assert!(!page.contains("EXTRA"), "{name}: {page}");
    }
    let page = Ran::of(&mut program(&["man"])).well();
    assert!(page.contains(".SH SUBCOMMANDS") && page.contains(".SH \"EXIT CODES\"\n.TP\n"), "{page}");
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "it looks at the pages with groff")]
#[expect(clippy::print_stderr, reason = "a note that something was not tested")]
fn each_example_is_a_line_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    Ran::of(&mut program(&["man", "--directory", directory.path().to_str().unwrap()])).well();
    for page in fs::read_dir(directory.path()).unwrap() {
        let page = page.unwrap().path();
        let mut groff = Command::new("groff");
        let arguments = ["-man", "-Kutf8", "-Tutf8", "-P-cbou", "-Wbreak", "-rLL=78n"];
        let Ok(shown) = groff.args(arguments).arg(&page).output() else {
            eprintln!("skipped: groff is not installed");
            return;
        };
        let (shown, said) = (String::from_utf8_lossy(&shown.stdout), String::from_utf8_lossy(&shown.stderr));
        assert_eq!(said, "", "{}", page.display());
        let examples = shown.split_once("EXAMPLES\n").map(|(_, examples)| examples).unwrap_or_default();
        let first = examples.lines().next().unwrap_or_default();
        assert!(first.starts_with("       genesys-usage "), "{}: {shown}", page.display());
        // A word may be longer.
        let fits = |line: &str| line.chars().count() <= 80 || !line.trim().contains(' ');
        assert!(shown.lines().all(fits), "{}: {shown}", page.display());
    }
}
