//! `getUsers`: the names of users.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::decode::ListingDecoder;
use crate::endpoint::Endpoint;
use crate::failures::BuildError;
use crate::ids::UserId;
use crate::lenient::lenient_text;
use crate::open_enum::open_enum;
use crate::platform::Listing;
use crate::uri::{PathWriter, QueryWriter};

/// The largest number of users in one [`Users`] request.
///
/// The SDKs state no limit for `id`. A hundred UUIDs make a request line of about four kilobytes, half of what common
/// gateways accept, and the operation's documentation names a limit of one hundred users.
pub const MAX_USER_IDS: usize = 100;

open_enum! {
    /// The state of the users that [`Users`] requests.
    ///
    /// ```
    /// use usage_core::platform::{UserState, Users};
    ///
    /// let users = Users::by_ids(["8d1f".parse()?]).with_state(UserState::Active);
    /// assert_eq!(users.state.as_str(), "active");
    /// # Ok::<(), usage_core::error::BuildError>(())
    /// ```
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

/// A request for users by id: `getUsers`, `GET /api/v2/users?id=…&id=…`.
///
/// A request takes up to [`MAX_USER_IDS`] ids. Unknown ids are missing from the response. Nothing is expanded
/// (`expand`), so the response has only the plain members of each user.
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
/// // 3. Or drive the machine yourself: send its request, and pass it the response.
/// # let token = usage_core::auth::AccessToken::parse("token")?;
/// let mut session = Session::new(&"eu-central-1".parse()?, usage_core::auth::Grant::StaticToken(token));
/// let now = Timestamp::from_unix_millis(1_782_864_000_000);
/// let mut call = Call::new(users, Policy::default(), 1, now);
/// let Next::Send(exchange) = call.next(now, &mut session).next else { panic!("the first step sends") };
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
    /// The state of the users to select. See [`with_state`](Self::with_state).
    pub state: UserState,
    /// The number of the page, counted from 1. See [`with_page`](Self::with_page).
    pub page: Option<u32>,
}

impl Users {
    /// Creates a request for the users with these ids, in any state.
    pub fn by_ids(ids: impl IntoIterator<Item = UserId>) -> Self {
        Self { ids: ids.into_iter().collect(), state: UserState::Any, page: None }
    }

    /// Selects the users in this state (default [`UserState::Any`]).
    #[must_use]
    pub fn with_state(mut self, state: UserState) -> Self {
        self.state = state;
        self
    }

    /// Requests the page `page`, counted from 1. A page has room for all ids, so the first is the only one, unless the
    /// service returns smaller pages than requested.
    #[must_use]
    pub fn with_page(mut self, page: u32) -> Self {
        self.page = Some(page);
        self
    }
}

impl Endpoint for Users {
    const NAME: &'static str = "users";
    const METHOD: Method = Method::GET;
    /// The SDKs document no permission.
    const PERMISSIONS: &'static [&'static str] = &[];
    const IDEMPOTENT: bool = true;
    type Response = Listing<User>;
    type Decoder = ListingDecoder<Listing<User>>;

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

    /// Checks the number of ids. The request has no body.
    fn body(&self) -> Result<Option<Vec<u8>>, BuildError> {
        // Without ids, the service would list all users.
        if !(1..=MAX_USER_IDS).contains(&self.ids.len()) {
            let problem = format!("takes 1 to {MAX_USER_IDS} ids");
            return Err(BuildError::Query { operation: Self::NAME, problem: problem.into() });
        }
        Ok(None)
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
        let listing: Listing<User> = serde_json::from_str(json).unwrap();
        assert_eq!(listing.entities, [User { id: Some("u".into()), ..User::default() }]);
        assert_eq!((listing.page_count, listing.next_page()), (None, None));
        assert_eq!(
            serde_json::from_str::<Listing<User>>(r#"{"entities":null}"#).unwrap(),
            Listing::default()
        );
        assert!(serde_json::from_str::<Listing<User>>(r#"{"entities":{}}"#).is_err());
    }
}
