//! A reader of JSON events, for documents that are not responses of the service.

use crate::decode::grammar::{Event, Grammar, Usual};
use crate::decode::input::Input;
use crate::decode::number::Number;

/// An event of a JSON document, in document order.
///
/// ```
/// use usage_core::decode::{JsonEvent, JsonReader, JsonSink};
///
/// struct Names(Vec<String>);
///
/// impl JsonSink for Names {
///     type Error = String;
///
///     fn event(&mut self, event: JsonEvent<'_>, _: u64) -> Result<(), String> {
///         if let JsonEvent::Name(name) = event {
///             self.0.push(name.to_owned());
///         }
///         Ok(())
///     }
///
///     fn not_json(&mut self, offset: u64, problem: &'static str) -> String {
///         format!("byte {offset}: {problem}")
///     }
/// }
///
/// let mut names = Names(Vec::new());
/// let mut reader = JsonReader::default();
/// reader.read(r#"{"requests":42,"clientName":"x"}"#, &mut names)?;
/// reader.finish(&mut names)?;
/// assert_eq!(names.0, ["requests", "clientName"]);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonEvent<'a> {
    /// An object begins; its members follow.
    BeginObject,
    /// The innermost object ends.
    EndObject,
    /// A list begins; its values follow.
    BeginList,
    /// The innermost list ends.
    EndList,
    /// The name of a member. Its value follows.
    Name(&'a str),
    /// A text.
    Text(&'a str),
    /// A number.
    Number(JsonNumber),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
}

impl<'a> From<Event<'a>> for JsonEvent<'a> {
    #[inline]
    fn from(event: Event<'a>) -> Self {
        match event {
            Event::BeginObject => Self::BeginObject,
            Event::EndObject => Self::EndObject,
            Event::BeginList => Self::BeginList,
            Event::EndList => Self::EndList,
            Event::Name(name) => Self::Name(name),
            Event::Text(text) => Self::Text(text),
            Event::Number(Number::Integer(integer) | Number::Whole(integer)) => {
                Self::Number(JsonNumber::Integer(integer))
            }
            Event::Number(Number::Other) => Self::Number(JsonNumber::Other),
            Event::Bool(value) => Self::Bool(value),
            Event::Null => Self::Null,
        }
    }
}

/// A number, as precisely as counts need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonNumber {
    /// An integer from 0 to 2^64 - 1, perhaps with a fraction of zeros.
    Integer(u64),
    /// Any other number.
    Other,
}

/// A value of the usual kind: a text without escapes, or an integer of at most 18 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonScalar<'a> {
    /// A text.
    Text(&'a str),
    /// An integer.
    Integer(u64),
}

/// A member's name that is expected to come next.
#[derive(Clone, Debug)]
pub struct MemberName(Box<str>);

impl MemberName {
    /// Returns `None` for names that have escapes or more than 20 bytes: they are read as events only.
    pub fn new(name: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
        let is_usual = name.len() <= 20 && name.bytes().all(is_plain);
        is_usual.then(|| Self(format!(",\"{name}\":").into()))
    }
}

/// The receiver of a [`JsonReader`]'s events.
pub trait JsonSink {
    /// The error that ends the reading.
    type Error;

