//! Operations outside the Usage API: the names of users, OAuth clients and the organization.

use http::Response;
use serde_json::{Value, json};
use usage_core::Timestamp;

use super::Simulator;
use crate::reply::{self, Problem};
use crate::route::Operation;
use crate::world::User;

const CLIENTS_PATH: &str = "/api/v2/oauth/clients";
const USERS_PATH: &str = "/api/v2/users";

const DEFAULT_PAGE_SIZE: usize = 25;
/// An assumption: the service's documentation states no limit.
const MAX_PAGE_SIZE: usize = 500;

impl Simulator {
    pub(super) fn platform(
        &self,
        now: Timestamp,
        operation: Operation,
        query: &str,
    ) -> Result<Response<Vec<u8>>, Problem> {
        let answer = match operation {
            Operation::Users => self.list_users(&UserQuery::parse(query)?),
            Operation::OrganizationMe => self.organization(),
            _ => self.list_clients(now),
        };
        Ok(reply::json_response(answer.to_string().into_bytes()))
    }

    /// `Organization`.
    fn organization(&self) -> Value {
        let short_name = self.organization_name();
        json!({
            "id": self.organization_id(),
            "name": self.organization_display_name(),
            "defaultLanguage": "en",
            "thirdPartyOrgName": short_name,
            "domain": format!("{short_name}.example"),
            "version": 7,
            "state": "active",
            "voicemailEnabled": false,
            "productPlatform": "PureCloud",
            "features": {"directory": true},
            "selfUri": "/api/v2/organizations/me",
        })
    }

    /// `OAuthClientEntityListing`, on one page.
    fn list_clients(&self, now: Timestamp) -> Value {
        let clients = self.oauth_clients(now);
        let entities: Vec<_> = clients
            .iter()
            .map(|client| {
                let self_uri = format!("{CLIENTS_PATH}/{}", client.id);
                json!({
                    "id": client.id, "name": client.name, "state": "active",
                    "authorizedGrantType": "CLIENT-CREDENTIALS", "selfUri": self_uri,
                })
            })
            .collect();
        json!({
            "entities": entities,
            "pageSize": entities.len(),
            "pageNumber": 1,
            "pageCount": 1,
            "total": entities.len(),
            "selfUri": CLIENTS_PATH,
        })
    }

    /// `UserEntityListing`. Unknown ids are left out.
    fn list_users(&self, query: &UserQuery) -> Value {
        let users: Vec<_> = self.world.users().iter().filter(|user| query.wants(user)).collect();
        let first = query.page_size.saturating_mul(query.page_number - 1);
        let entities: Vec<_> =
            users.iter().skip(first).take(query.page_size).map(|user| show(user)).collect();
        json!({
            "entities": entities,
            "pageSize": query.page_size,
            "pageNumber": query.page_number,
            "pageCount": users.len().div_ceil(query.page_size),
            "total": users.len(),
            "selfUri": USERS_PATH,
        })
    }
}

fn show(user: &User) -> Value {
    json!({
        "id": user.id, "name": user.name, "email": user.email, "username": user.email,
        "department": user.department, "state": user.state, "version": 3,
        "selfUri": format!("{USERS_PATH}/{}", user.id),
    })
}

/// The query string of `GET /api/v2/users`.
struct UserQuery {
    /// Empty for all users.
    ids: Vec<String>,
    state: String,
    page_size: usize,
    page_number: usize,
}

impl UserQuery {
    fn parse(query: &str) -> Result<Self, Problem> {
        let mut parsed =
            Self { ids: Vec::new(), state: "active".into(), page_size: DEFAULT_PAGE_SIZE, page_number: 1 };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "id" => parsed.ids.push(value.into_owned()),
                "state" if matches!(&*value, "active" | "inactive" | "deleted" | "any") => {
                    parsed.state = value.into_owned();
                }
                "state" => return Err(Problem::invalid_value("state", &value)),
                "pageSize" => parsed.page_size = number("pageSize", &value, MAX_PAGE_SIZE)?,
                "pageNumber" => parsed.page_number = number("pageNumber", &value, usize::MAX)?,
                _ => {}
            }
        }
        Ok(parsed)
    }

    fn wants(&self, user: &User) -> bool {
        (self.ids.is_empty() || self.ids.contains(&user.id))
            && (self.state == "any" || self.state == user.state)
    }
}

/// Parses a number from 1 to `max`.
fn number(name: &'static str, text: &str, max: usize) -> Result<usize, Problem> {
    let number = text.parse().ok().filter(|number| (1..=max).contains(number));
    number.ok_or_else(|| Problem::invalid_value(name, text))
}
