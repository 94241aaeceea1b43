//! A compiled site: everything that applies to all of its appeals.
//!
//! **Owns** a site's own part of the rules, compiled: its time zone, caps, exclusions, country groups and known ids.
//! **Never** knows the site's appeals or how a rule uses this data. `compiled/` contains the appeals, and `rules/` the
//! rules.
//! **Start at** [`Site`] below.
//! **Tested in** `cases/site.json`, `cases/exclusions.json`, `cases/site_frequency.json`.

mod cap;
mod exclusion;

use std::collections::BTreeMap;

use hashbrown::HashMap;
use jiff::tz::TimeZone;
use rustc_hash::FxBuildHasher;

use crate::appeal_rules::{CoolDown, SiteRules};
use crate::buckets::Salts;
use crate::calendar::{DateSpan, WeekHours};
use crate::country::CountryCode;
use crate::diagnostics::Diagnostics;
use crate::labels::{Kind, Value};
use crate::names::{NameId, Names};
use crate::timing::blackouts;
pub(crate) use cap::{Cap, DEFAULT_MAX_VIEWS, DEFAULT_WINDOW_DAYS, EMPTY_WINDOW, report_zero};
pub(crate) use exclusion::Exclusion;

/// A map by id. By default, its values are indexes.
pub(crate) type Ids<T = u32> = HashMap<Box<str>, T, FxBuildHasher>;

/// One compiled site, without its appeals.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) id: Box<str>,
    pub(crate) kill_switch: bool,
    /// One bit for each surface on which nothing shows.
    pub(crate) silenced: u8,
    /// How many readers out of a million are never asked for money. `holdout_salt` selects them.
    pub(crate) held_out: u32,
    pub(crate) holdout_salt: u64,
    pub(crate) values: Box<[Value]>,
    pub(crate) time_zone: TimeZone,
    pub(crate) frequency: Option<Cap>,
    /// Whether upsells show.
    pub(crate) upsells: bool,
    pub(crate) upsell_frequency: Option<Cap>,
    /// The site's traits, sorted.
    pub(crate) traits: Box<[NameId]>,
    pub(crate) cool_down: CoolDown,
    /// The hours of each week in which the site shows no appeal.
    pub(crate) silent_hours: WeekHours,
    pub(crate) silent_dates: Box<[DateSpan]>,
    pub(crate) exclusions: Box<[Exclusion]>,
    pub(crate) country_groups: BTreeMap<Box<str>, Box<[CountryCode]>>,
    /// The tags by which at least one appeal counts articles, sorted.
    pub(crate) article_tags: Vec<NameId>,
    /// For how many weeks before the current week articles are counted by these tags. The appeal with the most weeks
    /// decides.
    pub(crate) article_tag_weeks: i64,
    /// The appeals by the ids that histories may contain: their current and former ids.
    pub(crate) appeals_by_id: Ids<KnownAppeal>,
}

/// The appeal that an id in a reader's history stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownAppeal {
    pub(crate) key: u32,
    pub(crate) kind: Kind,
    pub(crate) never_covers: Covered,
}

/// What "never again" covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Covered {
    /// Only the appeal that the reader dismissed.
    Appeal,
    Campaign(NameId),
    Kind(Kind),
}

impl Site {
    /// Compiles everything that applies to all of the site's appeals.
    pub(crate) fn compile(rules: &SiteRules, names: &mut Names, diagnostics: &mut Diagnostics<'_>) -> Self {
        let time_zone = jiff::tz::TimeZoneDatabase::bundled().get(&rules.time_zone).unwrap_or_else(|_| {
            let sentence = format!(
                "{:?} is not a time zone: write a name such as \"Europe/Dublin\". UTC is used until then.",
                rules.time_zone
            );
            diagnostics.problem("time_zone", sentence);
            TimeZone::UTC
        });
        let (silent_hours, silent_dates) = blackouts("blackouts", &rules.blackouts, &time_zone, diagnostics);
        Self {
            id: rules.id.as_str().into(),
            kill_switch: rules.kill_switch,
            silenced: rules.silenced_surfaces.iter().fold(0, |bits, surface| bits | surface.bit()),
            held_out: rules.holdout_percent.per_million(),
            holdout_salt: Salts::of_site_holdout(&rules.id),
            values: rules.values.as_slice().into(),
            frequency: Cap::of_site("frequency", &rules.frequency, diagnostics),
            upsells: rules.upsell.enabled,
            upsell_frequency: Cap::of_site("upsell.frequency", &rules.upsell.frequency, diagnostics),
            traits: names.add_all("traits", &rules.traits, diagnostics),
            cool_down: rules.cool_down.clone(),
            silent_hours,
            silent_dates,
            exclusions: Exclusion::compile_all(&rules.exclusions, &time_zone, names, diagnostics),
            country_groups: country_groups(rules, diagnostics),
            article_tags: Vec::new(),
            article_tag_weeks: 0,
            time_zone,
            appeals_by_id: Ids::default(),
        }
    }

    /// Returns the countries that a name stands for. The name is a country code, or the name of one of the site's
    /// country groups.
    ///
    /// # Errors
    /// The name is neither of the two. The error is the sentence of the problem to report.
    pub(crate) fn countries(&self, name: &str) -> Result<Vec<CountryCode>, String> {
        match (CountryCode::parse(name), self.country_groups.get(name)) {
            (Some(code), _) => Ok(vec![code]),
            (None, Some(group)) => Ok(group.to_vec()),
            (None, None) => Err(format!(
                "{name:?} is neither a two-letter country code, such as GB, nor a country group of the site."
            )),
        }
    }

    /// Creates a placeholder for appeals without a site, so that the rest of such an appeal can be checked.
    pub(crate) fn placeholder() -> Self {
        Self {
            id: "".into(),
            kill_switch: false,
            silenced: 0,
            held_out: 0,
            holdout_salt: 0,
            values: [].into(),
            time_zone: TimeZone::UTC,
            frequency: None,
            upsells: true,
            upsell_frequency: None,
            traits: [].into(),
            cool_down: CoolDown::default(),
            silent_hours: WeekHours::all().not(),
            silent_dates: [].into(),
            exclusions: [].into(),
            country_groups: BTreeMap::new(),
            article_tags: Vec::new(),
            article_tag_weeks: 0,
            appeals_by_id: Ids::default(),
        }
    }
}

fn country_groups(
    rules: &SiteRules,
    diagnostics: &mut Diagnostics<'_>,
) -> BTreeMap<Box<str>, Box<[CountryCode]>> {
    let mut groups = BTreeMap::new();
    for (name, texts) in &rules.country_groups {
        let path = format!("country_groups.{name}");
        if CountryCode::parse(name).is_some() {
            diagnostics.problem(&path, "this is a country code: give the group another name.");
        }
        let mut codes = Vec::new();
        for (place, text) in texts.iter().enumerate() {
            match CountryCode::parse(text) {
                Some(code) => codes.push(code),
                None => diagnostics.problem(
                    format!("{path}[{place}]"),
                    format!("{text:?} is not a two-letter country code, such as GB for the United Kingdom."),
                ),
            }
        }
        groups.insert(name.as_str().into(), codes.into_boxed_slice());
    }
    groups
}
