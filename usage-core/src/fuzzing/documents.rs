//! Realistic results pages of any size: for benchmarks, property tests and fuzzing.

use std::fmt::Write;

/// The family that a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// `results` with `queryStatus` and `cursors`.
    Legacy,
    /// `entities` with `nextUri`.
    Jobs,
}

/// The order of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By day; within a day as generated.
    ByDay,
    /// As generated.
    Random,
}

/// White space between the tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// None, as the service writes.
    Compact,
    /// A line for each member.
    Pretty,
    /// Any, anywhere.
    Ragged,
}

/// A page to be generated. The same values generate the same page.
#[derive(Clone, Debug)]
pub struct SamplePage {
    /// Its family.
    pub family: Family,
    /// How many rows it has.
    pub rows: usize,
    /// How many different clients there are.
    pub clients: u64,
    /// How many different template URIs there are.
    pub template_uris: u64,
    /// How many different methods there are, at most 9.
    pub methods: u64,
    /// How many different users there are.
    pub users: u64,
    /// How many different days there are, at most 31.
    pub days: u64,
    /// The order of the rows.
    pub order: Order,
    /// White space.
    pub spacing: Spacing,
    /// How many of 100 texts have characters that are escaped or not ASCII.
    pub odd_texts: u64,
    /// How many of 100 members are absent, `null`, or in another place than usual, and how many are followed by one
    /// that is unknown.
    pub odd_members: u64,
    /// The seed.
    pub seed: u64,
}

impl SamplePage {
    /// The page of the benchmarks: 13 members a row, about 380 bytes.
    pub fn benchmark(family: Family, rows: usize) -> Self {
        Self {
            family,
            rows,
            clients: 30,
            template_uris: 400,
            methods: 5,
            users: 200,
            days: 31,
            order: Order::Random,
            spacing: Spacing::Compact,
            odd_texts: 0,
            odd_members: 0,
            seed: 1,
        }
    }

    /// Returns the JSON document.
    pub fn to_json(&self) -> String {
        let mut writer = Writer { page: self, random: Random(self.seed), json: String::new() };
        writer.page();
        writer.json
    }
}

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// Returns one of `choices`.
    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[nth(choices, self.next())]
    }

    fn percent(&mut self, percent: u64) -> bool {
        percent > 0 && self.below(100) < percent
    }
}

/// Returns an index into `choices`.
fn nth<T>(choices: &[T], number: u64) -> usize {
    usize::try_from(number % choices.len() as u64).unwrap_or(0)
}

struct Writer<'a> {
    page: &'a SamplePage,
    random: Random,
    json: String,
}

