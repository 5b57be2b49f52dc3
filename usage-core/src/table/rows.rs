//! Rows in blocks, so that a growing table is not copied.

use crate::table::row::PackedRow;

/// The number of rows in a block.
const BLOCK: usize = 256;

/// Packed rows in blocks of equal size. A single vector would hold up to twice the memory that it needs, and three times
/// that while it grows.
///
/// Every block except the last is full, so the position of a row follows from division.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    blocks: Vec<Vec<PackedRow>>,
}

impl Rows {
    pub(super) fn len(&self) -> usize {
        self.blocks.last().map_or(0, |last| (self.blocks.len() - 1) * BLOCK + last.len())
    }

    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<&PackedRow> {
        self.blocks.get(index / BLOCK)?.get(index % BLOCK)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &PackedRow> {
        self.blocks.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut PackedRow> {
        self.blocks.iter_mut().flatten()
    }

    #[inline]
    pub(super) fn push(&mut self, row: PackedRow) {
        match self.blocks.last_mut() {
            Some(block) if block.len() < BLOCK.min(block.capacity()) => block.push(row),
            _ => self.push_with_room(row),
        }
    }

    #[cold]
    fn push_with_room(&mut self, row: PackedRow) {
        let room = match self.blocks.last() {
            // Only the first block grows step by step, so that a small table stays small.
            None => 4,
            Some(block) if block.len() < BLOCK && self.blocks.len() == 1 => {
                block.len().max(4).min(BLOCK - block.len())
            }
            Some(block) if block.len() < BLOCK => BLOCK - block.len(),
            Some(_) => BLOCK,
        };
        match self.blocks.last_mut() {
            Some(block) if block.len() < BLOCK => {
                block.reserve_exact(room);
                block.push(row);
            }
            _ => {
                let mut block = Vec::with_capacity(room);
                block.push(row);
                self.blocks.push(block);
            }
        }
    }

    /// Moves all rows into one vector, and frees each block once its rows are moved.
    pub(super) fn into_vec(self) -> Vec<PackedRow> {
        let mut rows = Vec::with_capacity(self.len());
        for mut block in self.blocks {
            rows.append(&mut block);
        }
        rows
    }

    pub(super) fn into_blocks(self) -> impl Iterator<Item = Vec<PackedRow>> {
        self.blocks.into_iter()
    }

    pub(super) fn shrink_to_fit(&mut self) {
        if let Some(last) = self.blocks.last_mut() {
            last.shrink_to_fit();
        }
        self.blocks.shrink_to_fit();
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let blocks: usize = self.blocks.iter().map(|block| block.capacity() * size_of::<PackedRow>()).sum();
        blocks + self.blocks.capacity() * size_of::<Vec<PackedRow>>()
    }
}

impl FromIterator<PackedRow> for Rows {
    fn from_iter<I: IntoIterator<Item = PackedRow>>(rows: I) -> Self {
        let mut all = Self::default();
        for row in rows {
            all.push(row);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_places_across_blocks() {
        let mut rows = Rows::default();
        for n in 0..3 * BLOCK + 7 {
            // Shrinking in between must keep the blocks intact.
            if n % 100 == 0 {
                rows.shrink_to_fit();
            }
            assert_eq!(rows.len(), n);
            rows.push(PackedRow::numbered(n));
        }
        assert!(rows.blocks.iter().rev().skip(1).all(|block| block.len() == BLOCK));
        assert!(rows.blocks.iter().all(|block| block.capacity() == BLOCK));
        for n in [0, BLOCK - 1, BLOCK, 3 * BLOCK + 6] {
            assert_eq!(rows.get(n).map(PackedRow::number), Some(n));
        }
        assert!(rows.get(3 * BLOCK + 7).is_none());
        assert!(rows.iter().map(PackedRow::number).eq(0..3 * BLOCK + 7));
        assert_eq!(rows.into_vec().len(), 3 * BLOCK + 7);
    }

    #[test]
    fn the_first_block_grows_to_its_size_and_no_further() {
        for start in 0..=BLOCK {
            // Filled up to its capacity.
            let mut rows: Rows = (0..start).map(PackedRow::numbered).collect();
            rows.shrink_to_fit();
            for n in start..BLOCK {
                rows.push(PackedRow::numbered(n));
            }
            assert_eq!((rows.len(), rows.blocks.len(), rows.blocks[0].capacity()), (BLOCK, 1, BLOCK));
        }
    }

    #[test]
    fn room_is_made_in_steps_up_to_a_block_and_by_blocks_then() {
        let mut rows = Rows::default();
        let mut steps = Vec::new();
        for n in 0..=2 * BLOCK {
            rows.push(PackedRow::numbered(n));
            let room: usize = rows.blocks.iter().map(Vec::capacity).sum();
            if steps.last() != Some(&room) {
                steps.push(room);
            }
        }
        assert_eq!(steps, [4, 8, 16, 32, 64, 128, BLOCK, 2 * BLOCK, 3 * BLOCK]);

        // With several blocks, the last one is allocated at its full size.
        let mut rows: Rows = (0..BLOCK + 44).map(PackedRow::numbered).collect();
        rows.shrink_to_fit();
        rows.push(PackedRow::default());
        assert_eq!((rows.blocks.len(), rows.blocks[1].len(), rows.blocks[1].capacity()), (2, 45, BLOCK));
    }

    #[test]
    fn a_small_table_is_small() {
        let mut rows = Rows::default();
        rows.push(PackedRow::default());
        assert!(rows.heap_bytes() < 1024);
        rows.shrink_to_fit();
        assert_eq!(rows.heap_bytes(), size_of::<PackedRow>() + size_of::<Vec<PackedRow>>());
    }
}
