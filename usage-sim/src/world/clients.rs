//! The organization's OAuth clients, each with its endpoints, volume, rhythm, users and error rates.

use usage_core::Date;

use super::platforms::{API, DATA_ACTIONS, EMBEDDED, FRONT_ENDS, INTERNAL_SERVICES, MOBILE, Share, WIDGET};
use super::templates::Area::{
    self, Analytics, Architect, Audits, Authorization, Conversations, Directory, ExternalContacts,
    Integrations, Notifications, Outbound, Presence, Quality, Recordings, Routing, Speech, Telephony, Usage,
    Users, Workforce,
};
use super::templates::TEMPLATES;
use crate::seed::{self, Purpose, hash};

/// How a client's traffic varies over the week.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rhythm {
    /// Like office workers: little at weekends.
    Office,
    /// Like callers of the contact centre: less at weekends.
    Centre,
    /// Like a scheduled job: the same every day.
    Scheduled,
}

/// Requests out of 10,000 that are not answered with 2xx, by class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Luck {
    pub(crate) redirected: u64,
    /// 4xx other than 429.
    pub(crate) refused: u64,
    pub(crate) limited: u64,
    pub(crate) failed: u64,
}

/// The fixed part of a client. Its id and its endpoints come from the seed.
#[derive(Debug)]
struct Profile {
    name: &'static str,
    areas: &'static [Area],
    /// Requests on an ordinary weekday.
    requests: u64,
    rhythm: Rhythm,
    /// Number of users that it acts for, 0 for a client that acts for itself.
    users: u16,
    luck: Luck,
    platforms: &'static [Share],
}

impl Profile {
    /// Returns the same profile with these platforms.
    const fn on(self, platforms: &'static [Share]) -> Self {
        Self { platforms, ..self }
    }
}

const fn profile(
    name: &'static str,
    requests: u64,
    rhythm: Rhythm,
    users: u16,
    luck: Luck,
    areas: &'static [Area],
) -> Profile {
    Profile { name, areas, requests, rhythm, users, luck, platforms: API }
}

const GOOD: Luck = Luck { redirected: 2, refused: 40, limited: 1, failed: 4 };
const FAIR: Luck = Luck { redirected: 10, refused: 180, limited: 30, failed: 15 };
const POOR: Luck = Luck { redirected: 5, refused: 420, limited: 160, failed: 60 };
/// An integration that sends far too many requests.
const NOISY: Luck = Luck { redirected: 0, refused: 90, limited: 2_300, failed: 35 };

/// The name of the client that can log in.
pub(crate) const OWN_CLIENT: &str = "Usage Reporter";

const PROFILES: &[Profile] = &[
    profile(OWN_CLIENT, 60, Rhythm::Scheduled, 0, GOOD, &[Usage]),
    profile(
        "Agent Desktop",
        46_000,
        Rhythm::Centre,
        40,
        GOOD,
        &[Conversations, Presence, Users, Notifications],
    )
    .on(EMBEDDED),
    profile("Archive Uploader", 3_800, Rhythm::Scheduled, 0, FAIR, &[Recordings]),
    profile("Audit Collector", 900, Rhythm::Scheduled, 0, GOOD, &[Audits, Authorization]),
    profile("Bulk Skill Assigner", 1_400, Rhythm::Office, 3, FAIR, &[Routing, Users]),
    profile("Callback Widget", 5_200, Rhythm::Centre, 0, FAIR, &[Conversations, Routing]).on(WIDGET),
    profile("Chat Bot Gateway", 17_500, Rhythm::Centre, 0, GOOD, &[Conversations, Integrations, Architect])
        .on(DATA_ACTIONS),
    profile("Contact Sync", 8_100, Rhythm::Scheduled, 0, POOR, &[ExternalContacts]),
    profile("CRM Connector", 24_000, Rhythm::Office, 25, GOOD, &[Conversations, ExternalContacts, Users])
        .on(EMBEDDED),
    profile("Data Warehouse Loader", 6_400, Rhythm::Scheduled, 0, GOOD, &[Analytics, Routing, Users]),
    profile("Deployment Pipeline", 700, Rhythm::Office, 0, FAIR, &[Architect, Routing, Integrations]),
    profile("Dialer Campaign Manager", 7_300, Rhythm::Office, 4, FAIR, &[Outbound]),
    profile("Directory Provisioning", 1_900, Rhythm::Office, 0, GOOD, &[Users, Directory, Authorization]),
    profile("Edge Health Monitor", 4_300, Rhythm::Scheduled, 0, GOOD, &[Telephony]),
    profile("Forecast Tool", 650, Rhythm::Office, 5, GOOD, &[Workforce, Analytics]),
    profile(
        "IVR Lookup Service",
        21_000,
        Rhythm::Centre,
        0,
        GOOD,
        &[Integrations, Architect, ExternalContacts],
    )
    .on(DATA_ACTIONS),
    profile("Nightly Export", 5_600, Rhythm::Scheduled, 0, GOOD, &[Analytics, Users, Directory]),
    profile("Quality Dashboard", 2_100, Rhythm::Office, 8, GOOD, &[Quality, Recordings, Speech]),
    profile("Queue Wallboard", 31_000, Rhythm::Centre, 0, NOISY, &[Analytics, Routing, Notifications]),
    profile("Shift Swap App", 2_700, Rhythm::Centre, 18, POOR, &[Workforce, Users]).on(MOBILE),
    profile("Supervisor Console", 9_400, Rhythm::Office, 9, GOOD, &[Analytics, Presence, Routing, Quality]),
    profile("Transcript Miner", 3_300, Rhythm::Scheduled, 0, FAIR, &[Speech, Conversations]),
    profile("WFM Sync", 2_600, Rhythm::Scheduled, 0, GOOD, &[Workforce, Users, Presence]),
];

