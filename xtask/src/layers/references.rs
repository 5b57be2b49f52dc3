//! The paths that a file names, read from its tokens: in `use` declarations, in code, and in macros.

use std::collections::BTreeMap;

use proc_macro2::{Delimiter, LineColumn, TokenStream, TokenTree};

use super::graph::Graph;
use crate::source::{Source, begins_with_path_separator, is_punct};

/// The crate's root as a module.
const ROOT: &str = "lib.rs";

/// The names in a file.
#[derive(Debug, Default)]
struct Names {
    /// Paths from the crate's root, with the line of their last segment.
    paths: Vec<(Vec<String>, LineColumn)>,
    /// Macros that are called by a bare name.
    macros: Vec<(String, LineColumn)>,
    /// Macros that are defined.
    defined_macros: Vec<String>,
}

pub(super) fn graph(sources: &[Source]) -> Graph {
    let modules: Vec<&str> =
        sources.iter().filter_map(|source| Some(source.module.first()?.as_str())).collect();
    let named: Vec<(&Source, Names)> =
        sources.iter().map(|source| (source, names(source, &modules))).collect();
    let mut homes = re_exports(&named);
    for (source, names) in &named {
        homes.extend(names.defined_macros.iter().map(|name| (name.clone(), home(source).to_owned())));
    }

    let mut graph = Graph::default();
    for module in &modules {
        graph.add_module(module);
    }
    for (source, names) in &named {
        let paths = names.paths.iter().filter_map(|(path, at)| Some((path.first()?, at)));
        let macros = names.macros.iter().filter(|(name, _)| homes.contains_key(name));
        for (name, at) in paths.chain(macros.map(|(name, at)| (name, at))) {
            let target = match homes.get(name) {
                _ if modules.contains(&name.as_str()) => name,
                Some(home) => home,
                None => ROOT,
            };
            // The root re-exports items of its modules; that is not a use of them.
            if home(source) != ROOT && target != ROOT {
                graph.add_edge(home(source), target, format!("{}:{}", source.path.display(), at.line));
            }
        }
    }
    graph
}

fn home(source: &Source) -> &str {
    source.module.first().map_or(ROOT, String::as_str)
}

/// Returns the names that the crate's root re-exports, with their modules.
fn re_exports(named: &[(&Source, Names)]) -> BTreeMap<String, String> {
    let roots = named.iter().filter(|(source, _)| source.module.is_empty());
    let paths = roots.flat_map(|(_, names)| &names.paths).map(|(path, _)| path);
    paths.filter_map(|path| Some((path.last()?.clone(), path.first()?.clone()))).collect()
}

fn names(source: &Source, modules: &[&str]) -> Names {
    let mut names = Names::default();
    read(source.tokens.clone(), &source.module, modules, &mut names);
    names
}

fn read(tokens: TokenStream, module: &[String], modules: &[&str], names: &mut Names) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            TokenTree::Group(group) => {
                let inline = at.checked_sub(3).map(|start| &tokens[start..start + 2]);
                match inline {
                    Some([TokenTree::Ident(keyword), TokenTree::Ident(name)]) if keyword == "mod" => {
                        let inner = [module, &[name.to_string()]].concat();
                        read(group.stream(), &inner, modules, names);
                    }
                    _ => read(group.stream(), module, modules, names),
                }
            }
            TokenTree::Ident(ident) if begins_with_path_separator(&tokens[at..]) => {
                let after_separator = at > 2 && begins_with_path_separator(&tokens[at - 3..]);
                let base = match ident.to_string().as_str() {
                    "crate" => Vec::new(),
                    "self" if !after_separator => module.to_vec(),
                    "super" if !after_separator => module[..module.len().saturating_sub(1)].to_vec(),
                    // In the root, a module is named without `crate`.
                    name if module.is_empty() && !after_separator && modules.contains(&name) => {
                        vec![name.to_owned()]
                    }
                    _ => continue,
                };
                at = read_path(&tokens, at + 2, base, names);
            }
            TokenTree::Ident(ident) if ident == "macro_rules" => {
                if let Some(TokenTree::Ident(name)) = tokens.get(at + 1) {
                    names.defined_macros.push(name.to_string());
                }
            }
            TokenTree::Ident(ident) if tokens.get(at).is_some_and(|token| is_punct(token, '!')) => {
                if matches!(tokens.get(at + 1), Some(TokenTree::Group(_))) {
                    names.macros.push((ident.to_string(), ident.span().start()));
                }
            }
            _ => {}
        }
    }
}