    /// Takes an event. It ends before byte `end` of all that was read.
    ///
    /// # Errors
    ///
    /// Returns the error of the receiver, at which the reader stops.
    fn event(&mut self, event: JsonEvent<'_>, end: u64) -> Result<(), Self::Error>;

    /// Adds the position of the event to an error of [`event`](Self::event).
    fn locate(&self, error: Self::Error, start: u64) -> Self::Error {
        let _ = start;
        error
    }

    /// Returns the error for text that is not JSON at byte `offset`.
    fn not_json(&mut self, offset: u64, problem: &'static str) -> Self::Error;

    /// Returns the member that is likely to come next in the innermost object, if the sink can guess it.
    #[inline]
    fn likely_member(&self) -> Option<&MemberName> {
        None
    }

    /// Takes the likely member with its value, as a shortcut. If it returns `false`, the member comes as events.
    #[inline]
    fn take_likely(&mut self, value: JsonScalar<'_>) -> bool {
        let _ = value;
        false
    }
}

/// Reads JSON documents one after another, in pieces of any size, as strictly as a results page is read: names and
/// texts of at most [`MAX_PAGE_STRING`](crate::decode::MAX_PAGE_STRING) bytes, nested at most
/// [`MAX_PAGE_NESTING`](crate::decode::MAX_PAGE_NESTING) deep. Blanks between documents are optional.
///
/// ```
/// use usage_core::decode::{JsonEvent, JsonReader, JsonSink};
///
/// struct Count(usize);
///
/// impl JsonSink for Count {
///     type Error = String;
///
///     fn event(&mut self, event: JsonEvent<'_>, _: u64) -> Result<(), String> {
///         self.0 += usize::from(event == JsonEvent::BeginObject);
///         Ok(())
///     }
///
///     fn not_json(&mut self, offset: u64, problem: &'static str) -> String {
///         format!("byte {offset}: {problem}")
///     }
/// }
///
/// let (mut reader, mut objects) = (JsonReader::default(), Count(0));
/// reader.read("{\"a\":[{}]}\n{", &mut objects)?;
/// reader.read("}", &mut objects)?;
/// reader.finish(&mut objects)?;
/// assert_eq!(objects.0, 3);
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Default)]
pub struct JsonReader {
    grammar: Grammar,
    offset: u64,
    had_document: bool,
}

impl JsonReader {
    /// Returns a reader that takes `NaN`, which is not JSON, for null: Python's `json` writes it for a missing value.
    ///
    /// ```
    /// # use usage_core::decode::{JsonEvent, JsonReader, JsonSink};
    /// # struct Nulls(usize);
    /// # impl JsonSink for Nulls {
    /// #     type Error = &'static str;
    /// #     fn event(&mut self, event: JsonEvent<'_>, _: u64) -> Result<(), &'static str> {
    /// #         self.0 += usize::from(event == JsonEvent::Null);
    /// #         Ok(())
    /// #     }
    /// #     fn not_json(&mut self, _: u64, problem: &'static str) -> &'static str {
    /// #         problem
    /// #     }
    /// # }
    /// let text = "[NaN, null]";
    /// let mut nulls = Nulls(0);
    /// JsonReader::with_nan().read(text, &mut nulls)?;
    /// assert_eq!(nulls.0, 2);
    /// assert!(JsonReader::default().read(text, &mut nulls).is_err());
    /// # Ok::<(), &'static str>(())
    /// ```
    #[must_use]
    pub fn with_nan() -> Self {
        let mut reader = Self::default();
        reader.grammar.take_nan();
        reader
    }

    /// Reads the next piece.
    ///
    /// # Errors
    ///
    /// Returns the error of `sink` for an event, or for text that is not JSON. The reader cannot be used afterwards.
    pub fn read<S: JsonSink>(&mut self, piece: &str, sink: &mut S) -> Result<(), S::Error> {
        let mut input = Input::new(piece, self.offset);
        loop {
            self.read_likely(&mut input, sink);
            if self.grammar.is_done() {
                self.had_document = true;
                self.grammar.begin_again();
            }
            match self.grammar.next(&mut input) {
                Ok(Some(event)) => {
                    let taken = sink.event(event.into(), input.offset());
                    taken.map_err(|error| sink.locate(error, self.grammar.start()))?;
                }
                Ok(None) => break,
                Err(fault) => return Err(sink.not_json(fault.offset, fault.problem)),
            }
        }
        self.offset = input.offset();
        Ok(())
    }

    /// Reads members as long as each is the likely one, with a value of the usual kind. Everything else is read as events.
    #[inline]
    fn read_likely(&mut self, input: &mut Input<'_>, sink: &mut impl JsonSink) {
        while let Some(MemberName(written)) = sink.likely_member() {
            let Some((value, length)) = self.grammar.usual_member(input, written) else { return };
            let value = match value {
                Usual::Text(text) => JsonScalar::Text(text),
                Usual::Integer(integer) => JsonScalar::Integer(integer),
            };
            if !sink.take_likely(value) {
                return;
            }
            input.advance(length);
            self.grammar.value_taken();
        }
    }

