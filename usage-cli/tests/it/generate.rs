//! `man`: there is a page for every command.

use std::fs;

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
        assert!(page.contains(".SH NAME") && page.contains("Examples:"), "{name}: {page}");
    }
    let page = Ran::of(&mut program(&["man"])).well();
    assert!(page.contains(".SH SUBCOMMANDS") && page.contains("Exit codes:"), "{page}");
}
