//! Licences as texts.

use proptest::prelude::*;
use usage_report::{License, Licenses, Subject};

#[test]
fn subjects_print_their_names() {
    assert_eq!(format!("{:>8}|{:<5}|", Subject::Client, Subject::Uri), " clients|URIs |");
}

proptest! {
    #[test]
    fn licenses_parse_from_what_they_print(counts: [u64; License::ALL.len()], kinds in 1..=License::ALL.len()) {
        let each = License::ALL.iter().zip(counts).take(kinds);
        let text = each.map(|(license, count)| format!("{license}={count}")).collect::<Vec<_>>().join(",");
        let licenses: Licenses = text.parse().unwrap();
        prop_assert_eq!(licenses.to_string(), text);
        prop_assert_eq!(licenses.to_string().parse(), Ok(licenses));
    }
}
