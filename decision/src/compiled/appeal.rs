//! One appeal on one site, compiled.

use std::sync::Arc;

use crate::appeal_rules::AppealRules;
use crate::buckets::Salts;
use crate::choice::{Candidate, Variants};
use crate::diagnostics::Diagnostics;
use crate::labels::{Kind, NeverCovers};
use crate::names::Names;
use crate::rules::{AppealSpec, Parts};
use crate::site::{Covered, Site};
use crate::verdict::AppealIndex;

/// One appeal on one site. It contains a part for each rule, the data for choosing among appeals, and the data for the
/// verdict.
#[derive(Clone, Debug)]
pub(crate) struct Appeal {
    pub(crate) index: AppealIndex,
    pub(crate) id: Box<str>,
    pub(crate) former_ids: Box<[Box<str>]>,
    pub(crate) kind: Kind,
    pub(crate) never_covers: Covered,
    pub(crate) priority: i32,
    pub(crate) candidate: Candidate,
    pub(crate) salts: Salts,
    /// How many readers out of a million are held out: they are shown nothing, so that results can be compared.
    pub(crate) held_out: u32,
    pub(crate) closable: bool,
    pub(crate) variants: Arc<Variants>,
    pub(crate) parts: Parts,
}

impl Appeal {
    /// Returns the appeal's key. The rules and the reader's context use it to refer to the appeal.
    pub(crate) fn key(&self) -> u32 {
        key_of(self.index)
    }

    pub(crate) fn compile<'a>(
        index: AppealIndex,
        rules: &'a AppealRules,
        site: &Site,
        names: &mut Names,
        diagnostics: &mut Diagnostics<'a>,
    ) -> Self {
        diagnostics.check_id("id", &rules.id, "an appeal");
        if rules.weight == 0 {
            diagnostics.problem("weight", "with weight 0, nobody sees the appeal: pause it instead.");
        }
        if rules.share_percent.is_none() {
            let sentence = "with a share of 0, nobody sees the appeal: pause it instead.";
            diagnostics.problem("share_percent", sentence);
        }
        let salts = Salts::new(&site.id, rules.first_id());
        let variants = Arc::new(Variants::compile(rules, salts, site, diagnostics));
        let spec =
            &mut AppealSpec { rules, key: key_of(index), site, variants: &variants, names, diagnostics };
        let campaign = spec.campaign();
        let never_covers = match (rules.dismissal.never_covers, campaign) {
            (NeverCovers::Kind, _) => Covered::Kind(rules.kind),
            (NeverCovers::Campaign, Some(campaign)) => Covered::Campaign(campaign),
            (NeverCovers::Campaign, None) => {
                spec.problem(
                    "dismissal.never_covers",
                    "\"never again\" covers a campaign, but the appeal has no campaign: write `campaign`.",
                );
                Covered::Appeal
            }
            (NeverCovers::Appeal, _) => Covered::Appeal,
        };
        Self {
            index,
            id: rules.id.as_str().into(),
            former_ids: rules.former_ids.iter().map(|id| id.as_str().into()).collect(),
            kind: rules.kind,
            never_covers,
            priority: rules.priority,
            candidate: Candidate {
                weight: rules.weight,
                share_per_million: rules.share_percent.per_million(),
                salt: salts.share,
            },
            salts,
            held_out: rules.holdout_percent.per_million(),
            closable: !spec.is_hard(),
            parts: Parts::compile(spec),
            variants,
        }
    }
}

/// Returns the key of an appeal: its index as 32 bits.
fn key_of(index: AppealIndex) -> u32 {
    u32::try_from(index.0).expect("the number of appeals must fit in 32 bits")
}