/// A new client that appears each month and disappears after a few weeks, so that recently one has appeared and one has
/// disappeared.
const CAMPAIGN: Profile =
    profile("Campaign Import", 4_800, Rhythm::Office, 0, FAIR, &[Outbound, ExternalContacts]);

/// The platform's own clients. Jobs count their requests; the older queries do not.
const INTERNAL: &[Profile] = &[
    profile("purecloud", 38_000, Rhythm::Centre, 24, GOOD, &[Presence, Users, Notifications, Routing])
        .on(FRONT_ENDS),
    profile("purecloud-builtin", 12_500, Rhythm::Scheduled, 0, GOOD, &[Directory, Authorization, Architect])
        .on(INTERNAL_SERVICES),
];

const FIRST_CAMPAIGN_YEAR: i16 = 2018;
const CAMPAIGN_YEARS: i16 = 82;
/// The index of the first of [`INTERNAL`] among all clients.
const FIRST_INTERNAL: usize = PROFILES.len() + CAMPAIGN_YEARS.unsigned_abs() as usize * 12;

/// An OAuth client of the organization.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) requests: u64,
    pub(crate) rhythm: Rhythm,
    pub(crate) luck: Luck,
    /// Numbers of the users that it acts for, empty if it acts for itself.
    pub(crate) users: Vec<u16>,
    pub(crate) endpoints: Vec<Endpoint>,
    /// Its first and last day with traffic, if it is not permanent.
    pub(crate) life: Option<(Date, Date)>,
    /// Whether it is one of the platform's own clients.
    pub(crate) internal: bool,
    /// The platforms of its requests.
    pub(crate) platforms: &'static [Share],
}

/// A template and method that a client calls, and its share of the client's requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Endpoint {
    pub(crate) template: u16,
    /// The index of the method among the template's methods.
    pub(crate) method: u8,
    pub(crate) weight: u64,
}

impl Client {
    /// Returns whether the organization has had it by `day`. A client that disappeared can still be queried.
    pub(crate) fn is_shown_on(&self, day: Date) -> bool {
        !self.internal && self.life.is_none_or(|(first, _)| first <= day)
    }

    /// Returns whether it may have traffic on `day`.
    pub(crate) fn lives_on(&self, day: Date) -> bool {
        self.life.is_none_or(|(first, last)| first <= day && day <= last)
    }
}

/// Returns the permanent clients, then one for each month from January 2018 on, then the platform's own.
pub(crate) fn clients(seed: u64, own_id: &str, user_count: u16) -> Vec<Client> {
    let lasting = (0..).zip(PROFILES).map(|(number, profile)| {
        let own = profile.name == OWN_CLIENT;
        let id = if own { own_id.into() } else { seed::uuid(seed, Purpose::Client, &[number]) };
        client(seed, number, profile, id, profile.name.into(), user_count)
    });
    let months =
        (0..CAMPAIGN_YEARS).flat_map(|year| (1..=12).map(move |month| (FIRST_CAMPAIGN_YEAR + year, month)));
    let campaigns = (0..).zip(months).filter_map(|(number, (year, month))| {
        let id = seed::uuid(seed, Purpose::CampaignClient, &[number]);
        let date = Date::new(year, month, 1).ok()?;
        let name = campaign_name(date);
        let dice = hash(seed, Purpose::CampaignDays, &[number]).to_le_bytes();
        let first = date.plus_days(i64::from(dice[0] % 12));
        let last = first.plus_days(17 + i64::from(dice[1] % 9));
        Some(Client {
            life: Some((first, last)),
            ..client(seed, 1_000 + number, &CAMPAIGN, id, name, user_count)
        })
    });
    let internal = (2_000..).zip(INTERNAL).map(|(number, profile)| Client {
        internal: true,
        ..client(
            seed,
            number,
            profile,
            seed::uuid(seed, Purpose::Client, &[number]),
            profile.name.into(),
            user_count,
        )
    });
    lasting.chain(campaigns).chain(internal).collect()
}

