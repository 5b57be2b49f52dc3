//! The configuration of a simulated service: its seed, speed, limits, and OAuth client.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use crate::seed::{self, Purpose};

/// All permissions that allow one of the simulated operations.
///
/// The service documents no permissions for reading users and the organization. `directory:user:view` and
/// `directory:organization:view` stand for them here; leave them out to test how a client handles a 403.
pub const ALL_PERMISSIONS: &[&str] = &[
    "oauth:client:view",
    "usage:organization:view",
    "usage:simpleSearch:view",
    "usage:client:view",
    "usage:events:view",
    "directory:user:view",
    "directory:organization:view",
];

/// The settings of a [`Simulator`](crate::Simulator).
///
/// ```
/// use std::time::Duration;
/// use usage_sim::SimulatorConfig;
///
/// let config = SimulatorConfig::default().with_seed(7).with_execution_time(Duration::ZERO);
/// assert_eq!(config.client_id(), SimulatorConfig::default().with_seed(7).client_id());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SimulatorConfig {
    pub(crate) seed: u64,
    pub(crate) execution_time: Duration,
    pub(crate) client_id: Option<String>,
    pub(crate) client_secret: Option<Redacted>,
    pub(crate) token_lifetime: Duration,
    pub(crate) rate_limit: u32,
    pub(crate) permissions: BTreeSet<String>,
    pub(crate) history_days: u32,
    pub(crate) redirect_uris: Option<BTreeSet<String>>,
    pub(crate) organization_name: String,
    pub(crate) size: u32,
    pub(crate) story: bool,
}

impl SimulatorConfig {
    /// Sets the seed of ids and traffic (default 1). Two services with the same seed have the same ids, and the same
    /// numbers for a day.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets how long an execution stays `Running` after its submission (default 3 s). A job is `Queued` for the first
    /// quarter of this time.
    #[must_use]
    pub fn with_execution_time(mut self, execution_time: Duration) -> Self {
        self.execution_time = execution_time;
        self
    }

    /// Sets the OAuth client that can obtain tokens (default: ids made from the seed). It is one of the organization's
    /// clients, so its own usage can be queried as well.
    #[must_use]
    pub fn with_client(mut self, id: impl Into<String>, secret: impl Into<String>) -> Self {
        self.client_id = Some(id.into());
        self.client_secret = Some(Redacted(secret.into()));
        self
    }

    /// Sets the lifetime of access tokens, truncated to whole seconds (default 24 h).
    #[must_use]
    pub fn with_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }

    /// Sets the number of requests that a token may make per minute (default 300, the platform's
    /// `client.credentials.token.rate.per.minute`).
    #[must_use]
    pub fn with_rate_limit(mut self, requests_per_minute: u32) -> Self {
        self.rate_limit = requests_per_minute;
        self
    }

    /// Sets the permissions of the client's role (default [`ALL_PERMISSIONS`]).
    #[must_use]
    pub fn with_permissions<T: Into<String>>(mut self, permissions: impl IntoIterator<Item = T>) -> Self {
        self.permissions = permissions.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the number of UTC days with data, counted back from yesterday (default 400, about 13 months).
    #[must_use]
    pub fn with_history_days(mut self, days: u32) -> Self {
        self.history_days = days;
        self
    }

    /// Sets the redirect URIs of log-ins, which are compared exactly (default: any `http` URI on this machine).
    #[must_use]
    pub fn with_redirect_uris<T: Into<String>>(mut self, uris: impl IntoIterator<Item = T>) -> Self {
        self.redirect_uris = Some(uris.into_iter().map(Into::into).collect());
        self
    }

    /// Sets the short name of the organization, which a SAML2 bearer grant must contain (default `example-org`).
    #[must_use]
    pub fn with_organization_name(mut self, name: impl Into<String>) -> Self {
        self.organization_name = name.into();
        self
    }

    /// Sets the number of requests of the organization, in percent of the default (default 100). Clients with few
    /// requests disappear from small organizations.
    #[must_use]
    pub fn with_size(mut self, percent: u32) -> Self {
        self.size = percent;
        self
    }

    /// Sets whether each month has remarkable events: see [`Story`](crate::Story) (default: yes). Without them, traffic
    /// has only its weekly rhythm, growth and noise.
    #[must_use]
    pub fn with_story(mut self, story: bool) -> Self {
        self.story = story;
        self
    }

    /// Returns the display name of the organization: the short name, spelled as words.
    pub(crate) fn organization_display_name(&self) -> String {
        let words = self.organization_name.split(['-', '_']).filter(|word| !word.is_empty());
        let capital = |word: &str| {
            let mut letters = word.chars();
            letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>()
        };
        words.map(capital).collect::<Vec<_>>().join(" ")
    }

    /// Returns the client id that the token endpoint accepts.
    pub fn client_id(&self) -> String {
        self.client_id.clone().unwrap_or_else(|| seed::uuid(self.seed, Purpose::OwnClient, &[]))
    }

    /// Returns the organization's short name, which a SAML2 bearer grant must contain.
    pub fn organization_name(&self) -> &str {
        &self.organization_name
    }

    /// Returns the client secret that the token endpoint accepts.
    pub fn client_secret(&self) -> String {
        let made = || seed::secret_text(self.seed, Purpose::OwnSecret, 0, 43);
        self.client_secret.as_ref().map_or_else(made, |secret| secret.0.clone())
    }
}

impl Default for SimulatorConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            execution_time: Duration::from_secs(3),
            client_id: None,
            client_secret: None,
            token_lifetime: Duration::from_secs(24 * 60 * 60),
            rate_limit: 300,
            permissions: ALL_PERMISSIONS.iter().map(|&permission| permission.into()).collect(),
            history_days: 400,
            redirect_uris: None,
            organization_name: "example-org".into(),
            size: 100,
            story: true,
        }
    }
}

/// A text that is redacted in `Debug`.
#[derive(Clone)]
pub(crate) struct Redacted(pub(crate) String);

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_does_not_show_the_secret() {
        let config = SimulatorConfig::default().with_client("the-client", "hunter2");
        let shown = format!("{config:?}");
        assert!(shown.contains("the-client") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn credentials_come_from_the_seed_unless_given() {
        let config = |seed| SimulatorConfig::default().with_seed(seed);
        assert_eq!(config(3).client_secret(), config(3).client_secret());
        assert_ne!(config(3).client_secret(), config(4).client_secret());
        assert_ne!(config(3).client_id(), config(4).client_id());
        assert_eq!(config(3).with_client("id", "secret").client_secret(), "secret");
    }
}
