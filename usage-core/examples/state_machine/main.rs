//! Prints `docs/state-machine.md`, drawn from the table of edges:
//! `cargo run -p usage-core --example state_machine > usage-core/docs/state-machine.md`.

mod document;

fn main() -> std::io::Result<()> {
    use std::io::Write as _;
    std::io::stdout().write_all(document::document().as_bytes())
}
