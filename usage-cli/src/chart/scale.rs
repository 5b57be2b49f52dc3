//! Axes, and parts of a whole.

/// Returns round numbers from 0 up to at least `largest`, about `wanted` of them.
pub(crate) fn ticks(largest: u64, wanted: u64) -> Vec<u64> {
    let rough = largest.div_ceil(wanted.max(1)).max(1);
    let power = 10u64.saturating_pow(rough.ilog10());
    let step =
        [1, 2, 5, 10].into_iter().map(|factor| power.saturating_mul(factor)).find(|step| *step >= rough);
    let step = step.unwrap_or(rough);
    (0..=largest.max(1).div_ceil(step)).map(|n| n.saturating_mul(step)).collect()
}

/// Returns `part` as a fraction of `whole`, 0 to 1. It is 1 if the part is larger, and 0 if there is no whole.
#[expect(clippy::cast_precision_loss, reason = "a place in a picture needs no more than 52 bits")]
pub(crate) fn fraction(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64).min(1.0) }
}

/// Divides cells among `parts`. All `width` cells stand for `whole`, or for the sum of the parts if that is larger.
///
/// The number of cells in use is rounded to the nearest, and the cells that rounding leaves go to the largest remainders.
/// There are never more than `width`.
pub(crate) fn cells(parts: &[u64], whole: u64, width: usize) -> Vec<usize> {
    let sum: u128 = parts.iter().copied().map(u128::from).sum();
    let whole = sum.max(u128::from(whole)).max(1);
    let cells_of = |part: u128| part * width as u128;
    let all = usize::try_from((cells_of(sum) + whole / 2) / whole).unwrap_or(width).min(width);
    let mut cells: Vec<_> =
        parts.iter().map(|part| usize::try_from(cells_of((*part).into()) / whole).unwrap_or(0)).collect();
    let mut order: Vec<_> = (0..parts.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(cells_of(parts[*index].into()) % whole));
    let left = all.saturating_sub(cells.iter().sum());
    for index in order.into_iter().take(left) {
        cells[index] += 1;
    }
    cells
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(193_211, 4), [0, 50_000, 100_000, 150_000, 200_000]);
        assert_eq!(ticks(0, 4), [0, 1]);
        assert_eq!(ticks(3, 4), [0, 1, 2, 3]);
    }

    proptest! {
        #[test]
        fn ticks_cover_everything(largest: u64, wanted in 1u64..9) {
            let ticks = ticks(largest, wanted);
            prop_assert!(ticks.len() as u64 <= wanted + 2 && ticks.last() >= Some(&largest));
        }

        #[test]
        fn cells_add_up(parts in proptest::collection::vec(count(), 1..7), whole in count(), width in 0usize..300) {
            let sum: u128 = parts.iter().copied().map(u128::from).sum();
            let cells = cells(&parts, whole, width);
            prop_assert!(cells.iter().sum::<usize>() <= width);
            if sum > 0 && sum >= u128::from(whole) {
                prop_assert_eq!(cells.iter().sum::<usize>(), width);
            }
            let whole = sum.max(u128::from(whole)).max(1);
            for (cells, part) in cells.iter().zip(&parts) {
                // At most one cell more than it is worth.
                let worth = u128::from(*part) * width as u128;
                prop_assert!((*cells as u128) * whole < worth + whole);
            }
        }

        #[test]
        fn a_fraction_is_one(part in count(), whole in count()) {
            prop_assert!((0.0..=1.0).contains(&fraction(part, whole)));
        }
    }

    /// Small counts and the largest.
    fn count() -> impl Strategy<Value = u64> {
        prop_oneof![0u64..1_000, any::<u64>(), Just(0), Just(u64::MAX)]
    }
}
