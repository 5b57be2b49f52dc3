//! Finds rows that are equal.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;

use crate::table::UsageTable;

/// The maximum number of slots that are probed for a row before it counts as new. As in the interner, it bounds the cost of
/// texts that were chosen to collide.
const MAX_PROBES: usize = 256;

/// See [`UsageTable::first_repeated`].
pub(super) fn first_repeated(table: &UsageTable) -> Option<(usize, usize)> {
    // A hash table of row numbers from 1, at most half full.
    let mut slots = vec![0u32; (table.len() * 2).next_power_of_two()];
    let mask = slots.len() - 1;
    for (index, number) in (0..table.len()).zip(1u32..) {
        let row = table.rows.get(index)?;
        let mut slot = hash(row.texts());
        for _ in 0..MAX_PROBES {
            let taken = &mut slots[slot & mask];
            if *taken == 0 {
                *taken = number;
                break;
            }
            let earlier = usize::try_from(*taken - 1).ok()?;
            if table.rows.get(earlier)?.texts() == row.texts() {
                return Some((earlier, index));
            }
            slot = slot.wrapping_add(1);
        }
    }
    None
}

#[expect(clippy::cast_possible_truncation, reason = "any bits of the hash do")]
fn hash(texts: &[crate::table::Symbol]) -> usize {
    let mut hasher = FixedState::with_seed(0x726f_7773).build_hasher();
    for pair in texts.chunks(2) {
        let word = pair.iter().fold(0, |word, symbol| (word << 32) | u64::from(symbol.0));
        hasher.write_u64(word);
    }
    hasher.finish() as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::table::{UsageRecord, UsageTable};

    proptest! {
        #[test]
        fn finds_what_a_comparison_of_all_rows_finds(keys in proptest::collection::vec("[a-c]{0,2}", 0..12)) {
            let records = keys.iter().enumerate().map(|(index, key)| UsageRecord {
                date: Some("2026-07-01".into()),
                client_id: Some(key.clone()),
                requests: Some(index as u64),
                ..Default::default()
            });
            let table: UsageTable = records.collect();
            let wanted = (0..keys.len()).find_map(|later| {
                (0..later).find(|earlier| keys[*earlier] == keys[later]).map(|earlier| (earlier, later))
            });
            prop_assert_eq!(table.first_repeated(), wanted);
        }
    }
}
