use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use usage_core::{UsageRecord, UsageTable};
use usage_report::{Allowance, ReportOptions};

use super::*;

fn hash(text: &str) -> String {
    BASE64_STANDARD.encode(Sha256::digest(text))
}

#[test]
fn the_policy_has_the_hashes_of_style_and_script() {
    for hash in [hash(STYLE), hash(SCRIPT)] {
        assert!(POLICY.contains(&format!("'sha256-{hash}'")), "{hash} is not in the policy");
    }
}

fn hostile(day: u8, requests: u64) -> UsageRecord {
    let evil = "\"><img src=x onerror=alert(1)></title></style></script><script>alert(2)</script>'&<!--";
    UsageRecord {
        date: Some(format!("2026-10-{day:02}")),
        client_id: Some(format!("{evil} id")),
        client_name: Some(evil.into()),
        user_id: Some(evil.into()),
        template_uri: Some(evil.into()),
        http_method: Some(evil.into()),
        platform: Some(evil.into()),
        organization_id: Some(evil.into()),
        requests: Some(requests),
        status200: Some(requests),
        ..UsageRecord::default()
    }
}

#[test]
fn a_hostile_name_is_a_text_everywhere() {
    let table: UsageTable = (1..=14).map(|day| hostile(day, 5)).collect();
    let before: UsageTable =
        [UsageRecord { client_id: Some("<b>gone</b>".into()), ..hostile(1, 3) }].into_iter().collect();
    let options = ReportOptions::default().with_allowance(Allowance::requests(10));
    let page = page(&Report::compared(&table, &before, None, &options));
    // The page's own: one script, one style, no image.
    for (markup, times) in [
        ("<script", 1),
        ("</script>", 1),
        ("<style", 1),
        ("</style>", 1),
        ("<img", 0),
        ("<b>", 0),
        ("<!--", 0),
    ] {
        assert_eq!(page.matches(markup).count(), times, "{markup}");
    }
    assert!(!page.contains("\"><img") && !page.contains("\\\""), "an attribute ends before its tag does");
    assert!(!page.contains(" style=") && !page.contains(" onerror=alert(1)>"));
}

#[test]
fn nothing_is_loaded() {
    let page =
        page(&Report::new(&[hostile(1, 1), hostile(2, 1)].into_iter().collect(), &ReportOptions::default()));
    for loads in ["http://", "https://", "url(", "@import", " href=", "<link", "<iframe"] {
        assert!(!page.contains(loads), "{loads}");
    }
}

#[test]
fn a_report_of_nothing_is_a_page() {
    let page = page(&Report::new(&UsageTable::new(), &ReportOptions::default()));
    assert!(page.contains("the service counted nothing here") && page.ends_with("</html>\n"));
}
