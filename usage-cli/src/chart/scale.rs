//! Axes.

/// Round numbers from 0 up to at least `largest`, about `wanted` of them.
pub(crate) fn ticks(largest: u64, wanted: u64) -> Vec<u64> {
    let rough = largest.div_ceil(wanted.max(1)).max(1);
    let power = 10u64.saturating_pow(rough.ilog10());
    let step =
        [1, 2, 5, 10].into_iter().map(|factor| power.saturating_mul(factor)).find(|step| *step >= rough);
    let step = step.unwrap_or(rough);
    (0..=largest.max(1).div_ceil(step)).map(|n| n.saturating_mul(step)).collect()
}

/// `part` of `whole`, 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "a place in a picture needs no more than 52 bits")]
pub(crate) fn fraction(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// `parts` as whole cells of `width`, which stands for `whole`: as many cells as their sum is worth, to the nearest,
/// and the largest remainders get what rounding leaves.
pub(crate) fn cells(parts: &[u64], whole: u64, width: usize) -> Vec<usize> {
    let cells_of = |part: u128| part * width as u128;
    let whole = u128::from(whole.max(1));
    let sum: u128 = parts.iter().copied().map(u128::from).sum();
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
        fn cells_add_up(parts in proptest::collection::vec(0u64..1_000, 1..6), more in 0u64..1_000, width in 0usize..80) {
            let whole = parts.iter().sum::<u64>() + more;
            let cells = cells(&parts, whole, width);
            prop_assert!(cells.iter().sum::<usize>() <= width);
            if more == 0 && whole > 0 {
                prop_assert_eq!(cells.iter().sum::<usize>(), width);
            }
            for (cells, part) in cells.iter().zip(&parts) {
                // At most one cell more than it is worth.
                let worth = u128::from(*part) * width as u128;
                prop_assert!((*cells as u128) * u128::from(whole.max(1)) < worth + u128::from(whole.max(1)));
            }
        }
    }
}
