//! A set of numbers in blocks of differences, a byte or two a number if they are close together.
//!
//! Numbers in ascending order, as nearly all arrive, are only appended.

use std::collections::BTreeMap;

/// Largest block, in numbers: an insertion in the middle rewrites one block.
const MOST_IN_BLOCK: u32 = 256;

#[derive(Debug, Default)]
pub(super) struct PackedSet {
    /// By their first number.
    blocks: BTreeMap<u64, Block>,
}

/// Ascending numbers; the first is the block's key.
#[derive(Debug)]
struct Block {
    /// The differences between neighbours, seven bits a byte.
    differences: Vec<u8>,
    last: u64,
    len: u32,
}

impl Block {
    fn of(first: u64) -> Self {
        Self { differences: Vec::new(), last: first, len: 1 }
    }

    /// Adds a number larger than all others.
    fn push(&mut self, number: u64) {
        let mut difference = number - self.last;
        while difference >= 0x80 {
            self.differences.push(0x80 | low_bits(difference));
            difference >>= 7;
        }
        self.differences.push(low_bits(difference));
        (self.last, self.len) = (number, self.len + 1);
        if self.len == MOST_IN_BLOCK {
            self.differences.shrink_to_fit();
        }
    }

    fn numbers(&self, first: u64) -> impl Iterator<Item = u64> + '_ {
        let mut bytes = self.differences.iter();
        let mut number = first;
        let following = std::iter::from_fn(move || {
            let (mut difference, mut shift) = (0, 0);
            loop {
                let byte = bytes.next()?;
                difference |= u64::from(byte & 0x7F) << shift;
                if byte & 0x80 == 0 {
                    break;
                }
                shift += 7;
            }
            number += difference;
            Some(number)
        });
        std::iter::once(first).chain(following)
    }
}

fn low_bits(number: u64) -> u8 {
    u8::try_from(number & 0x7F).unwrap_or_default()
}

impl PackedSet {
    pub(super) fn contains(&self, number: u64) -> bool {
        let Some((first, block)) = self.blocks.range(..=number).next_back() else { return false };
        number <= block.last && block.numbers(*first).any(|other| other == number)
    }

    /// Adds a number; returns whether it is new.
    pub(super) fn insert(&mut self, number: u64) -> bool {
        let Some((&first, block)) = self.blocks.range_mut(..=number).next_back() else {
            return self.insert_in_front(number);
        };
        if number > block.last {
            if block.len < MOST_IN_BLOCK {
                block.push(number);
            } else {
                self.blocks.insert(number, Block::of(number));
            }
            return true;
        }
        let mut numbers: Vec<u64> = block.numbers(first).collect();
        let Err(at) = numbers.binary_search(&number) else { return false };
        numbers.insert(at, number);
        self.put(&numbers);
        true
    }

    fn insert_in_front(&mut self, number: u64) -> bool {
        let mut numbers = vec![number];
        if let Some((first, block)) = self.blocks.pop_first() {
            numbers.extend(block.numbers(first));
        }
        self.put(&numbers);
        true
    }

    /// Replaces the block that begins with the first of these numbers by them, as two blocks if they are too
    /// many for one.
    fn put(&mut self, numbers: &[u64]) {
        let most = usize::try_from(MOST_IN_BLOCK).unwrap_or(usize::MAX);
        let parts = if numbers.len() > most { numbers.split_at(most / 2) } else { (numbers, &[][..]) };
        for part in [parts.0, parts.1] {
            let Some((first, rest)) = part.split_first() else { continue };
            let mut block = Block::of(*first);
            rest.iter().for_each(|number| block.push(*number));
            self.blocks.insert(*first, block);
        }
    }

    pub(super) fn take_in(&mut self, other: Self) {
        if self.blocks.is_empty() {
            *self = other;
            return;
        }
        for (first, block) in other.blocks {
            for number in block.numbers(first) {
                self.insert(number);
            }
        }
    }

    /// Approximate memory use, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        let each = size_of::<(u64, Block)>() * 2;
        self.blocks.values().map(|block| each + block.differences.capacity()).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set(numbers in prop::collection::vec(prop_oneof![0_u64..900, any::<u64>()], 0..700), descending in any::<bool>()) {
            let mut numbers = numbers;
            if descending {
                numbers.sort_unstable_by(|a, b| b.cmp(a));
            }
            let (mut packed, mut plain) = (PackedSet::default(), BTreeSet::new());
            for number in &numbers {
                prop_assert_eq!(packed.insert(*number), plain.insert(*number));
            }
            for number in (0..900).step_by(7).chain(numbers) {
                prop_assert_eq!(packed.contains(number), plain.contains(&number));
            }
            let all: Vec<u64> = packed.blocks.iter().flat_map(|(first, block)| block.numbers(*first)).collect();
            prop_assert_eq!(all, plain.iter().copied().collect::<Vec<_>>());

            let mut both = PackedSet::default();
            both.insert(1000);
            both.take_in(packed);
            prop_assert!(both.contains(1000) && plain.iter().all(|number| both.contains(*number)));
        }
    }
}
