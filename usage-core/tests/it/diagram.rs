//! The drawn state machine is the one of the table.

#[path = "../../examples/state_machine/document.rs"]
mod document;
#[path = "../../examples/state_machine/svg.rs"]
mod svg;

const COMMAND: &str =
    "run: cargo run -p usage-core --example state_machine [svg] > usage-core/docs/state-machine.{md,svg}";

#[test]
fn the_document_is_fresh() {
    assert!(
        include_str!("../../docs/state-machine.md") == document::document(),
        "docs/state-machine.md is stale; {COMMAND}"
    );
}

#[test]
fn the_picture_is_fresh() {
    assert!(
        include_str!("../../docs/state-machine.svg") == svg::svg(),
        "docs/state-machine.svg is stale; {COMMAND}"
    );
}

#[test]
fn the_readme_shows_the_picture() {
    assert!(include_str!("../../../README.md").contains("](usage-core/docs/state-machine.svg)"));
}
