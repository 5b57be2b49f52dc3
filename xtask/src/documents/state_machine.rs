//! The state machine as a diagram and a table.

use std::fmt::Write as _;

use usage_core::Phase;
use usage_core::execution::table::{EDGES, FAILING_EDGES};

/// Returns the state machine as a Mermaid diagram, and a table of the causes of failures.
pub(crate) fn document() -> String {
    let mut text = String::from(
        "# The poll machine\n\n\
         Generated from `usage-core/src/execution/table.rs` by `cargo xtask generate`; do not edit.\n\n\
         Every way to `Failed` is listed below the diagram: any phase that is not final can also be cancelled.\n\n\
         ```mermaid\nstateDiagram-v2\n    [*] --> ReadySubmit\n",
    );
    let mut drawn = Vec::new();
    for (from, _, to) in EDGES {
        if drawn.contains(&(from, to)) {
            continue;
        }
        drawn.push((from, to));
        let causes =
            EDGES.iter().filter(|edge| (edge.0, edge.2) == (*from, *to)).map(|edge| edge.1.to_string());
        // Writing to a String cannot fail.
        let _ = writeln!(text, "    {from} --> {to}: {}", causes.collect::<Vec<_>>().join(", "));
    }
    text.push_str("    Complete --> [*]\n```\n\n| in | fails with |\n|---|---|\n");
    for phase in Phase::ALL.iter().filter(|phase| !phase.is_final()) {
        let causes =
            FAILING_EDGES.iter().filter(|(from, _)| from == phase).map(|(_, cause)| cause.to_string());
        let _ = writeln!(text, "| {phase} | {} |", causes.collect::<Vec<_>>().join(", "));
    }
    text
}