/// A member's name, and its value as JSON.
type Member = (&'static str, String);

const METHODS: [&str; 9] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT"];
const WORDS: [&str; 12] = [
    "users",
    "queues",
    "routing",
    "analytics",
    "conversations",
    "presences",
    "notifications",
    "channels",
    "details",
    "skills",
    "groups",
    "recordings",
];

impl Writer<'_> {
    fn page(&mut self) {
        let cursor = self.random.next();
        let mut head: Vec<Member> = match self.page.family {
            Family::Legacy => vec![
                ("queryStatus", "\"Complete\"".into()),
                ("cursors", format!("{{\"before\":null,\"after\":\"{cursor:x}==\"}}")),
            ],
            Family::Jobs => vec![
                ("queryStatus", "\"Succeeded\"".into()),
                (
                    "nextUri",
                    format!(
                        "\"/api/v2/usage/aggregates/query/jobs/5a1e?pageSize=100&after={cursor:x}%3D%3D\""
                    ),
                ),
                ("selfUri", "\"/api/v2/usage/aggregates/query/jobs/5a1e\"".into()),
                ("errorBody", "{\"code\":\"general.timeout\",\"messageParams\":{\"n\":[1,-0.5e3]}}".into()),
            ],
        };
        self.disturb(&mut head);
        let before = usize::try_from(self.random.below(3)).unwrap_or(0).min(head.len());
        let behind = head.split_off(before);
        self.token("{");
        for member in head {
            self.member(&member);
            self.token(",");
        }
        self.token(if self.page.family == Family::Legacy { "\"results\"" } else { "\"entities\"" });
        self.token(":");
        self.rows();
        for member in behind {
            self.token(",");
            self.member(&member);
        }
        self.token("}");
    }

    fn rows(&mut self) {
        self.token("[");
        for row in 0..self.page.rows {
            if row > 0 {
                self.token(",");
            }
            let mut members = self.row(row);
            self.disturb(&mut members);
            self.object(&members);
        }
        self.token("]");
    }

    fn object(&mut self, members: &[Member]) {
        self.token("{");
        for (index, member) in members.iter().enumerate() {
            if index > 0 {
                self.token(",");
            }
            self.member(member);
        }
        self.token("}");
    }

    fn member(&mut self, (name, value): &Member) {
        self.token(&format!("\"{name}\""));
        self.token(":");
        self.token(value);
    }

    fn row(&mut self, row: usize) -> Vec<Member> {
        let page = self.page;
        let day = match page.order {
            Order::ByDay => row as u64 * page.days / page.rows.max(1) as u64,
            Order::Random => self.random.below(page.days),
        };
        let client = self.random.below(page.clients);
        let client_id = self.text(&uuid(client));
        let client_name = self.text(&format!("Client {client} of {}", WORDS[nth(&WORDS, client)]));
        let organization = self.text(&uuid(999_999));
        let user = self.random.below(page.users);
        let user_id = self.text(&uuid(1_000_000 + user));
        let uri = self.random.below(page.template_uris);
        let template_uri = self.text(&template_uri(uri));
        let method = self.random.below(page.methods);
        let method = format!("\"{}\"", METHODS[nth(&METHODS, method)]);
        let count = |random: &mut Random| match random.below(50) {
            0 if page.odd_members > 0 => random.next() >> 1,
            0..20 => 0,
            digits => random.below([1, 10, 100, 1000, 10_000][nth(&[0; 5], digits)]),
        };
        let mut counts: [String; 6] = Default::default();
        for text in &mut counts {
            *text = count(&mut self.random).to_string();
        }
        let [requests, status200, status300, status400, status429, status500] = counts;
        let day = day + 1;
        let statuses = |statuses: &mut Vec<Member>| {
            statuses.extend([
                ("status200", status200),
                ("status300", status300),
                ("status400", status400),
                ("status500", status500),
                ("status429", status429),
            ]);
        };
        match page.family {
            Family::Legacy => {
                let mut members = vec![
                    ("clientId", client_id),
                    ("clientName", client_name),
                    ("organizationId", organization),
                    ("userId", user_id),
                    ("templateUri", template_uri),
                    ("httpMethod", method),
                ];
                statuses(&mut members);
                members.push(("requests", requests));
                members.push(("date", format!("\"2026-07-{day:02}T00:00:00Z\"")));
                members
            }
            Family::Jobs => {
                let mut members = vec![
                    ("date", format!("\"2026-07-{day:02}\"")),
                    ("platform", "\"api\"".into()),
                    ("httpMethod", method),
                    ("templateUri", template_uri),
                    ("requestCount", requests),
                ];
                statuses(&mut members);
                members.push(("oauthClient", format!("{{\"id\":{client_id},\"name\":{client_name}}}")));
                members.push(("user", format!("{{\"id\":{user_id},\"selfUri\":\"/api/v2/users\"}}")));
                members
            }
        }
    }

    /// Drops, empties and moves some members, and adds unknown ones.
    fn disturb(&mut self, members: &mut Vec<Member>) {
        const UNKNOWN: [(&str, &str); 6] = [
            ("later", "[[],{},[{\"requests\":[null]}],\"\\ud83d\\ude00]}\"]"),
            ("name", "null"),
            ("selfUri", "\"/api/v2/\\u0000\\\"\""),
            ("weight", "-12.5E+300"),
            ("count", "123456789012345678901234567890"),
            ("", "{\"a\":true,\"a\":false}"),
        ];
        let mut index = 0;
        while index < members.len() {
            if self.random.percent(self.page.odd_members) {
                match self.random.below(5) {
                    0 => drop(members.remove(index)),
                    1 => members[index].1 = "null".into(),
                    2 => {
                        let other = self.random.next();
                        let other = nth(members, other);
                        members.swap(index, other);
                    }
                    _ => {
                        let (name, value) = self.random.one_of(&UNKNOWN);
                        members.insert(index, (name, value.into()));
                        index += 1;
                    }
                }
            }
            index += 1;
        }
    }

    /// Returns `plain` as a JSON string, or an unusual string instead.
    fn text(&mut self, plain: &str) -> String {
        const ODD: [&str; 7] = [
            "\"\"",
            "\"Caf\\u00e9 \\ud83d\\ude00\"",
            "\"\u{44}\u{fc}sseldorf \u{20ac} \u{1f600}\"",
            "\"a \\\"quoted\\\" \\\\ \\/ name\\n\"",
            "\"\\u0041\\u0042\"",
            "\"\\t\"",
            "\"\u{7f}\\u001f\"",
        ];
        if self.random.percent(self.page.odd_texts) {
            return self.random.one_of(&ODD).into();
        }
        format!("\"{plain}\"")
    }

    fn token(&mut self, token: &str) {
        match self.page.spacing {
            Spacing::Compact => {}
            Spacing::Pretty if matches!(token, "," | ":") => {}
            Spacing::Pretty => self.json.push_str("\n  "),
            Spacing::Ragged => {
                for _ in 0..self.random.below(3) {
                    let space = self.random.one_of(&[' ', '\t', '\r', '\n']);
                    self.json.push(space);
                }
            }
        }
        self.json.push_str(token);
    }
}

/// Returns a text of 36 characters that looks like an id.
fn uuid(number: u64) -> String {
    let mut random = Random(number);
    let (high, low) = (random.next(), random.next());
    let mut text = format!("{high:016x}{low:016x}");
    for place in [20, 16, 12, 8] {
        text.insert(place, '-');
    }
    text
}

fn template_uri(number: u64) -> String {
    let mut random = Random(number);
    let mut uri = format!("api/v2/{}", WORDS[nth(&WORDS, number)]);
    for _ in 0..random.below(3) {
        let word = random.one_of(&WORDS);
        let _ = write!(uri, "/{{{word}Id}}/{word}");
    }
    let _ = write!(uri, "/{number}");
    uri
}
