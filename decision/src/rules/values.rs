//! Requires the values for the placeholders in the copy text of the variant that the reader would see. A sequence
//! requires the values of all variants, so that it never stops half-way.

use std::sync::Arc;

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome, list};
use crate::choice::Variants;
use crate::context::ReaderContext;
use crate::labels::Value;
use crate::reason::Reason;

#[derive(Clone, Debug)]
pub(crate) struct Values {
    /// The values that each variant needs, with one bit for each value.
    needs: Box<[u16]>,
    /// The values that are available for every question (every request for a decision), with one bit for each value.
    given: u16,
    variants: Arc<Variants>,
}

/// The values that are available for every question, on every site.
const ALWAYS_AVAILABLE: [Value; 3] = [Value::Currency, Value::Weekday, Value::Date];

/// Returns one bit for each of the values.
fn bits(values: &[Value]) -> u16 {
    values.iter().fold(0, |bits, value| bits | value.bit())
}

impl Values {
    /// Replaces the variants with the same variants that have other weights.
    pub(crate) fn replace_variants(&mut self, variants: Arc<Variants>) {
        self.variants = variants;
    }

    /// Returns the values that the reader's variant needs, with one bit for each value.
    fn needed(&self, context: &ReaderContext<'_>) -> u16 {
        self.needs.get(self.variants.choose(context, 0)).copied().unwrap_or(0)
    }

    fn available(&self, context: &ReaderContext<'_>) -> u16 {
        let mut available = self.given;
        if context.history().is_some() {
            available |= Value::ArticleCount.bit();
        }
        if context.country.is_some() {
            available |= Value::Country.bit();
        }
        available
    }
}

/// Lists the values of a bit set as text. Returns `none` if the set is empty.
fn describe(bits: u16, none: &str) -> String {
    list(Value::ALL.into_iter().filter(|value| bits & value.bit() != 0).map(Value::as_str), none)
}

impl Check for Values {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let rules = spec.rules;
        let mut needs: Vec<u16> = rules.variants.iter().map(|variant| bits(&variant.needs)).collect();
        if spec.variants.has_steps() {
            let all = needs.iter().fold(0, |all, needs| all | needs);
            needs.fill(all);
        }
        let mut given = bits(&ALWAYS_AVAILABLE) | bits(&spec.site.values) | bits(&rules.available_values);
        if rules.schedule.ends_at.is_some() {
            given |= Value::DaysLeft.bit();
        } else if let Some(place) = needs.iter().position(|needs| needs & Value::DaysLeft.bit() != 0) {
            spec.problem(
                format!("variants[{place}].needs"),
                "the variant needs days_left, but the appeal has no end: write `schedule.ends_at`.",
            );
        }
        Self { needs: needs.into(), given, variants: Arc::clone(spec.variants) }
    }

    fn is_noop(&self) -> bool {
        self.needs.iter().all(|needs| needs & !self.given == 0)
    }

    fn check(&self, context: &ReaderContext<'_>, _: i64) -> Outcome {
        Outcome::pass_if(self.needed(context) & !self.available(context) == 0, Reason::MissingValue)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        Evidence::new(
            describe(self.available(context), "none"),
            describe(self.needed(context), "no condition"),
        )
    }
}
