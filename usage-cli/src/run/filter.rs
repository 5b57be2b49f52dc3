//! `--where`: a condition that rows have to meet.
//!
//! ```text
//! condition  = all { "or" all }
//! all        = one { "and" one }
//! one        = "(" condition ")" | member operator value
//! operator   = "=" | "!=" | "<" | "<=" | ">" | ">="    of counts and dates
//!            | "=" | "!=" | "~" | "!~"                 of texts: equal, contains
//! value      = a whole number, a date, or a text, in quotes if it has spaces or parentheses
//! ```
//!
//! `==` is `=`. Texts are compared without regard to case. A row without the member meets `!=` and `!~`, and no other comparison.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unicode_width::UnicodeWidthStr;
use usage_core::{Date, UsageRow};

use crate::output::columns::Cell;
use crate::run::member::Member;
use crate::text::printable;

/// How deep parentheses may be nested.
const MAX_DEPTH: usize = 32;

/// A condition, and the text that it was written as.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Filter {
    text: String,
    condition: Condition,
}

#[derive(Clone, Debug)]
enum Condition {
    Any(Vec<Self>),
    All(Vec<Self>),
    Text(&'static Member, TextTest),
    Count(&'static Member, Comparison, u64),
    Date(Comparison, Date),
}

/// How a text is compared; in lower case.
#[derive(Clone, Debug)]
enum TextTest {
    Equal(String),
    NotEqual(String),
    Contains(String),
    ContainsNot(String),
}

#[derive(Clone, Copy, Debug)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The operators; of two with the same beginning, the longer one first.
const OPERATORS: [&str; 9] = ["!=", "!~", "<=", ">=", "==", "=", "~", "<", ">"];

impl Filter {
    /// Returns whether `row` meets the condition.
    pub(super) fn matches(&self, row: UsageRow<'_>) -> bool {
        self.condition.is_met(row)
    }

    /// Returns the members that the condition is about, each once.
    pub(super) fn members(&self) -> Vec<&'static Member> {
        let mut members = Vec::new();
        self.condition.collect_members(&mut members);
        members.sort_unstable_by_key(|member| member.word);
        members.dedup_by_key(|member| member.word);
        members
    }
}

impl Condition {
    fn is_met(&self, row: UsageRow<'_>) -> bool {
        match self {
            Self::Any(conditions) => conditions.iter().any(|condition| condition.is_met(row)),
            Self::All(conditions) => conditions.iter().all(|condition| condition.is_met(row)),
            Self::Text(member, test) => match member.cell() {
                Some(Cell::Text(read)) => test.is_met(read(row)),
                _ => false,
            },
            Self::Count(member, comparison, wanted) => match member.cell() {
                Some(Cell::Count(read)) => comparison.is_met(read(row), *wanted),
                _ => false,
            },
            Self::Date(comparison, wanted) => comparison.is_met(row.date(), *wanted),
        }
    }

