//! Findings: each is a sentence that links to its row.

use std::fmt::Write;

use usage_report::{Finding, FindingKind, Identity, Report};

use super::Page;
use super::breaks::{Breakable, Dated};
use super::mark::Mark;
use super::row;
use crate::report::about::About;
use crate::report::limitation;
use crate::report::several::Several;

/// Draws the findings; of several organizations, first those about their months.
pub(super) fn draw(page: &mut Page, report: &Report, about: &About) {
    let of_months = about.several.iter().flat_map(Several::months).map(|(name, finding)| {
        let link = Link { text: name.to_owned(), target: "organizations".to_owned() };
        (finding.severity, linked(&format!("{name}: {}", finding.sentence()), &[link]))
    });
    let findings = report.findings.iter().filter(|finding| !limitation::stands_at_the_end(finding));
    let findings =
        findings.map(|finding| (finding.severity, linked(&finding.sentence(), &links(finding, report))));
    let lines: Vec<_> = of_months.chain(findings).collect();
    if lines.is_empty() {
        return;
    }
    page.put(format_args!("<section class=\"card findings\" id=\"findings\"><h2>What matters</h2><ul>\n"));
    for (severity, sentence) in lines {
        let mark = Mark(severity);
        page.put(format_args!("<li class=\"{severity}\">{mark}<span>{sentence}</span></li>\n"));
    }
    page.put(format_args!("</ul></section>\n"));
}

/// A part of a sentence, and the id that it links to.
struct Link {
    text: String,
    target: String,
}

fn links(finding: &Finding, report: &Report) -> Vec<Link> {
    let link = |text: &str, target: &str| Link { text: text.into(), target: target.into() };
    match &finding.kind {
        FindingKind::Month(_) | FindingKind::MonthsExceeded { .. } => {
            vec![link("allowance", "allowance"), link("allowed requests", "allowance")]
        }
        FindingKind::Vanished { largest, .. } => vec![link(largest.label().unwrap_or_default(), "changes")],
        _ => {
            let of_row = |identity: &&Identity| {
                let position = report.top(identity.subject).position(identity)?;
                Some(link(identity.label()?, &row::id(identity.subject, position)))
            };
            finding.about().iter().filter_map(of_row).collect()
        }
    }
}

/// Returns `sentence` as HTML, in which the first occurrence of each link's text is the link.
fn linked(sentence: &str, links: &[Link]) -> String {
    let mut places: Vec<_> = links
        .iter()
        .filter(|link| !link.text.is_empty())
        .filter_map(|link| Some((sentence.find(&link.text)?, link)))
        .collect();
    places.sort_by_key(|(place, _)| *place);
    let (mut html, mut done) = (String::new(), 0);
    for (place, Link { text, target }) in places {
        // A name may be a part of another one.
        if place >= done {
            let before = Dated(&sentence[done..place]);
            let _ = write!(html, "{before}<a href=\"#{target}\">{}</a>", Breakable(text));
            done = place + text.len();
        }
    }
    html + &Dated(&sentence[done..]).to_string()
}
