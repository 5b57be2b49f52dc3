//! Public types that may hold a secret: a test prints each of them with a secret in it.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::PathBuf;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::report::Report;
use crate::source::{Source, is_punct};
use crate::workspace::Workspace;

/// The checked packages, and the file with the test of each.
const PACKAGES: &[&str] = &["usage-core", "usage-driver"];
const TESTS: &str = "usage-driver/tests/it/debug.rs";

/// Types that hold a secret by definition, and names of members that do.
const ROOTS: &[&str] = &[
    "AccessToken",
    "HeaderMap",
    "HeaderValue",
    "JsonDecoder",
    "Request",
    "Secret",
    "Zeroizing",
    "assertion",
    "password",
    "secret",
    "token",
    "verifier",
];

/// Types that contain one of these but no secret, and the reason.
const HARMLESS: &[(&str, &str)] = &[
    ("Pool", "its proxy, which is printed by itself, is all that it prints of them"),
    ("TokenWait", "it prints its name"),
];

/// Fails for public types that may hold a secret and are missing in the test, and for names in the test that are not
/// types.
pub(crate) fn check(workspace: &Workspace) -> Result<Report, Box<dyn Error>> {
    let sources =
        PACKAGES.iter().filter_map(|name| workspace.package(name)).flat_map(|package| &package.sources);
    let mut types = Vec::new();
    for source in sources.filter(|source| !source.path.to_string_lossy().contains("fuzzing")) {
        definitions(source, source.tokens.clone(), &mut types);
    }
    let mut holders: BTreeSet<usize> = BTreeSet::new();
    loop {
        let more: Vec<usize> = (0..types.len())
            .filter(|at| !holders.contains(at) && types[*at].holds(&types, &holders))
            .collect();
        if more.is_empty() {
            break;
        }
        holders.extend(more);
    }

    let mut report = Report::default();
    let public: BTreeSet<&str> = holders
        .iter()
        .map(|at| &types[*at])
        .filter(|one| one.is_public)
        .map(|one| one.name.as_str())
        .collect();
    let harmless: BTreeMap<_, _> = HARMLESS.iter().copied().collect();
    let printed = first_texts(workspace.read_file(TESTS)?.parse()?);
    for name in public.iter().filter(|name| !printed.contains(**name) && !harmless.contains_key(**name)) {
        report.problem(format!("{TESTS} does not print {name}, which may hold a secret"));
    }
    let is_public_type = |name: &String| types.iter().any(|one| one.is_public && one.name == *name);
    for name in printed.iter().filter(|name| !is_public_type(name)) {
        report.problem(format!("{TESTS} prints {name}, which is no public type"));
    }
    for (name, _) in HARMLESS.iter().filter(|(name, _)| !public.contains(name)) {
        report.problem(format!("xtask/src/holders.rs names {name}, which holds no secret"));
    }
    Ok(report)
}

/// A struct or an enum.
struct Definition {
    file: PathBuf,
    name: String,
    is_public: bool,
    /// The names in its definition: of types, and of a struct's members.
    names: BTreeSet<String>,
}

impl Definition {
    /// Returns whether it names a root or a type that holds a secret. Of several types with the same name, the one in
    /// the same file is meant, otherwise the one in the same folder.
    fn holds(&self, all: &[Self], holders: &BTreeSet<usize>) -> bool {
        self.names.iter().any(|name| {
            let of_that_name = || (0..all.len()).filter(|at| all[*at].name == *name);
            let nearest = of_that_name()
                .find(|at| all[*at].file == self.file)
                .or_else(|| of_that_name().find(|at| all[*at].file.parent() == self.file.parent()));
            let is_root = ROOTS.contains(&name.as_str());
            match nearest {
                Some(at) => is_root || holders.contains(&at),
                None => is_root || of_that_name().any(|at| holders.contains(&at)),
            }
        })
    }
}

