//! The kinds of operational events. They belong to the platform: every organization has the same ones, with the same
//! ids.

use serde::Serialize;

use crate::seed::{self, Purpose};

/// A kind of event: its name, its entities, its frequency, and its details.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    /// The names of the entities that the event can be about.
    pub(crate) entities: &'static [&'static str],
    /// The number of events on an ordinary weekday, in hundredths.
    pub(crate) rate: u64,
    /// Whether it happens at any hour and on weekends.
    pub(crate) around_the_clock: bool,
    /// The value before and after.
    pub(crate) values: Option<(&'static str, &'static str)>,
    pub(crate) error_codes: &'static [&'static str],
    pub(crate) about: About,
    /// The number of the definition that reports the recovery: each event is followed by one.
    pub(crate) recovery: Option<u16>,
}

/// The details of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    Nothing,
    /// The version of the changed entity.
    Version,
    /// The entity's parent.
    Parent,
    Conversation,
    /// The conversation and its participant.
    Caller,
}

const FLOWS: &[&str] = &["Main Flow", "After Hours", "Order Status", "Card Payment", "Callback Offer"];
const TRUNKS: &[&str] = &["Carrier North", "Carrier South", "Fax Gateway"];
const EDGES: &[&str] = &["Edge Rack 1", "Edge Rack 2"];
const ACTIONS: &[&str] = &["Find Customer", "Create Ticket", "Read Balance", "Check Delivery"];
const CAMPAIGNS: &[&str] = &["Renewals", "Satisfaction Survey", "Payment Reminder"];
const QUEUES: &[&str] = &["Support", "Sales", "Billing", "Back Office"];

/// A definition that causes no events, to be completed.
const BASE: Definition = Definition {
    name: "",
    description: "",
    entities: &[],
    rate: 0,
    around_the_clock: false,
    values: None,
    error_codes: &[],
    about: About::Nothing,
    recovery: None,
};

/// All definitions. The index of a definition is its number.
pub(crate) const DEFINITIONS: &[Definition] = &[
    Definition {
        name: "Flow Published",
        description: "A new version of an Architect flow was published.",
        entities: FLOWS,
        rate: 230,
        about: About::Version,
        ..BASE
    },
    Definition {
        name: "Flow Error",
        description: "An Architect flow took its error path.",
        entities: FLOWS,
        rate: 900,
        error_codes: &["action.timeout", "expression.failed", "flow.depth.exceeded"],
        about: About::Conversation,
        ..BASE
    },
    Definition {
        name: "Trunk Out Of Service",
        description: "A trunk lost its connection to the carrier.",
        entities: TRUNKS,
        rate: 45,
        around_the_clock: true,
        values: Some(("IN_SERVICE", "OUT_OF_SERVICE")),
        error_codes: &["sip.options.timeout", "sip.registration.refused"],
        about: About::Parent,
        recovery: Some(3),
    },
    Definition {
        name: "Trunk In Service",
        description: "A trunk is connected to the carrier again.",
        entities: TRUNKS,
        around_the_clock: true,
        values: Some(("OUT_OF_SERVICE", "IN_SERVICE")),
        about: About::Parent,
        ..BASE
    },
    Definition {
        name: "Edge Disconnected",
        description: "An Edge appliance is not connected to the cloud.",
        entities: EDGES,
        rate: 20,
        around_the_clock: true,
        values: Some(("ONLINE", "OFFLINE")),
        recovery: Some(5),
        ..BASE
    },
    Definition {
        name: "Edge Connected",
        description: "An Edge appliance is connected to the cloud again.",
        entities: EDGES,
        around_the_clock: true,
        values: Some(("OFFLINE", "ONLINE")),
        ..BASE
    },
    Definition {
        name: "Data Action Failed",
        description: "A data action got no usable answer from the remote system.",
        entities: ACTIONS,
        rate: 1_700,
        error_codes: &["bad.response", "request.timeout", "too.many.requests"],
        about: About::Conversation,
        ..BASE
    },
    Definition {
        name: "Message Not Delivered",
        description: "An outbound message was rejected by the provider.",
        entities: QUEUES,
        rate: 620,
        error_codes: &["invalid.destination", "recipient.opted.out"],
        about: About::Caller,
        ..BASE
    },
    Definition {
        name: "Campaign Stopped",
        description: "An outbound campaign stopped by itself.",
        entities: CAMPAIGNS,
        rate: 130,
        values: Some(("ON", "STOPPING")),
        error_codes: &["contact.list.exhausted", "no.agents"],
        ..BASE
    },
];

/// An `EventDefinition`.
#[derive(Serialize)]
pub(crate) struct Described {
    id: String,
    name: &'static str,
    description: &'static str,
}

/// Returns all definitions, as in a response.
pub(crate) fn described() -> Vec<Described> {
    (0..).zip(DEFINITIONS).map(|(number, definition)| describe(number, definition)).collect()
}

/// Returns the definition `id`, as in a response.
pub(crate) fn described_by_id(id: &str) -> Option<Described> {
    let number = definition_number(id)?;
    DEFINITIONS.get(usize::from(number)).map(|definition| describe(number, definition))
}

/// Returns the number of the definition `id`.
pub(crate) fn definition_number(id: &str) -> Option<u16> {
    (0..).zip(DEFINITIONS).map(|(number, _)| number).find(|&number| definition_id(number) == id)
}

pub(crate) fn definition_id(number: u16) -> String {
    seed::uuid(0, Purpose::EventDefinition, &[number.into()])
}

fn describe(number: u16, definition: &Definition) -> Described {
    Described { id: definition_id(number), name: definition.name, description: definition.description }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn definitions_have_all_members() {
        let names: BTreeSet<_> = DEFINITIONS.iter().map(|definition| definition.name).collect();
        assert_eq!(names.len(), DEFINITIONS.len());
        for definition in DEFINITIONS {
            assert!(!definition.entities.is_empty() && !definition.description.is_empty());
            if let Some(recovery) = definition.recovery {
                let recovery = &DEFINITIONS[usize::from(recovery)];
                assert_eq!((recovery.rate, recovery.entities), (0, definition.entities));
                assert_eq!(recovery.values.map(|(before, after)| (after, before)), definition.values);
            }
        }
    }

    #[test]
    fn definitions_are_found_by_their_ids() {
        for number in 0..DEFINITIONS.len() {
            let number = u16::try_from(number).unwrap();
            assert_eq!(definition_number(&definition_id(number)), Some(number));
        }
        assert!(described_by_id("").is_none());
    }
}
