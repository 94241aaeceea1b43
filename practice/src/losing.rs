//! Events that are lost on purpose: not delivered, or not even shown by the API.

/// Which of the next events are lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// This many of the next events.
    Next(u32),
    /// A share of them, selected by this seed: the same in every run.
    Share {
        /// From 0 to 100.
        percent: u8,
        /// Any number.
        seed: u64,
    },
}

/// The active losses.
#[derive(Debug, Default)]
pub(crate) struct Losing {
    /// Events that are kept, but not delivered automatically.
    pub(crate) deliveries: Option<Loss>,
    /// Events that are neither delivered nor shown by the API.
    pub(crate) events: Option<Loss>,
}

/// What happens to a new event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Delivered,
    Undelivered,
    Hidden,
}

impl Losing {
    /// Decides what happens to the next event.
    pub(crate) fn next(&mut self) -> Fate {
        if strikes(&mut self.events) {
            Fate::Hidden
        } else if strikes(&mut self.deliveries) {
            Fate::Undelivered
        } else {
            Fate::Delivered
        }
    }
}

/// Whether this loss applies now.
fn strikes(loss: &mut Option<Loss>) -> bool {
    match loss {
        None | Some(Loss::Next(0)) => {
            *loss = None;
            false
        }
        Some(Loss::Next(left)) => {
            *left -= 1;
            true
        }
        Some(Loss::Share { percent, seed }) => {
            *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mixed(*seed) % 100 < u64::from(*percent)
        }
    }
}

/// A number with its bits mixed, as in SplitMix64.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(loss: Loss, of: usize) -> Vec<bool> {
        let mut loss = Some(loss);
        (0..of).map(|_| strikes(&mut loss)).collect()
    }

    #[test]
    fn the_next_ones_are_lost_and_no_more() {
        assert_eq!(lost(Loss::Next(2), 4), [true, true, false, false]);
    }

    #[test]
    fn a_share_is_about_as_large_as_asked_for_and_the_same_for_the_same_seed() {
        let of = |percent, seed| lost(Loss::Share { percent, seed }, 1_000);
        let count = |lost: Vec<bool>| lost.into_iter().filter(|lost| *lost).count();
        assert_eq!(of(30, 7), of(30, 7));
        assert_ne!(of(30, 7), of(30, 8));
        assert!((250..350).contains(&count(of(30, 7))));
        assert_eq!((count(of(0, 1)), count(of(100, 1))), (0, 1_000));
    }
}
