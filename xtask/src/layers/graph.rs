//! A graph of modules: circles and levels.

use std::collections::{BTreeMap, BTreeSet};

/// The uses between modules, with their places.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    modules: BTreeSet<String>,
    /// From the using module to the used one, with `file:line` of each use.
    edges: BTreeMap<(String, String), Vec<String>>,
}

impl Graph {
    pub(crate) fn add_module(&mut self, name: &str) {
        self.modules.insert(name.to_owned());
    }

    /// Adds a use of `to` by `from`; a module's use of itself is ignored.
    pub(crate) fn add_edge(&mut self, from: &str, to: &str, place: String) {
        if from != to {
            self.add_module(from);
            self.add_module(to);
            self.edges.entry((from.to_owned(), to.to_owned())).or_default().push(place);
        }
    }

    fn used_by<'a>(&'a self, module: &'a str) -> impl Iterator<Item = &'a str> {
        self.edges.keys().filter(move |(from, _)| from == module).map(|(_, to)| to.as_str())
    }

    /// Returns every module that `module` uses, directly or indirectly.
    fn reachable<'a>(&'a self, module: &'a str) -> BTreeSet<&'a str> {
        let (mut found, mut open) = (BTreeSet::new(), vec![module]);
        while let Some(next) = open.pop() {
            open.extend(self.used_by(next).filter(|to| found.insert(*to)));
        }
        found
    }

    /// Returns the largest sets of modules that all use each other, directly or indirectly.
    pub(crate) fn circles(&self) -> Vec<Vec<String>> {
        let reachable: BTreeMap<_, _> =
            self.modules.iter().map(|module| (module.as_str(), self.reachable(module))).collect();
        let circle = |module: &str| -> Vec<String> {
            let back = |other: &&str| reachable[*other].contains(module);
            reachable[module].iter().copied().filter(back).map(str::to_owned).collect()
        };
        let circles: BTreeSet<_> = self.modules.iter().map(|module| circle(module)).collect();
        circles.into_iter().filter(|circle| !circle.is_empty()).collect()
    }

    /// Returns the edges between the modules of a circle, those with the fewest uses first: they are the easiest to
    /// remove.
    pub(crate) fn edges_within(&self, circle: &[String]) -> Vec<(&str, &str, &[String])> {
        let within = |module: &String| circle.contains(module);
        let edges = self.edges.iter().filter(|((from, to), _)| within(from) && within(to));
        let mut edges: Vec<_> =
            edges.map(|((from, to), places)| (from.as_str(), to.as_str(), places.as_slice())).collect();
        edges.sort_by_key(|edge| edge.2.len());
        edges
    }

    /// Returns the modules by level: one above the highest module that they use. Circles, and modules that use them,
    /// come last together.
    pub(crate) fn levels(&self) -> Vec<Vec<&str>> {
        let mut rest: BTreeSet<&str> = self.modules.iter().map(String::as_str).collect();
        let mut levels = Vec::new();
        while !rest.is_empty() {
            let is_free = |module: &&&str| self.used_by(module).all(|used| !rest.contains(used));
            let mut level: Vec<&str> = rest.iter().filter(is_free).copied().collect();
            if level.is_empty() {
                level = rest.iter().copied().collect();
            }
            rest.retain(|module| !level.contains(module));
            levels.push(level);
        }
        levels
    }
}

#[cfg(test)]
mod tests {
    use super::Graph;

    fn graph(edges: &[(&str, &str)]) -> Graph {
        let mut graph = Graph::default();
        for (from, to) in edges {
            graph.add_edge(from, to, format!("{from}.rs:1"));
        }
        graph
    }

    #[test]
    fn a_graph_without_circles_has_levels() {
        let graph = graph(&[("c", "b"), ("b", "a"), ("c", "a"), ("d", "a")]);
        assert!(graph.circles().is_empty());
        assert_eq!(graph.levels(), [vec!["a"], vec!["b", "d"], vec!["c"]]);
    }

    #[test]
    fn circles_are_found_and_kept_apart() {
        let graph =
            graph(&[("a", "b"), ("b", "a"), ("c", "a"), ("d", "e"), ("e", "f"), ("f", "d"), ("x", "x")]);
        assert_eq!(graph.circles(), [vec!["a", "b"], vec!["d", "e", "f"]]);
        let edges = graph.edges_within(&graph.circles()[0]);
        assert_eq!(edges.iter().map(|edge| (edge.0, edge.1)).collect::<Vec<_>>(), [("a", "b"), ("b", "a")]);
    }
}
