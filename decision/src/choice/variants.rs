//! The variants of an appeal, and which of them a reader gets.

use std::collections::BTreeSet;

use super::Salts;
use super::assignment::{pick, position, ranges};
use crate::appeal_rules::AppealRules;
use crate::compile::Complaints;
use crate::facts::Facts;
use crate::verdict::HELD_OUT;
use crate::words::Assignment;

#[derive(Clone, Debug)]
pub(crate) struct Variants {
    appeal: Box<str>,
    list: Box<[Variant]>,
    steps: Box<[Step]>,
    assignment: Assignment,
    salt: u64,
}

#[derive(Clone, Debug)]
struct Variant {
    id: Box<str>,
    /// Where its half-open range of positions ends; it begins where the one before ends.
    end: u32,
    has_weight: bool,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    variant: usize,
    /// Views of the appeal at which the step is over.
    end: u64,
}

impl Variants {
    /// Checks the variants, and gives each its range or its steps.
    pub(crate) fn compile(rules: &AppealRules, salts: Salts, complaints: &mut Complaints<'_>) -> Self {
        let variants = &rules.variants;
        if variants.is_empty() {
            complaints.problem(
                "variants",
                "an appeal needs at least one variant: without one there is nothing to show.",
            );
        } else if variants.iter().all(|variant| variant.weight == 0) {
            complaints.problem("variants", "every variant has weight 0: give at least one of them readers.");
        }
        let mut taken = BTreeSet::new();
        for (place, variant) in variants.iter().enumerate() {
            if !complaints.check_id(format!("variants[{place}].id"), &variant.id, "a variant") {
                continue;
            }
            if variant.id == HELD_OUT {
                complaints.problem(
                    format!("variants[{place}].id"),
                    format!("{HELD_OUT:?} is what results call readers who see no variant: take another id."),
                );
            } else if !taken.insert(variant.id.as_str()) {
                complaints
                    .problem(format!("variants[{place}].id"), format!("{:?} is named twice.", variant.id));
            }
        }
        let weights: Vec<u32> = variants.iter().map(|variant| variant.weight).collect();
        let list = variants.iter().zip(ranges(&weights)).map(|(variant, end)| Variant {
            id: variant.id.as_str().into(),
            end,
            has_weight: variant.weight > 0,
        });
        Self {
            appeal: rules.id.as_str().into(),
            list: list.collect(),
            steps: steps(rules, complaints),
            assignment: rules.assignment,
            salt: salts.variants,
        }
    }

    pub(crate) fn id(&self, variant: usize) -> &str {
        self.list.get(variant).map_or("", |variant| &variant.id)
    }

    pub(crate) fn has_steps(&self) -> bool {
        !self.steps.is_empty()
    }

    /// The place of the reader among the variants' ranges.
    pub(crate) fn position(&self, facts: &Facts<'_>) -> u32 {
        position(self.salt, facts.bucket())
    }

    /// The variant that comes after so many views; `None` when the sequence is over.
    pub(crate) fn after(&self, views: u64) -> Option<usize> {
        self.steps.iter().find(|step| views < step.end).map(|step| step.variant)
    }

    /// How many views the sequence lasts.
    pub(crate) fn length(&self) -> u64 {
        self.steps.last().map_or(u64::MAX, |step| step.end)
    }

    /// The variant of a reader who has seen the appeal so often since it began anew.
    pub(crate) fn choose(&self, facts: &Facts<'_>, views: u64) -> usize {
        if self.has_steps() {
            return self.after(views).or(self.steps.last().map(|step| step.variant)).unwrap_or(0);
        }
        let kept = if self.assignment == Assignment::Kept { self.last_seen(facts) } else { None };
        kept.unwrap_or_else(|| pick(self.list.iter().map(|variant| variant.end), self.position(facts)))
    }

    /// The variant that this reader saw last, if it is still there for new readers too.
    fn last_seen(&self, facts: &Facts<'_>) -> Option<usize> {
        let views = facts.history()?.views.iter().filter(|view| *view.appeal == *self.appeal);
        let seen = views.filter_map(|view| {
            let id = view.variant.as_deref()?;
            let place = self.list.iter().position(|variant| *variant.id == *id && variant.has_weight)?;
            Some((view.at, place))
        });
        seen.max_by_key(|(at, _)| *at).map(|(_, place)| place)
    }
}

fn steps(rules: &AppealRules, complaints: &mut Complaints<'_>) -> Box<[Step]> {
    let mut end = 0_u64;
    let mut steps = Vec::with_capacity(rules.sequence.len());
    for (place, step) in rules.sequence.iter().enumerate() {
        let path = format!("sequence[{place}]");
        let variant = rules.variants.iter().position(|variant| variant.id == step.variant);
        if variant.is_none() {
            complaints.problem(format!("{path}.variant"), format!("there is no variant {:?}.", step.variant));
        }
        match step.views {
            Some(0) => {
                complaints.problem(format!("{path}.views"), "a step of 0 views never comes: take it out.")
            }
            None if place + 1 < rules.sequence.len() => {
                complaints.problem(format!("{path}.views"), "only the last step may last for ever.");
            }
            Some(_) | None => {}
        }
        end = step.views.map_or(u64::MAX, |views| end.saturating_add(u64::from(views)));
        steps.push(Step { variant: variant.unwrap_or(0), end });
    }
    steps.into()
}
