//! The layers of a crate: no top-level module may use, directly or indirectly, a module that uses it.

mod graph;
mod references;

use crate::report::Report;
use crate::workspace::{Package, Workspace};
use graph::Graph;

/// The number of edges that are printed of a circle.
const PRINTED: usize = 12;

/// Fails for each circle of top-level modules.
pub(crate) fn check(workspace: &Workspace) -> Report {
    let mut report = Report::default();
    for package in &workspace.packages {
        let graph = graph(package);
        for circle in graph.circles() {
            let head =
                format!("{}: {} modules in a circle: {}", package.name, circle.len(), circle.join(", "));
            let edges = graph.edges_within(&circle);
            let mut lines = vec![head];
            lines.extend(edges.iter().take(PRINTED).map(|(from, to, places)| {
                format!("    {from} -> {to}, {} times: {}", places.len(), places[0])
            }));
            if edges.len() > PRINTED {
                lines.push(format!("    and {} more edges, used more often", edges.len() - PRINTED));
            }
            report.problem(lines.join("\n"));
        }
    }
    report
}

/// Prints the layers of every crate, lowest first.
pub(crate) fn print(workspace: &Workspace) {
    for package in &workspace.packages {
        println!("{}", package.name);
        for (level, modules) in graph(package).levels().iter().enumerate() {
            println!("  {level}: {}", modules.join(", "));
        }
    }
}

fn graph(package: &Package) -> Graph {
    references::graph(&package.sources)
}
