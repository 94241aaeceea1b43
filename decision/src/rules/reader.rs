//! Requires a new or a returning reader, according to the history. A new reader has seen and dismissed no appeal, and
//! has read at most one article, which may be the current one.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome, quantity};
use crate::context::ReaderContext;
use crate::labels::ReaderKind;
use crate::reason::Reason;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader(Option<ReaderKind>);

const fn label(kind: ReaderKind) -> &'static str {
    match kind {
        ReaderKind::New => "new",
        ReaderKind::Returning => "returning",
    }
}

/// Returns the number of articles in the whole history.
fn articles_read(context: &ReaderContext<'_>) -> u64 {
    context.weeks().iter().map(|week| u64::from(week.count)).sum()
}

/// Returns whether the reader is new or returning.
fn kind_of(context: &ReaderContext<'_>) -> ReaderKind {
    let has_seen_an_appeal = context.has_views() || context.dismissals().next().is_some();
    if has_seen_an_appeal || articles_read(context) > 1 { ReaderKind::Returning } else { ReaderKind::New }
}

impl Check for Reader {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        Self(spec.rules.audience.reader)
    }

    fn is_noop(&self) -> bool {
        self.0.is_none()
    }

    fn check(&self, context: &ReaderContext<'_>, _: i64) -> Outcome {
        Outcome::pass_if(self.0.is_none_or(|wanted| wanted == kind_of(context)), Reason::NotTargeted)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let seen = format!(
            "{}: {}, {}, {}",
            label(kind_of(context)),
            quantity(context.views(context.now_ms).count() as u64, "view"),
            quantity(context.dismissals().count() as u64, "dismissal"),
            quantity(articles_read(context), "article")
        );
        Evidence::new(seen, self.0.map_or("any", label))
    }
}
