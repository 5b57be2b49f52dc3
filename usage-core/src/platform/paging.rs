//! Paging by page number, as the platform's listings do it.

/// Returns the number of the page after `number` of `count` pages. A listing without paging members is whole.
pub(super) fn next_page(number: Option<u32>, count: Option<u32>) -> Option<u32> {
    let number = number?;
    (number < count?).then(|| number + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_has_no_next() {
        for (number, count, next) in [
            (Some(1), Some(3), Some(2)),
            (Some(2), Some(3), Some(3)),
            (Some(3), Some(3), None),
            (Some(0), Some(0), None),
            (Some(u32::MAX), Some(u32::MAX), None),
            (None, Some(3), None),
            (Some(1), None, None),
        ] {
            assert_eq!(next_page(number, count), next, "{number:?} of {count:?}");
        }
    }
}
