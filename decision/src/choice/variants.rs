//! The variants of an appeal, and which one a reader gets.

use std::collections::BTreeSet;

use super::weights::Weights;
use crate::appeal_rules::{AppealRules, Percent};
use crate::buckets::{Salts, position};
use crate::context::ReaderContext;
use crate::country::CountryCode;
use crate::diagnostics::Diagnostics;
use crate::labels::Assignment;
use crate::site::Site;
use crate::verdict::HELD_OUT;

/// The compiled variants of one appeal on one site.
#[derive(Clone, Debug)]
pub(crate) struct Variants {
    /// The appeal's current and former ids.
    appeal_ids: Box<[Box<str>]>,
    ids: Box<[Box<str>]>,
    weights: Weights,
    steps: Box<[Step]>,
    assignment: Assignment,
    /// The minimum share of a variant with learned weights, out of a million.
    floor: u32,
    salt: u64,
}

/// A step of the appeal's sequence of variants.
#[derive(Clone, Copy, Debug)]
struct Step {
    variant: usize,
    /// The number of views of the appeal at which the step ends.
    end: u64,
}

impl Variants {
    /// Checks the variants. Assigns each variant its range of reader positions (see `buckets.rs`), or its steps in the
    /// sequence.
    pub(crate) fn compile(
        rules: &AppealRules,
        salts: Salts,
        site: &Site,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Self {
        let variants = &rules.variants;
        if variants.is_empty() {
            diagnostics.problem(
                "variants",
                "an appeal needs at least one variant: without a variant there is nothing to show.",
            );
        } else if variants.iter().all(|variant| variant.weight == 0) {
            let sentence = "every variant has weight 0: give at least one variant a weight above 0.";
            diagnostics.problem("variants", sentence);
        }
        let mut used_ids = BTreeSet::new();
        for (place, variant) in variants.iter().enumerate() {
            if !diagnostics.check_id(format!("variants[{place}].id"), &variant.id, "a variant") {
                continue;
            }
            if variant.id == HELD_OUT {
                diagnostics.problem(
                    format!("variants[{place}].id"),
                    format!("{HELD_OUT:?} is reserved for readers who see no variant: choose another id."),
                );
            } else if !used_ids.insert(variant.id.as_str()) {
                let sentence = format!("another variant already has the id {:?}.", variant.id);
                diagnostics.problem(format!("variants[{place}].id"), sentence);
            }
        }
        let floor = floor(rules, diagnostics);
        report_unused_weights(rules, diagnostics);
        Self {
            appeal_ids: std::iter::once(&rules.id)
                .chain(&rules.former_ids)
                .map(|id| id.as_str().into())
                .collect(),
            ids: variants.iter().map(|variant| variant.id.as_str().into()).collect(),
            weights: Weights::compile(variants, site, diagnostics),
            steps: steps(rules, diagnostics),
            assignment: rules.assignment,
            floor,
            salt: salts.variants,
        }
    }

    /// Returns the ids of the variants among which learned weights divide the readers, and the floor. Returns `None` if
    /// the weights are not learned.
    pub(crate) fn learning(&self) -> Option<(impl Iterator<Item = &str>, u32)> {
        let default = self.weights.default();
        let with_weight = self.ids.iter().enumerate().filter(|(place, _)| default.has_weight(*place));
        let ids = with_weight.map(|(_, id)| &**id);
        (self.assignment == Assignment::Learned).then_some((ids, self.floor))
    }

    /// Returns a copy with other weights, given by variant id. Returns `None` unless the weights are for exactly the
    /// variants that [`Self::learning`] returns.
    pub(crate) fn with_weights(&self, weights: &[(String, u32)]) -> Option<Self> {
        let (with_weight, _) = self.learning()?;
        let is_complete =
            weights.len() == with_weight.count() && weights.iter().any(|(_, weight)| *weight > 0);
        let learned = |id: &str| weights.iter().find(|(other, _)| other == id).map(|(_, weight)| *weight);
        let weight =
            |(place, id)| learned(id).or_else(|| (!self.weights.default().has_weight(place)).then_some(0));
        let all: Vec<u32> = self.ids.iter().map(|id| &**id).enumerate().map(weight).collect::<Option<_>>()?;
        is_complete.then(|| Self { weights: self.weights.with_default_weights(&all), ..self.clone() })
    }

    pub(crate) fn id(&self, variant: usize) -> &str {
        self.ids.get(variant).map_or("", |id| id)
    }

    pub(crate) fn has_steps(&self) -> bool {
        !self.steps.is_empty()
    }

    /// Returns the reader's position among the variants' ranges.
    pub(crate) fn position(&self, context: &ReaderContext<'_>) -> u32 {
        position(self.salt, context.bucket())
    }

    /// Returns the reader's country if the country has separate weights.
    pub(crate) fn country_with_own_weights(&self, context: &ReaderContext<'_>) -> Option<CountryCode> {
        self.weights.country_shares(context.country).map(|(country, _)| country)
    }

    /// Returns the variant of the step that follows this many views; `None` if the sequence is over.
    pub(crate) fn step_after(&self, views: u64) -> Option<usize> {
        self.steps.iter().find(|step| views < step.end).map(|step| step.variant)
    }

    /// Returns how many views the sequence lasts: `u64::MAX` if it never ends.
    pub(crate) fn length(&self) -> u64 {
        self.steps.last().map_or(u64::MAX, |step| step.end)
    }

    /// Returns the variant for a reader with this many views since the last redeploy (the time at which the appeal last
    /// started over).
    pub(crate) fn choose(&self, context: &ReaderContext<'_>, views: u64) -> usize {
        if self.has_steps() {
            return self.step_after(views).or(self.steps.last().map(|step| step.variant)).unwrap_or(0);
        }
        let kept = if self.assignment == Assignment::Fixed { None } else { self.last_seen(context) };
        kept.unwrap_or_else(|| self.weights.shares(context.country).pick(self.position(context)))
    }

    /// Returns the variant that this reader saw last, if it still has weight in the reader's country.
    fn last_seen(&self, context: &ReaderContext<'_>) -> Option<usize> {
        let shares = self.weights.shares(context.country);
        let is_own = |id: &str| self.appeal_ids.iter().any(|own| **own == *id);
        let views = context.history()?.views.iter().filter(|view| {
            is_own(&view.appeal) && ReaderContext::view_counts_at(view.at.as_millisecond(), context.now_ms)
        });
        let seen = views.filter_map(|view| {
            let id = view.variant.as_deref()?;
            let place = self.ids.iter().position(|variant| **variant == *id)?;
            shares.has_weight(place).then_some((view.at, place))
        });
        seen.max_by_key(|(at, _)| *at).map(|(_, place)| place)
    }
}

/// Returns the floor of learned weights: the minimum share of each variant, out of a million. Reports problems with
/// learned weights.
fn floor(rules: &AppealRules, diagnostics: &mut Diagnostics<'_>) -> u32 {
    const DEFAULT_FLOOR: u32 = 50_000;
    const MILLION: u32 = 1_000_000;
    if rules.assignment != Assignment::Learned {
        if rules.floor_percent.is_some() {
            let sentence = "a floor has an effect only with assignment \"learned\": remove `floor_percent`.";
            diagnostics.problem("floor_percent", sentence);
        }
        return DEFAULT_FLOOR;
    }
    if !rules.sequence.is_empty() {
        diagnostics.problem(
            "assignment",
            "with a sequence there is nothing to learn: remove `sequence`, or choose another assignment.",
        );
    }
    for (place, variant) in rules.variants.iter().enumerate().filter(|(_, variant)| variant.weight > 1) {
        let sentence = format!(
            "weights are learned from results: remove the weight of {}, or write 0 to give it no readers.",
            variant.id
        );
        diagnostics.problem(format!("variants[{place}].weight"), sentence);
    }
    let weighted = rules.variants.iter().filter(|variant| variant.weight > 0).count();
    let floor = rules.floor_percent.map_or(DEFAULT_FLOOR, Percent::per_million);
    if floor == 0 {
        diagnostics.problem(
            "floor_percent",
            "with a floor of 0, a variant that starts badly is never tried again: write more than 0.",
        );
    } else if rules.floor_percent.is_some() && weighted as u64 * u64::from(floor) > u64::from(MILLION) {
        let max_percent = f64::from(MILLION) / 10_000.0 / weighted as f64;
        let sentence = format!("with {weighted} variants, the floor can be at most {max_percent:.1} %.");
        diagnostics.problem("floor_percent", sentence);
    }
    floor
}

/// Reports weights by country that would have no effect.
fn report_unused_weights(rules: &AppealRules, diagnostics: &mut Diagnostics<'_>) {
    let sentence = match (rules.sequence.is_empty(), rules.assignment) {
        (false, _) => "with a sequence, weights have no effect: remove `weights_by_country` or `sequence`.",
        (true, Assignment::Learned) => {
            "learned weights are the same in every country: remove `weights_by_country`."
        }
        (true, Assignment::Fixed | Assignment::Kept) => return,
    };
    let variants = rules.variants.iter().enumerate();
    for (place, _) in variants.filter(|(_, variant)| !variant.weights_by_country.is_empty()) {
        diagnostics.problem(format!("variants[{place}].weights_by_country"), sentence);
    }
}

/// Checks the steps of the sequence and compiles them.
fn steps(rules: &AppealRules, diagnostics: &mut Diagnostics<'_>) -> Box<[Step]> {
    let mut end = 0_u64;
    let mut steps = Vec::with_capacity(rules.sequence.len());
    for (place, step) in rules.sequence.iter().enumerate() {
        let path = format!("sequence[{place}]");
        let variant = rules.variants.iter().position(|variant| variant.id == step.variant);
        if variant.is_none() {
            diagnostics
                .problem(format!("{path}.variant"), format!("no variant has the id {:?}.", step.variant));
        }
        match step.views {
            Some(0) => {
                diagnostics.problem(format!("{path}.views"), "a step of 0 views never shows: remove it.");
            }
            None if place + 1 < rules.sequence.len() => {
                diagnostics.problem(format!("{path}.views"), "only the last step may omit `views`.");
            }
            Some(_) | None => {}
        }
        end = step.views.map_or(u64::MAX, |views| end.saturating_add(u64::from(views)));
        steps.push(Step { variant: variant.unwrap_or(0), end });
    }
    steps.into()
}
