//! Computes a supporter's standing from the contributions to one site.

pub use keepopen_decision::Standing;
use keepopen_decision::quiet_until_ms;
use serde::{Deserialize, Serialize};

use crate::contributions::{Contribution, ContributionState, Frequency};
use crate::ids::SupporterId;

/// The part of a contribution that determines the standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GiftSummary {
    /// How often the contribution is given.
    pub frequency: Frequency,
    /// The contribution's state.
    pub state: ContributionState,
    /// When the newest retained payment arrived, in milliseconds since 1970. A payment is retained unless it was
    /// reversed in full.
    pub last_retained_payment_at_ms: Option<i64>,
    /// The end of the paid period of a recurring contribution, in milliseconds since 1970.
    pub paid_until_ms: Option<i64>,
}

/// The standing, and the time until which the supporter must not be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingNow {
    /// The standing.
    pub standing: Standing,
    /// The first instant at which the supporter may be asked again, in milliseconds since 1970.
    pub quiet_until_ms: Option<i64>,
    /// The standing that follows as time passes. `None` if only a booking can change the standing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextStanding>,
}

/// A standing that begins as time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextStanding {
    /// The first instant of the standing, in milliseconds since 1970.
    pub at_ms: i64,
    /// The standing from `at_ms` on.
    pub standing: Standing,
}

impl StandingNow {
    /// The standing at `now_ms`, provided that nothing was booked after this one was computed.
    #[must_use]
    pub fn at(self, now_ms: i64) -> Self {
        match self.next {
            Some(next) if next.at_ms <= now_ms => Self { standing: next.standing, next: None, ..self },
            _ => self,
        }
    }

    /// The first whole second since 1970 at which this standing has ended. `None` if it does not end as time passes.
    pub fn ends_at_s(&self) -> Option<i64> {
        self.next.map(|next| round_up_to_seconds(next.at_ms))
    }

    /// The first whole second since 1970 at which the supporter may be asked again.
    pub fn quiet_until_s(&self) -> Option<i64> {
        self.quiet_until_ms.map(round_up_to_seconds)
    }
}

const fn round_up_to_seconds(at_ms: i64) -> i64 {
    at_ms.saturating_add(999).div_euclid(1000)
}

impl GiftSummary {
    /// The summary of this contribution.
    pub fn of(contribution: &Contribution) -> Self {
        Self {
            frequency: contribution.frequency,
            state: contribution.state,
            last_retained_payment_at_ms: contribution.last_retained_payment_at_ms,
            paid_until_ms: contribution.paid_until_ms,
        }
    }

    /// The end of the paid period, if the contribution is a recurring one that has ended.
    fn ended_and_paid_until_ms(&self) -> Option<i64> {
        self.paid_until_ms.filter(|_| self.state == ContributionState::Ended)
    }
}

/// Returns the new standing, if a token that was issued for the contributions `before` could now cause the wrong appeal
/// or thank-you message. Otherwise, returns `None`. Nobody has a token before the first payment, so a first gift is not
/// a change. A supporter with an active gift is never asked, so a renewal is not a change either. If the standing ends
/// as time passes, a new end or a new quiet period is a change.
pub fn standing_changed(
    before: &[GiftSummary],
    after: &[GiftSummary],
    quiet_days: u32,
    now_ms: i64,
) -> Option<StandingNow> {
    use ContributionState::{Active, Ended, Paid, PastDue};
    let had_token = before.iter().any(|it| matches!(it.state, Paid | Active | PastDue | Ended));
    let old = standing_of(before, quiet_days, now_ms);
    let new = standing_of(after, quiet_days, now_ms);
    let may_be_asked = new.standing != Standing::Recurring || new.next.is_some();
    let is_relevant = old.standing != new.standing
        || old.next != new.next
        || (old.quiet_until_ms != new.quiet_until_ms && may_be_asked);
    (had_token && is_relevant).then_some(new)
}

