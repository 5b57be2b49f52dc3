//! The grammar of JSON: from pieces of text to events, whatever the document is about.

use crate::decode::input::{Fault, Input};
use crate::decode::literal::strip_literal;
use crate::decode::number::{Number, NumberReader, plain_integer};
use crate::decode::string::{StringReader, plain_string};

/// How deep a results page may be nested: objects and lists inside each other. As deep as `serde_json` goes.
pub const MAX_PAGE_NESTING: u32 = 127;

/// What a document consists of, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event<'a> {
    BeginObject,
    EndObject,
    BeginList,
    EndList,
    /// The name of a member. Its value follows.
    Name(&'a str),
    Text(&'a str),
    Number(Number),
    Bool(bool),
    Null,
}

/// A value of the usual kind: a text without escapes, or an integer of at most 18 digits, which any count may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usual<'a> {
    Text(&'a str),
    Integer(u64),
}

/// Reads events, and remembers where it is between the pieces.
#[derive(Debug, Default)]
pub(super) struct Grammar {
    expect: Expect,
    /// What a piece ended in the middle of.
    unfinished: Option<Scalar>,
    string: StringReader,
    number: NumberReader,
    /// The lists and objects around: a bit each, the innermost lowest, 1 for an object.
    containers: u128,
    depth: u32,
    /// Where the last event begins.
    start: u64,
    /// Whether `NaN` stands for null.
    takes_nan: bool,
}

/// What may come next: a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Expect(u8);

impl Expect {
    /// Nothing: the document is over.
    const NOTHING: Self = Self(0);
    const VALUE: Self = Self(1);
    /// The name of a member.
    const NAME: Self = Self(2);
    const COLON: Self = Self(4);
    const COMMA: Self = Self(8);
    /// The end of the list or object.
    const END: Self = Self(16);

    /// The document.
    const DOCUMENT: Self = Self(32 | Self::VALUE.0);
    const VALUE_OR_END: Self = Self(Self::VALUE.0 | Self::END.0);
    const NAME_OR_END: Self = Self(Self::NAME.0 | Self::END.0);
    const COMMA_OR_END: Self = Self(Self::COMMA.0 | Self::END.0);

    #[inline]
    fn has(self, what: Self) -> bool {
        self.0 & what.0 != 0
    }

    /// What may follow a value.
    #[inline]
    fn behind_value(depth: u32) -> Self {
        if depth == 0 { Self::NOTHING } else { Self::COMMA_OR_END }
    }

    fn problem(self) -> &'static str {
        match self {
            Self::DOCUMENT => "this is not JSON",
            Self::VALUE => "expected a value",
            Self::VALUE_OR_END => "expected a value or the end of the list",
            Self::NAME => "expected the name of a member",
            Self::NAME_OR_END => "expected the name of a member or the end of the object",
            Self::COLON => "expected a colon",
            Self::COMMA_OR_END => "expected a comma or the end",
            _ => "something follows the document",
        }
    }
}

impl Default for Expect {
    fn default() -> Self {
        Self::DOCUMENT
    }
}

#[derive(Clone, Copy, Debug)]
enum Scalar {
    String,
    Number,
    /// `true`, `false`, `null` or `NaN`, and how much of it was read.
    Word(&'static str, usize),
}

impl Grammar {
    /// Takes `NaN` for null from now on.
    pub(super) fn take_nan(&mut self) {
        self.takes_nan = true;
    }

    /// The next event; none if it is not complete in this piece.
    #[inline]
    pub(super) fn next<'a, 'i: 'a>(&'a mut self, input: &mut Input<'i>) -> Result<Option<Event<'a>>, Fault> {
        if let Some(scalar) = self.unfinished {
            return self.go_on(scalar, input);
        }
        while let Some(byte) = input.peek() {
            match byte {
                b' ' | b'\n' | b'\r' | b'\t' => input.advance(1),
                b',' if self.expect.has(Expect::COMMA) => {
                    self.expect = if self.in_object() { Expect::NAME } else { Expect::VALUE };
                    input.advance(1);
                }
                b':' if self.expect == Expect::COLON => {
                    self.expect = Expect::VALUE;
                    input.advance(1);
                }
                _ => return self.event(byte, input),
            }
        }
        Ok(None)
    }

