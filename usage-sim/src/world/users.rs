//! The organization's users: an id, a name and a state for each, all from the seed.

use crate::seed::{self, Purpose, hash};

const FIRST_NAMES: [&str; 16] = [
    "Amara", "Bruno", "Chidi", "Dana", "Elif", "Farid", "Greta", "Hana", "Ines", "Jonas", "Kaya", "Liam",
    "Mina", "Noor", "Omar", "Pia",
];
const LAST_NAMES: [&str; 16] = [
    "Abel",
    "Brandt",
    "Costa",
    "Dietz",
    "Ekholm",
    "Fischer",
    "Garcia",
    "Haas",
    "Ivanova",
    "Jensen",
    "Kowalski",
    "Lindqvist",
    "Moreau",
    "Nakamura",
    "Okafor",
    "Petrov",
];
const DEPARTMENTS: [&str; 4] = ["Support", "Sales", "Billing", "Back Office"];

/// A user of the organization.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) department: &'static str,
    pub(crate) state: &'static str,
}

/// The users in the order of their numbers. Their names are distinct up to 256 users.
pub(crate) fn users(seed: u64, count: u16) -> Vec<User> {
    (0..count).map(|number| user(seed, number)).collect()
}

fn user(seed: u64, number: u16) -> User {
    let offset = hash(seed, Purpose::UserName, &[]);
    // An odd factor makes neighbours differ in both names, and no name occurs twice within 256 numbers.
    let place = (u64::from(number) * 37 + offset % 256) % 256;
    let pick = |names: &[&'static str; 16], place: u64| {
        usize::try_from(place % 16).ok().and_then(|place| names.get(place)).copied().unwrap_or_default()
    };
    let (first, last) = (pick(&FIRST_NAMES, place), pick(&LAST_NAMES, place / 16));
    let state = match hash(seed, Purpose::UserName, &[u64::from(number)]) % 20 {
        0 => "deleted",
        1 => "inactive",
        _ => "active",
    };
    User {
        id: seed::uuid(seed, Purpose::User, &[number.into()]),
        name: format!("{first} {last}"),
        email: format!("{}.{}@example.com", first.to_lowercase(), last.to_lowercase()),
        department: DEPARTMENTS[usize::from(number) % DEPARTMENTS.len()],
        state,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_states_differ() {
        let users = users(1, 50);
        let names: BTreeSet<_> = users.iter().map(|user| &user.name).collect();
        assert_eq!(names.len(), users.len());
        assert!(users.iter().any(|user| user.state != "active"));
        assert!(users.iter().filter(|user| user.state == "active").count() > 35);
    }
}
