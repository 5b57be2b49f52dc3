//! The story of each month: a client that hammers, a retry storm, a new client.

use usage_core::Date;

use super::clients::{Client, Endpoint};
use super::counts::Counts;
use super::season::{growth_permille, weekday_permille};
use super::{TEMPLATES, World, clients, method_of};
use crate::seed::{Purpose, hash};

/// Clients that may begin to hammer. All act for themselves, so that their additional requests are rows of their own.
const HAMMERING: [&str; 5] =
    ["Contact Sync", "Data Warehouse Loader", "Nightly Export", "Transcript Miner", "WFM Sync"];
/// Clients that may cause a retry storm.
const STORMING: [&str; 3] = ["Callback Widget", "Chat Bot Gateway", "IVR Lookup Service"];

/// Additional requests a day at the traffic of 2024, and how many of 10,000 fail with 429.
const HAMMER: (u64, u64) = (120_000, 700);
const STORM: (u64, u64) = (24_000, 8_600);

/// The month's allowance, in percent of the requests of an ordinary month.
const ALLOWANCE_PERCENT: u64 = 112;

/// The remarkable events of a calendar month. They depend only on the seed and the month.
///
/// | | when | what a report shows |
/// |---|---|---|
/// | [`hammering`](Self::hammering) | begins on the 6th to 11th, for 12 to 17 days | one client's requests of one URI multiply |
/// | [`retry_storm`](Self::retry_storm) | begins on the 13th to 20th, for 2 or 3 days | most requests of one client for one URI fail with 429 |
/// | [`new_client`](Self::new_client) | begins on the 1st to 12th, for 18 to 26 days | a client that did not exist in the month before |
/// | [`allowance`](Self::allowance) | | an ordinary month stays below it; hammering exceeds it |
///
/// ```
/// use usage_sim::{Simulator, SimulatorConfig};
///
/// let simulator = Simulator::new(SimulatorConfig::default());
/// let story = simulator.story("2026-07-08".parse()?).expect("there is a story unless it is switched off");
/// assert!(story.hammering.first_day < story.hammering.last_day);
/// assert_eq!(story.new_client, "Campaign Import 2026-07");
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Story {
    /// A client begins to call one URI many times as often as before.
    pub hammering: Episode,
    /// A client repeats requests that failed with 429 without waiting.
    pub retry_storm: Episode,
    /// The name of the month's new client.
    pub new_client: String,
    /// Requests that the organization may make in the month. Hammering uses it up before the month ends.
    pub allowance: u64,
}

/// Unusual requests of one client for one URI on some days.
///
/// ```
/// use usage_sim::{Simulator, SimulatorConfig};
///
/// let service = Simulator::new(SimulatorConfig::default());
/// let story = service.story("2026-07-08".parse()?).unwrap();
/// let hammering = &story.hammering;
/// println!("{} {} by {} from {}", hammering.method, hammering.uri, hammering.client_name, hammering.first_day);
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Episode {
    /// The id of the client.
    pub client_id: String,
    /// The name of the client.
    pub client_name: String,
    /// The HTTP method.
    pub method: &'static str,
    /// The template URI, as in usage rows.
    pub uri: &'static str,
    /// The first UTC day.
    pub first_day: Date,
    /// The last UTC day.
    pub last_day: Date,
}

/// The episodes of a month, by number.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plot {
    hammering: Option<Scene>,
    storm: Option<Scene>,
}

/// An [`Episode`], by number.
#[derive(Clone, Copy, Debug)]
struct Scene {
    client: u16,
    endpoint: Endpoint,
    first: Date,
    last: Date,
    requests: u64,
    /// Of 10,000 requests.
    limited: u64,
}

