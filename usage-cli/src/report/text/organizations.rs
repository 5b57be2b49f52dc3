//! Several organizations, each with its allowance.

use anstyle::AnsiColor;
use unicode_width::UnicodeWidthStr;
use usage_report::Counts;

use crate::output::layout::{Align, line, padded};
use crate::output::{printable, shortened};
use crate::report::several::{Several, Standing};
use crate::report::text::Page;
use crate::text::number::{count, grouped, rate};

/// Between two columns.
const GAP: usize = 2;

/// The columns that are left out, one after the other, where there is too little room.
const LEFT_OUT: [&str; 5] = ["Share", "Errors", "429", "Used", "Allowance"];

/// The narrowest name.
const MIN_NAME: usize = 8;

struct Column {
    title: &'static str,
    /// One for each organization, and last that of all.
    cells: Vec<String>,
}

impl Column {
    fn width(&self) -> usize {
        self.cells.iter().map(|cell| cell.width()).max().unwrap_or(0).max(self.title.width())
    }
}

pub(super) fn draw(page: &mut Page, several: &Several) {
    let all = &several.organizations;
    let (rows, total) = (&all.organizations, Standing::of_all(all));
    page.heading(&format!("Organizations: {}", grouped(rows.len() as u128)));
    let mut columns = columns(several);
    while !page.is_free && MIN_NAME + width(&columns) > page.width.saturating_sub(2) {
        let Some(place) =
            LEFT_OUT.iter().find_map(|title| columns.iter().position(|column| column.title == *title))
        else {
            break;
        };
        columns.remove(place);
    }
    let names: Vec<_> =
        rows.iter().map(|one| printable(&one.name).into_owned()).chain(["Total".into()]).collect();
    let widest = names.iter().map(|name| name.width()).max().unwrap_or(0);
    let room = page.room(2 + width(&columns)).max(MIN_NAME);
    let name_width = widest.min(room);
    let put = |name: &str, cell: &dyn Fn(&Column) -> String| {
        let name = padded(&shortened(name.into(), name_width), name_width, Align::Left);
        let cells = columns.iter().map(|column| padded(&cell(column), column.width(), Align::Right));
        line([name].into_iter().chain(cells), GAP)
    };
    let header = page.dim(&format!("  {}", put("", &|column| column.title.to_owned())));
    page.line(&header);
    for (place, name) in names.iter().enumerate() {
        let over = rows.get(place).map_or(total, Standing::of).is_some_and(|standing| standing.over > 0);
        let text = put(name, &|column| column.cells[place].clone());
        match rows.get(place) {
            Some(_) if over => {
                let styled = page.paint.styled(AnsiColor::Red.on_default().bold(), &format!("◆ {text}"));
                page.line(&styled);
            }
            Some(_) => page.line(&format!("  {text}")),
            None => {
                let rule = "─".repeat((name_width + width(&columns)).min(page.width.saturating_sub(2)));
                let rule = page.dim(&format!("  {rule}"));
                page.line(&rule);
                page.line(&format!("  {text}"));
            }
        }
    }
    if total.is_some() {
        page.indented(
            2,
            "Used, projected and over are of the latest month, against each one's own allowance.",
        );
    }
    for answer in several.missing.iter().filter(|answer| answer.is_missing()) {
        let text = format!("Missing: {}: {}", answer.organization(), answer.error().unwrap_or_default());
        page.styled_paragraph(2, AnsiColor::Red.on_default(), &text);
    }
}

/// Returns the width of `columns`, with the gap before each.
fn width(columns: &[Column]) -> usize {
    columns.iter().map(|column| GAP + column.width()).sum()
}

fn columns(several: &Several) -> Vec<Column> {
    let all = &several.organizations;
    let counts = || all.organizations.iter().map(|one| &one.report.totals.counts).chain([&all.totals]);
    let of_counts =
        |title, cell: fn(&Counts) -> String| Column { title, cells: counts().map(cell).collect() };
    let shares = all.organizations.iter().map(|one| one.share).chain([Some(1.0)]);
    let mut columns = vec![
        of_counts("Requests", |counts| count(counts.requests)),
        Column { title: "Share", cells: shares.map(rate).collect() },
        of_counts("Errors", |counts| rate(counts.error_rate())),
        of_counts("429", |counts| rate(counts.throttle_rate())),
    ];
    if let Some(total) = Standing::of_all(all) {
        let standings: Vec<_> = all.organizations.iter().map(Standing::of).chain([Some(total)]).collect();
        let of = |title, cell: fn(Standing) -> String| Column {
            title,
            cells: standings.iter().map(|standing| standing.map_or_else(|| "–".into(), cell)).collect(),
        };
        columns.extend([
            of("Allowance", |standing| grouped(standing.monthly.into())),
            of("Used", |standing| rate(standing.used)),
            of("Projected", |standing| rate(standing.projected)),
            of(
                "Over by",
                |standing| if standing.over == 0 { "–".into() } else { grouped(standing.over.into()) },
            ),
        ]);
    }
    columns
}
