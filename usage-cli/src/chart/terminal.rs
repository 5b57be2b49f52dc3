//! Charts of characters.

use anstyle::{AnsiColor, Style};
use usage_report::Counts;

use crate::chart::class::Class;
use crate::chart::scale::{cells, fraction};

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];

/// Returns one character for each number, higher for more, and a space where there is no number. More numbers than
/// `width` are added up in groups.
pub(crate) fn sparkline(series: &[Option<u64>], width: usize) -> String {
    let group = series.len().div_ceil(width.max(1)).max(1);
    let sums: Vec<Option<u64>> = series
        .chunks(group)
        .map(|chunk| chunk.iter().flatten().copied().reduce(u64::saturating_add))
        .collect();
    let largest = sums.iter().flatten().copied().max().unwrap_or(0);
    sums.iter().map(|sum| sum.map_or(' ', |sum| step(&LEVELS, sum, largest))).collect()
}

/// Returns the character of `levels` for `part` of `whole`. The first stands for nothing, or for next to nothing.
fn step(levels: &[char], part: u64, whole: u64) -> char {
    let index = index(levels.len(), part, whole);
    levels.get(index).copied().unwrap_or(' ')
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "0 to 7"
)]
fn index(levels: usize, part: u64, whole: u64) -> usize {
    (fraction(part, whole) * (levels - 1) as f64).round() as usize
}

/// Draws blocks in colour; without colour, characters that can be told apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    pub(crate) colour: bool,
}

impl Paint {
    /// Returns `text` in `style`, if there is colour.
    pub(crate) fn styled(self, style: Style, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("{style}{text}{style:#}") } else { text.into() }
    }

    /// Returns the style and the character of a class.
    pub(crate) fn class(self, class: Class) -> (Style, char) {
        let (colour, plain) = match class {
            Class::Ok => (AnsiColor::Green, '█'),
            Class::Redirect => (AnsiColor::Cyan, '▓'),
            Class::Unknown => (AnsiColor::Blue, '#'),
            Class::Refused => (AnsiColor::Yellow, '▒'),
            Class::Limited => (AnsiColor::Magenta, '░'),
            Class::Failed => (AnsiColor::Red, 'x'),
        };
        (colour.on_default(), if self.colour { '█' } else { plain })
    }

    /// Returns the classes of `counts` one after another; `width` cells stand for `whole` requests.
    pub(crate) fn stacked(self, classes: &[Class], counts: &Counts, whole: u64, width: usize) -> String {
        let parts: Vec<_> = classes.iter().map(|class| class.of(counts)).collect();
        let bars = cells(&parts, whole, width).into_iter().zip(classes).map(|(cells, class)| {
            let (style, block) = self.class(*class);
            self.styled(style, &block.to_string().repeat(cells))
        });
        bars.collect()
    }

    /// Returns a bar of `width` cells, of which `share` is full.
    pub(crate) fn share(self, share: Option<f64>, width: usize) -> String {
        self.bar(AnsiColor::Blue.on_default(), share, width)
    }

    /// Returns the same bar, in red if `share` is more than all.
    pub(crate) fn limited(self, share: Option<f64>, width: usize) -> String {
        let colour = if share > Some(1.0) { AnsiColor::Red } else { AnsiColor::Blue };
        self.bar(colour.on_default(), share, width)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a width"
    )]
    fn bar(self, style: Style, share: Option<f64>, width: usize) -> String {
        let full = (share.unwrap_or(0.0).clamp(0.0, 1.0) * width as f64).round() as usize;
        let (bar, rest) = ("█".repeat(full), "·".repeat(width - full));
        self.styled(style, &bar) + &self.styled(Style::new().dimmed(), &rest)
    }

    /// Returns one cell of a heat map, `width` characters wide. More is denser, which is stronger on a dark terminal and
    /// on a light one; colour alone would be inverted on one of the two.
    pub(crate) fn heat(self, part: Option<u64>, largest: u64, width: usize) -> String {
        let Some(part) = part else { return format!("{:^width$}", "·") };
        let cell = step(&SHADES, part, largest).to_string().repeat(width);
        self.styled(AnsiColor::Blue.on_default(), &cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_is_as_wide_as_there_is_room() {
        assert_eq!(sparkline(&[Some(0), None, Some(7), Some(3)], 10), "▁ █▄");
        assert_eq!(sparkline(&[Some(1), None, Some(7), None], 2), "▂█");
        assert_eq!(sparkline(&[None, None, None], 2), "  ");
        assert_eq!(sparkline(&[], 5), "");
    }

    #[test]
    fn without_colour_there_is_no_escape() {
        let plain = Paint { colour: false };
        assert_eq!(plain.share(Some(0.5), 6), "███···");
        assert_eq!(plain.heat(Some(10), 10, 2), "██");
        assert_eq!(plain.heat(None, 10, 3), " · ");
        let coloured = Paint { colour: true };
        assert!(coloured.share(Some(0.5), 6).contains('\u{1b}'));
        // The busiest cell is the densest in colour, too.
        assert!(
            coloured.heat(Some(10), 10, 2).contains("██") && coloured.heat(Some(3), 10, 2).contains("░░")
        );
    }
}
