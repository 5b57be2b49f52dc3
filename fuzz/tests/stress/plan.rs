//! The plan of a run: a query, a service and its faults, drawn from a seed.

use std::time::Duration;

use usage_core::UsageQuery;
use usage_core::query::{ClientSummary, OrganizationJob, OrganizationQuery, SimpleSearch};
use usage_sim::{Fault, Match, Rule, SimulatorConfig, WireFault};

pub(crate) const CLIENT: &str = "7de3af06";
pub(crate) const SECRET: &str = "hunter2-client-secret";

/// The query family of a plan.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Family {
    Organization,
    Search,
    Job,
    Summary,
}

/// A visitor of a query of any family.
pub(crate) trait Asker {
    type Answer;

    fn ask<Q: UsageQuery>(&self, query: Q) -> Self::Answer;
}

impl Family {
    /// Passes this family's query to `asker`.
    pub(crate) fn be_asked<A: Asker>(self, asker: &A) -> A::Answer {
        let interval = "2026-07-01/2026-07-07".parse().unwrap();
        match self {
            Self::Organization => asker.ask(OrganizationQuery::new(interval)),
            Self::Search => asker.ask(SimpleSearch::new(interval)),
            Self::Job => asker.ask(OrganizationJob::new(interval)),
            Self::Summary => asker.ask(ClientSummary::new(CLIENT.parse().unwrap())),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) family: Family,
    pub(crate) rules: Vec<Rule>,
    execution_time: Duration,
    token_lifetime: Duration,
    rate_limit: u32,
    hangs: bool,
}

impl Plan {
    /// Returns the plan of `seed`. The service points at `decoy`, a host that no driver may contact.
    pub(crate) fn of(seed: u64, decoy: &str) -> Self {
        let mut random = Random(seed);
        let family = random.one_of(&[
            Family::Organization,
            Family::Search,
            Family::Search,
            Family::Job,
            Family::Summary,
        ]);
        let execution_time = Duration::from_secs(random.below(90));
        let token_lifetime = Duration::from_secs(random.one_of(&[30, 300, 86_400]));
        let rate_limit = random.one_of(&[2, 20, 300, 300]);
        let faults: Vec<_> = (0..random.below(7)).map(|_| random.fault(decoy)).collect();
        let hangs = faults.contains(&WireFault::Hang.into());
        let rules = faults.into_iter().map(|fault| random.rule(fault)).collect();
        Self { family, rules, execution_time, token_lifetime, rate_limit, hangs }
    }

    /// Returns whether a response may never arrive.
    pub(crate) fn hangs(&self) -> bool {
        self.hangs
    }

    pub(crate) fn service(&self) -> SimulatorConfig {
        SimulatorConfig::default()
            .with_client(CLIENT, SECRET)
            .with_execution_time(self.execution_time)
            .with_token_lifetime(self.token_lifetime)
            .with_rate_limit(self.rate_limit)
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
        self.next() % end
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        let index = self.below(choices.len() as u64);
        choices[usize::try_from(index).unwrap_or(0)].clone()
    }

    /// Returns a rule with a random trigger for `fault`.
    fn rule(&mut self, fault: Fault) -> Rule {
        let on = self.one_of(&[Match::Any, Match::Token, Match::Submit, Match::Results, Match::Results]);
        let skip = u32::try_from(self.below(4)).unwrap_or(0);
        let times = u32::try_from(self.below(3)).unwrap_or(0) + 1;
        let repeats = fault == Fault::RepeatCursor;
        let rule = Rule::new(on, fault).skip(skip);
        // A page that is repeated with another cursor looks like two pages, so such a query would never end.
        if repeats { rule.always() } else { rule.times(times) }
    }

    fn fault(&mut self, decoy: &str) -> Fault {
        match self.below(22) {
            0..=4 => Fault::Status(self.one_of(&[400, 401, 404, 408, 409, 429, 500, 502, 503, 504])),
            5 => {
                let values = ["0", "2", "61", "soon", "-1", "Wed, 08 Jul 2026 08:41:00 GMT", "99999999999"];
                let retry_after = self.one_of(&values);
                Fault::RateLimited { retry_after: (self.below(4) > 0).then(|| retry_after.into()) }
            }
            6 => Fault::Html,
            7 => Fault::Redirect(decoy.into()),
            8 => Fault::AbsoluteNextUri(decoy.into()),
            9 => Fault::FailQuery,
            10 => Fault::CancelQuery,
            11 => Fault::UnknownStatus("Paused".into()),
            12 => Fault::MissingStatus,
            13 => Fault::RepeatCursor,
            14 => Fault::Oversized { bytes: 300_000 },
            15 => Fault::StatusWith {
                status: 200,
                headers: Vec::new(),
                body: br#"{"results":[{"requests":1}"#.to_vec(),
            },
            16 => WireFault::Garbage(b"HTTP/1.1 two hundred\r\n\r\n".to_vec()).into(),
            17 => WireFault::CloseBeforeReply.into(),
            18 => WireFault::CloseMidHead.into(),
            19 => WireFault::CloseMidBody.into(),
            20 => WireFault::Drip { interval: Duration::from_micros(100), bytes: 4096 }.into(),
            _ => WireFault::Hang.into(),
        }
    }
}
