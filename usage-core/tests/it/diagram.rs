//! The drawn state machine is the one of the table.

#[path = "../../examples/state_machine/document.rs"]
mod document;

#[test]
fn the_document_is_fresh() {
    let command = "cargo run -p usage-core --example state_machine > usage-core/docs/state-machine.md";
    let committed = include_str!("../../docs/state-machine.md");
    assert!(committed == document::document(), "docs/state-machine.md is stale; run: {command}");
}

#[test]
fn the_readme_shows_the_same_diagram() {
    let document = document::document();
    let diagram = document.split("```").nth(1).unwrap();
    assert!(
        include_str!("../../../README.md").contains(diagram),
        "copy the diagram of docs/state-machine.md"
    );
}