    fn collect_members(&self, to: &mut Vec<&'static Member>) {
        match self {
            Self::Any(conditions) | Self::All(conditions) => {
                for condition in conditions {
                    condition.collect_members(to);
                }
            }
            Self::Text(member, _) | Self::Count(member, ..) => to.push(member),
            Self::Date(..) => to.extend(Member::named("date")),
        }
    }
}

impl TextTest {
    fn is_met(&self, text: Option<&str>) -> bool {
        let text = text.map(str::to_lowercase);
        let text = text.as_deref();
        match self {
            Self::Equal(wanted) => text == Some(wanted),
            Self::NotEqual(wanted) => text != Some(wanted),
            Self::Contains(part) => text.is_some_and(|text| text.contains(part)),
            Self::ContainsNot(part) => !text.is_some_and(|text| text.contains(part)),
        }
    }
}

impl Comparison {
    fn of(operator: &str) -> Option<Self> {
        Some(match operator {
            "=" | "==" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    fn is_met<T: Copy + Ord>(self, value: Option<T>, wanted: T) -> bool {
        let Some(value) = value else { return matches!(self, Self::NotEqual) };
        let ordering = value.cmp(&wanted);
        match self {
            Self::Equal => ordering == Ordering::Equal,
            Self::NotEqual => ordering != Ordering::Equal,
            Self::Less => ordering == Ordering::Less,
            Self::LessOrEqual => ordering != Ordering::Greater,
            Self::Greater => ordering == Ordering::Greater,
            Self::GreaterOrEqual => ordering != Ordering::Less,
        }
    }
}

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parser = Parser { text, at: 0, depth: 0 };
        let parsed = parser.condition().and_then(|condition| match parser.rest() {
            "" => Ok(condition),
            _ => Err(parser.wrong("'and', 'or' or the end is expected; a text with spaces needs quotes")),
        });
        match parsed {
            Ok(condition) => Ok(Self { text: text.to_owned(), condition }),
            Err(Wrong { at, problem }) => {
                let before = printable(&text[..at]).width();
                Err(format!("{problem}\n\n  {}\n  {:before$}^", printable(text), ""))
            }
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for Filter {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Filter> for String {
    fn from(filter: Filter) -> Self {
        filter.text
    }
}

/// What is wrong, and at which byte.
struct Wrong {
    at: usize,
    problem: String,
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn condition(&mut self) -> Result<Condition, Wrong> {
        let mut conditions = vec![self.all()?];
        while self.take_word("or") {
            conditions.push(self.all()?);
        }
        Ok(Condition::Any(conditions))
    }

    fn all(&mut self) -> Result<Condition, Wrong> {
        let mut conditions = vec![self.one()?];
        while self.take_word("and") {
            conditions.push(self.one()?);
        }
        Ok(Condition::All(conditions))
    }

    fn one(&mut self) -> Result<Condition, Wrong> {
        if !self.take("(") {
            return self.comparison();
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.wrong(format!("parentheses are nested more than {MAX_DEPTH} deep")));
        }
        let condition = self.condition()?;
        self.depth -= 1;
        if self.take(")") { Ok(condition) } else { Err(self.wrong("a ')' is missing")) }
    }

    fn comparison(&mut self) -> Result<Condition, Wrong> {
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        self.skip_blanks();
        let at = self.at;
        let name = self.take_while(is_name);
        if name.is_empty() {
            return Err(self.wrong("a member of rows is expected, as in status429>0"));
        }
        let member = Member::named(name).map_err(|problem| Wrong { at, problem })?;
        self.skip_blanks();
        let operator_at = self.at;
        let Some(operator) = OPERATORS.into_iter().find(|operator| self.take(operator)) else {
            return Err(self.wrong(format!("an operator is expected: {}", operators(member))));
        };
        let wrong = |problem: String| Wrong { at: operator_at, problem };
        let misplaced =
            || wrong(format!("'{operator}' does not compare {}: {}", member.word, operators(member)));
        self.skip_blanks();
        let value_at = self.at;
        let value = self.value()?;
        let wrong_value = |problem: &str| Wrong { at: value_at, problem: problem.to_owned() };
        match member.cell() {
            Some(Cell::Count(_)) => {
                let comparison = Comparison::of(operator).ok_or_else(misplaced)?;
                let count = value.parse().map_err(|_| wrong_value("a whole number is expected"))?;
                Ok(Condition::Count(member, comparison, count))
            }
            _ if member.word == "date" => {
                let comparison = Comparison::of(operator).ok_or_else(misplaced)?;
                let date =
                    value.parse().map_err(|_| wrong_value("a date is expected, such as 2026-10-31"))?;
                Ok(Condition::Date(comparison, date))
            }
            _ => {
                let wanted = value.to_lowercase();
                let comparison = match operator {
                    "=" | "==" => TextTest::Equal(wanted),
                    "!=" => TextTest::NotEqual(wanted),
                    "~" => TextTest::Contains(wanted),
                    "!~" => TextTest::ContainsNot(wanted),
                    _ => return Err(misplaced()),
                };
                Ok(Condition::Text(member, comparison))
            }
        }
    }

    /// Takes a value: in quotes, or up to a blank or a parenthesis.
    fn value(&mut self) -> Result<&'t str, Wrong> {
        for quote in ["'", "\""] {
            if self.take(quote) {
                let value = self.take_while(|c| !quote.contains(c));
                return if self.take(quote) { Ok(value) } else { Err(self.wrong("the quote is not closed")) };
            }
        }
        let value = self.take_while(|c| !c.is_whitespace() && !matches!(c, '(' | ')'));
        if value.is_empty() { Err(self.wrong("a value is missing")) } else { Ok(value) }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// Takes the characters that are `wanted`.
    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Takes `text` if it is next, after blanks or none.
    fn take(&mut self, text: &str) -> bool {
        let blanks = self.rest().len() - self.rest().trim_start().len();
        let is_next = self.rest()[blanks..].starts_with(text);
        if is_next {
            self.at += blanks + text.len();
        }
        is_next
    }

    /// Takes the word `word`, in any case, if it is next.
    fn take_word(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let is_next = self.rest().get(..word.len()).is_some_and(|next| next.eq_ignore_ascii_case(word))
            && self.rest()[word.len()..].chars().next().is_none_or(|c| c.is_whitespace() || c == '(');
        if is_next {
            self.at += word.len();
        }
        is_next
    }

    /// Returns that `problem` is where the parser is.
    fn wrong(&mut self, problem: impl Into<String>) -> Wrong {
        self.skip_blanks();
        Wrong { at: self.at, problem: problem.into() }
    }
}

/// Returns the operators that compare `member`, for people.
fn operators(member: &Member) -> &'static str {
    match member.cell() {
        Some(Cell::Text(_)) if member.word != "date" => "= != ~ (contains) !~",
        _ => "= != < <= > >=",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use usage_core::{UsageRecord, UsageTable};

    use super::*;

    fn row() -> UsageTable {
        let record = UsageRecord {
            date: Some("2026-10-31".into()),
            client_name: Some("Nightly Export".into()),
            template_uri: Some("api/v2/users/{userId}".into()),
            http_method: Some("GET".into()),
            requests: Some(100),
            status429: Some(0),
            ..UsageRecord::default()
        };
        [record].into_iter().collect()
    }

    fn is_met(filter: &str) -> bool {
        let filter: Filter = filter.parse().unwrap_or_else(|problem| panic!("{filter}: {problem}"));
        filter.matches(row().row(0).unwrap())
    }

    #[test]
    fn counts_dates_and_texts_are_compared() {
        for met in [
            "requests=100",
            "requests == 100",
            "method==get",
            "requests != 99",
            "requests>99",
            "requests>=100",
            "requests<101",
            "requests<=100",
            "requestCount>0",
            "status429=0",
            "date=2026-10-31",
            "date>=2026-10-01",
            "date<2026-11-01",
            "client-name='nightly export'",
            "clientName ~ EXPORT",
            "uri=api/v2/users/{userId}",
            "uri~\"/users/\"",
            "method!=post",
            "uri!~queues",
            // What is absent is different from everything.
            "platform!=x and platform!~x and status500!=0",
            "requests>500 or method=GET",
            "requests>500 and method=GET or method=get",
            "requests>5 and (method=POST or method=GET)",
            "((requests>5))AND(method=GET)",
        ] {
            assert!(is_met(met), "{met}");
        }
        for unmet in [
            "requests>100",
            "requests<100",
            "date>2026-10-31",
            "client-name=Nightly",
            "status500=0",
            "status500<1",
            "platform=x",
            "platform~''",
            "method=GET and requests>500 or requests<5",
            "(method=GET or requests>500) and requests<5",
        ] {
            assert!(!is_met(unmet), "{unmet}");
        }
    }

    #[test]
    fn an_error_points_at_its_place() {
        for (text, problem, column) in [
            ("", "a member of rows is expected", 0),
            ("status429", "an operator is expected: = != < <= > >=", 9),
            ("status429>", "a value is missing", 10),
            ("status429>few", "a whole number is expected", 10),
            ("requests>-1", "a whole number is expected", 9),
            ("requests>0 status429>0", "'and', 'or' or the end is expected", 11),
            ("requests>0 and stauts429>0", "rows have no 'stauts429'; did you mean 'status429'?", 15),
            ("client-name=Nightly Export", "a text with spaces needs quotes", 20),
            ("requests>0 and", "a member of rows is expected", 14),
            ("client-name='Nightly", "the quote is not closed", 20),
            ("requests~1", "'~' does not compare requests", 8),
            ("uri<a", "'<' does not compare uri: = != ~ (contains) !~", 3),
            ("date=October", "a date is expected", 5),
            ("date~2026", "'~' does not compare date", 4),
            ("(requests>0", "a ')' is missing", 11),
            ("requests>0)", "'and', 'or' or the end", 10),
            ("client-name=夜 x=1", "'and', 'or' or the end", 15),
        ] {
            let said = text.parse::<Filter>().unwrap_err();
            assert!(said.starts_with(problem) || said.contains(problem), "{text}: {said}");
            let caret = said.lines().last().unwrap();
            assert_eq!(caret.len(), column + 3, "{said}");
        }
        let deep = "(".repeat(100_000);
        assert!(deep.parse::<Filter>().unwrap_err().starts_with("parentheses are nested"));
    }

    proptest! {
        /// Whatever is written is read or refused, and what is read reads back from a state file.
        #[test]
        fn no_text_breaks_it(text in "[a-z0-9 ()<>=!~'\"é夜.-]{0,40}|(requests|uri|date)(=|!=|>|~)[a-z0-9-]{0,12}( (and|or) method=GET)?") {
            if let Ok(filter) = text.parse::<Filter>() {
                let json = serde_json::to_string(&filter).unwrap();
                let again: Filter = serde_json::from_str(&json).unwrap();
                let row = row();
                prop_assert_eq!(again.matches(row.row(0).unwrap()), filter.matches(row.row(0).unwrap()));
                prop_assert_eq!(again.to_string(), text);
            }
        }

        /// `!=` is true where `=` is not, and `!~` where `~` is not.
        #[test]
        fn a_negation_is_the_opposite(member in prop::sample::select(vec!["client", "client-name", "uri", "platform"]), text in "[a-z]{1,4}") {
            prop_assert_ne!(is_met(&format!("{member}={text}")), is_met(&format!("{member}!={text}")));
            prop_assert_ne!(is_met(&format!("{member}~{text}")), is_met(&format!("{member}!~{text}")));
        }
    }
}
