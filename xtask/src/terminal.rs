//! A picture of a terminal: coloured text as SVG, for light and dark pages.
//!
//! It supports the styles that the program writes: bold, dimmed and eight colours. Every character is one cell wide.

use std::fmt::Write;

const CELL: f64 = 8.4;
const LINE: f64 = 19.0;
const PADDING: f64 = 18.0;

/// The colours of a terminal in their order: on light ground, on dark ground.
const COLOURS: [(&str, &str); 8] = [
    ("#1c2128", "#9aa5b1"),
    ("#b3261e", "#ff8a80"),
    ("#1a7f4b", "#5fd39a"),
    ("#8a5a00", "#f0c065"),
    ("#2f66c0", "#6ea3f2"),
    ("#8f5bd0", "#b794ea"),
    ("#1f7f8f", "#56c7d8"),
    ("#57606a", "#e8edf2"),
];

/// Returns `text` as a picture.
pub(crate) fn picture(text: &str) -> String {
    let lines: Vec<_> = text.trim_end().lines().collect();
    let columns = lines.iter().map(|line| runs(line).iter().map(|run| run.text.chars().count()).sum()).max();
    let (width, height) =
        (length(columns.unwrap_or(0)) + 2.0 * PADDING, LINE * count(lines.len()) + 2.0 * PADDING);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\" aria-label=\"The text in a terminal\"><style>{}</style>\
         <rect class=\"ground\" width=\"{width:.0}\" height=\"{height:.0}\" rx=\"10\"/>\n",
        style()
    );
    for (row, line) in lines.iter().enumerate() {
        let y = PADDING + LINE * count(row) + 14.0;
        let mut column = 0;
        for run in runs(line) {
            let (start, end) = (column, column + run.text.chars().count());
            column = end;
            if !run.text.trim().is_empty() {
                let (x, length) = (PADDING + length(start), length(end - start));
                let (class, text) = (run.style.class(), escaped(run.text));
                // Each character gets its cell, whatever the font.
                let _ = write!(
                    svg,
                    "<text{class} x=\"{x:.1}\" y=\"{y:.1}\" textLength=\"{length:.1}\" \
                     lengthAdjust=\"spacingAndGlyphs\">{text}</text>"
                );
            }
        }
        svg.push('\n');
    }
    svg + "</svg>\n"
}

/// Characters of the same style.
#[derive(Debug, PartialEq, Eq)]
struct Run<'a> {
    style: Style,
    text: &'a str,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Style {
    is_bold: bool,
    is_dimmed: bool,
    colour: Option<usize>,
}

impl Style {
    /// Applies the parameters of an escape sequence `ESC [ … m`.
    fn apply(&mut self, parameters: &str) {
        for parameter in parameters.split(';') {
            match parameter.parse().unwrap_or(0) {
                0 => *self = Self::default(),
                1 => self.is_bold = true,
                2 => self.is_dimmed = true,
                colour @ 30..=37 => self.colour = Some(colour - 30),
                39 => self.colour = None,
                _ => {}
            }
        }
    }

    /// Returns the `class` attribute of the style, empty for the default style.
    fn class(self) -> String {
        let mut names = Vec::new();
        names.extend(self.is_bold.then(|| "b".to_owned()));
        names.extend(self.is_dimmed.then(|| "d".to_owned()));
        names.extend(self.colour.map(|colour| format!("c{colour}")));
        if names.is_empty() { String::new() } else { format!(" class=\"{}\"", names.join(" ")) }
    }
}

/// Splits a line at its escape sequences.
fn runs(line: &str) -> Vec<Run<'_>> {
    let mut style = Style::default();
    let mut runs = Vec::new();
    for (index, piece) in line.split("\u{1b}[").enumerate() {
        let text = match piece.split_once('m').filter(|_| index > 0) {
            Some((parameters, text)) => {
                style.apply(parameters);
                text
            }
            None => piece,
        };
        let text = text.strip_suffix('\r').unwrap_or(text);
        if !text.is_empty() {
            runs.push(Run { style, text });
        }
    }
    runs
}

fn style() -> String {
    let mut style = String::from(
        "text{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre;fill:#1c2128}\
         .ground{fill:#fff;stroke:#e3e7ec}.b{font-weight:600}.d{fill:#57606a}",
    );
    let mut dark = String::from("text{fill:#e8edf2}.ground{fill:#14181d;stroke:#2a3038}.d{fill:#9aa5b1}");
    for (index, (on_light, on_dark)) in COLOURS.iter().enumerate() {
        let _ = write!(style, ".c{index}{{fill:{on_light}}}");
        let _ = write!(dark, ".c{index}{{fill:{on_dark}}}");
    }
    format!("{style}@media(prefers-color-scheme:dark){{{dark}}}")
}

fn length(columns: usize) -> f64 {
    CELL * count(columns)
}

#[expect(clippy::cast_precision_loss, reason = "lines and columns of a terminal")]
fn count(number: usize) -> f64 {
    number as f64
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_divided_at_its_styles() {
        let red = Style { is_bold: true, colour: Some(1), ..Style::default() };
        let plain = Style::default();
        assert_eq!(
            runs("a\u{1b}[1m\u{1b}[31mb <c>\u{1b}[0m d\r"),
            [
                Run { style: plain, text: "a" },
                Run { style: red, text: "b <c>" },
                Run { style: plain, text: " d" }
            ]
        );
    }

    #[test]
    fn columns_are_where_they_are_in_the_terminal() {
        let svg = picture("ab\u{1b}[2mcd\u{1b}[0m\n<x>\n");
        assert!(svg.contains("<text x=\"18.0\" y=\"32.0\" textLength=\"16.8\""), "{svg}");
        assert!(svg.contains("<text class=\"d\" x=\"34.8\" y=\"32.0\" textLength=\"16.8\""), "{svg}");
        assert!(svg.contains(">&lt;x&gt;</text>") && svg.contains(" height=\"74\""), "{svg}");
    }
}
