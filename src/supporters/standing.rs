//! The standing: what somebody's contributions to one site make of them.

pub use keepopen_decision::Standing;
use keepopen_decision::quiet_until_ms;
use serde::{Deserialize, Serialize};

use crate::config::Interval;
use crate::contributions::{Contribution, ContributionState};

/// What the standing needs to know of one contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// How often it is given.
    pub interval: Interval,
    /// Where it stands.
    pub state: ContributionState,
    /// The newest payment that stayed, in milliseconds since 1970.
    pub last_kept_payment_at_ms: Option<i64>,
}

/// The standing, and until when nobody may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingNow {
    /// The standing.
    pub standing: Standing,
    /// The first instant when asking is allowed again, in milliseconds since 1970.
    pub quiet_until_ms: Option<i64>,
}

impl Given {
    /// What the standing needs to know of this contribution.
    pub fn of(contribution: &Contribution) -> Self {
        Self {
            interval: contribution.interval,
            state: contribution.state,
            last_kept_payment_at_ms: contribution.last_kept_payment_at_ms,
        }
    }
}

/// The new standing, where a token that was issued by what was given `before` could now ask or thank the wrong person. Nobody had a token
/// before money came, and nobody asks a running supporter, however often their gift renews.
pub fn standing_changed(before: &[Given], after: &[Given], quiet_days: u32) -> Option<StandingNow> {
    use ContributionState::{Active, Ended, Paid, PastDue};
    let had_token = before.iter().any(|it| matches!(it.state, Paid | Active | PastDue | Ended));
    let (then, now) = (standing_of(before, quiet_days), standing_of(after, quiet_days));
    let matters = then.standing != now.standing
        || (then.quiet_until_ms != now.quiet_until_ms && now.standing != Standing::Recurring);
    (had_token && matters).then_some(now)
}

/// The standing that contributions to one site give.
///
/// A recurring gift that runs outranks one whose card fails; money on its way
/// makes the answer unknown (neither ask nor thank) for everybody else; of a
/// one-off and an ended recurring gift, the one paid last speaks.
pub fn standing_of(given: &[Given], quiet_days: u32) -> StandingNow {
    let any = |state| given.iter().any(|it| it.state == state);
    let standing = if any(ContributionState::Active) {
        Standing::Recurring
    } else if any(ContributionState::PastDue) {
        Standing::PastDue
    } else if any(ContributionState::Processing) {
        Standing::Unknown
    } else {
        let kept = given.iter().filter(|it| it.last_kept_payment_at_ms.is_some());
        match kept.max_by_key(|it| it.last_kept_payment_at_ms) {
            None => Standing::None,
            Some(it) if it.interval == Interval::Once => Standing::OneOff,
            Some(_) => Standing::Lapsed,
        }
    };
    let newest = given.iter().filter_map(|it| it.last_kept_payment_at_ms).max();
    StandingNow { standing, quiet_until_ms: newest.map(|at_ms| quiet_until_ms(at_ms, quiet_days)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::DAY_MS;
    use ContributionState as State;

    fn given(interval: Interval, state: State, paid_at_ms: i64) -> Given {
        let last_kept_payment_at_ms = (paid_at_ms > 0).then_some(paid_at_ms);
        Given { interval, state, last_kept_payment_at_ms }
    }

    #[test]
    fn nothing_given_is_none_and_nothing_is_quiet() {
        let nobody = StandingNow { standing: Standing::None, quiet_until_ms: None };
        assert_eq!(standing_of(&[], 90), nobody);
        for state in [State::Open, State::Expired, State::Failed, State::TakenBack, State::NothingToPay] {
            assert_eq!(standing_of(&[given(Interval::Once, state, 0)], 90), nobody, "{state:?}");
        }
    }

    #[test]
    fn day_90_is_still_quiet_and_day_91_is_not() {
        let now = standing_of(&[given(Interval::Once, State::Paid, 5)], 90);
        assert_eq!(now.standing, Standing::OneOff);
        assert_eq!(now.quiet_until_ms, Some(5 + 91 * DAY_MS));
    }

    #[test]
    fn a_running_gift_outranks_a_failing_card_and_that_outranks_money_on_its_way() {
        let active = given(Interval::Month, State::Active, 9);
        let failing = given(Interval::Month, State::PastDue, 9);
        let on_its_way = given(Interval::Once, State::Processing, 0);
        let paid = given(Interval::Once, State::Paid, 9);
        assert_eq!(standing_of(&[failing, on_its_way, active], 90).standing, Standing::Recurring);
        assert_eq!(standing_of(&[paid, on_its_way, failing], 90).standing, Standing::PastDue);
        assert_eq!(standing_of(&[paid, on_its_way], 90).standing, Standing::Unknown);
    }

    #[test]
    fn of_a_one_off_and_an_ended_gift_the_one_paid_last_speaks() {
        let paid = given(Interval::Once, State::Paid, 20);
        assert_eq!(
            standing_of(&[paid, given(Interval::Month, State::Ended, 10)], 90).standing,
            Standing::OneOff
        );
        assert_eq!(
            standing_of(&[paid, given(Interval::Month, State::Ended, 30)], 90).standing,
            Standing::Lapsed
        );
    }

    #[test]
    fn a_standing_changes_only_where_a_token_can_be_older_than_the_change() {
        let month = |state, paid_at_ms| given(Interval::Month, state, paid_at_ms);
        let changed =
            |before: &[Given], after: &[Given]| standing_changed(before, after, 90).map(|now| now.standing);
        assert_eq!(changed(&[], &[month(State::Active, 10)]), None, "the first gift");
        assert_eq!(changed(&[month(State::Processing, 0)], &[month(State::Active, 10)]), None);
        assert_eq!(changed(&[month(State::Active, 10)], &[month(State::Active, 20)]), None, "a renewal");
        assert_eq!(
            changed(&[month(State::Active, 10)], &[month(State::PastDue, 10)]),
            Some(Standing::PastDue)
        );
        assert_eq!(changed(&[month(State::Active, 10)], &[month(State::Ended, 10)]), Some(Standing::Lapsed));
        assert_eq!(changed(&[month(State::Active, 10)], &[]), Some(Standing::None), "it is another person's");
        let once = |paid_at_ms| given(Interval::Once, State::Paid, paid_at_ms);
        assert_eq!(changed(&[once(10)], &[once(10), once(20)]), Some(Standing::OneOff), "quiet for longer");
        assert_eq!(changed(&[once(20)], &[once(10), once(20)]), None);
    }

    #[test]
    fn an_ended_gift_that_was_given_back_leaves_nothing() {
        assert_eq!(standing_of(&[given(Interval::Year, State::TakenBack, 0)], 90).standing, Standing::None);
    }
}
