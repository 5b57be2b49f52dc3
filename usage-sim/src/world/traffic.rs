//! The requests of a day by client, endpoint and user, in integer arithmetic, so that results do not depend on the
//! machine.

use usage_core::{Date, Timestamp};

use super::clients::{Client, Endpoint};
use super::counts::Counts;
use super::season::{growth_permille, weekday_permille};
use super::story::Plot;
use super::{World, clients, platforms};
use crate::seed::{Purpose, hash};

/// The requests of one client to one endpoint for one user on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) client: u16,
    pub(crate) template: u16,
    /// The index of the method among the template's methods.
    pub(crate) method: u8,
    /// `None` if the client acted for itself.
    pub(crate) user: Option<u16>,
    /// The platform of the requests. The older queries do not show it.
    pub(crate) platform: u8,
    pub(crate) counts: Counts,
}

impl World {
    /// Calls `each` with every fact of the organization's clients on `day`, or of the client `only`.
    pub(crate) fn visit_day(&self, day: Date, only: Option<u16>, each: &mut impl FnMut(Fact)) {
        self.visit(day, clients::candidates(day), only, each);
    }

    /// Like [`visit_day`](Self::visit_day), for the platform's own clients.
    pub(crate) fn visit_internal_day(&self, day: Date, only: Option<u16>, each: &mut impl FnMut(Fact)) {
        self.visit(day, clients::internal(), only, each);
    }

    fn visit(
        &self,
        day: Date,
        numbers: impl Iterator<Item = usize>,
        only: Option<u16>,
        each: &mut impl FnMut(Fact),
    ) {
        let plot = self.plot(day);
        for number in numbers {
            let Some(client) = self.clients.get(number).filter(|client| client.lives_on(day)) else {
                continue;
            };
            let Ok(number) = u16::try_from(number) else { continue };
            if only.is_none_or(|only| only == number) {
                self.visit_client(day, plot.as_ref(), number, client, each);
            }
        }
    }

    fn visit_client(
        &self,
        day: Date,
        plot: Option<&Plot>,
        number: u16,
        client: &Client,
        each: &mut impl FnMut(Fact),
    ) {
        let day_number = Date::of(Timestamp::UNIX_EPOCH).days_until(day).cast_unsigned();
        let dice = hash(self.seed, Purpose::Volume, &[day_number, u64::from(number)]);
        let mood = 850 + dice % 300;
        // In thousandths of a request, so that small shares are not rounded to zero.
        let size_permille = growth_permille(day) * self.size / 100;
        let volume =
            client.requests * weekday_permille(client.rhythm, day) * size_permille / 1_000 * mood / 1_000;
        let users = self.present_users(day, day_number, number, client);
        let user_weights: u64 = users.iter().map(|(_, weight)| weight).sum();
        let endpoint_weights: u64 = client.endpoints.iter().map(|endpoint| endpoint.weight).sum();
        for endpoint in &client.endpoints {
            let dice = hash(
                self.seed,
                Purpose::Traffic,
                &[day_number, u64::from(number), u64::from(endpoint.template), u64::from(endpoint.method)],
            );
            let share = volume * endpoint.weight / endpoint_weights.max(1) * (600 + dice % 800) / 1_000;
            let outage = self.is_outage(day_number, endpoint.template);
            for &(user, weight) in &users {
                let dice = hash(dice, Purpose::User, &[user.map_or(u64::MAX, u64::from)]);
                let requests = (share * weight / user_weights.max(1) + dice % 1_000) / 1_000;
                let extra = plot.and_then(|plot| plot.extra(day, number, endpoint, size_permille, dice));
                if requests > 0 || extra.is_some() {
                    let mut counts = split(requests, client, mood, outage, dice);
                    counts += extra.unwrap_or_default();
                    each(Fact {
                        client: number,
                        template: endpoint.template,
                        method: endpoint.method,
                        user,
                        platform: self.platform(number, client, endpoint, user),
                        counts,
                    });
                }
            }
        }
    }

    /// Returns the users for whom the client acted on that day, each with a weight. A client that acts for itself has
    /// one `None`.
    fn present_users(
        &self,
        day: Date,
        day_number: u64,
        number: u16,
        client: &Client,
    ) -> Vec<(Option<u16>, u64)> {
        if client.users.is_empty() {
            return vec![(None, 1)];
        }
        let absent_percent = if day.weekday() < 6 { 15 } else { 75 };
        let present = client.users.iter().filter_map(|&user| {
            let dice = hash(self.seed, Purpose::Presence, &[day_number, u64::from(user)]);
            let weight =
                200 + hash(self.seed, Purpose::Presence, &[u64::from(number), u64::from(user), 1]) % 1_600;
            (dice % 100 >= absent_percent).then_some((Some(user), weight))
        });
        present.collect()
    }

