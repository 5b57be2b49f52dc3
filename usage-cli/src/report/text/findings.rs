//! What matters, first.

use anstyle::{AnsiColor, Style};
use usage_report::{Finding, Report, Severity};

use crate::report::text::Page;
use crate::text::one_line;

/// Draws a line for each finding, the most severe first. What the data does not cover stands at the end of the report.
pub(super) fn draw(page: &mut Page, report: &Report) {
    let findings: Vec<_> = report.findings.iter().filter(|finding| !finding.is_about_coverage()).collect();
    if !findings.is_empty() {
        page.line("");
    }
    for finding in findings {
        line(page, finding);
    }
}

fn line(page: &mut Page, finding: &Finding) {
    let (mark, style) = match finding.severity {
        Severity::Critical => ("!!", Style::new().bold().fg_color(Some(AnsiColor::Red.into()))),
        Severity::Warning => ("! ", Style::new().fg_color(Some(AnsiColor::Yellow.into()))),
        Severity::Notice => ("- ", Style::new()),
        _ => ("- ", Style::new().dimmed()),
    };
    page.item(mark, style, &one_line(&finding.sentence()));
}