/// Computes the standing from the contributions to one site at `now_ms`.
///
/// A recurring gift that is active, or that ended and is still paid for, outranks one whose payment failed. If there is
/// neither, a pending payment makes the standing unknown: the reader is neither asked nor thanked. Between a one-off
/// gift and an ended recurring gift, the one that was paid last counts.
pub fn standing_of(gifts: &[GiftSummary], quiet_days: u32, now_ms: i64) -> StandingNow {
    let paid_until_ms = gifts.iter().filter_map(GiftSummary::ended_and_paid_until_ms).max();
    // Only the paid period of an ended gift can change the standing as time passes.
    let ends_at_ms = paid_until_ms.filter(|until_ms| now_ms < *until_ms);
    let standing = compute_standing(gifts, ends_at_ms.is_some());
    let next = ends_at_ms.map(|at_ms| NextStanding { at_ms, standing: compute_standing(gifts, false) });
    let newest = gifts.iter().filter_map(|it| it.last_retained_payment_at_ms).max();
    let quiet = newest.map(|at_ms| quiet_until_ms(at_ms, quiet_days));
    StandingNow {
        standing,
        quiet_until_ms: quiet.max(paid_until_ms),
        next: next.filter(|next| next.standing != standing),
    }
}

/// Returns the standing. `is_still_paid_for` says whether the paid period of an ended recurring gift still runs.
fn compute_standing(gifts: &[GiftSummary], is_still_paid_for: bool) -> Standing {
    let has_gift_in = |state| gifts.iter().any(|it| it.state == state);
    if has_gift_in(ContributionState::Active) || is_still_paid_for {
        Standing::Recurring
    } else if has_gift_in(ContributionState::PastDue) {
        Standing::PastDue
    } else if has_gift_in(ContributionState::Processing) {
        Standing::Unknown
    } else {
        let paid = gifts.iter().filter(|it| it.last_retained_payment_at_ms.is_some());
        match paid.max_by_key(|it| it.last_retained_payment_at_ms) {
            None => Standing::None,
            Some(it) if it.frequency == Frequency::Once => Standing::OneOff,
            Some(_) => Standing::Lapsed,
        }
    }
}