    /// The value of the next member of an object and the length of all that, if `name` stands before it, its value is of
    /// the usual kind, and all of it is in this piece. `name` has the comma and the colon. A shortcut:
    /// [`next`](Self::next) reads the same in two events. The caller that takes the member says so with
    /// [`value_taken`](Self::value_taken).
    #[inline(always)]
    pub(super) fn usual_member<'i>(&self, input: &Input<'i>, name: &str) -> Option<(Usual<'i>, usize)> {
        let rest = input.rest();
        let value = match self.expect {
            Expect::COMMA_OR_END if self.in_object() => strip_literal(rest, name.as_bytes())?,
            Expect::NAME_OR_END if self.unfinished.is_none() => strip_literal(rest, &name.as_bytes()[1..])?,
            _ => return None,
        };
        let start = rest.len() - value.len();
        if value.first() == Some(&b'"') {
            let length = plain_string(value)?;
            Some((Usual::Text(input.ahead(start + 1, length - 2)), start + length))
        } else {
            let (integer, length) = plain_integer(value)?;
            Some((Usual::Integer(integer), start + length))
        }
    }

    /// How many bytes ahead the next value of a list begins; `None` if more than a comma stands before it, or if the list
    /// ends.
    #[inline]
    pub(super) fn next_value(&self, input: &Input<'_>) -> Option<usize> {
        match self.expect {
            Expect::VALUE | Expect::VALUE_OR_END if self.unfinished.is_none() => Some(0),
            Expect::COMMA_OR_END if input.peek() == Some(b',') => Some(1),
            _ => None,
        }
    }

    /// A member, or a value of a list, was read in the short way.
    #[inline]
    pub(super) fn value_taken(&mut self) {
        self.expect = Expect::COMMA_OR_END;
    }

    /// The event that begins with `byte`.
    #[inline]
    fn event<'a, 'i: 'a>(&'a mut self, byte: u8, input: &mut Input<'i>) -> Result<Option<Event<'a>>, Fault> {
        self.start = input.offset();
        match byte {
            b'"' if self.expect.has(Expect::VALUE) => {
                let Some(text) = self.string.begin(input) else { return self.go_on(Scalar::String, input) };
                self.value_ends();
                Ok(Some(Event::Text(text)))
            }
            b'"' if self.expect.has(Expect::NAME) => {
                let Some(name) = self.string.begin(input) else { return self.go_on(Scalar::String, input) };
                self.expect = Expect::COLON;
                Ok(Some(Event::Name(name)))
            }
            b'0'..=b'9' | b'-' if self.expect.has(Expect::VALUE) => {
                let Some(integer) = self.number.begin(input) else {
                    return self.go_on(Scalar::Number, input);
                };
                self.value_ends();
                Ok(Some(Event::Number(Number::Integer(integer))))
            }
            b'{' | b'[' if self.expect.has(Expect::VALUE) => self.begin(byte == b'{', input).map(Some),
            b'}' if self.expect.has(Expect::END) && self.in_object() => {
                self.end(input);
                Ok(Some(Event::EndObject))
            }
            b']' if self.expect.has(Expect::END) && !self.in_object() => {
                self.end(input);
                Ok(Some(Event::EndList))
            }
            b't' if self.expect.has(Expect::VALUE) => self.go_on(Scalar::Word("true", 0), input),
            b'f' if self.expect.has(Expect::VALUE) => self.go_on(Scalar::Word("false", 0), input),
            b'n' if self.expect.has(Expect::VALUE) => self.go_on(Scalar::Word("null", 0), input),
            b'N' if self.takes_nan && self.expect.has(Expect::VALUE) => {
                self.go_on(Scalar::Word("NaN", 0), input)
            }
            _ => Err(input.fault(self.expect.problem())),
        }
    }

    /// Continues a token that is cut by the end of its piece, or is not of the usual kind.
    #[inline]
    fn go_on<'a>(&'a mut self, scalar: Scalar, input: &mut Input<'_>) -> Result<Option<Event<'a>>, Fault> {
        let mut copy = *input;
        let complete = self.read_on(scalar, &mut copy);
        *input = copy;
        Ok(if complete? { Some(self.finished(scalar)) } else { None })
    }

