//! Operational events with their times. Like traffic, the events of a day are a function of the seed and the date.

mod definitions;

use serde::Serialize;
use usage_core::{Date, Timestamp};

pub(crate) use definitions::{definition_id, definition_number, described, described_by_id};

use crate::seed::{self, Purpose, hash};
use definitions::{About, DEFINITIONS, Definition};

/// An upper limit of the number of events in a day.
const POSITIONS_A_DAY: usize = 10_000;

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

/// An event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    /// Its position among all events of all days, in chronological order.
    pub(crate) position: usize,
    pub(crate) at: Timestamp,
    /// The number of its definition.
    pub(crate) definition: u16,
    /// The index of the entity among those of the definition.
    entity: u64,
    dice: u64,
}

/// An `OperationalEvent`, as in a response.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    event_definition: Address,
    entity_id: String,
    entity_name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_value: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_value: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_entity_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<Address>,
    date_created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    entity_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_contact_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_modified: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entity_modified_by: Option<String>,
}

/// An `AddressableEntityRef`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Address {
    id: String,
    self_uri: String,
}

impl Address {
    pub(crate) fn of_definition(number: u16) -> Self {
        let id = definition_id(number);
        Self { self_uri: format!("/api/v2/usage/events/definitions/{id}"), id }
    }
}

/// Returns the events of `day`, oldest first.
pub(crate) fn of_day(seed: u64, day: Date) -> Vec<Event> {
    let mut events = Vec::new();
    for (number, definition) in (0u16..).zip(DEFINITIONS) {
        for n in 0..how_many(seed, day, number, definition) {
            let dice = hash(seed, Purpose::Event, &[day_number(day), number.into(), n]);
            // The day's first event of a kind is about the first entity, so that a search for this entity has a result.
            let entity = if n == 0 { 0 } else { dice % definition.entities.len().max(1) as u64 };
            let at = time_of_day(definition, seed::mix(dice));
            let event = |definition, at| Event {
                position: 0,
                at: Timestamp::from_unix_millis(day.start().as_unix_millis().saturating_add(at)),
                definition,
                entity,
                dice,
            };
            events.push(event(number, at));
            if let Some(recovery) = definition.recovery {
                let minutes = 2 + (dice >> 16) % 55;
                events.push(event(recovery, (at + minutes * 60_000).min(DAY - 1)));
            }
        }
    }
    events.sort_by_key(|event| (event.at, event.definition, event.dice));
    let first = usize::try_from(day_number(day)).unwrap_or(usize::MAX).saturating_mul(POSITIONS_A_DAY);
    for (index, event) in events.iter_mut().enumerate() {
        event.position = first.saturating_add(index);
    }
    events
}

impl Event {
    /// Returns the event as in a response.
    pub(crate) fn show(&self, seed: u64) -> Option<Shown> {
        let definition = DEFINITIONS.get(usize::from(self.definition))?;
        let about = definition.about;
        let pick = |texts: &'static [&'static str], dice: u64| {
            usize::try_from(dice % texts.len().max(1) as u64).ok().and_then(|index| texts.get(index)).copied()
        };
        let entity_name = pick(definition.entities, self.entity)?;
        let made = |part: u64| seed::uuid(seed, Purpose::Event, &[self.dice, part]);
        let conversation = matches!(about, About::Conversation | About::Caller).then(|| made(1));
        Some(Shown {
            event_definition: Address::of_definition(self.definition),
            entity_id: entity_id(seed, entity_name),
            entity_name,
            previous_value: definition.values.map(|(before, _)| before),
            current_value: definition.values.map(|(_, after)| after),
            error_code: pick(definition.error_codes, self.dice >> 24),
            parent_entity_id: (about == About::Parent).then(|| entity_id(seed, "Edge Rack 1")),
            conversation: conversation
                .map(|id| Address { self_uri: format!("/api/v2/conversations/{id}"), id }),
            date_created: with_millis(self.at),
            entity_version: (about == About::Version).then(|| self.version()),
            phone_number: (about == About::Caller).then(|| format!("+120255501{:02}", self.dice % 100)),
            external_contact_id: (about == About::Caller).then(|| made(2)),
            date_modified: (about == About::Version).then(|| with_millis(self.at)),
            entity_modified_by: (about == About::Version).then(|| made(3)),
        })
    }

    /// Returns a version that grows with the days.
    fn version(&self) -> String {
        format!("{}.0", 1 + (self.at.as_unix_millis() / DAY).saturating_sub(17_897))
    }
}

