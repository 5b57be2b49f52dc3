use http::Method;
use serde::{Deserialize, Serialize};

use crate::decode::ListingDecoder;
use crate::endpoint::Endpoint;
use crate::failures::BuildError;
use crate::ids::UserId;
use crate::lenient::{lenient, lenient_text, list_or_null};
use crate::open_enum::open_enum;
use crate::platform::paging;
use crate::uri::{PathWriter, QueryWriter};

/// The largest number of users in one [`Users`] request.
///
/// The SDKs state no limit for `id`. A hundred UUIDs make a request line of about four kilobytes, half of what common
/// gateways accept, and a hundred is the one limit of users that the operation's documentation names.
pub const MAX_USER_IDS: usize = 100;

open_enum! {
    /// The state of the users that [`Users`] asks for.
    pub enum UserState {
        /// Users who can log in. The service's default.
        Active = "active",
        /// Users who cannot log in at present.
        Inactive = "inactive",
        /// Deleted users. Their usage stays in the data.
        Deleted = "deleted",
        /// Users in every state.
        Any = "any",
    }
}

/// Users by their ids: `getUsers`, `GET /api/v2/users?id=…&id=…`. It takes up to [`MAX_USER_IDS`] ids a request.
///
/// An id that the service does not know is missing in the answer. Nothing is expanded (`expand`), so an answer has the
/// plain members of a user only.
///
/// ```
/// use usage_core::platform::Users;
/// use usage_core::{Call, EndpointExt, Machine, Next, Policy, Session, Timestamp};
///
/// // 1. Build the request.
/// let users = Users::by_ids(["8d1f".parse()?, "c2aa".parse()?]);
/// let request = users.to_request(&"https://api.mypurecloud.de".parse()?, None)?;
/// assert_eq!(request.uri().query(), Some("id=8d1f&id=c2aa&pageSize=2&state=any"));
///
/// // 2. Send it with a driver: `client.call(users)`.
///
/// // 3. Or do it sans-IO.
/// # let token = usage_core::auth::AccessToken::parse("token")?;
/// let mut session = Session::new(&"eu-central-1".parse()?, usage_core::auth::Grant::StaticToken(token));
/// let now = Timestamp::from_unix_millis(1_782_864_000_000);
/// let mut call = Call::new(users, Policy::default(), 1, now);
/// let Next::Send(exchange) = call.next(now, &mut session).next else { panic!("nothing stands in the way") };
/// let answer = http::Response::new(&br#"{"entities":[{"id":"8d1f","name":"Ada Example"}]}"#[..]);
/// let listing = call.on_response(now, exchange.ticket, answer, &mut session).output.unwrap();
/// assert_eq!(listing.entities[0].name.as_deref(), Some("Ada Example"));
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Users {
    /// The ids, 1 to [`MAX_USER_IDS`].
    pub ids: Vec<UserId>,
    /// See [`with_state`](Self::with_state).
    pub state: UserState,
    /// See [`with_page`](Self::with_page).
    pub page: Option<u32>,
}

impl Users {
    /// Asks for the users with these ids, in whatever state they are.
    pub fn by_ids(ids: impl IntoIterator<Item = UserId>) -> Self {
        Self { ids: ids.into_iter().collect(), state: UserState::Any, page: None }
    }

    /// Asks only for users in this state (default [`UserState::Any`]).
    #[must_use]
    pub fn with_state(mut self, state: UserState) -> Self {
        self.state = state;
        self
    }

    /// Asks for page number `page`, counted from 1. A page has room for all ids, so the first is the only one unless
    /// the service makes pages smaller than asked for.
    #[must_use]
    pub fn with_page(mut self, page: u32) -> Self {
        self.page = Some(page);
        self
    }
}

