//! Several organizations, each with its allowance: a table to sort.

use usage_report::Organization;

use super::Page;
use super::row::Numbers;
use crate::chart::svg::Escaped;
use crate::report::several::{Several, Standing};
use crate::text::number::{grouped, rate};
use crate::text::printable;

pub(super) fn draw(page: &mut Page, several: &Several) {
    let all = &several.organizations;
    let total = Standing::of_all(all);
    let heads = if total.is_some() {
        "<th scope=\"col\" data-sort=\"monthly\">Allowance</th><th scope=\"col\" data-sort=\"used\">Used</th>\
         <th scope=\"col\" data-sort=\"projected\">Projected</th><th scope=\"col\" data-sort=\"over\">Over by</th>"
    } else {
        ""
    };
    page.put(format_args!(
        "<section class=\"card organizations\" id=\"organizations\"><div class=\"title\"><h2>Organizations \
         <span class=\"dim\">{}</span></h2></div>\n\
         <table><thead><tr><th scope=\"col\" data-sort=\"name\">Organization</th>\
         <th scope=\"col\" data-sort=\"requests\" aria-sort=\"descending\">Requests</th>\
         <th scope=\"col\" class=\"share\" data-sort=\"requests\">Share</th>\
         <th scope=\"col\" data-sort=\"errors\">Errors</th><th scope=\"col\" data-sort=\"limited\">429</th>{heads}\
         </tr></thead><tbody>\n",
        grouped(all.organizations.len() as u128)
    ));
    for one in &all.organizations {
        row(page, one, total.is_some());
    }
    page.put(format_args!(
        "</tbody><tfoot><tr><th scope=\"row\">Total</th>{}",
        Numbers { counts: &all.totals, share: Some(1.0) }
    ));
    if let Some(total) = total {
        standing(page, Some(total));
    }
    page.put(format_args!("</tr></tfoot></table>\n"));
    if total.is_some() {
        page.put(format_args!(
            "<p class=\"dim\">Used, projected and over are of the latest month, against each one\u{2019}s own allowance.</p>\n"
        ));
    }
    for answer in several.missing.iter().filter(|answer| answer.is_missing()) {
        page.put(format_args!(
            "<p class=\"bad\">Missing: {}: {}</p>\n",
            Escaped(printable(answer.organization())),
            Escaped(printable(answer.error().unwrap_or_default()))
        ));
    }
    page.put(format_args!("</section>\n"));
}

/// Draws the row of one organization. The numbers that it is sorted by are in its attributes.
fn row(page: &mut Page, one: &Organization, has_allowance: bool) {
    let counts = &one.report.totals.counts;
    let of = Standing::of(one);
    page.put(format_args!("<tr data-name=\"{}\"", Escaped(printable(&one.name))));
    let numbers = [("requests", counts.requests), ("errors", counts.errors()), ("limited", counts.status429)];
    let standings = [("monthly", of.map(|of| of.monthly)), ("over", of.map(|of| of.over))];
    for (key, number) in numbers.into_iter().chain(standings) {
        if let Some(number) = number {
            page.put(format_args!(" data-{key}=\"{number}\""));
        }
    }
    for (key, share) in [("used", of.and_then(|of| of.used)), ("projected", of.and_then(|of| of.projected))] {
        if let Some(share) = share {
            page.put(format_args!(" data-{key}=\"{share}\""));
        }
    }
    page.put(format_args!(
        "><th scope=\"row\">{}</th>{}",
        Escaped(printable(&one.name)),
        Numbers { counts, share: one.share }
    ));
    if has_allowance {
        standing(page, of);
    }
    page.put(format_args!("</tr>\n"));
}

/// Draws the cells about the allowance.
fn standing(page: &mut Page, of: Option<Standing>) {
    let Some(of) = of else {
        page.put(format_args!("<td>–</td><td>–</td><td>–</td><td>–</td>"));
        return;
    };
    let over = match of.over {
        0 => "<td>–</td>".to_owned(),
        over => format!("<td class=\"bad\">◆ {}</td>", grouped(over.into())),
    };
    page.put(format_args!(
        "<td>{}</td><td>{}</td><td>{}</td>{over}",
        grouped(of.monthly.into()),
        Escaped(rate(of.used)),
        Escaped(rate(of.projected))
    ));
}