impl Plot {
    /// Returns the requests that the story adds to an endpoint on `day`; `permille` scales the organization's traffic.
    pub(super) fn extra(
        &self,
        day: Date,
        client: u16,
        endpoint: &Endpoint,
        permille: u64,
        dice: u64,
    ) -> Option<Counts> {
        let scenes = [self.hammering, self.storm].into_iter().flatten();
        let mut extras = scenes
            .filter(|scene| scene.client == client && (scene.first..=scene.last).contains(&day))
            .filter(|scene| {
                (scene.endpoint.template, scene.endpoint.method) == (endpoint.template, endpoint.method)
            })
            .map(|scene| scene.counts(permille, dice));
        let mut sum = extras.next()?;
        extras.for_each(|extra| sum += extra);
        Some(sum)
    }
}

impl Scene {
    fn counts(&self, permille: u64, dice: u64) -> Counts {
        let requests = self.requests * permille / 1_000 * (900 + dice % 200) / 1_000;
        let limited = requests * self.limited / 10_000;
        Counts { status200: requests - limited, status400: limited, status429: limited, ..Counts::default() }
    }

    fn show(&self, world: &World) -> Option<Episode> {
        let client = world.client(self.client)?;
        Some(Episode {
            client_id: client.id.clone(),
            client_name: client.name.clone(),
            method: method_of(self.endpoint.template, self.endpoint.method)?.as_str(),
            uri: TEMPLATES.get(usize::from(self.endpoint.template))?.uri,
            first_day: self.first,
            last_day: self.last,
        })
    }
}

impl World {
    /// Returns the story of the month that holds `day`; none if it is switched off.
    pub(crate) fn story(&self, day: Date) -> Option<Story> {
        let plot = self.plot(day)?;
        Some(Story {
            hammering: plot.hammering?.show(self)?,
            retry_storm: plot.storm?.show(self)?,
            new_client: clients::campaign_name(day),
            allowance: self.allowance(day),
        })
    }

    /// Returns the episodes of the month that holds `day`; none if the story is switched off.
    pub(super) fn plot(&self, day: Date) -> Option<Plot> {
        if !self.story {
            return None;
        }
        let first = day.first_of_month();
        let scene = |names: &[&str], part: u64, from: (i64, u64), days: (i64, u64), (requests, limited)| {
            let month =
                i64::from(day.year()).cast_unsigned() * 12 + u64::try_from(day.month()).unwrap_or_default();
            let [dice, who, what, length, ..] = hash(self.seed, Purpose::Story, &[month, part]).to_le_bytes();
            let name = names.get(usize::from(who) % names.len())?;
            let client = self.client_number_of_name(name)?;
            let begin = first.plus_days(from.0 - 1 + draw(dice, from.1));
            Some(Scene {
                client,
                endpoint: pick(self.client(client)?, usize::from(what))?,
                first: begin,
                last: begin.plus_days(days.0 - 1 + draw(length, days.1)),
                requests,
                limited,
            })
        };
        Some(Plot {
            hammering: scene(&HAMMERING, 1, (6, 6), (12, 6), HAMMER),
            storm: scene(&STORMING, 2, (13, 8), (2, 2), STORM),
        })
    }

    /// Returns the requests of an ordinary month plus a margin, rounded to two digits.
    fn allowance(&self, day: Date) -> u64 {
        let (mut day, last) = (day.first_of_month(), day.last_of_month());
        let mut requests = 0;
        while day <= last {
            let permille = growth_permille(day) * self.size / 100;
            let lasting = self.clients().iter().filter(|client| !client.internal && client.life.is_none());
            requests += lasting
                .map(|client| {
                    client.requests * weekday_permille(client.rhythm, day) / 1_000 * permille / 1_000
                })
                .sum::<u64>();
            day = day.plus_days(1);
        }
        let allowance = requests * ALLOWANCE_PERCENT / 100;
        let unit = 10u64.pow(allowance.checked_ilog10().unwrap_or_default().saturating_sub(1));
        allowance.div_ceil(unit) * unit
    }
}

