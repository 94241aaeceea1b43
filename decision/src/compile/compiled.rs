//! What compiling makes: sites with their appeals in the order in which they are tried.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use jiff::tz::TimeZone;
use rustc_hash::FxBuildHasher;

use super::{Complaints, Draft, Index, NameId, Names};
use crate::appeal_rules::{AppealRules, CoolDown};
use crate::calendar::{DateSpan, WeekHours};
use crate::choice::{Candidate, Salts, Variants};
use crate::country::CountryCode;
use crate::rules::{Cap, Exclusion, Parts};
use crate::verdict::AppealIndex;
use crate::words::{Kind, NeverCovers, Value};

pub(crate) type Ids<T = u32> = HashMap<Box<str>, T, FxBuildHasher>;

/// What a reader's history is read with: what one of its ids stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownAppeal {
    pub(crate) key: u32,
    pub(crate) kind: Kind,
    pub(crate) never_covers: Covered,
}

/// What "never again" holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Covered {
    Appeal,
    Campaign(NameId),
    Kind(Kind),
}

/// Sites and appeals, checked and ready to be asked. Cheap to read from many threads; swap it whole.
#[derive(Clone, Debug, Default)]
pub struct Compiled {
    pub(crate) sites: Vec<Site>,
    pub(crate) sites_by_id: Ids,
    pub(crate) names: Names,
}

impl Compiled {
    pub(crate) fn site(&self, id: &str) -> Option<&Site> {
        self.sites_by_id.get(id).map(|place| &self.sites[*place as usize])
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) id: Box<str>,
    pub(crate) kill_switch: bool,
    /// One bit for each surface on which nothing shows.
    pub(crate) silenced: u8,
    /// Readers out of a million who are never asked for money, and what splits them off.
    pub(crate) held_out: u32,
    pub(crate) holdout_salt: u64,
    pub(crate) values: Box<[Value]>,
    pub(crate) time_zone: TimeZone,
    pub(crate) frequency: Option<Cap>,
    /// Whether upsells show.
    pub(crate) upsells: bool,
    pub(crate) upsell_frequency: Option<Cap>,
    /// Facts of the site's own, sorted.
    pub(crate) traits: Box<[NameId]>,
    pub(crate) cool_down: CoolDown,
    /// Hours of each week in which the site is silent.
    pub(crate) silent_hours: WeekHours,
    pub(crate) silent_dates: Box<[DateSpan]>,
    pub(crate) exclusions: Box<[Exclusion]>,
    pub(crate) country_groups: BTreeMap<Box<str>, Box<[CountryCode]>>,
    /// Tags by which some appeal counts articles, sorted.
    pub(crate) article_tags: Vec<NameId>,
    /// How many weeks before the present one the furthest of them looks back.
    pub(crate) article_tag_weeks: i64,
    /// Highest priority first, equals by id.
    pub(crate) appeals: Vec<Appeal>,
    pub(crate) index: Index,
    /// By the ids that histories may hold: present ones, and former ones.
    pub(crate) appeals_by_id: Ids<KnownAppeal>,
}

/// By which facts and rules name an appeal.
pub(super) fn key_of(index: AppealIndex) -> u32 {
    u32::try_from(index.0).expect("four thousand million appeals don't fit in memory")
}

/// One appeal on one site: a part for each rule, beside what the choice and the verdict need.
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
    /// Readers out of a million from whom it is withheld.
    pub(crate) held_out: u32,
    pub(crate) closable: bool,
    pub(crate) variants: Arc<Variants>,
    pub(crate) parts: Parts,
}

impl Appeal {
    pub(super) fn compile<'a>(
        index: AppealIndex,
        rules: &'a AppealRules,
        site: &Site,
        names: &mut Names,
        complaints: &mut Complaints<'a>,
    ) -> Self {
        complaints.check_id("id", &rules.id, "an appeal");
        if rules.weight == 0 {
            complaints.problem("weight", "with weight 0 nobody sees it: pause it instead.");
        }
        if rules.share_percent.is_none() {
            complaints.problem("share_percent", "with a share of 0 nobody sees it: pause it instead.");
        }
        let salts = Salts::new(&site.id, rules.first_id());
        let variants = Arc::new(Variants::compile(rules, salts, site, complaints));
        let draft = &mut Draft { rules, key: key_of(index), site, variants: &variants, names, complaints };
        let campaign = draft.campaign();
        let never_covers = match (rules.dismissal.never_covers, campaign) {
            (NeverCovers::Kind, _) => Covered::Kind(rules.kind),
            (NeverCovers::Campaign, Some(campaign)) => Covered::Campaign(campaign),
            (NeverCovers::Campaign, None) => {
                draft.problem(
                    "dismissal.never_covers",
                    "it covers a campaign, but the appeal has none: write campaign.",
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
                most: rules.share_percent.per_million(),
                salt: salts.share,
            },
            salts,
            held_out: rules.holdout_percent.per_million(),
            closable: !draft.is_hard(),
            parts: Parts::compile(draft),
            variants,
        }
    }
}
