//! A site's own part: what holds for all of its appeals.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::compiled::{Ids, key_of};
use super::draft::{Author, Complaints, blackouts};
use super::{Appeal, Compiled, Index, KnownAppeal, Problem, Site};
use crate::appeal_rules::{AppealRules, CoolDown, SiteRules};
use crate::calendar::WeekHours;
use crate::choice::Salts;
use crate::country::CountryCode;
use crate::rules::{Articles, Cap, Exclusion};

pub(super) fn add(compiled: &mut Compiled, rules: &SiteRules, place: usize, problems: &mut Vec<Problem>) {
    let mut complaints = Complaints::new(Author::Site(rules), problems);
    if rules.id.trim().is_empty() {
        complaints.problem("id", format!("site number {place} needs an id."));
        return;
    }
    if compiled.sites_by_id.contains_key(rules.id.as_str()) {
        complaints.problem("id", "another site already has this id: the first one counts.");
        return;
    }
    let time_zone = jiff::tz::TimeZoneDatabase::bundled().get(&rules.time_zone).unwrap_or_else(|_| {
        let sentence = format!(
            "{:?} is not a time zone: write a name such as \"Europe/Dublin\". UTC is used until then.",
            rules.time_zone
        );
        complaints.problem("time_zone", sentence);
        TimeZone::UTC
    });
    let (silent_hours, silent_dates) = blackouts("blackouts", &rules.blackouts, &time_zone, &mut complaints);
    compiled.sites_by_id.insert(rules.id.as_str().into(), place_of(compiled.sites.len()));
    compiled.sites.push(Site {
        id: rules.id.as_str().into(),
        kill_switch: rules.kill_switch,
        silenced: rules.silenced_surfaces.iter().fold(0, |bits, surface| bits | surface.bit()),
        held_out: rules.holdout_percent.per_million(),
        holdout_salt: Salts::of_site_holdout(&rules.id),
        values: rules.values.as_slice().into(),
        frequency: Cap::of_site("frequency", &rules.frequency, &mut complaints),
        upsells: rules.upsell.enabled,
        upsell_frequency: Cap::of_site("upsell.frequency", &rules.upsell.frequency, &mut complaints),
        traits: compiled.names.add_all("traits", &rules.traits, &mut complaints),
        cool_down: rules.cool_down.clone(),
        silent_hours,
        silent_dates,
        exclusions: Exclusion::compile_all(
            &rules.exclusions,
            &time_zone,
            &mut compiled.names,
            &mut complaints,
        ),
        country_groups: country_groups(rules, &mut complaints),
        article_tags: Vec::new(),
        article_tag_weeks: 0,
        time_zone,
        appeals: Vec::new(),
        index: Index::default(),
        appeals_by_id: Ids::default(),
    });
}

fn country_groups(
    rules: &SiteRules,
    complaints: &mut Complaints<'_>,
) -> BTreeMap<Box<str>, Box<[CountryCode]>> {
    let mut groups = BTreeMap::new();
    for (name, texts) in &rules.country_groups {
        let path = format!("country_groups.{name}");
        if CountryCode::parse(name).is_some() {
            complaints.problem(&path, "this is a country's code: give the group another name.");
        }
        let mut codes = Vec::new();
        for (place, text) in texts.iter().enumerate() {
            match CountryCode::parse(text) {
                Some(code) => codes.push(code),
                None => complaints.problem(
                    format!("{path}[{place}]"),
                    format!("{text:?} is no country's code of two letters (the United Kingdom's is GB)."),
                ),
            }
        }
        groups.insert(name.as_str().into(), codes.into_boxed_slice());
    }
    groups
}

fn place_of(length: usize) -> u32 {
    u32::try_from(length).expect("four thousand million appeals or sites don't fit in memory")
}

/// The places of the sites that the appeal names.
pub(super) fn homes(rules: &AppealRules, sites: &Ids, complaints: &mut Complaints<'_>) -> Vec<usize> {
    if rules.sites.is_empty() {
        complaints.problem("sites", "an appeal belongs to at least one site: name it.");
    }
    let mut homes = Vec::new();
    for (place, id) in rules.sites.iter().enumerate() {
        match sites.get(id.as_str()).map(|home| *home as usize) {
            None => complaints.problem(format!("sites[{place}]"), format!("there is no site {id:?}.")),
            Some(home) if homes.contains(&home) => {
                complaints.problem(format!("sites[{place}]"), format!("{id:?} is named twice."));
            }
            Some(home) => homes.push(home),
        }
    }
    homes
}

impl Site {
    /// The countries that a name stands for: a code is itself, and the site's groups have names.
    ///
    /// # Errors
    /// A sentence for whoever wrote it, where it is neither.
    pub(crate) fn countries(&self, name: &str) -> Result<Vec<CountryCode>, String> {
        match (CountryCode::parse(name), self.country_groups.get(name)) {
            (Some(code), _) => Ok(vec![code]),
            (None, Some(group)) => Ok(group.to_vec()),
            (None, None) => Err(format!(
                "{name:?} is no country's code of two letters (the United Kingdom's is GB), nor a group of the site."
            )),
        }
    }

    /// A site for appeals that have none, so that the rest of them can be checked.
    pub(super) fn nowhere() -> Self {
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
            appeals: Vec::new(),
            index: Index::default(),
            appeals_by_id: Ids::default(),
        }
    }

    /// Puts the appeals in the order in which they are tried.
    pub(super) fn settle(&mut self) {
        self.appeals
            .sort_by(|one, other| other.priority.cmp(&one.priority).then_with(|| one.id.cmp(&other.id)));
        self.index = Index::new(&self.appeals);
        let by_tag = || self.appeals.iter().map(|it| &it.parts.articles).filter(|it| !it.tags().is_empty());
        self.article_tag_weeks = by_tag().map(Articles::weeks).max().unwrap_or(0);
        let tags = by_tag().flat_map(Articles::tags);
        self.article_tags = tags.copied().collect();
        self.article_tags.sort_unstable();
        self.article_tags.dedup();
        self.appeals_by_id = self.known_appeals();
    }

    /// The appeals by present and former ids. An appeal that may show has its former ids even where another, which may not, has the
    /// same one now: it was renamed, and its predecessor ended.
    fn known_appeals(&self) -> Ids<KnownAppeal> {
        let known = |appeal: &Appeal| KnownAppeal {
            key: key_of(appeal.index),
            kind: appeal.kind,
            never_covers: appeal.never_covers,
        };
        let former = |shows: bool| {
            let appeals = self.appeals.iter().filter(move |appeal| appeal.parts.live.is_live() == shows);
            appeals
                .flat_map(move |appeal| appeal.former_ids.iter().map(move |id| (id.clone(), known(appeal))))
        };
        let present = self.appeals.iter().map(|appeal| (appeal.id.clone(), known(appeal)));
        // Later ones replace earlier ones.
        former(false).chain(present).chain(former(true)).collect()
    }
}