/// Adds every struct and enum among `tokens`.
fn definitions(source: &Source, tokens: TokenStream, found: &mut Vec<Definition>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match (token, tokens.get(at + 1)) {
            (TokenTree::Ident(keyword), Some(TokenTree::Ident(name)))
                if keyword == "struct" || keyword == "enum" =>
            {
                let mut names = BTreeSet::new();
                let end =
                    tokens[at + 2..].iter().position(ends_item).map_or(tokens.len(), |end| at + 3 + end);
                add_names(&tokens[at + 2..end], keyword == "enum", &mut names);
                let is_public =
                    at > 0 && matches!(&tokens[at - 1], TokenTree::Ident(before) if before == "pub");
                found.push(Definition {
                    file: source.path.clone(),
                    name: name.to_string(),
                    is_public,
                    names,
                });
            }
            (TokenTree::Group(group), _) => definitions(source, group.stream(), found),
            _ => {}
        }
    }
}

fn ends_item(token: &TokenTree) -> bool {
    is_punct(token, ';') || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// Adds the identifiers among `tokens`, without attributes. The variants of an enum are not types.
fn add_names(tokens: &[TokenTree], is_enum: bool, names: &mut BTreeSet<String>) {
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(ident) => drop(names.insert(ident.to_string())),
            TokenTree::Group(_) if at > 0 && is_punct(&tokens[at - 1], '#') => {}
            TokenTree::Group(group) if is_enum && group.delimiter() == Delimiter::Brace => {
                for token in group.stream() {
                    if let TokenTree::Group(fields) = token
                        && fields.delimiter() != Delimiter::Bracket
                    {
                        add_names(&fields.stream().into_iter().collect::<Vec<_>>(), false, names);
                    }
                }
            }
            TokenTree::Group(group) => {
                add_names(&group.stream().into_iter().collect::<Vec<_>>(), false, names);
            }
            _ => {}
        }
    }
}

/// Returns the first texts of pairs, as in `("Secret", format!(…))`.
fn first_texts(tokens: TokenStream) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for token in tokens {
        let TokenTree::Group(group) = token else { continue };
        let inner: Vec<TokenTree> = group.stream().into_iter().collect();
        if let (Delimiter::Parenthesis, [TokenTree::Literal(text), comma, TokenTree::Ident(_), ..]) =
            (group.delimiter(), inner.as_slice())
            && is_punct(comma, ',')
        {
            let text = text.to_string();
            let is_type =
                text.starts_with('"') && text[1..].starts_with(char::is_uppercase) && !text.contains(' ');
            found.extend(is_type.then(|| text.trim_matches('"').to_owned()));
        }
        found.extend(first_texts(group.stream()));
    }
    found
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use super::{definitions, first_texts};
    use crate::source::Source;

    #[test]
    fn names_of_members_and_types_are_found() {
        let code = "#[derive(Debug)] pub struct A<T> { #[serde(secret)] token: Option<Secret>, b: [T; 2] } \
                    enum E { Assertion, Some(Box<Inner>) } mod m { pub(crate) struct C(u8); }";
        let tokens: proc_macro2::TokenStream = code.parse().unwrap();
        let source =
            Source { path: PathBuf::from("a.rs"), module: Vec::new(), tokens: tokens.clone(), code_lines: 0 };
        let mut found = Vec::new();
        definitions(&source, tokens, &mut found);
        let found: Vec<_> = found
            .iter()
            .map(|one| {
                (one.name.as_str(), one.is_public, one.names.iter().map(String::as_str).collect::<Vec<_>>())
            })
            .collect();
        assert_eq!(
            found,
            [
                ("A", true, vec!["Option", "Secret", "T", "b", "token"]),
                ("E", false, vec!["Box", "Inner"]),
                ("C", false, vec!["u8"]),
            ]
        );
    }

    #[test]
    fn printed_types_are_found() {
        let test = r#"fn f() { vec![("Secret", format!("{x}")), ("Two words", f()), ("Next", next)] }"#;
        assert_eq!(first_texts(test.parse().unwrap()), BTreeSet::from(["Next", "Secret"].map(str::to_owned)));
    }
}
