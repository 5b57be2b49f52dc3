//! The simulated organization: its OAuth clients, its users, and their requests day by day.
//!
//! Nothing is stored: a day's traffic is computed from the seed and the date on demand.

mod clients;
mod counts;
mod platforms;
mod season;
mod story;
mod templates;
mod traffic;
mod users;

use std::collections::BTreeMap;

use usage_core::model::HttpMethod;

pub(crate) use clients::Client;
pub(crate) use counts::Counts;
pub(crate) use platforms::{PLATFORMS, platform_number};
pub use story::{Episode, Story};
pub(crate) use templates::{TEMPLATES, template_number};
pub(crate) use traffic::Fact;
pub(crate) use users::User;

use crate::seed::{self, Purpose};

const USERS: u16 = 50;

/// One organization.
#[derive(Debug)]
pub(crate) struct World {
    seed: u64,
    organization_id: String,
    clients: Vec<Client>,
    by_id: BTreeMap<String, u16>,
    by_name: BTreeMap<String, u16>,
    users: Vec<User>,
    /// In percent of the default traffic.
    size: u64,
    story: bool,
}

impl World {
    /// Creates the organization of `seed`, in which `own_id` is the client that queries usage.
    pub(crate) fn new(seed: u64, own_id: &str) -> Self {
        let clients = clients::clients(seed, own_id, USERS);
        let numbered = || (0u16..).zip(&clients);
        Self {
            seed,
            organization_id: seed::uuid(seed, Purpose::Organization, &[]),
            by_id: numbered().map(|(number, client)| (client.id.clone(), number)).collect(),
            by_name: numbered().map(|(number, client)| (client.name.clone(), number)).collect(),
            users: users::users(seed, USERS),
            clients,
            size: 100,
            story: true,
        }
    }

    /// Sets how many requests there are, in percent of the default.
    #[must_use]
    pub(crate) fn sized(mut self, percent: u32) -> Self {
        self.size = percent.into();
        self
    }

    /// Leaves out the story.
    #[must_use]
    pub(crate) fn without_story(mut self) -> Self {
        self.story = false;
        self
    }

    pub(crate) fn organization_id(&self) -> &str {
        &self.organization_id
    }

    pub(crate) fn clients(&self) -> &[Client] {
        &self.clients
    }

    pub(crate) fn client(&self, number: u16) -> Option<&Client> {
        self.clients.get(usize::from(number))
    }

    pub(crate) fn client_number(&self, id: &str) -> Option<u16> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn client_number_of_name(&self, name: &str) -> Option<u16> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn user_number(&self, id: &str) -> Option<u16> {
        self.users.iter().position(|user| user.id == id).and_then(|number| u16::try_from(number).ok())
    }

    pub(crate) fn user_id(&self, number: u16) -> Option<&str> {
        self.users.get(usize::from(number)).map(|user| &*user.id)
    }

    pub(crate) fn users(&self) -> &[User] {
        &self.users
    }
}

/// Returns the method with this index among the template's methods.
pub(crate) fn method_of(template: u16, index: u8) -> Option<&'static HttpMethod> {
    TEMPLATES.get(usize::from(template))?.methods.get(usize::from(index))
}
