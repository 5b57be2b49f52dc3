//! Asks the service for names.

use std::collections::BTreeSet;

use usage_core::UserId;
use usage_core::error::Error;
use usage_core::platform::{MAX_USER_IDS, OAuthClients, OrganizationMe, User, Users};
use usage_report::{Names, Subject};

use super::Wanted;
use crate::connection::client::ServiceClient;

/// Maximum number of pages read of the OAuth clients.
const MAX_CLIENT_PAGES: u32 = 100;
/// Maximum number of pages read of one batch of users, which fits on one unless the service makes pages smaller.
const MAX_USER_PAGES: u32 = 10;

/// Fetches the names that are `wanted`, and that of the organization, and adds them to `names`.
///
/// Each of the three operations is asked only if it is needed, and given up at its first failure. Returns a sentence
/// for each that failed.
pub(crate) async fn resolve(client: &impl ServiceClient, wanted: &Wanted, names: &mut Names) -> Vec<String> {
    let asked = [
        ("the organization", organization(client, names).await),
        ("OAuth clients", oauth_clients(client, &wanted.clients, names).await),
        ("users", users(client, &wanted.users, names).await),
    ];
    let warning = |(what, asked): (&str, Result<(), Error>)| {
        asked.err().map(|error| format!("names of {what} are missing: {error}"))
    };
    asked.into_iter().filter_map(warning).collect()
}

pub(super) async fn organization(client: &impl ServiceClient, names: &mut Names) -> Result<(), Error> {
    if names.iter(Subject::Organization).next().is_some() {
        return Ok(());
    }
    let organization = client.call(OrganizationMe).await?;
    if let (Some(id), Some(name)) = (organization.id, organization.name.or(organization.third_party_org_name))
    {
        names.insert(Subject::Organization, id, name);
    }
    Ok(())
}

async fn oauth_clients(
    client: &impl ServiceClient,
    wanted: &BTreeSet<String>,
    names: &mut Names,
) -> Result<(), Error> {
    if wanted.is_empty() {
        return Ok(());
    }
    let mut page = OAuthClients::default();
    for _ in 0..MAX_CLIENT_PAGES {
        let listing = client.call(page).await?;
        let next = further(page.page, listing.page_number, listing.next_page(), listing.entities.len());
        for entity in listing.entities {
            if let (Some(id), Some(name)) = (entity.id, entity.name) {
                names.insert(Subject::Client, id, name);
            }
        }
        match next {
            Some(number) => page = page.with_page(number),
            None => break,
        }
    }
    Ok(())
}

async fn users(
    client: &impl ServiceClient,
    wanted: &BTreeSet<String>,
    names: &mut Names,
) -> Result<(), Error> {
    for mut page in batches(wanted) {
        for _ in 0..MAX_USER_PAGES {
            let listing = client.call(page.clone()).await?;
            let next = further(page.page, listing.page_number, listing.next_page(), listing.entities.len());
            for User { id, name, email, .. } in listing.entities {
                if let (Some(id), Some(name)) = (id, name.or(email)) {
                    names.insert(Subject::User, id, name);
                }
            }
            match next {
                Some(number) => page = page.with_page(number),
                None => break,
            }
        }
    }
    Ok(())
}

/// Returns the requests for these users. An id that cannot be asked for stays an id.
fn batches(wanted: &BTreeSet<String>) -> Vec<Users> {
    let ids: Vec<UserId> = wanted.iter().filter_map(|id| id.parse().ok()).collect();
    ids.chunks(MAX_USER_IDS).map(|batch| Users::by_ids(batch.iter().cloned())).collect()
}

/// Returns the next page to ask for: none after an empty page, or a page other than the one that was asked for.
fn further(asked: Option<u32>, number: Option<u32>, next: Option<u32>, entries: usize) -> Option<u32> {
    next.filter(|_| entries > 0 && (asked.is_none() || asked == number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_asked_for_in_batches() {
        let mut wanted: BTreeSet<_> = (0..250).map(|number| format!("user-{number:03}")).collect();
        wanted.extend([String::new(), "..".into(), "a\nb".into()]);
        let batches = batches(&wanted);
        assert_eq!(batches.iter().map(|batch| batch.ids.len()).collect::<Vec<_>>(), [100, 100, 50]);
        let asked: BTreeSet<_> =
            batches.iter().flat_map(|batch| &batch.ids).map(|id| id.as_str().to_owned()).collect();
        assert_eq!(asked.len(), 250);
        assert!(super::batches(&BTreeSet::new()).is_empty());
    }

    #[test]
    fn a_listing_without_an_end_ends() {
        assert_eq!(further(None, Some(1), Some(2), 5), Some(2));
        assert_eq!(further(Some(2), Some(2), Some(3), 5), Some(3));
        assert_eq!(further(Some(2), Some(1), Some(2), 5), None, "the parameter was ignored");
        assert_eq!(further(Some(2), Some(2), Some(3), 0), None, "an empty page");
        assert_eq!(further(None, None, None, 5), None);
    }
}