impl Endpoint for Users {
    const NAME: &'static str = "users";
    const METHOD: Method = Method::GET;
    /// The SDKs document none.
    const PERMISSIONS: &'static [&'static str] = &[];
    const IDEMPOTENT: bool = true;
    type Response = UserListing;
    type Decoder = ListingDecoder<UserListing>;

    fn path(&self, path: &mut PathWriter) {
        path.fixed("api/v2/users");
    }

    fn query(&self, query: &mut QueryWriter) {
        for id in &self.ids {
            query.pair("id", id.as_str());
        }
        query.pair("pageSize", &self.ids.len().to_string());
        query.maybe("pageNumber", self.page.map(|page| page.to_string()));
        query.pair("state", self.state.as_str());
    }

    /// Has no body; checks the number of ids.
    fn body(&self) -> Result<Option<Vec<u8>>, BuildError> {
        // Without ids the service would list all users.
        if !(1..=MAX_USER_IDS).contains(&self.ids.len()) {
            let problem = format!("takes 1 to {MAX_USER_IDS} ids");
            return Err(BuildError::Query { operation: Self::NAME, problem: problem.into() });
        }
        Ok(None)
    }
}

/// The answer to [`Users`]: `UserEntityListing`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct UserListing {
    /// The users of this page.
    #[serde(deserialize_with = "list_or_null")]
    pub entities: Vec<User>,
    /// The number of this page, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub page_number: Option<u32>,
    /// The number of pages.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub page_count: Option<u32>,
    /// The number of users on all pages.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub total: Option<u64>,
}

impl UserListing {
    /// Returns the number of the next page, if the answer names one.
    pub fn next_page(&self) -> Option<u32> {
        paging::next_page(self.page_number, self.page_count)
    }
}

/// A user of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct User {
    /// The id, as in `userId` and `user.id` of usage rows.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub id: Option<String>,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub name: Option<String>,
    /// The email address.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub email: Option<String>,
    /// The department.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub department: Option<String>,
    /// The job title.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub title: Option<String>,
    /// The state, for example `active`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub state: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::EndpointExt;

    fn id(text: &str) -> UserId {
        text.parse().unwrap()
    }

    fn query(users: &Users) -> String {
        let request = users.to_request(&"https://api.mypurecloud.com".parse().unwrap(), None).unwrap();
        assert_eq!((request.method(), request.uri().path()), (&Method::GET, "/api/v2/users"));
        assert!(request.body().is_empty());
        request.uri().query().unwrap().to_owned()
    }

    #[test]
    fn repeats_the_parameter_for_each_id() {
        let users = Users::by_ids([id("a"), id("b")]);
        assert_eq!(query(&users), "id=a&id=b&pageSize=2&state=any");
        let users = users.with_state(UserState::Active).with_page(2);
        assert_eq!(query(&users), "id=a&id=b&pageSize=2&pageNumber=2&state=active");
    }

    #[test]
    fn a_hostile_id_stays_one_value() {
        let hostile = ["a&state=deleted", "b#c", "x/../../y", "ü%41 +", "1,2"];
        let text = query(&Users::by_ids(hostile.map(id)));
        let ids: Vec<_> = form_urlencoded::parse(text.as_bytes())
            .filter(|(name, _)| name == "id")
            .map(|(_, value)| value.into_owned())
            .collect();
        assert_eq!(ids, hostile);
        assert!(text.ends_with("&pageSize=5&state=any"), "{text}");
    }

    #[test]
    fn refuses_no_ids_and_too_many() {
        for (count, allowed) in [(0, false), (1, true), (MAX_USER_IDS, true), (MAX_USER_IDS + 1, false)] {
            let users = Users::by_ids(std::iter::repeat_n(id("x"), count));
            let request = users.to_request(&"https://api.mypurecloud.com".parse().unwrap(), None);
            assert_eq!(request.is_ok(), allowed, "{count}");
        }
    }

    #[test]
    fn members_beside_the_users_do_not_decide() {
        let json = r#"{"entities":[{"id":"u","name":null,"email":{},"manager":{"id":"m"},"version":3}],"pageCount":"2","pageNumber":1,"nextUri":7}"#;
        let listing: UserListing = serde_json::from_str(json).unwrap();
        assert_eq!(listing.entities, [User { id: Some("u".into()), ..User::default() }]);
        assert_eq!((listing.page_count, listing.next_page()), (None, None));
        assert_eq!(
            serde_json::from_str::<UserListing>(r#"{"entities":null}"#).unwrap(),
            UserListing::default()
        );
        assert!(serde_json::from_str::<UserListing>(r#"{"entities":{}}"#).is_err());
    }
}
