//! `getOrganizationsMe`: the name of the organization.

use http::Method;
use serde::{Deserialize, Serialize};

use crate::decode::JsonDecoder;
use crate::endpoint::Endpoint;
use crate::lenient::lenient_text;
use crate::uri::PathWriter;

/// A request for the organization that the token belongs to: `getOrganizationsMe`, `GET /api/v2/organizations/me`.
///
/// ```
/// use usage_core::EndpointExt;
/// use usage_core::platform::OrganizationMe;
///
/// // 1. Build the request.
/// let request = OrganizationMe.to_request(&"https://api.mypurecloud.de".parse()?, None)?;
/// assert_eq!(request.uri(), "https://api.mypurecloud.de/api/v2/organizations/me");
///
/// // 2. Send it with a driver: `client.call(OrganizationMe)`. 3. Or drive a `Call`, as `Users` shows.
/// let answer = http::Response::new(&br#"{"id":"6d3a","name":"Example Ltd","thirdPartyOrgName":"example"}"#[..]);
/// let organization = OrganizationMe::parse(&answer).unwrap();
/// assert_eq!(organization.name.as_deref(), Some("Example Ltd"));
/// # Ok::<(), usage_core::error::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrganizationMe;

/// The response to [`OrganizationMe`], without the settings that are unrelated to names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Organization {
    /// The id, as in `organizationId` of usage rows.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub id: Option<String>,
    /// The display name.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub name: Option<String>,
    /// The short name, unique on the platform and immutable. Users enter it to log in.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub third_party_org_name: Option<String>,
    /// The domain.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub domain: Option<String>,
    /// The state, for example `active`.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub state: Option<String>,
    /// The platform that the organization comes from.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_text")]
    pub product_platform: Option<String>,
}

impl Endpoint for OrganizationMe {
    const NAME: &'static str = "organizations.me";
    const METHOD: Method = Method::GET;
    /// The SDKs document no permission.
    const PERMISSIONS: &'static [&'static str] = &[];
    const IDEMPOTENT: bool = true;
    type Response = Organization;
    type Decoder = JsonDecoder<Organization>;

    fn path(&self, path: &mut PathWriter) {
        path.fixed("api/v2/organizations/me");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_beside_the_name_do_not_decide() {
        let json = r#"{"id":"o","name":"Example","features":{"x":true},"version":7,"domain":{},"state":1}"#;
        let organization: Organization = serde_json::from_str(json).unwrap();
        let wanted = Organization {
            id: Some("o".into()),
            name: Some("Example".into()),
            state: Some("1".into()),
            ..Organization::default()
        };
        assert_eq!(organization, wanted);
        assert!(serde_json::from_str::<Organization>("7").is_err());
    }

    #[test]
    fn keeps_every_member_that_it_has() {
        let json = r#"{"id":"o","name":"n","thirdPartyOrgName":"t","domain":"d","state":"active","productPlatform":"PureCloud"}"#;
        let organization: Organization = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&organization).unwrap(), json);
    }
}
