//! The layouts of rows: the text between the values of a row is the same in nearly every row of a page.
//!
//! After a row was read as events, that text and the kind of each value are remembered. A later row with the same text
//! between values of the same kinds is JSON of the same shape, so it is read without grammar and outline. Every other row,
//! and every error, is read as events: a layout refuses nothing.

use std::ops::Range;

use crate::decode::grammar::Event;
use crate::decode::literal::strip_literal;
use crate::decode::memo::Memo;
use crate::decode::number::{Number, plain_integer};
use crate::decode::outline::Step;
use crate::decode::string::plain_text;
use crate::table::{Column, Counter, PackedRow};

/// The maximum number of steps: a dozen layouts, if they have little in common.
const MAX_STEPS: usize = 192;

/// The maximum length of the text between two values, in bytes.
const MAX_LITERAL: usize = 128;

/// The kind of value after a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(Column),
    Count(Counter),
    /// A text that is skipped.
    SkippedText,
    /// An integer that is skipped.
    SkippedInteger,
    /// Nothing: the literal ends the row.
    RowEnd,
}

impl Value {
    /// Returns the kind of value of `event`, by its meaning; `None` if it belongs to a literal.
    pub(super) fn of(event: Event<'_>, step: &Step<'_>) -> Option<Self> {
        match (step, event) {
            (Step::Text(column, _), _) => Some(Self::Text(*column)),
            (Step::Count(counter, _), _) => Some(Self::Count(*counter)),
            (Step::RowEnds, _) => Some(Self::RowEnd),
            (_, Event::Text(_)) => Some(Self::SkippedText),
            (_, Event::Number(Number::Integer(_))) => Some(Self::SkippedInteger),
            _ => None,
        }
    }
}

/// The layouts of the rows so far, as a tree: layouts with a common beginning share their first steps.
#[derive(Debug, Default)]
pub(super) struct Layouts {
    /// After a step, the one that follows it in the layout with which it was added.
    steps: Vec<LayoutStep>,
}

/// A literal and the value after it. The quotation marks of a text belong to the literals around it.
#[derive(Debug)]
struct LayoutStep {
    literal: Box<str>,
    value: Value,
    /// The index of the step to try if this one does not match.
    other: Option<usize>,
}

/// The values of a row of a known layout.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// The start and end of each text in the row; 0 and 0 if it is absent or known.
    pub(super) texts: [(usize, usize); Column::ALL.len()],
    /// The counts, and the texts that are known.
    pub(super) row: PackedRow,
}

impl Layouts {
    /// Returns whether no layout is known yet.
    pub(super) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Finds the values of the row at the beginning of `text`, for `values` without any. Returns the length of the row, or
    /// `None` if its layout is unknown, if it has a count of more than 32 bits, or if it is cut.
    #[inline(never)]
    pub(super) fn find_values(&self, text: &str, memo: Option<&Memo>, values: &mut Values) -> Option<usize> {
        let (mut number, mut rest) = (0, text.as_bytes());
        loop {
            let step = self.steps.get(number)?;
            match step.read(rest, text.len(), memo, values) {
                Some(behind) if step.value == Value::RowEnd => return Some(text.len() - behind.len()),
                Some(behind) => (number, rest) = (number + 1, behind),
                None => number = step.other?,
            }
        }
    }

    /// Adds the layout of a row that was read as events: the ranges of its literals in `text`, and the kinds of the values
    /// after them.
    pub(super) fn learn(&mut self, text: &str, sketch: &Sketch) {
        let Some(row) = sketch.finished() else { return };
        let is_short = |(literal, _): &(Range<usize>, Value)| literal.len() <= MAX_LITERAL;
        if self.steps.len() + row.len() > MAX_STEPS || !row.iter().all(is_short) {
            return;
        }
        let (mut number, mut row) = (0, row);
        while let (Some(step), Some(((literal, value), rest))) = (self.steps.get(number), row.split_first()) {
            if step.value == *value && text.get(literal.clone()) == Some(&*step.literal) {
                (number, row) = (number + 1, rest);
            } else if let Some(other) = step.other {
                number = other;
            } else {
                let new = self.steps.len();
                self.steps[number].other = Some(new);
                break;
            }
        }
        let new = row.iter().filter_map(|(literal, value)| {
            Some(LayoutStep { literal: text.get(literal.clone())?.into(), value: *value, other: None })
        });
        self.steps.extend(new);
    }
}