/// Returns the name of the client that is new in the month that holds `day`.
pub(super) fn campaign_name(day: Date) -> String {
    format!("{} {}-{:02}", CAMPAIGN.name, day.year(), day.month())
}

/// Returns the numbers of the platform's own clients.
pub(crate) fn internal() -> impl Iterator<Item = usize> {
    FIRST_INTERNAL..FIRST_INTERNAL + INTERNAL.len()
}

/// Returns the numbers of the clients that may have traffic on `day`: the permanent ones, and the campaigns of this month
/// and the month before.
pub(crate) fn candidates(day: Date) -> impl Iterator<Item = usize> {
    let month = (i64::from(day.year()) - i64::from(FIRST_CAMPAIGN_YEAR)) * 12 + i64::from(day.month()) - 1;
    let campaigns = [month - 1, month].into_iter().filter_map(|month| usize::try_from(month).ok());
    (0..PROFILES.len()).chain(campaigns.map(|month| PROFILES.len() + month))
}

fn client(seed: u64, number: u64, profile: &Profile, id: String, name: String, user_count: u16) -> Client {
    // A team is a range of neighbouring users. The seed decides where it starts.
    let first_user = hash(seed, Purpose::Team, &[number]) % u64::from(user_count.max(1));
    let team = (0..profile.users).map(|n| (first_user + u64::from(n)) % u64::from(user_count.max(1)));
    Client {
        id,
        name,
        requests: profile.requests,
        rhythm: profile.rhythm,
        luck: profile.luck,
        users: team.filter_map(|user| u16::try_from(user).ok()).collect(),
        endpoints: endpoints(seed, number, profile.areas),
        life: None,
        internal: false,
        platforms: profile.platforms,
    }
}

/// Returns most endpoints of the areas, some of them with far more weight than the rest.
fn endpoints(seed: u64, number: u64, areas: &[Area]) -> Vec<Endpoint> {
    let mut endpoints = Vec::new();
    for (template, entry) in (0u16..).zip(TEMPLATES).filter(|(_, entry)| areas.contains(&entry.area)) {
        for (method, _) in (0u8..).zip(entry.methods) {
            let dice = hash(seed, Purpose::Endpoint, &[number, u64::from(template), u64::from(method)]);
            if !dice.is_multiple_of(4) || endpoints.is_empty() {
                let rank = 1 + (dice >> 8) % 30;
                endpoints.push(Endpoint { template, method, weight: 1_000 / rank });
            }
        }
    }
    endpoints
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_and_ids_are_distinct() {
        let clients = clients(1, "own", 50);
        let ids: BTreeSet<_> = clients.iter().map(|client| &client.id).collect();
        let names: BTreeSet<_> = clients.iter().map(|client| &client.name).collect();
        assert_eq!((ids.len(), names.len()), (clients.len(), clients.len()));
        assert!(ids.contains(&"own".to_string()));
        assert!(clients.iter().all(|client| !client.endpoints.is_empty()));
    }

    #[test]
    fn every_active_client_can_be_drawn() {
        let clients = clients(9, "own", 50);
        for offset in (0..400).chain([5_000, 100_000]) {
            let day = Date::new(2025, 12, 20).unwrap().plus_days(offset);
            let found: Vec<_> =
                candidates(day).filter(|&n| clients.get(n).is_some_and(|c| c.lives_on(day))).collect();
            let all = (0..clients.len()).filter(|&n| clients[n].lives_on(day) && !clients[n].internal);
            assert_eq!(found, all.collect::<Vec<_>>(), "{day}");
        }
        let internal_ones: Vec<_> = internal().map(|n| (clients[n].internal, &*clients[n].name)).collect();
        assert_eq!(internal_ones, [(true, "purecloud"), (true, "purecloud-builtin")]);
        assert_eq!(clients.iter().filter(|client| client.internal).count(), internal_ones.len());
    }
}
