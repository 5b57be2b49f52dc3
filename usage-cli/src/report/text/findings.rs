//! Findings, at the top of the report.

use anstyle::{AnsiColor, Style};
use usage_report::{Report, Severity};

use crate::report::about::About;
use crate::report::limitation;
use crate::report::several::Several;
use crate::report::text::Page;
use crate::text::one_line;

/// Draws a line for each finding, the most severe first; of several organizations, first for their months. Limitations that
/// leave the figures as they are stand at the end of the report.
pub(super) fn draw(page: &mut Page, report: &Report, about: &About) {
    let of_months = about.several.iter().flat_map(Several::months);
    let of_months =
        of_months.map(|(name, finding)| (finding.severity, format!("{name}: {}", finding.sentence())));
    let findings = report.findings.iter().filter(|finding| !limitation::stands_at_the_end(finding));
    let findings = findings.map(|finding| (finding.severity, finding.sentence()));
    for (place, (severity, sentence)) in of_months.chain(findings).enumerate() {
        if place == 0 {
            page.line("");
        }
        line(page, severity, &sentence);
    }
}

fn line(page: &mut Page, severity: Severity, sentence: &str) {
    let plain = Style::new();
    // Only the mark is coloured: a whole sentence in yellow is unreadable on a light terminal.
    let (mark, of_mark, of_text) = match severity {
        Severity::Critical => ("!!", AnsiColor::Red.on_default().bold(), plain.bold()),
        Severity::Warning => ("! ", AnsiColor::Yellow.on_default().bold(), plain),
        Severity::Notice => ("- ", plain, plain),
        _ => ("- ", plain, plain.dimmed()),
    };
    page.item(mark, of_mark, of_text, &one_line(sentence));
}
