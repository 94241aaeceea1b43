//! Chooses one of several items at random, by weight.

use serde::Deserialize;

use crate::simulation::dice::Dice;

/// An item with its weight.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Weighted<T> {
    /// The weight, relative to the others in the list.
    pub weight: f64,
    /// The item.
    #[serde(flatten)]
    pub what: T,
}

/// A weighted random choice among several items.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The upper end of each item's share of the range from 0 to 1.
    ends: Vec<f64>,
}

impl Choice {
    /// Creates a choice with these weights. Each must be at least 0, and one must be above 0.
    pub fn from_weights(weights: impl Iterator<Item = f64> + Clone) -> Self {
        let total: f64 = weights.clone().sum();
        let mut so_far = 0.0;
        let ends = weights.map(|weight| {
            so_far += weight;
            so_far / total
        });
        Self { ends: ends.collect() }
    }

    /// Creates a choice among the entries of a list.
    pub fn among<T>(list: &[Weighted<T>]) -> Self {
        Self::from_weights(list.iter().map(|entry| entry.weight))
    }

    /// Returns the index that the dice select, or `None` if the list is empty.
    pub fn draw(&self, dice: &mut Dice) -> Option<usize> {
        if self.ends.is_empty() {
            return None;
        }
        Some(self.index_at(dice.fraction()))
    }

    /// Returns the index of the item whose share of the range from 0 to 1 contains this number.
    pub fn index_at(&self, share: f64) -> usize {
        // Because of rounding, the last end can be slightly below 1.
        self.ends.partition_point(|end| *end <= share).min(self.ends.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_chosen_by_weight_and_weight_0_is_never_chosen() {
        let choice = Choice::from_weights([1.0, 0.0, 3.0].into_iter());
        let indexes = [0.0, 0.249, 0.25, 0.999, 1.0].map(|share| choice.index_at(share));
        assert_eq!(indexes, [0, 0, 2, 2, 2]);
        assert_eq!(Choice::from_weights([].into_iter()).draw(&mut Dice::from_seed(1)), None);
    }
}
