//! The number of crates that a user of each library compiles.

use std::error::Error;

use crate::dependencies::tree;
use crate::report::Report;
use crate::workspace::Workspace;

/// The packages that users depend on, and the number of crates that each may bring, itself included: with default
/// features and without features. `usage-driver/docs/weight.md` explains them.
const LIMITS: &[(&str, usize, usize)] = &[
    ("usage-core", 35, 27),
    ("usage-report", 28, 28),
    ("usage-blocking", 49, 44),
    ("usage-tokio", 67, 62),
    ("usage-async-std", 94, 89),
];

/// Fails for packages that bring more crates than they may.
pub(crate) fn check(workspace: &Workspace) -> Result<Report, Box<dyn Error>> {
    let mut report = Report::default();
    for Count { package, features, limit, found } in counts(workspace)? {
        if found > limit {
            report.problem(format!(
                "{package} {features} brings {found} crates, {limit} are allowed: do without the new one, or say why it \
                 stays in usage-driver/docs/weight.md; `cargo tree -e normal -p {package}` shows them"
            ));
        }
    }
    Ok(report)
}

/// Prints the counts beside their limits.
pub(crate) fn print(workspace: &Workspace) -> Result<(), Box<dyn Error>> {
    for Count { package, features, limit, found } in counts(workspace)? {
        println!("{found:>4} of {limit:>3} {package} {features}");
    }
    Ok(())
}

struct Count {
    package: &'static str,
    features: &'static str,
    limit: usize,
    found: usize,
}

fn counts(workspace: &Workspace) -> Result<Vec<Count>, Box<dyn Error>> {
    let mut counts = Vec::new();
    for &(package, default, bare) in LIMITS {
        let mut add = |features, limit, options: &[&str]| -> Result<(), Box<dyn Error>> {
            let found = tree(workspace, package, options)?.len();
            counts.push(Count { package, features, limit, found });
            Ok(())
        };
        add("with its default features", default, &[])?;
        add("without features", bare, &["--no-default-features"])?;
    }
    Ok(counts)
}
