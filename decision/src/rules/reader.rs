//! Whether the reader was here before, as far as the history tells: a new reader has seen no appeal, sent none away, and
//! read at most one article, which may be the one on the page.

use super::spec::Draft;
use super::{Check, Evidence, Outcome, count};
use crate::context::Facts;
use crate::labels::ReaderKind;
use crate::reason::Reason;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader(Option<ReaderKind>);

const fn word(kind: ReaderKind) -> &'static str {
    match kind {
        ReaderKind::New => "new",
        ReaderKind::Returning => "returning",
    }
}

fn articles(facts: &Facts<'_>) -> u64 {
    facts.weeks().iter().map(|week| u64::from(week.count)).sum()
}

fn kind(facts: &Facts<'_>) -> ReaderKind {
    let met = facts.has_views() || facts.dismissals().next().is_some();
    if met || articles(facts) > 1 { ReaderKind::Returning } else { ReaderKind::New }
}

impl Check for Reader {
    fn compile(draft: &mut Draft<'_, '_>) -> Self {
        Self(draft.rules.audience.reader)
    }

    fn is_idle(&self) -> bool {
        self.0.is_none()
    }

    fn check(&self, facts: &Facts<'_>, _: i64) -> Outcome {
        Outcome::pass_if(self.0.is_none_or(|wanted| wanted == kind(facts)), Reason::NotTargeted)
    }

    fn evidence(&self, facts: &Facts<'_>) -> Evidence {
        let seen = format!(
            "{}: {}, {}, {}",
            word(kind(facts)),
            count(facts.views(facts.now_ms).count() as u64, "view"),
            count(facts.dismissals().count() as u64, "dismissal"),
            count(articles(facts), "article")
        );
        Evidence::new(seen, self.0.map_or("any", word))
    }
}