    /// Reads on in a scalar. Returns whether its end was read.
    #[cold]
    #[inline(never)]
    fn read_on(&mut self, scalar: Scalar, input: &mut Input<'_>) -> Result<bool, Fault> {
        self.unfinished = Some(scalar);
        let complete = match scalar {
            Scalar::String => self.string.go_on(input)?,
            Scalar::Number => self.number.go_on(input)?,
            Scalar::Word(word, read) => {
                let read = read_word(word, read, input)?;
                self.unfinished = Some(Scalar::Word(word, read));
                read == word.len()
            }
        };
        if complete {
            self.unfinished = None;
        }
        Ok(complete)
    }

    /// The event of a scalar that was read to its end.
    #[cold]
    #[inline(never)]
    fn finished(&mut self, scalar: Scalar) -> Event<'_> {
        if self.expect.has(Expect::NAME) {
            self.expect = Expect::COLON;
            return Event::Name(self.string.text());
        }
        self.value_ends();
        match scalar {
            Scalar::String => Event::Text(self.string.text()),
            Scalar::Number => Event::Number(self.number.number()),
            Scalar::Word("null" | "NaN", _) => Event::Null,
            Scalar::Word(word, _) => Event::Bool(word == "true"),
        }
    }

    #[inline]
    fn begin(&mut self, object: bool, input: &mut Input<'_>) -> Result<Event<'static>, Fault> {
        if self.depth == MAX_PAGE_NESTING {
            return Err(input.fault("the document is nested too deep"));
        }
        input.advance(1);
        self.depth += 1;
        self.containers = (self.containers << 1) | u128::from(object);
        if object {
            self.expect = Expect::NAME_OR_END;
            Ok(Event::BeginObject)
        } else {
            self.expect = Expect::VALUE_OR_END;
            Ok(Event::BeginList)
        }
    }

    #[inline]
    fn end(&mut self, input: &mut Input<'_>) {
        input.advance(1);
        self.depth -= 1;
        self.containers >>= 1;
        self.value_ends();
    }

    #[inline]
    fn value_ends(&mut self) {
        self.expect = Expect::behind_value(self.depth);
    }

    #[inline]
    fn in_object(&self) -> bool {
        self.containers & 1 != 0
    }

    /// Whether a document was read to its end.
    #[inline]
    pub(super) fn is_done(&self) -> bool {
        self.expect == Expect::NOTHING
    }

    /// Whether nothing was read of a document.
    pub(super) fn is_outside(&self) -> bool {
        self.expect == Expect::DOCUMENT && self.unfinished.is_none()
    }

    /// Expects another document behind one that is done.
    pub(super) fn begin_again(&mut self) {
        self.expect = Expect::DOCUMENT;
    }

    /// Where the last event begins.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// Whether the reader is at a value, not at a name, a comma or an end.
    pub(super) fn at_value(&self) -> bool {
        self.expect.has(Expect::VALUE) || self.expect.has(Expect::COLON)
    }

    /// Takes the end of the body; `offset` is its length.
    pub(super) fn finish(&self, offset: u64) -> Result<(), Fault> {
        match self.expect {
            Expect::NOTHING => Ok(()),
            Expect::DOCUMENT if self.unfinished.is_none() => {
                Err(Fault { offset, problem: "the body is empty" })
            }
            _ => Err(Fault { offset, problem: "the document ends early" }),
        }
    }
}

