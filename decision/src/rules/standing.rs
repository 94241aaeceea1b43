//! Limits an appeal to readers with certain standings. A standing is what is known about the reader as a supporter.
//! Each kind of appeal allows only some standings: `ask` and `win_back` never address a recurring or past-due
//! supporter. A reader whose standing is unknown sees no appeal of any kind.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome};
use crate::context::ReaderContext;
use crate::labels::{Kind, Standing};
use crate::reason::Reason;

/// One bit for each standing that matches.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standings(u8);

/// Returns the standings that an appeal of this kind addresses by default.
const fn defaults(kind: Kind) -> &'static [Standing] {
    match kind {
        Kind::Ask => &[Standing::None, Standing::OneOff, Standing::Lapsed],
        Kind::Thank => &[Standing::Recurring, Standing::OneOff],
        Kind::FixCard => &[Standing::PastDue],
        Kind::WinBack => &[Standing::Lapsed],
        Kind::Upsell => &[Standing::OneOff, Standing::Recurring],
    }
}

/// Returns why appeals of a kind must never address readers with a standing. Returns `None` if
/// the combination is allowed.
const fn why_forbidden(kind: Kind, standing: Standing) -> Option<&'static str> {
    match (kind, standing) {
        (_, Standing::Unknown) => Some("it is not known whether the reader gave"),
        (Kind::Ask | Kind::WinBack, Standing::Recurring | Standing::PastDue) => {
            Some("a known supporter is never asked")
        }
        (Kind::WinBack, Standing::None) => Some("a reader who never gave can't be won back"),
        (Kind::Upsell, Standing::None) => Some("a reader who never gave can't give more"),
        (Kind::Upsell, Standing::Lapsed) => Some("a reader who stopped giving is won back first"),
        (Kind::Thank | Kind::Upsell, Standing::PastDue) => Some("the reader's last payment failed"),
        (Kind::Thank, Standing::None) => Some("the reader never gave"),
        (Kind::FixCard, Standing::None | Standing::OneOff | Standing::Recurring | Standing::Lapsed) => {
            Some("only a past_due supporter has a card to fix")
        }
        (Kind::Ask, Standing::None | Standing::OneOff | Standing::Lapsed)
        | (Kind::Thank, Standing::OneOff | Standing::Recurring | Standing::Lapsed)
        | (Kind::FixCard, Standing::PastDue)
        | (Kind::WinBack, Standing::OneOff | Standing::Lapsed)
        | (Kind::Upsell, Standing::OneOff | Standing::Recurring) => None,
    }
}

/// Returns one bit for each of the standings.
fn bits(standings: impl IntoIterator<Item = Standing>) -> u8 {
    standings.into_iter().fold(0, |bits, standing| bits | standing.bit())
}

impl Check for Standings {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let kind = spec.rules.kind;
        let Some(named) = &spec.rules.audience.standings else {
            return Self(bits(defaults(kind).iter().copied()));
        };
        if named.is_empty() {
            spec.problem(
                "audience.standings",
                "an empty list matches no reader: name a standing, or remove the list.",
            );
        }
        for (place, standing) in named.iter().enumerate() {
            if let Some(why) = why_forbidden(kind, *standing) {
                let sentence = format!(
                    "an appeal of kind {} can't target readers with the standing {}: {why}.",
                    kind.as_str(),
                    standing.as_str()
                );
                spec.problem(format!("audience.standings[{place}]"), sentence);
            }
        }
        Self(bits(named.iter().copied().filter(|standing| why_forbidden(kind, *standing).is_none())))
    }

    fn is_noop(&self) -> bool {
        false
    }

    fn check(&self, context: &ReaderContext<'_>, _: i64) -> Outcome {
        let standing = context.known.standing;
        let reason = match standing {
            Standing::Unknown => Reason::UnknownStanding,
            Standing::OneOff | Standing::Recurring | Standing::PastDue => Reason::Supporter,
            Standing::None | Standing::Lapsed => Reason::NotTargeted,
        };
        Outcome::pass_if(self.0 & standing.bit() != 0, reason)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let wanted: Vec<&str> = Standing::ALL
            .into_iter()
            .filter(|standing| self.0 & standing.bit() != 0)
            .map(Standing::as_str)
            .collect();
        Evidence::new(context.known.standing.as_str(), wanted.join(" or "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_kind_may_address_an_unknown_standing() {
        for kind in Kind::ALL {
            assert!(
                why_forbidden(kind, Standing::Unknown).is_some(),
                "{kind:?} addresses readers of unknown standing"
            );
        }
    }

    #[test]
    fn every_default_standing_is_allowed() {
        for kind in Kind::ALL {
            for standing in defaults(kind) {
                assert_eq!(why_forbidden(kind, *standing), None, "{kind:?} {standing:?}");
            }
        }
    }
}
