//! Selects the events that are lost on purpose. They are not delivered, and the API may also hide them.

/// A rule that says which of the next events are lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// This many of the next events are lost.
    Next(u32),
    /// A share of the events is lost. The same seed selects the same events in every run.
    Share {
        /// The share of lost events in percent, from 0 to 100.
        percent: u8,
        /// The seed of the selection. It may be any number.
        seed: u64,
    },
}

/// The rules that select the events to lose. Without a rule, no event is lost.
#[derive(Debug, Default)]
pub(crate) struct LossRules {
    /// Selects events that the API shows but that are delivered only by `deliver_again`.
    pub(crate) deliveries: Option<Loss>,
    /// Selects events that are neither delivered nor shown by the API.
    pub(crate) events: Option<Loss>,
}

/// Whether a new event is delivered, is shown by the API without a delivery, or is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Delivered,
    Undelivered,
    Hidden,
}

impl LossRules {
    /// Decides what happens to the next event.
    pub(crate) fn next_fate(&mut self) -> Fate {
        if is_next_lost(&mut self.events) {
            Fate::Hidden
        } else if is_next_lost(&mut self.deliveries) {
            Fate::Undelivered
        } else {
            Fate::Delivered
        }
    }
}

/// Whether the next event is lost. Each call counts as one event.
fn is_next_lost(loss: &mut Option<Loss>) -> bool {
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
            mix_bits(*seed) % 100 < u64::from(*percent)
        }
    }
}

/// Mixes the bits of a number, as the random number generator SplitMix64 does.
fn mix_bits(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost_events(loss: Loss, count: usize) -> Vec<bool> {
        let mut loss = Some(loss);
        (0..count).map(|_| is_next_lost(&mut loss)).collect()
    }

    #[test]
    fn only_the_requested_number_of_events_is_lost() {
        assert_eq!(lost_events(Loss::Next(2), 4), [true, true, false, false]);
    }

    #[test]
    fn a_seed_always_selects_the_same_events_and_about_the_requested_share() {
        let share = |percent, seed| lost_events(Loss::Share { percent, seed }, 1_000);
        let count = |lost: Vec<bool>| lost.into_iter().filter(|lost| *lost).count();
        assert_eq!(share(30, 7), share(30, 7));
        assert_ne!(share(30, 7), share(30, 8));
        assert!((250..350).contains(&count(share(30, 7))));
        assert_eq!((count(share(0, 1)), count(share(100, 1))), (0, 1_000));
    }
}
