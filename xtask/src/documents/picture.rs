//! The picture of the state machine.

use std::fmt::Write as _;

use usage_core::Phase;
use usage_core::execution::table::EDGES;

const WIDTH: f64 = 150.0;
const HEIGHT: f64 = 40.0;
/// The curvature of an edge, so that the edges between two phases do not cover each other.
const BOW: f64 = 34.0;
const LINE: f64 = 13.0;

/// Returns the middle of a phase's box.
fn place(phase: Phase) -> (f64, f64) {
    match phase {
        Phase::ReadySubmit => (110.0, 80.0),
        Phase::InFlightSubmit => (430.0, 80.0),
        Phase::WaitSubmit => (270.0, 290.0),
        Phase::ReadyPoll => (640.0, 80.0),
        Phase::InFlightPoll => (960.0, 80.0),
        Phase::WaitPoll => (800.0, 290.0),
        Phase::Complete => (1190.0, 80.0),
        _ => (1190.0, 290.0),
    }
}

/// Returns the diagram as an SVG without scripts, legible on light and dark pages.
pub(crate) fn svg() -> String {
    let mut svg = String::from(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1290 360" font-family="system-ui, sans-serif" font-size="11">
<title>The poll machine</title>
<style>
.box { fill: #eef3fb; stroke: #3b5b92; } .end { fill: #e6f4ea; stroke: #2f7d4a; } .bad { fill: #fbeaea; stroke: #a63d3d; }
.edge { fill: none; stroke: #5c6b80; stroke-width: 1.3; } .name { font-weight: 600; font-size: 13px; fill: #1b2536; }
.label { fill: #3c4a5e; paint-order: stroke; stroke: #fff; stroke-width: 4px; stroke-linejoin: round; }
</style>
<rect width="1290" height="360" rx="8" fill="#fff"/>
<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 10 5 0 10z" fill="#5c6b80"/></marker></defs>
"##,
    );
    let mut drawn = Vec::new();
    for (from, _, to) in EDGES {
        if drawn.contains(&(from, to)) {
            continue;
        }
        drawn.push((from, to));
        let causes: Vec<String> = EDGES
            .iter()
            .filter(|edge| (edge.0, edge.2) == (*from, *to))
            .map(|edge| edge.1.to_string())
            .collect();
        draw_edge(&mut svg, place(*from), place(*to), &causes);
    }
    let _ = writeln!(
        svg,
        r#"<path class="edge" stroke-dasharray="4 4" marker-end="url(#tip)" d="M1065 180 L1150 268"/>"#
    );
    draw_label(&mut svg, (1065.0, 172.0), &["from anywhere, with a reason".to_owned()]);
    for &phase in Phase::ALL {
        let (x, y) = place(phase);
        let class = match phase {
            Phase::Complete => "end",
            Phase::Failed => "bad",
            _ => "box",
        };
        let (left, top) = (x - WIDTH / 2.0, y - HEIGHT / 2.0);
        let _ = writeln!(
            svg,
            r#"<rect class="{class}" x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}" rx="8"/><text class="name" x="{x}" y="{}" text-anchor="middle">{phase}</text>"#,
            y + 4.5
        );
    }
    svg.push_str("</svg>\n");
    svg
}

fn draw_edge(svg: &mut String, from: (f64, f64), to: (f64, f64), causes: &[String]) {
    if from == to {
        let (x, y) = (from.0, from.1 - HEIGHT / 2.0);
        let _ = writeln!(
            svg,
            r#"<path class="edge" marker-end="url(#tip)" d="M{} {y} C{} {} {} {} {} {y}"/>"#,
            x - 20.0,
            x - 30.0,
            y - 34.0,
            x + 30.0,
            y - 34.0,
            x + 20.0
        );
        draw_label(svg, (x, y - 30.0), causes);
        return;
    }
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy);
    // To the left of the direction of travel.
    let (nx, ny) = (dy / length, -dx / length);
    let middle = (from.0.midpoint(to.0) + nx * BOW, from.1.midpoint(to.1) + ny * BOW);
    let (start, end) = (border(from, middle), border(to, middle));
    let _ = writeln!(
        svg,
        r#"<path class="edge" marker-end="url(#tip)" d="M{:.1} {:.1} Q{:.1} {:.1} {:.1} {:.1}"/>"#,
        start.0, start.1, middle.0, middle.1, end.0, end.1
    );
    let bend = ((start.0 + end.0) / 4.0 + middle.0 / 2.0, (start.1 + end.1) / 4.0 + middle.1 / 2.0);
    draw_label(svg, (bend.0 + nx * 6.0, bend.1 + ny * 10.0), causes);
}

/// Returns the point at which the line from the middle of a box towards `target` leaves the box.
fn border(middle: (f64, f64), target: (f64, f64)) -> (f64, f64) {
    let (dx, dy) = (target.0 - middle.0, target.1 - middle.1);
    let scale = (WIDTH / 2.0 / dx.abs().max(0.001)).min(HEIGHT / 2.0 / dy.abs().max(0.001));
    (middle.0 + dx * scale, middle.1 + dy * scale)
}

fn draw_label(svg: &mut String, (x, y): (f64, f64), lines: &[String]) {
    #[expect(clippy::cast_precision_loss, reason = "a handful of lines")]
    let mut y = y - LINE * (lines.len() as f64 - 1.0) / 2.0 + 4.0;
    for line in lines {
        let _ =
            writeln!(svg, r#"<text class="label" x="{x:.1}" y="{y:.1}" text-anchor="middle">{line}</text>"#);
        y += LINE;
    }
}
