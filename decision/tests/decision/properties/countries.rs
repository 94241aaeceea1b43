//! Weights by country: in each country, an appeal behaves as if that country's weights were the default weights.

use std::collections::BTreeMap;

use keepopen_decision::{
    AppealRules, Compiled, CountryCode, Frequency, Kind, Known, Question, Reader, SiteRules, Surface,
    VariantRules, Verdict, compile, decide,
};
use proptest::prelude::*;

use super::generate::{appeals, known, question, site, time};
use super::{ask, runs};

/// Returns the appeals with the country's weights as default weights, and without weights by country.
fn with_country_weights_as_default(
    country: Option<CountryCode>,
    site: &SiteRules,
    appeals: &[AppealRules],
) -> Vec<AppealRules> {
    let mut adjusted = appeals.to_vec();
    for variant in adjusted.iter_mut().flat_map(|appeal| &mut appeal.variants) {
        let weights = std::mem::take(&mut variant.weights_by_country);
        let contains_country =
            |names: &[String]| names.iter().any(|name| country == CountryCode::parse(name));
        let by_code = weights.iter().find(|(name, _)| contains_country(std::slice::from_ref(name)));
        let by_group = weights
            .iter()
            .find(|(name, _)| site.country_groups.get(*name).is_some_and(|group| contains_country(group)));
        if let Some((_, weight)) = by_code.or(by_group).filter(|_| country.is_some()) {
            variant.weight = *weight;
        }
    }
    adjusted
}

proptest! {
    #![proptest_config(runs(1500))]

    #[test]
    fn each_country_sees_the_same_as_if_its_weights_were_the_default(
        appeals in appeals(1..3),
        site in site(),
        question in question(),
        known in known(),
        now in time(),
    ) {
        let (rules, problems) = compile(std::slice::from_ref(&site), &appeals);
        // An appeal with a problem shows nowhere, even if the problem concerns another country.
        if !problems.is_empty() {
            return Ok(());
        }
        let country = question.reader.country.as_deref().and_then(CountryCode::parse);
        let (adjusted, no_problems) = compile(std::slice::from_ref(&site), &with_country_weights_as_default(country, &site, &appeals));
        prop_assert_eq!(no_problems, []);
        let now_ms = now.as_millisecond();
        prop_assert_eq!(ask(&rules, &question, &known, now_ms), ask(&adjusted, &question, &known, now_ms));
    }
}

const BUCKETS: u32 = 100_000;

/// Compiles one appeal of three variants, with these default weights and with separate weights in New Zealand.
fn compile_appeal(default_weights: [u32; 3], nz_weights: Option<[u32; 3]>) -> Compiled {
    let by_country = |place: usize| -> BTreeMap<String, u32> {
        nz_weights.iter().map(|weights| ("NZ".to_owned(), weights[place])).collect()
    };
    let variant = |place: usize| VariantRules {
        weight: default_weights[place],
        weights_by_country: by_country(place),
        ..VariantRules::new(place.to_string())
    };
    let appeal = AppealRules {
        frequency: Some(Frequency { unlimited: true, ..Frequency::default() }),
        variants: (0..3).map(variant).collect(),
        ..AppealRules::new("summer", "journal", Kind::Ask, Surface::Banner)
    };
    let (compiled, problems) = compile(&[SiteRules::new("journal")], &[appeal]);
    assert_eq!(problems, []);
    compiled
}

/// Returns the variant of each reader in the country, by bucket (the number that the browser keeps).
fn chosen_variants(rules: &Compiled, country: Option<&'static str>) -> Vec<usize> {
    let variant = |bucket| {
        let reader = Reader { bucket: Some(bucket), country: country.map(Into::into), ..Reader::default() };
        let question = Question { reader, ..Question::from_site("journal") };
        match decide(rules, &question, &Known::without_token(), 0, 0) {
            Ok(Verdict::Show { variant, .. }) => variant,
            other => panic!("expected a shown appeal, found {other:?}"),
        }
    };
    (0..BUCKETS).map(variant).collect()
}

#[test]
fn weights_of_one_country_do_not_affect_readers_of_another() {
    let (before, after) = (compile_appeal([5, 1, 4], None), compile_appeal([5, 1, 4], Some([0, 3, 1])));
    let elsewhere = chosen_variants(&before, Some("AU"));
    assert_eq!(chosen_variants(&after, Some("AU")), elsewhere);
    assert_eq!(chosen_variants(&after, None), elsewhere);
    assert_ne!(chosen_variants(&after, Some("NZ")), elsewhere);
}

#[test]
fn shares_in_a_country_follow_its_own_weights() {
    let nz_variants = chosen_variants(&compile_appeal([5, 1, 4], Some([0, 3, 1])), Some("NZ"));
    let readers = [0, 1, 2].map(|wanted| nz_variants.iter().filter(|variant| **variant == wanted).count());
    // The second variant gets three quarters of the readers. Four times the standard deviation of 137 is 548.
    assert!(
        readers[0] == 0 && (74_452..75_548).contains(&readers[1]),
        "expected no reader for the first variant and about 75,000 for the second, found {readers:?}"
    );
    assert_eq!(
        nz_variants,
        chosen_variants(&compile_appeal([0, 3, 1], None), None),
        "separate weights must split readers as default weights do"
    );
}
