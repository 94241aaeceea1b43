//! Converts the weights of variants to ranges of positions. A reader's position is a number computed from the reader's
//! bucket (see `buckets.rs`). An appeal has default weights, and may have separate weights for some countries.

use std::collections::BTreeMap;

use crate::appeal_rules::VariantRules;
use crate::buckets::{pick, ranges};
use crate::country::CountryCode;
use crate::diagnostics::Diagnostics;
use crate::site::Site;

/// The variants' shares, by country.
#[derive(Clone, Debug)]
pub(super) struct Weights {
    default: Shares,
    /// The shares of countries with separate weights, sorted by country.
    by_country: Box<[(CountryCode, Shares)]>,
}

/// The variants' ranges of positions, in the order of the variants.
#[derive(Clone, Debug)]
pub(super) struct Shares(Box<[Share]>);

#[derive(Clone, Copy, Debug)]
struct Share {
    /// Where the variant's half-open range ends. The range begins where the previous one ends.
    end: u32,
    has_weight: bool,
}

impl Shares {
    fn new(weights: &[u32]) -> Self {
        let shares = weights.iter().zip(ranges(weights));
        Self(shares.map(|(weight, end)| Share { end, has_weight: *weight > 0 }).collect())
    }

    /// Returns the variant whose range contains the position.
    pub(super) fn pick(&self, position: u32) -> usize {
        pick(self.0.iter().map(|share| share.end), position)
    }

    pub(super) fn has_weight(&self, variant: usize) -> bool {
        self.0.get(variant).is_some_and(|share| share.has_weight)
    }
}

impl Weights {
    pub(super) fn compile(variants: &[VariantRules], site: &Site, diagnostics: &mut Diagnostics<'_>) -> Self {
        let default: Vec<u32> = variants.iter().map(|variant| variant.weight).collect();
        let mut by_country: BTreeMap<CountryCode, (Vec<u32>, String)> = BTreeMap::new();
        for (place, variant) in variants.iter().enumerate() {
            let field_path = format!("variants[{place}].weights_by_country");
            for (country, (name, weight)) in countries_of(variant, &field_path, site, diagnostics) {
                let default_entry = || (default.clone(), format!("{field_path}.{name}"));
                by_country.entry(country).or_insert_with(default_entry).0[place] = weight;
            }
        }
        let zero = by_country.iter().filter(|(_, (weights, _))| are_all_zero(weights));
        for (country, (_, field_path)) in zero {
            let sentence =
                format!("every variant has weight 0 in {country}: give at least one a weight above 0 there.");
            diagnostics.problem(field_path, sentence);
        }
        let country_shares =
            by_country.into_iter().map(|(country, (weights, _))| (country, Shares::new(&weights)));
        Self { default: Shares::new(&default), by_country: country_shares.collect() }
    }

    pub(super) const fn default(&self) -> &Shares {
        &self.default
    }

    /// Returns a copy whose default ranges follow the learned weights `default`. `has_weight` still reports whether the
    /// appeal's author gave a variant any weight.
    pub(super) fn with_default_weights(&self, default: &[u32]) -> Self {
        let mut other = self.clone();
        for (share, end) in other.default.0.iter_mut().zip(ranges(default)) {
            share.end = end;
        }
        other
    }

    /// Returns the country's separate shares; `None` if the default shares apply.
    pub(super) fn country_shares(&self, country: Option<CountryCode>) -> Option<(CountryCode, &Shares)> {
        let country = country?;
        let place = self.by_country.binary_search_by_key(&country, |(country, _)| *country).ok()?;
        Some((country, &self.by_country[place].1))
    }

    /// Returns the shares that apply to readers in the country.
    pub(super) fn shares(&self, country: Option<CountryCode>) -> &Shares {
        self.country_shares(country).map_or(&self.default, |(_, shares)| shares)
    }
}

fn are_all_zero(weights: &[u32]) -> bool {
    weights.iter().all(|weight| *weight == 0)
}

/// For each country to which the variant gives a separate weight: returns the country code or group that the variant
/// names, and the weight. A country's own code takes precedence over its groups.
fn countries_of<'a>(
    variant: &'a VariantRules,
    field_path: &str,
    site: &Site,
    diagnostics: &mut Diagnostics<'_>,
) -> BTreeMap<CountryCode, (&'a str, u32)> {
    let (mut by_code, mut by_group) = (BTreeMap::new(), BTreeMap::new());
    let mut contradictions = Vec::new();
    for (name, weight) in &variant.weights_by_country {
        let is_group = CountryCode::parse(name).is_none();
        let countries = site.countries(name).unwrap_or_else(|sentence| {
            diagnostics.problem(format!("{field_path}.{name}"), sentence);
            Vec::new()
        });
        let weights = if is_group { &mut by_group } else { &mut by_code };
        for country in countries {
            let (first_name, first_weight) = *weights.entry(country).or_insert((name.as_str(), *weight));
            if first_weight != *weight {
                contradictions.push((country, is_group, first_name, name));
            }
        }
    }
    for (country, is_group, first_name, name) in contradictions {
        if is_group && by_code.contains_key(&country) {
            continue;
        }
        let sentence = if is_group {
            format!("{first_name:?} gives {country} another weight: add a separate weight for {country}.")
        } else {
            format!("{first_name:?} gives this country another weight: name each country only once.")
        };
        diagnostics.problem(format!("{field_path}.{name}"), sentence);
    }
    by_group.extend(by_code);
    by_group
}