/// Reads the rest of a path, which may be a tree of a `use` declaration, and returns the position after it.
fn read_path(tokens: &[TokenTree], mut at: usize, mut path: Vec<String>, names: &mut Names) -> usize {
    let mut place = LineColumn { line: 0, column: 0 };
    loop {
        match tokens.get(at) {
            Some(TokenTree::Ident(ident)) if ident == "super" => drop(path.pop()),
            Some(TokenTree::Ident(ident)) if ident == "self" => place = ident.span().start(),
            Some(TokenTree::Ident(ident)) => {
                path.push(ident.to_string());
                place = ident.span().start();
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                for tree in inner.split(|token| is_punct(token, ',')).filter(|tree| !tree.is_empty()) {
                    read_path(tree, 0, path.clone(), names);
                }
                return at + 1;
            }
            _ => break,
        }
        at += 1;
        if !begins_with_path_separator(tokens.get(at..).unwrap_or_default()) {
            break;
        }
        at += 2;
    }
    if let (true, Some(TokenTree::Ident(keyword)), Some(TokenTree::Ident(alias))) =
        (path.len() > 1, tokens.get(at), tokens.get(at + 1))
        && keyword == "as"
    {
        path.pop();
        path.push(alias.to_string());
    }
    names.paths.push((path, place));
    at
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::graph;
    use crate::source::Source;

    /// Returns the edges of a crate whose module `one` is `code`, besides modules `two` and `three` and a re-export.
    fn edges(code: &str) -> String {
        let file = |name: &str, module: &[&str], code: &str| Source {
            path: PathBuf::from(name),
            module: module.iter().map(|&name| name.to_owned()).collect(),
            tokens: code.parse().unwrap(),
            code_lines: 0,
        };
        let sources = [
            file(
                "lib.rs",
                &[],
                "mod one; mod two; mod three; pub use two::{Two as Second, Both}; pub fn f() {}",
            ),
            file("two.rs", &["two"], "macro_rules! made_by_two { () => {} }"),
            file("three.rs", &["three"], ""),
            file("one/inner.rs", &["one", "inner"], code),
        ];
        let graph = graph(&sources);
        let all = ["one", "two", "three"].map(str::to_owned);
        let edges = graph.edges_within(&all);
        let lines = edges.iter().map(|(from, to, places)| format!("{from}>{to} {} ", places.join(" ")));
        lines.collect::<Vec<_>>().concat()
    }

    #[test]
    fn paths_are_found_wherever_they_are() {
        let two = "one>two one/inner.rs:1 ";
        for code in [
            "use crate::two::Two;",
            "fn f() { crate::two::run(); }",
            "fn f() -> crate::Both {}",
            "use crate::{one::One, two};",
            "use super::super::two::Two;",
            "use super::{super::two};",
            "mod inline { use super::super::super::two::{self}; }",
            "assert!(crate::two::is_true());",
            "made_by_two!();",
            "type T = Vec<crate::two::T>;",
        ] {
            assert_eq!(edges(code), two, "{code}");
        }
        assert_eq!(edges("use crate::{two::{A, B}, three::C};").split("one>").count(), 3);
    }

    #[test]
    fn what_is_not_of_another_module_is_no_edge() {
        for code in
            ["use super::other::X;", "use std::two::X;", "crate::f();", "// crate::two", "use self::two::X;"]
        {
            assert_eq!(edges(code), "", "{code}");
        }
    }
}