    /// Returns the platform from which a client calls an endpoint for a user. It is constant.
    fn platform(&self, number: u16, client: &Client, endpoint: &Endpoint, user: Option<u16>) -> u8 {
        let user = user.map_or(u64::MAX, u64::from);
        let parts = [number.into(), endpoint.template.into(), endpoint.method.into(), user];
        platforms::draw(client.platforms, hash(self.seed, Purpose::Platform, &parts))
    }

    /// Returns whether a part of the API fails on that day.
    fn is_outage(&self, day_number: u64, template: u16) -> bool {
        let dice = hash(self.seed, Purpose::Incident, &[day_number]);
        dice.is_multiple_of(37) && (dice >> 8) % 6 == u64::from(template) % 6
    }
}

/// Divides requests among the status classes. The 2xx class gets the rest.
fn split(requests: u64, client: &Client, mood: u64, outage: bool, dice: u64) -> Counts {
    // A client that sends more than usual is rate limited more often.
    let limited_rate = if mood > 1_000 { client.luck.limited } else { client.luck.limited / 2 };
    let failed_rate = if outage { client.luck.failed + 1_500 } else { client.luck.failed };
    let part = |rate: u64, shift: u32| (requests * rate + (dice >> shift) % 10_000) / 10_000;
    let mut rest = requests;
    let mut take = |wanted: u64| {
        let taken = wanted.min(rest);
        rest -= taken;
        taken
    };
    let status500 = take(part(failed_rate, 10));
    let status429 = take(part(limited_rate, 22));
    let status400 = status429 + take(part(client.luck.refused, 34));
    let status300 = take(part(client.luck.redirected, 46));
    Counts { status200: rest, status300, status400, status500, status429 }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn facts(world: &World, day: Date, only: Option<u16>) -> Vec<Fact> {
        let mut facts = Vec::new();
        world.visit_day(day, only, &mut |fact| facts.push(fact));
        facts
    }

    fn requests(facts: &[Fact]) -> u64 {
        facts.iter().map(|fact| fact.counts.requests()).sum()
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_believable() {
        let world = World::new(1, "own").without_story();
        let wednesday = facts(&world, day("2026-07-08"), None);
        let sunday = facts(&world, day("2026-07-12"), None);
        let earlier = facts(&world, day("2025-07-09"), None);
        assert!((600..6_000).contains(&wednesday.len()), "{}", wednesday.len());
        assert!(requests(&sunday) * 2 < requests(&wednesday));
        assert!(requests(&earlier) < requests(&wednesday), "it grows");
        let users: BTreeSet<_> = wednesday.iter().map(|fact| fact.user).collect();
        assert!(users.len() > 30 && users.contains(&None));
        let limited: u64 = wednesday.iter().map(|fact| fact.counts.status429).sum();
        let noisy = world.clients.iter().position(|client| client.name == "Queue Wallboard").unwrap();
        let of_noisy = wednesday.iter().filter(|fact| usize::from(fact.client) == noisy);
        assert!(of_noisy.map(|fact| fact.counts.status429).sum::<u64>() * 2 > limited);
    }

    #[test]
    fn clients_come_and_go() {
        let world = World::new(1, "own");
        let mut seen = Vec::new();
        for offset in 0..90 {
            let today = facts(&world, day("2026-05-01").plus_days(offset), None);
            seen.push(today.iter().map(|fact| fact.client).collect::<BTreeSet<_>>());
        }
        let last_month: BTreeSet<_> = seen[60..].iter().flatten().collect();
        let first_month: BTreeSet<_> = seen[..30].iter().flatten().collect();
        assert!(last_month.difference(&first_month).next().is_some(), "one appeared");
        assert!(first_month.difference(&last_month).next().is_some(), "one vanished");
    }

    proptest! {
        #[test]
        fn counters_agree(seed: u64, offset in -100_000i64..900_000) {
            let world = World::new(seed, "own");
            let day = day("2000-01-01").plus_days(offset);
            let all = facts(&world, day, None);
            for fact in &all {
                prop_assert!(fact.counts.status429 <= fact.counts.status400);
                prop_assert!(fact.counts.requests() > 0);
            }
            prop_assert_eq!(&all, &facts(&World::new(seed, "other"), day, None));
            let of_one: Vec<_> = all.into_iter().filter(|fact| fact.client == 3).collect();
            prop_assert_eq!(of_one, facts(&world, day, Some(3)));
        }
    }
}
