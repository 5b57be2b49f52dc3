//! Regions as people write them.

use usage_core::Region;
use usage_core::error::BuildError;

use crate::text::meant;

/// The region that `text` names, or why it names none, with the nearest name if there is one and all names otherwise.
pub(crate) fn region(text: &str) -> Result<Region, String> {
    text.parse().map_err(|error: BuildError| {
        let regions: Vec<_> = Region::all().collect();
        let BuildError::Region { text } = &error else { return error.to_string() };
        if let Some(region) = nearest(text, &regions) {
            return format!("{error}; did you mean '{region}' ({})?", region.domain());
        }
        let names: Vec<_> = regions.iter().filter_map(Region::aws_name).collect();
        format!("{error}; there are {}", names.join(", "))
    })
}

/// The region whose AWS name, short name or domain is most like `text`.
fn nearest<'a>(text: &str, regions: &'a [Region]) -> Option<&'a Region> {
    // Names such as us-gov-east-2 are AWS's own for what Genesys Cloud calls us-east-2.
    let text = text.replace('_', "-").replace("-gov-", "-");
    let text = ["api.", "login.", "apps."].iter().find_map(|host| text.strip_prefix(host)).unwrap_or(&text);
    let is_host = text.contains('.');
    let names = |region: &'a Region| {
        if is_host { [Some(region.domain()), None] } else { [region.aws_name(), region.short_name()] }
    };
    let best = meant(text, regions.iter().flat_map(names).flatten())?;
    regions.iter().find(|region| names(region).contains(&Some(best)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_nearest_region() {
        for (text, wanted) in [
            ("eu-cantral-1", "did you mean 'eu-central-1' (mypurecloud.de)?"),
            ("us-gov-east-2", "did you mean 'us-east-2' (use2.us-gov-pure.cloud)?"),
            ("us_gov_east_2", "did you mean 'us-east-2'"),
            ("euw3", "did you mean 'eu"),
            ("https://api.mypurecloud.dee/api/v2", "did you mean 'eu-central-1'"),
            ("apps.mypurecloud.co", "did you mean 'us-east-1'"),
            ("nowhere", "there are us-east-1, us-east-2, us-west-2"),
            ("", "there are us-east-1"),
        ] {
            let said = region(text).unwrap_err();
            assert!(said.contains("neither an AWS region") && said.contains(wanted), "{text}: {said}");
        }
        assert_eq!(region(" EUW2 ").unwrap().domain(), "euw2.pure.cloud");
    }
}
