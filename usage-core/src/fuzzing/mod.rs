//! Functions for the fuzz targets and the model test. Not part of the API: behind the feature `fuzzing`, without semver
//! guarantees.
//!
//! Each target takes any bytes and panics if a promise of this crate is broken. See `fuzz/README.md` to run them.

mod answers;
pub mod auth;
pub mod documents;
pub mod operations;
pub mod pages;
mod service;
mod texts;

pub use answers::{error_body, headers};
pub use operations::operations;
pub use pages::{page, page_cuts, page_oracle};
pub use service::{service, snapshot};
pub use texts::{interval, open_enums, path_ids, texts};

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes(data in prop::collection::vec(any::<u8>(), 0..300)) {
            for target in [
                error_body, headers, interval, open_enums, operations, page, page_cuts, page_oracle, path_ids, service,
                snapshot, texts,
            ] {
                target(&data);
            }
        }

        #[test]
        fn a_bearer_stays_with_its_origin_whatever_is_answered(data in prop::collection::vec(any::<u8>(), 1..60)) {
            service(&data);
        }

        #[test]
        fn likely_headers(text in "([0-9]{1,21}|Wed, 21 Oct 20[0-9]{2} 07:28:00 GMT|[ -~]{0,9})(\n[0-9]{1,21}){0,3}") {
            headers(text.as_bytes());
        }

        #[test]
        fn likely_texts(
            text in "(20[0-9]{2}-[01][0-9](-[0-3][0-9](T[0-2][0-9]:00:00([+-]0[0-9]:00|Z)?)?)?/?){1,2}|https?://[a-z.\\[\\]:0-9/@]{1,20}",
        ) {
            interval(text.as_bytes());
            texts(text.as_bytes());
        }

        #[test]
        fn a_bearer_stays_with_its_origin_whatever_is_asked(
            base in "https://[a-z]{1,9}\\.example(:[0-9]{1,4})?(/[a-z.]{1,9}){0,2}/?|http://(localhost|127\\.0\\.0\\.1|\\[::1\\]):[0-9]{1,4}",
            id in "([a-z0-9]|[/?#%@:;\\\\.&= +]|\\.\\.|//|%2e|https:|\\PC){1,20}",
        ) {
            path_ids(format!("{base}\n{id}").as_bytes());
        }
    }
}