impl Shown {
    /// Returns whether a searchable member contains `term`, which is in lower case.
    pub(crate) fn mentions(&self, term: &str) -> bool {
        let conversation = self.conversation.as_ref().map(|conversation| conversation.id.as_str());
        [
            Some(self.entity_id.as_str()),
            Some(self.entity_name),
            self.previous_value,
            self.current_value,
            self.error_code,
            conversation,
            self.phone_number.as_deref(),
            self.external_contact_id.as_deref(),
        ]
        .into_iter()
        .flatten()
        .any(|text| text.to_lowercase().contains(term))
    }
}

/// Returns the number of events: about the definition's rate, with fewer at weekends for those caused by people.
fn how_many(seed: u64, day: Date, number: u16, definition: &Definition) -> u64 {
    let dice = hash(seed, Purpose::Event, &[day_number(day), number.into()]);
    let is_quiet = day.weekday() > 5 && !definition.around_the_clock;
    let rate = if is_quiet { definition.rate / 4 } else { definition.rate };
    let mood = 60 + (dice >> 16) % 80;
    if rate == 0 { 0 } else { (rate * mood / 100 + dice % 100) / 100 }
}

/// Returns the time of an event, in milliseconds after midnight.
fn time_of_day(definition: &Definition, dice: u64) -> u64 {
    if definition.around_the_clock { dice % DAY } else { 6 * HOUR + dice % (14 * HOUR) }
}

fn entity_id(seed: u64, name: &str) -> String {
    let parts: Vec<_> = name.bytes().map(u64::from).collect();
    seed::uuid(seed, Purpose::EventEntity, &parts)
}

fn day_number(day: Date) -> u64 {
    day.start().as_unix_millis() / DAY
}

/// Formats a time like `2026-07-01T10:00:00.000Z`.
fn with_millis(time: Timestamp) -> String {
    let seconds = time.to_string();
    format!("{}.{:03}Z", seconds.trim_end_matches('Z'), time.as_unix_millis() % 1_000)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn the_events_of_a_day_do_not_change_and_are_sorted() {
        let texts = |seed| {
            let shown = of_day(seed, day("2026-07-01")).into_iter().filter_map(|event| event.show(seed));
            shown.map(|event| serde_json::to_string(&event).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(texts(1), texts(1));
        assert_ne!(texts(1), texts(2));
        let events = of_day(1, day("2026-07-01"));
        assert!((10..100).contains(&events.len()), "{}", events.len());
        assert!(events.windows(2).all(|two| two[0].at <= two[1].at && two[0].position < two[1].position));
        assert!(events.iter().all(|event| Date::of(event.at) == day("2026-07-01")));
        assert!(events[events.len() - 1].position < of_day(1, day("2026-07-02"))[0].position);
    }

    #[test]
    fn every_kind_occurs_and_failures_are_followed_by_recoveries() {
        let month: Vec<_> = (0..30).flat_map(|n| of_day(3, day("2026-06-01").plus_days(n))).collect();
        let seen: BTreeSet<_> = month.iter().map(|event| event.definition).collect();
        assert_eq!(seen.len(), DEFINITIONS.len());
        let count = |number| month.iter().filter(|event| event.definition == number).count();
        assert_eq!(count(2), count(3));
    }

    #[test]
    fn times_have_milliseconds() {
        assert_eq!(with_millis(Timestamp::from_unix_millis(1_005)), "1970-01-01T00:00:01.005Z");
    }

    #[test]
    fn the_end_of_time_does_not_panic() {
        for date in [Date::new(1, 1, 1).unwrap(), Date::new(9998, 12, 31).unwrap()] {
            for event in of_day(1, date) {
                assert!(event.show(1).is_some());
            }
        }
    }
}