/// The best standing among supporters who share an address, and the supporter who has it. Asking is only allowed if it
/// is allowed for all of them. `None` if there are no supporters.
///
/// The standing is computed with [`standing_of`], as if one person had given everything. If several supporters have
/// this standing, the one who paid last is returned. If several paid at that time, the one with the smallest id is.
pub fn best_standing(
    sharing: &[(SupporterId, Vec<GiftSummary>)],
    quiet_days: u32,
    now_ms: i64,
) -> Option<(SupporterId, StandingNow)> {
    let all: Vec<GiftSummary> = sharing.iter().flat_map(|(_, gifts)| gifts).copied().collect();
    let combined = standing_of(&all, quiet_days, now_ms);
    let newest = |gifts: &[GiftSummary]| gifts.iter().filter_map(|it| it.last_retained_payment_at_ms).max();
    let best = sharing.iter().max_by_key(|(id, gifts)| {
        let has_best = standing_of(gifts, quiet_days, now_ms).standing == combined.standing;
        (has_best, newest(gifts), std::cmp::Reverse(id))
    });
    best.map(|(id, _)| (id.clone(), combined))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::DAY_MS;
    use crate::contributions::IntervalUnit;
    use ContributionState as State;

    const MONTHLY: Frequency = Frequency::MONTHLY;
    const YEARLY: Frequency = Frequency::Every { unit: IntervalUnit::Year, count: 1 };

    /// A contribution whose newest retained payment arrived at `paid_at_ms`. 0 means that there was no payment.
    fn gift(frequency: Frequency, state: State, paid_at_ms: i64) -> GiftSummary {
        let last_retained_payment_at_ms = (paid_at_ms > 0).then_some(paid_at_ms);
        GiftSummary { frequency, state, last_retained_payment_at_ms, paid_until_ms: None }
    }

    fn standing(gifts: &[GiftSummary]) -> Standing {
        standing_of(gifts, 90, 1_000).standing
    }

    #[test]
    fn without_a_payment_the_standing_is_none_and_there_is_no_quiet_period() {
        let nobody = StandingNow { standing: Standing::None, quiet_until_ms: None, next: None };
        assert_eq!(standing_of(&[], 90, 0), nobody);
        for state in [State::Open, State::Expired, State::Failed, State::Reversed, State::NothingToPay] {
            assert_eq!(standing_of(&[gift(Frequency::Once, state, 0)], 90, 0), nobody, "{state:?}");
        }
    }

    #[test]
    fn the_quiet_period_includes_day_90_and_ends_before_day_91() {
        let now = standing_of(&[gift(Frequency::Once, State::Paid, 5)], 90, 5);
        assert_eq!(now.standing, Standing::OneOff);
        assert_eq!(now.quiet_until_ms, Some(5 + 91 * DAY_MS));
    }

    #[test]
    fn an_active_gift_outranks_a_past_due_one_which_outranks_a_pending_payment() {
        let active = gift(MONTHLY, State::Active, 9);
        let failing = gift(MONTHLY, State::PastDue, 9);
        let pending = gift(Frequency::Once, State::Processing, 0);
        let paid = gift(Frequency::Once, State::Paid, 9);
        assert_eq!(standing(&[failing, pending, active]), Standing::Recurring);
        assert_eq!(standing(&[paid, pending, failing]), Standing::PastDue);
        assert_eq!(standing(&[paid, pending]), Standing::Unknown);
    }

    #[test]
    fn between_a_one_off_gift_and_an_ended_gift_the_one_paid_last_counts() {
        let paid = gift(Frequency::Once, State::Paid, 20);
        assert_eq!(standing(&[paid, gift(MONTHLY, State::Ended, 10)]), Standing::OneOff);
        assert_eq!(standing(&[paid, gift(MONTHLY, State::Ended, 30)]), Standing::Lapsed);
    }

    #[test]
    fn a_change_is_only_reported_if_an_older_token_could_be_wrong() {
        let month = |state, paid_at_ms| gift(MONTHLY, state, paid_at_ms);
        let changed = |before: &[GiftSummary], after: &[GiftSummary]| {
            standing_changed(before, after, 90, 1_000).map(|now| now.standing)
        };
        assert_eq!(changed(&[], &[month(State::Active, 10)]), None, "a first gift is not a change");
        assert_eq!(changed(&[month(State::Processing, 0)], &[month(State::Active, 10)]), None);
        assert_eq!(
            changed(&[month(State::Active, 10)], &[month(State::Active, 20)]),
            None,
            "a renewal is not a change"
        );
        assert_eq!(
            changed(&[month(State::Active, 10)], &[month(State::PastDue, 10)]),
            Some(Standing::PastDue)
        );
        assert_eq!(changed(&[month(State::Active, 10)], &[month(State::Ended, 10)]), Some(Standing::Lapsed));
        assert_eq!(
            changed(&[month(State::Active, 10)], &[]),
            Some(Standing::None),
            "the gift now belongs to another supporter"
        );
        let once = |paid_at_ms| gift(Frequency::Once, State::Paid, paid_at_ms);
        assert_eq!(
            changed(&[once(10)], &[once(10), once(20)]),
            Some(Standing::OneOff),
            "the quiet period is longer"
        );
        assert_eq!(changed(&[once(20)], &[once(10), once(20)]), None);
        let paid_for = |until_ms| GiftSummary { paid_until_ms: Some(until_ms), ..month(State::Ended, 10) };
        let (running, ending) = (month(State::Active, 10), paid_for(1_001));
        assert_eq!(
            changed(&[running], &[ending]),
            Some(Standing::Recurring),
            "the standing will end as time passes"
        );
        assert_eq!(changed(&[ending], &[ending]), None);
        assert_eq!(
            changed(&[ending], &[paid_for(1_002)]),
            Some(Standing::Recurring),
            "the standing will end at another time"
        );
        assert_eq!(changed(&[ending], &[running]), Some(Standing::Recurring), "the gift is active again");
        assert_eq!(changed(&[running], &[running, ending]), None, "another gift continues");
        let before = [ending, once(20)];
        assert_eq!(
            changed(&before, &[ending, once(30)]),
            Some(Standing::Recurring),
            "the quiet period after the standing's end is longer"
        );
    }

    #[test]
    fn a_reversed_gift_gives_no_standing() {
        assert_eq!(standing(&[gift(YEARLY, State::Reversed, 0)]), Standing::None);
    }

    #[test]
    fn an_ended_gift_keeps_its_standing_and_quiet_period_until_the_paid_period_ends() {
        let until_ms = 365 * DAY_MS;
        let year = GiftSummary { paid_until_ms: Some(until_ms), ..gift(YEARLY, State::Ended, 1) };
        let at = |now_ms| standing_of(&[year], 90, now_ms);
        let next = Some(NextStanding { at_ms: until_ms, standing: Standing::Lapsed });
        let recurring = StandingNow { standing: Standing::Recurring, quiet_until_ms: Some(until_ms), next };
        let lapsed = StandingNow { standing: Standing::Lapsed, quiet_until_ms: Some(until_ms), next: None };
        assert_eq!((at(until_ms - 1), at(until_ms)), (recurring, lapsed));
        // The result that was computed earlier still gives the right standing at a later time.
        assert_eq!((recurring.at(until_ms - 1), recurring.at(until_ms)), (recurring, lapsed));
        assert_eq!((recurring.ends_at_s(), lapsed.ends_at_s()), (Some(365 * DAY_MS / 1000), None));
        let at_half_a_second = NextStanding { at_ms: 1_500, standing: Standing::Lapsed };
        assert_eq!(
            StandingNow { next: Some(at_half_a_second), ..recurring }.ends_at_s(),
            Some(2),
            "the reported second must not be before the standing ends"
        );
        // A paid period outranks another gift whose payment failed.
        let failing = gift(MONTHLY, State::PastDue, 9);
        let failing_and_year = standing_of(&[failing, year], 90, 2);
        assert_eq!(failing_and_year.standing, Standing::Recurring);
        assert_eq!(failing_and_year.at(until_ms), standing_of(&[failing, year], 90, until_ms));
        // With an active gift, the standing does not change when the paid period of an ended gift ends.
        assert_eq!(standing_of(&[gift(MONTHLY, State::Active, 9), year], 90, 2).next, None);
    }

    #[test]
    fn the_best_standing_of_supporters_who_share_an_address_is_returned() {
        let id = |n| SupporterId::from_bytes([n; 16]);
        let running = gift(MONTHLY, State::Active, 9);
        let lapsed = gift(MONTHLY, State::Ended, 20);
        let one_off = gift(Frequency::Once, State::Paid, 10);
        let best = |sharing: &[(SupporterId, Vec<GiftSummary>)]| {
            let (id, now) = best_standing(sharing, 90, 1_000).unwrap();
            (id, now.standing, now.quiet_until_ms)
        };
        let quiet_ms = Some(20 + 91 * DAY_MS);
        for is_reversed in [false, true] {
            let ordered = |mut all: Vec<(SupporterId, Vec<GiftSummary>)>| {
                if is_reversed {
                    all.reverse();
                }
                all
            };
            let sharing = ordered(vec![(id(1), vec![lapsed]), (id(2), vec![running]), (id(3), vec![])]);
            assert_eq!(best(&sharing), (id(2), Standing::Recurring, quiet_ms));
            let sharing = ordered(vec![(id(1), vec![one_off]), (id(2), vec![lapsed])]);
            assert_eq!(
                best(&sharing),
                (id(2), Standing::Lapsed, quiet_ms),
                "the gift that was paid last must count"
            );
            let sharing = ordered(vec![(id(1), vec![]), (id(2), vec![])]);
            assert_eq!(best(&sharing), (id(1), Standing::None, None));
        }
        assert_eq!(best_standing(&[], 90, 0), None);
    }
}
