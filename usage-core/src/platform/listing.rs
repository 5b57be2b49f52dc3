//! Pages of listings.

use serde::{Deserialize, Serialize};

use crate::lenient::{lenient, list_or_null};

/// One page of a listing of the platform: `UserEntityListing`, `OAuthClientEntityListing`.
///
/// ```
/// use usage_core::platform::{Listing, User};
///
/// let json = r#"{"entities":[{"id":"8d1f","name":"Ada Example"}],"pageNumber":1,"pageCount":2}"#;
/// let listing: Listing<User> = serde_json::from_str(json)?;
/// assert_eq!(listing.entities[0].name.as_deref(), Some("Ada Example"));
/// assert_eq!(listing.next_page(), Some(2));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "T: Deserialize<'de> + Default"))]
#[non_exhaustive]
pub struct Listing<T> {
    /// The entities of this page.
    #[serde(deserialize_with = "list_or_null")]
    pub entities: Vec<T>,
    /// The number of this page, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub page_number: Option<u32>,
    /// The number of pages.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub page_count: Option<u32>,
    /// The number of entities on all pages.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient")]
    pub total: Option<u64>,
}

impl<T> Listing<T> {
    /// Returns the number of the next page, if there is one. A listing without paging members has one page.
    pub fn next_page(&self) -> Option<u32> {
        let number = self.page_number?;
        (number < self.page_count?).then(|| number + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_has_no_next() {
        for (page_number, page_count, next) in [
            (Some(1), Some(3), Some(2)),
            (Some(2), Some(3), Some(3)),
            (Some(3), Some(3), None),
            (Some(0), Some(0), None),
            (Some(u32::MAX), Some(u32::MAX), None),
            (None, Some(3), None),
            (Some(1), None, None),
        ] {
            let listing = Listing::<()> { page_number, page_count, ..Listing::default() };
            assert_eq!(listing.next_page(), next, "{page_number:?} of {page_count:?}");
        }
    }
}