/// Returns one of the client's reading endpoints: hammering and retry storms are mostly loops around a GET.
fn pick(client: &Client, dice: usize) -> Option<Endpoint> {
    let reads = |endpoint: &&Endpoint| {
        method_of(endpoint.template, endpoint.method).is_some_and(|method| method.as_str() == "GET")
    };
    let endpoints: Vec<_> = client.endpoints.iter().filter(reads).collect();
    let endpoints = if endpoints.is_empty() { client.endpoints.iter().collect() } else { endpoints };
    endpoints.get(dice % endpoints.len().max(1)).copied().copied()
}

fn draw(dice: u8, sides: u64) -> i64 {
    i64::try_from(u64::from(dice) % sides).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn of_day(world: &World, day: Date) -> Counts {
        let mut sum = Counts::default();
        world.visit_day(day, None, &mut |fact| sum += fact.counts);
        sum
    }

    #[test]
    fn episodes_have_the_days_of_the_table() {
        for seed in 0..40 {
            let world = World::new(seed, "own");
            for month in 1..=12 {
                let first = Date::new(2026, month, 1).unwrap();
                let Story { hammering, retry_storm, .. } = world.story(first).unwrap();
                assert!((5..=10).contains(&first.days_until(hammering.first_day)), "{hammering:?}");
                assert!((11..=16).contains(&hammering.first_day.days_until(hammering.last_day)));
                assert!((12..=19).contains(&first.days_until(retry_storm.first_day)), "{retry_storm:?}");
                assert!((1..=2).contains(&retry_storm.first_day.days_until(retry_storm.last_day)));
                assert_eq!(world.story(first.last_of_month()), world.story(first));
            }
        }
    }

    #[test]
    fn an_episode_only_adds_requests() {
        let world = World::new(3, "own");
        let plain = World::new(3, "own").without_story();
        assert!(plain.story(day("2026-07-01")).is_none());
        let Story { hammering, retry_storm, .. } = world.story(day("2026-07-01")).unwrap();
        for offset in 0..31 {
            let day = day("2026-07-01").plus_days(offset);
            let (with, without) = (of_day(&world, day), of_day(&plain, day));
            let is_extra =
                [&hammering, &retry_storm].iter().any(|one| (one.first_day..=one.last_day).contains(&day));
            assert_eq!(with.requests() > without.requests(), is_extra, "{day}");
        }
    }

    #[test]
    fn hammering_breaks_the_allowance_that_an_ordinary_month_keeps() {
        for (seed, size) in [(1, 100), (4, 10), (5, 300)] {
            let world = World::new(seed, "own").sized(size);
            let plain = World::new(seed, "own").sized(size).without_story();
            for month in ["2026-02-01", "2026-07-01"] {
                let first = day(month);
                let allowance = world.story(first).unwrap().allowance;
                let sum = |world: &World| -> u64 {
                    let days = 0..=first.days_until(first.last_of_month());
                    days.map(|offset| of_day(world, first.plus_days(offset)).requests()).sum()
                };
                let (with, without) = (sum(&world), sum(&plain));
                assert!(without < allowance && allowance < with, "{month}: {without} {allowance} {with}");
            }
        }
    }

    #[test]
    fn the_storm_is_on_one_uri() {
        let world = World::new(1, "own");
        let storm = world.story(day("2026-07-01")).unwrap().retry_storm;
        let mut of_client: Vec<(&str, Counts)> = Vec::new();
        let number = world.client_number(&storm.client_id).unwrap();
        world.visit_day(storm.first_day, Some(number), &mut |fact| {
            of_client.push((TEMPLATES[usize::from(fact.template)].uri, fact.counts));
        });
        let limited = |counts: &Counts| counts.status429 * 10 > counts.requests() * 6;
        let stormy: Vec<_> =
            of_client.iter().filter(|(_, counts)| limited(counts)).map(|(uri, _)| *uri).collect();
        assert_eq!(stormy, [storm.uri]);
    }
}