    /// Takes the end of the text.
    ///
    /// # Errors
    ///
    /// Returns the error of `sink` for text that ends within a document, or has none.
    pub fn finish<S: JsonSink>(&self, sink: &mut S) -> Result<(), S::Error> {
        if self.had_document && self.grammar.is_outside() {
            return Ok(());
        }
        self.grammar.finish(self.offset).map_err(|fault| sink.not_json(fault.offset, fault.problem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the events as text; the member `likely` by the shortcut.
    #[derive(Default)]
    struct Told {
        text: String,
        likely: Option<MemberName>,
        in_short: usize,
    }

    impl JsonSink for Told {
        type Error = (u64, String);

        fn event(&mut self, event: JsonEvent<'_>, _: u64) -> Result<(), Self::Error> {
            use std::fmt::Write;

            if event == JsonEvent::Bool(true) {
                return Err((0, "a bool".into()));
            }
            let _ = write!(self.text, "{event:?} ");
            Ok(())
        }

        fn locate(&self, (_, problem): Self::Error, start: u64) -> Self::Error {
            (start, problem)
        }

        fn not_json(&mut self, offset: u64, problem: &'static str) -> Self::Error {
            (offset, problem.into())
        }

        fn likely_member(&self) -> Option<&MemberName> {
            self.likely.as_ref()
        }

        fn take_likely(&mut self, value: JsonScalar<'_>) -> bool {
            let value = match value {
                JsonScalar::Text(text) => JsonEvent::Text(text),
                JsonScalar::Integer(integer) => JsonEvent::Number(JsonNumber::Integer(integer)),
            };
            self.in_short += 1;
            self.event(JsonEvent::Name("name"), 0).and_then(|()| self.event(value, 0)).is_ok()
        }
    }

    fn read(text: &str, cut: usize, likely: Option<&str>) -> Result<Told, (u64, String)> {
        let mut told = Told { likely: likely.and_then(MemberName::new), ..Told::default() };
        let mut reader = JsonReader::default();
        for piece in text.as_bytes().chunks(cut) {
            reader.read(str::from_utf8(piece).unwrap(), &mut told)?;
        }
        reader.finish(&mut told).map(|()| told)
    }

    #[test]
    fn documents_are_read_one_after_another_however_they_are_cut_and_in_the_short_way_too() {
        let text = "{\"a\":[1.0,null,-2],\"name\":\"x\",\"name\":12}\n[]{\"name\":7} \"x\" ";
        let wanted = read(text, 1, None).unwrap();
        assert_eq!(wanted.text.matches("BeginObject").count(), 2);
        assert!(
            wanted.text.contains("BeginList Number(Integer(1)) Null Number(Other) EndList"),
            "{}",
            wanted.text
        );
        for cut in 2..=text.len() {
            assert_eq!(read(text, cut, None).unwrap().text, wanted.text);
            let short = read(text, cut, Some("name")).unwrap();
            assert_eq!(short.text, wanted.text);
            assert!(cut < text.len() || short.in_short == 3, "{}", short.in_short);
        }
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (text, at, problem) in [
            ("", 0, "the body is empty"),
            ("{} x", 3, "this is not JSON"),
            ("{}[", 3, "the document ends early"),
            ("[1,2", 4, "the document ends early"),
            ("{} [ true ]", 5, "a bool"),
            // The sink's guess is wrong: a list has no members.
            ("[1,\"name\":2]", 9, "expected a comma or the end"),
        ] {
            for cut in 1..=text.len().max(1) {
                let error = read(text, cut, Some("name")).err().unwrap();
                assert_eq!(error, (at, problem.to_owned()), "{text}");
            }
        }
    }

    #[test]
    fn names_that_are_not_plain_or_too_long_have_no_short_way() {
        for (name, is_one) in
            [("requests", true), ("oauthClient.name", true), ("a\"b", false), ("a\\b", false)]
        {
            assert_eq!(MemberName::new(name).is_some(), is_one);
        }
        assert!(MemberName::new(&"x".repeat(20)).is_some() && MemberName::new(&"x".repeat(21)).is_none());
    }
}
