//! Draws the poll machine from the table of its edges, as `docs/state-machine.md` or, with the argument `svg`, as
//! `docs/state-machine.svg`:
//!
//! ```sh
//! cargo run -p usage-core --example state_machine > usage-core/docs/state-machine.md
//! cargo run -p usage-core --example state_machine svg > usage-core/docs/state-machine.svg
//! ```

mod document;
mod svg;

fn main() -> std::io::Result<()> {
    use std::io::Write as _;
    #[expect(clippy::disallowed_methods, reason = "a program has arguments")]
    let wants_svg = std::env::args().nth(1).is_some_and(|argument| argument == "svg");
    let drawing = if wants_svg { svg::svg() } else { document::document() };
    std::io::stdout().write_all(drawing.as_bytes())
}