impl LayoutStep {
    /// Reads this step from the beginning of `bytes`, the last ones of a text of `length` bytes. Returns the rest.
    #[inline(always)]
    fn read<'a>(
        &self,
        bytes: &'a [u8],
        length: usize,
        memo: Option<&Memo>,
        values: &mut Values,
    ) -> Option<&'a [u8]> {
        let rest = strip_literal(bytes, self.literal.as_bytes())?;
        let value_length = match self.value {
            Value::Text(column) => {
                if let Some((symbol, value_length)) = memo.and_then(|memo| memo.find(column, rest)) {
                    values.row.set_text(column, symbol);
                    return rest.get(value_length..);
                }
                let (start, value_length) = (length - rest.len(), plain_text(rest)?);
                values.texts[column as usize] = (start, start + value_length);
                value_length
            }
            Value::Count(counter) => {
                let (count, value_length) = plain_integer(rest)?;
                values.row.set_small_count(counter, count.try_into().ok()?);
                value_length
            }
            Value::SkippedText => plain_text(rest)?,
            Value::SkippedInteger => plain_integer(rest)?.1,
            Value::RowEnd => 0,
        };
        rest.get(value_length..)
    }
}

/// The layout of the row that is being read as events.
#[derive(Debug, Default)]
pub(super) struct Sketch {
    /// The start of the next literal; `None` if the layout of the row is not to be remembered.
    literal: Option<usize>,
    steps: Vec<(Range<usize>, Value)>,
}

impl Sketch {
    /// Begins a row at `at`.
    pub(super) fn begin(&mut self, at: usize) {
        self.literal = Some(at);
        self.steps.clear();
    }

    /// Gives up the layout of a row that is cut or begins in an unusual way.
    pub(super) fn abandon(&mut self) {
        self.literal = None;
    }

    /// Adds a value, or the end of the row, at `token`.
    pub(super) fn add(&mut self, value: Value, token: Range<usize>) {
        let Some(literal) = self.literal else { return };
        let inside = match value {
            Value::Text(_) | Value::SkippedText => token.start + 1..token.end - 1,
            Value::Count(_) | Value::SkippedInteger => token,
            Value::RowEnd => token.end..token.end,
        };
        self.literal = (self.steps.len() < MAX_STEPS).then_some(inside.end);
        self.steps.push((literal..inside.start, value));
    }

    /// Returns the literals and values of a row that was read to its end.
    fn finished(&self) -> Option<&[(Range<usize>, Value)]> {
        self.literal.is_some().then_some(&self.steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the layout of a row `{"aN":1}`, where N is `name`, and its text.
    fn sketch(name: &str) -> (String, Sketch) {
        let (text, mut sketch) = (format!("{{\"a{name}\":1}}"), Sketch::default());
        let end = text.len();
        sketch.begin(0);
        sketch.add(Value::SkippedInteger, end - 2..end - 1);
        sketch.add(Value::RowEnd, end - 1..end);
        (text, sketch)
    }

    fn length(layouts: &Layouts, text: &str) -> Option<usize> {
        layouts.find_values(text, None, &mut Values::default())
    }

    #[test]
    fn a_layout_is_known_once_and_only_if_it_is_all_there() {
        let mut layouts = Layouts::default();
        let (text, sketch) = sketch("b");
        for _ in 0..2 {
            layouts.learn(&text, &sketch);
            assert_eq!(layouts.steps.len(), 2);
        }
        assert_eq!(length(&layouts, &format!("{text},")), Some(text.len()));
        assert_eq!(length(&layouts, "{\"ab\":123}"), Some(10));
        for end in 0..text.len() {
            assert_eq!(length(&layouts, &text[..end]), None);
        }
    }

    #[test]
    fn layouts_have_a_limit() {
        let mut layouts = Layouts::default();
        for number in 0..2 * MAX_STEPS {
            let (text, sketch) = sketch(&number.to_string());
            layouts.learn(&text, &sketch);
            assert_eq!(length(&layouts, &text).is_some(), number < MAX_STEPS / 2, "{number}");
        }
        assert_eq!(layouts.steps.len(), MAX_STEPS);

        let mut layouts = Layouts::default();
        for (length, steps) in [(MAX_LITERAL + 1, 0), (MAX_LITERAL, 2)] {
            let (text, sketch) = sketch(&"x".repeat(length - 5));
            layouts.learn(&text, &sketch);
            assert_eq!(layouts.steps.len(), steps);
        }
    }

    #[test]
    fn a_sketch_that_is_cut_or_too_long_teaches_nothing() {
        let (_, mut cut) = sketch("b");
        cut.abandon();
        assert!(cut.finished().is_none());
        let mut long = Sketch::default();
        long.begin(0);
        for place in 0..10 * MAX_STEPS {
            long.add(Value::SkippedInteger, place..place + 1);
        }
        assert!(long.finished().is_none() && long.steps.len() <= MAX_STEPS + 1);
    }
}
