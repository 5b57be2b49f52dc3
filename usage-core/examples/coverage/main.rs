//! Prints `docs/coverage.md`, made of the endpoints' own constants:
//! `cargo run -p usage-core --example coverage > usage-core/docs/coverage.md`.

mod document;

fn main() -> std::io::Result<()> {
    use std::io::Write as _;
    std::io::stdout().write_all(document::document().as_bytes())
}
