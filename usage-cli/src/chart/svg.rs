//! SVG: elements, escaping, and the styles that make a picture complete in itself.

use std::fmt::{self, Display, Write};

use crate::text::{REPLACEMENT, shown};

/// The room around a picture that is a file, and the height of what stands above it.
const PADDING: f64 = 24.0;
const HEAD: f64 = 56.0;

/// A picture that is being drawn.
#[derive(Debug)]
pub(crate) struct Picture {
    width: f64,
    height: f64,
    /// A description for those who do not see the picture.
    label: String,
    pub(crate) title: String,
    /// The organization and the period.
    pub(crate) subtitle: String,
    body: String,
}

impl Picture {
    pub(crate) fn new(label: impl Into<String>, width: f64, height: f64) -> Self {
        let (title, subtitle) = (String::new(), String::new());
        Self { width, height, label: label.into(), title, subtitle, body: String::new() }
    }

    /// Returns a file with its own styles, title and background.
    pub(crate) fn standalone(&self) -> String {
        let Self { label, title, subtitle, body, .. } = self;
        let (width, height) = (self.width + 2.0 * PADDING, self.height + 2.0 * PADDING + HEAD);
        let (label, title, subtitle) = (Escaped(label), Escaped(title), Escaped(subtitle));
        let (title_at, subtitle_at, body_at) = (PADDING + 14.0, PADDING + 35.0, PADDING + HEAD);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" aria-label=\"{label}\"><title>{label}</title><style>{STYLE}</style>\
             <rect class=\"ground\" width=\"{width}\" height=\"{height}\"/>\
             <text class=\"title\" x=\"{PADDING}\" y=\"{title_at}\">{title}</text>\
             <text x=\"{PADDING}\" y=\"{subtitle_at}\">{subtitle}</text>\
             <g transform=\"translate({PADDING} {body_at})\">{body}</g></svg>\n"
        )
    }

    /// Writes a text of a legend that ends at `right`, and returns where it begins.
    pub(crate) fn legend_left_of(&mut self, right: f64, text: &str) -> f64 {
        self.text("end", right, 15.0, text);
        #[expect(clippy::cast_precision_loss, reason = "a short text")]
        let width = text.len() as f64 * 6.6;
        right - width
    }

    /// Writes a text at a point, with the CSS class `class`.
    pub(crate) fn text(&mut self, class: &str, x: f64, y: f64, text: impl Display) {
        let text = Escaped(text);
        self.put(format_args!("<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>"));
    }

    pub(crate) fn rect(&mut self, class: &str, x: f64, y: f64, width: f64, height: f64, radius: f64) {
        let size = format_args!("width=\"{width:.2}\" height=\"{height:.2}\" rx=\"{radius}\"");
        self.put(format_args!("<rect class=\"{class}\" x=\"{x:.2}\" y=\"{y:.2}\" {size}/>"));
    }

    pub(crate) fn line(&mut self, class: &str, x1: f64, y1: f64, x2: f64, y2: f64) {
        self.put(format_args!(
            "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>"
        ));
    }

    /// Draws a group whose title is shown where the pointer is.
    pub(crate) fn group(&mut self, title: impl Display, draw: impl FnOnce(&mut Self)) {
        let title = Escaped(title);
        self.put(format_args!("<g class=\"hit\"><title>{title}</title>"));
        draw(self);
        self.put(format_args!("</g>"));
    }

    pub(crate) fn put(&mut self, text: fmt::Arguments<'_>) {
        // A string takes everything.
        let _ = self.body.write_fmt(text);
    }
}

/// A text that is written without markup, for an element or an attribute. Characters that XML forbids are replaced.
pub(crate) struct Escaped<T>(pub(crate) T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is not printable XML cannot have, or it would change what stands behind it.
        let instead = |c| if matches!(c, '\n' | '\t') { c } else { REPLACEMENT };
        for c in shown(&self.0.to_string(), instead).chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// The styles of a picture that stands alone. Renderers without the second part show it on a light ground.
const STYLE: &str = "\
    text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:#57606a}\
    .strong{fill:#1c2128;font-weight:600}.value{fill:#1c2128}.on{fill:#fff}.title{font-size:17px;font-weight:600;fill:#1c2128}\
    .end{text-anchor:end}.mid{text-anchor:middle}.ground{fill:#fff}\
    .grid{stroke:#e3e7ec}.axis{stroke:#b6bec8}.weekend{fill:#f1f3f6}\
    .before{stroke:#57606a;stroke-width:1.5}.pace{stroke:#b3261e;stroke-width:1.5;stroke-dasharray:4 3}\
    .c0{fill:#8a94a0}.bar,.c2{fill:#3b76d4}.c3{fill:#7fb2ef}.c4{fill:#e8b13a}.c429{fill:#8f5bd0}.c5{fill:#d4483f}\
    .h{fill:#3b76d4}.none{fill:#f1f3f6}.back{fill:#edf0f4}.hit .over{fill:transparent}\
    @media(prefers-color-scheme:dark){text{fill:#9aa5b1}.strong,.title,.value{fill:#e8edf2}.on{fill:#0f1216}.ground{fill:#14181d}\
    .grid{stroke:#2a3038}.axis{stroke:#48515c}.weekend{fill:#1b2027}.before{stroke:#9aa5b1}.pace{stroke:#ff8a80}.none{fill:#1d2228}.back{fill:#232930}\
    .bar,.c2,.h{fill:#5b93ec}.c3{fill:#2f5f9e}.c4{fill:#e0b04b}.c429{fill:#a77be3}.c5{fill:#e5695f}}";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        let hostile = "</svg><script>alert(1)</script>\" onload='x' &amp; \u{1b}\u{202e}";
        let mut picture = Picture::new(hostile, 10.0, 10.0);
        picture.text("x", 0.0, 0.0, hostile);
        picture.group(hostile, |_| {});
        (picture.title, picture.subtitle) = (hostile.into(), hostile.into());
        let svg = picture.standalone();
        assert!(!svg.contains("<script") && !svg.contains("onload='") && !svg.contains('\u{1b}'));
        assert_eq!(svg.matches("</svg>").count(), 1);
    }
}