/// Reads on in `word`, of which `read` bytes are read. Returns how many are then.
fn read_word(word: &'static str, mut read: usize, input: &mut Input<'_>) -> Result<usize, Fault> {
    while let Some(expected) = word.as_bytes().get(read) {
        match input.peek() {
            Some(byte) if byte == *expected => input.advance(1),
            Some(_) => return Err(input.fault("expected a value")),
            None => break,
        }
        read += 1;
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events as text, or the fault.
    fn read(document: &str, cut: usize) -> Result<String, Fault> {
        let (mut grammar, mut events, mut offset) = (Grammar::default(), String::new(), 0);
        for piece in document.as_bytes().chunks(cut) {
            let mut input = Input::new(str::from_utf8(piece).unwrap(), offset);
            while let Some(event) = grammar.next(&mut input)? {
                let event = match event {
                    Event::BeginObject => "{".to_owned(),
                    Event::EndObject => "}".to_owned(),
                    Event::BeginList => "[".to_owned(),
                    Event::EndList => "]".to_owned(),
                    Event::Name(name) => format!("{name}:"),
                    Event::Text(text) => format!("'{text}' "),
                    Event::Number(Number::Integer(integer)) => format!("{integer} "),
                    Event::Number(Number::Whole(_) | Number::Other) => "number ".to_owned(),
                    Event::Bool(_) => "bool ".to_owned(),
                    Event::Null => "null ".to_owned(),
                };
                events.push_str(&event);
            }
            offset = input.offset();
        }
        grammar.finish(offset).map(|()| events)
    }

    #[test]
    fn reads_every_kind_of_value_however_it_is_cut() {
        let document =
            " { \"a\" : [ true , false,null,[ ],{ } ] ,\n\"b\\n\":-1.5e3,\r\t\"c\":\"x\\u0041\",\"d\":12 } ";
        for cut in 1..=document.len() {
            let events = read(document, cut).unwrap();
            assert_eq!(events, "{a:[bool bool null []{}]b\n:number c:'xA' d:12 }");
        }
        assert_eq!(read("\"x\"", 1).unwrap(), "'x' ");
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        for (document, offset, problem) in [
            ("", 0, "the body is empty"),
            (" \n ", 3, "the body is empty"),
            ("{", 1, "the document ends early"),
            ("{\"a\"", 4, "the document ends early"),
            ("12", 2, "the document ends early"),
            ("<html>", 0, "this is not JSON"),
            ("\u{feff}{}", 0, "this is not JSON"),
            ("{}x", 2, "something follows the document"),
            ("{} {}", 3, "something follows the document"),
            ("{1:2}", 1, "expected the name of a member or the end of the object"),
            ("{\"a\":1,}", 7, "expected the name of a member"),
            ("{,}", 1, "expected the name of a member or the end of the object"),
            ("{true}", 1, "expected the name of a member or the end of the object"),
            ("{false:1}", 1, "expected the name of a member or the end of the object"),
            ("{\"a\":1,null:2}", 7, "expected the name of a member"),
            ("{\"a\" 1}", 5, "expected a colon"),
            ("{\"a\":}", 5, "expected a value"),
            ("{\"a\"::1}", 5, "expected a value"),
            ("{\"a\":1:2}", 6, "expected a comma or the end"),
            ("{:1}", 1, "expected the name of a member or the end of the object"),
            ("[:1]", 1, "expected a value or the end of the list"),
            (":1", 0, "this is not JSON"),
            ("{\"a\":1 \"b\":2}", 7, "expected a comma or the end"),
            ("[1 2]", 3, "expected a comma or the end"),
            ("[1 true]", 3, "expected a comma or the end"),
            ("[1 false]", 3, "expected a comma or the end"),
            ("[1 null]", 3, "expected a comma or the end"),
            ("[,1]", 1, "expected a value or the end of the list"),
            ("[1,]", 3, "expected a value"),
            ("[1}", 2, "expected a comma or the end"),
            ("{\"a\":1]", 6, "expected a comma or the end"),
            ("[01]", 2, "expected a comma or the end"),
            ("[+1]", 1, "expected a value or the end of the list"),
            ("[tru]", 4, "expected a value"),
            ("[nulll]", 5, "expected a comma or the end"),
            ("['a']", 1, "expected a value or the end of the list"),
            ("[1,ä]", 3, "expected a value"),
            ("[1,\u{b}2]", 3, "expected a value"),
        ] {
            for cut in 1..=document.len() {
                if document.is_ascii() || cut == document.len() {
                    assert_eq!(
                        read(document, cut),
                        Err(Fault { offset, problem }),
                        "{document} cut at {cut}"
                    );
                }
            }
        }
    }

    #[test]
    fn nesting_has_a_limit() {
        for (depth, allowed) in [(126, true), (127, true), (128, false)] {
            for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
                let document = open.repeat(depth) + "1" + &close.repeat(depth);
                let read = read(&document, 7);
                assert_eq!(read.is_ok(), allowed, "{depth}");
                let offset = (open.len() * 127) as u64;
                assert!(allowed || read == Err(Fault { offset, problem: "the document is nested too deep" }));
            }
        }
    }
}
