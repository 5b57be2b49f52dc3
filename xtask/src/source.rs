//! Rust files without their tests.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A Rust file without the items that are compiled for tests only.
#[derive(Debug)]
pub(crate) struct Source {
    /// Relative to the workspace.
    pub(crate) path: PathBuf,
    /// The path of the module in its crate; empty for `lib.rs` and `main.rs`.
    pub(crate) module: Vec<String>,
    pub(crate) tokens: TokenStream,
    /// Lines with code: neither blank nor only comments.
    pub(crate) code_lines: usize,
}

impl Source {
    /// Reads every file below `folder`, except modules that are declared under `#[cfg(test)]`.
    pub(crate) fn read_all(root: &Path, folder: &Path) -> Result<Vec<Self>, Box<dyn Error>> {
        let mut paths = Vec::new();
        list(&root.join(folder), &mut paths)?;
        let (mut sources, mut test_modules) = (Vec::new(), Vec::new());
        for path in paths {
            let module = module_path(path.strip_prefix(root.join(folder))?);
            let text = fs::read_to_string(&path)?;
            let tokens: TokenStream = text.parse().map_err(|error| format!("{}: {error}", path.display()))?;
            let tokens = without_tests(tokens, &module, &mut test_modules);
            let mut lines = BTreeSet::new();
            add_code_lines(tokens.clone(), &text.lines().collect::<Vec<_>>(), &mut lines);
            sources.push(Self {
                path: path.strip_prefix(root)?.to_owned(),
                module,
                tokens,
                code_lines: lines.len(),
            });
        }
        sources.retain(|source| !test_modules.iter().any(|tests| source.module.starts_with(tests)));
        Ok(sources)
    }
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    let mut entries =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            list(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

fn module_path(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = path
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    if names.last().is_some_and(|last| last == "mod")
        || (names.len() == 1 && (names[0] == "lib" || names[0] == "main"))
    {
        names.pop();
    }
    names
}

/// Drops the items under `#[cfg(test)]`, and records those that are modules in files of their own.
fn without_tests(tokens: TokenStream, module: &[String], test_modules: &mut Vec<Vec<String>>) -> TokenStream {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut kept = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if is_punct(token, '#') && tokens.get(at + 1).is_some_and(is_cfg_test) {
            at = skip_item(&tokens, at + 2, module, test_modules);
            continue;
        }
        kept.push(match token {
            TokenTree::Group(group) => {
                let inner = without_tests(group.stream(), module, test_modules);
                let mut new = proc_macro2::Group::new(group.delimiter(), inner);
                new.set_span(group.span());
                new.into()
            }
            other => other.clone(),
        });
        at += 1;
    }
    kept.into_iter().collect()
}

/// Returns the position after the item that begins at `at`.
fn skip_item(
    tokens: &[TokenTree],
    mut at: usize,
    module: &[String],
    test_modules: &mut Vec<Vec<String>>,
) -> usize {
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            TokenTree::Ident(ident) if ident == "mod" => {
                if let (Some(TokenTree::Ident(name)), Some(end)) = (tokens.get(at), tokens.get(at + 1))
                    && is_punct(end, ';')
                {
                    test_modules.push([module, &[name.to_string()]].concat());
                }
            }
            TokenTree::Punct(punct) if punct.as_char() == ';' => break,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => break,
            _ => {}
        }
    }
    at
}

/// Returns whether an attribute's brackets contain `cfg(test)`, `cfg(doctest)` or `cfg(all(test, …))`.
fn is_cfg_test(token: &TokenTree) -> bool {
    let text: String = token.to_string().split_whitespace().collect();
    ["[cfg(test)]", "[cfg(doctest)]"].contains(&&*text) || text.starts_with("[cfg(all(test,")
}

pub(crate) fn is_punct(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

/// Returns whether `tokens` begin with `::`.
pub(crate) fn begins_with_path_separator(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Punct(first), TokenTree::Punct(second), ..]
        if first.as_char() == ':' && first.spacing() == Spacing::Joint && second.as_char() == ':')
}

/// Adds the lines of tokens. A doc comment is an attribute to the lexer; its text begins with a slash.
fn add_code_lines(tokens: TokenStream, text: &[&str], lines: &mut BTreeSet<usize>) {
    for token in tokens {
        let (start, end) = (token.span().start(), token.span().end());
        let is_doc_comment = text
            .get(start.line.saturating_sub(1))
            .is_some_and(|line| line.chars().nth(start.column) == Some('/'));
        if is_doc_comment {
            continue;
        }
        if let TokenTree::Group(group) = token {
            lines.extend([start.line, end.line]);
            add_code_lines(group.stream(), text, lines);
        } else {
            lines.extend(start.line..=end.line);
        }
    }
}

/// Returns every identifier in Rust code.
pub(crate) fn mentioned(text: &str) -> Result<BTreeSet<String>, Box<dyn Error>> {
    fn add(tokens: TokenStream, names: &mut BTreeSet<String>) {
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => drop(names.insert(ident.to_string())),
                TokenTree::Group(group) => add(group.stream(), names),
                _ => {}
            }
        }
    }
    let mut names = BTreeSet::new();
    add(text.parse()?, &mut names);
    Ok(names)
}
