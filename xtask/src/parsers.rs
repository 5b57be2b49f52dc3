//! Types that parse and print: a test checks that each prints what it parsed.

use std::collections::BTreeSet;
use std::error::Error;

use proc_macro2::{TokenStream, TokenTree};

use crate::report::Report;
use crate::source::{is_punct, mentioned};
use crate::workspace::Workspace;

/// The checked package, and the file with the tests.
const PACKAGE: &str = "usage-core";
const TESTS: &str = "usage-core/tests/it/round_trips.rs";

/// Fails for types that implement `FromStr` and `Display` and are missing in the tests.
pub(crate) fn check(workspace: &Workspace) -> Result<Report, Box<dyn Error>> {
    let mut report = Report::default();
    let package = workspace.package(PACKAGE).ok_or("there is no package usage-core")?;
    let (mut parsed, mut printed) = (BTreeSet::new(), BTreeSet::new());
    for source in &package.sources {
        implementors(source.tokens.clone(), "FromStr", &mut parsed);
        implementors(source.tokens.clone(), "Display", &mut printed);
    }
    let tested = mentioned(&workspace.read_file(TESTS)?)?;
    let both: Vec<_> = parsed.intersection(&printed).collect();
    if both.is_empty() {
        report.problem("no type implements both FromStr and Display: the check finds nothing");
    }
    for name in both.into_iter().filter(|name| !tested.contains(*name)) {
        report.problem(format!("{TESTS} does not try {name}, which parses and prints"));
    }
    Ok(report)
}

/// Adds the types with an `impl TRAIT for TYPE`, and those that the macro `id!` defines, which have both traits.
fn implementors(tokens: TokenStream, name: &str, found: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match (token, tokens.get(at + 1), tokens.get(at + 2)) {
            (
                TokenTree::Ident(found_trait),
                Some(TokenTree::Ident(keyword)),
                Some(TokenTree::Ident(r#type)),
            ) if found_trait == name && keyword == "for" => {
                found.insert(r#type.to_string());
            }
            (TokenTree::Ident(id), Some(mark), Some(TokenTree::Group(group)))
                if id == "id" && is_punct(mark, '!') =>
            {
                let first = group.stream().into_iter().find_map(|token| match token {
                    TokenTree::Ident(ident) => Some(ident.to_string()),
                    _ => None,
                });
                found.extend(first);
            }
            (TokenTree::Group(group), ..) => implementors(group.stream(), name, found),
            _ => {}
        }
    }
}
