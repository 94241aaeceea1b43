//! The reader's country and region. A reader whose country is unknown matches appeals that name no country or region,
//! and appeals that explicitly include unknown countries. No other appeal matches, because the country might be
//! excluded. A reader whose region is unknown does not match if a region of the country is excluded.

use super::spec::AppealSpec;
use super::{Check, Evidence, Outcome, list};
use crate::appeal_rules::{Countries, Selection};
use crate::context::ReaderContext;
use crate::country::{CountryCode, Region};
use crate::labels::UnknownCountry;
use crate::reason::Reason;

/// Included and excluded countries and regions.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    include: Box<[CountryCode]>,
    exclude: Box<[CountryCode]>,
    include_regions: Box<[Region]>,
    exclude_regions: Box<[Region]>,
    /// Whether a reader whose country is unknown matches.
    unknown_matches: bool,
}

impl Places {
    pub(super) fn compile(
        spec: &mut AppealSpec<'_, '_>,
        field_path: &str,
        countries: &Countries,
        regions: &Selection,
    ) -> Self {
        let path = |field: &str, list: &str| format!("{field_path}.{field}.{list}");
        let places = Self {
            include: codes(spec, &path("countries", "include"), &countries.include),
            exclude: codes(spec, &path("countries", "exclude"), &countries.exclude),
            include_regions: parsed_regions(spec, &path("regions", "include"), &regions.include),
            exclude_regions: parsed_regions(spec, &path("regions", "exclude"), &regions.exclude),
            unknown_matches: countries.unknown == Some(UnknownCountry::Include),
        };
        if countries.unknown.is_some() && places.is_empty() {
            spec.problem(
                path("countries", "unknown"),
                "readers in unknown countries match anyway, because no country is named: remove `unknown`.",
            );
        }
        let countries = &places.include;
        if places.include_regions.is_empty()
            && !countries.is_empty()
            && countries.iter().all(|code| places.exclude.contains(code))
        {
            spec.problem(
                path("countries", "include"),
                "each included country is also excluded, so no reader can match: correct one of the lists.",
            );
        }
        places
    }

    fn is_empty(&self) -> bool {
        self.include.is_empty()
            && self.exclude.is_empty()
            && self.include_regions.is_empty()
            && self.exclude_regions.is_empty()
    }

    /// Returns the countries to which the appeal is limited. Returns `None` if it has no such limit, or if an unknown
    /// country matches.
    pub(crate) fn countries(&self) -> Option<impl Iterator<Item = CountryCode> + '_> {
        let of_regions = self.include_regions.iter().map(|region| region.country);
        let has_limit = !(self.include.is_empty() && self.include_regions.is_empty());
        (has_limit && !self.unknown_matches).then(|| self.include.iter().copied().chain(of_regions))
    }

    /// Whether the reader's country and region match.
    pub(super) fn contain(&self, context: &ReaderContext<'_>) -> bool {
        let Some(code) = context.country else {
            return self.unknown_matches || self.is_empty();
        };
        let is_excluded = self.exclude.binary_search(&code).is_ok()
            || match context.region {
                Some(region) => self.exclude_regions.contains(&region),
                None => self.exclude_regions.iter().any(|region| region.country == code),
            };
        let is_included = (self.include.is_empty() && self.include_regions.is_empty())
            || self.include.binary_search(&code).is_ok()
            || context.region.is_some_and(|region| self.include_regions.contains(&region));
        is_included && !is_excluded
    }
}

/// Returns the country codes, including those of the countries in the named groups.
fn codes(spec: &mut AppealSpec<'_, '_>, field_path: &str, texts: &[String]) -> Box<[CountryCode]> {
    let mut codes = Vec::with_capacity(texts.len());
    for (place, text) in texts.iter().enumerate() {
        match spec.site.countries(text) {
            Ok(countries) => codes.extend(countries),
            Err(sentence) => spec.problem(format!("{field_path}[{place}]"), sentence),
        }
    }
    codes.sort_unstable();
    codes.dedup();
    codes.into_boxed_slice()
}

fn parsed_regions(spec: &mut AppealSpec<'_, '_>, field_path: &str, texts: &[String]) -> Box<[Region]> {
    let mut regions = Vec::with_capacity(texts.len());
    for (place, text) in texts.iter().enumerate() {
        match Region::parse(text) {
            Some(region) => regions.push(region),
            None => spec.problem(
                format!("{field_path}[{place}]"),
                format!(
                    "{text:?} is not a region: write a country code, a dash and a region code: \"US-CA\"."
                ),
            ),
        }
    }
    regions.into_boxed_slice()
}

#[derive(Clone, Debug)]
pub(crate) struct Country(Places);

impl Country {
    pub(crate) fn places(&self) -> &Places {
        &self.0
    }
}

impl Check for Country {
    fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
        let audience = &spec.rules.audience;
        Self(Places::compile(spec, "audience", &audience.countries, &audience.regions))
    }

    fn is_noop(&self) -> bool {
        self.0.is_empty()
    }

    fn check(&self, context: &ReaderContext<'_>, _: i64) -> Outcome {
        Outcome::pass_if(self.0.contain(context), Reason::NotTargeted)
    }

    fn evidence(&self, context: &ReaderContext<'_>) -> Evidence {
        let country = context.country.map(|code| code.to_string());
        let seen = context.region.map(|region| region.to_string()).or(country);
        let join = |codes: &[CountryCode], regions: &[Region]| {
            let regions = regions.iter().map(ToString::to_string);
            list(codes.iter().map(ToString::to_string).chain(regions), "")
        };
        let Places { include, exclude, include_regions, exclude_regions, unknown_matches } = &self.0;
        let (include, exclude) = (join(include, include_regions), join(exclude, exclude_regions));
        let mut wanted = match (include.is_empty(), exclude.is_empty()) {
            (true, true) => "any".to_owned(),
            (false, true) => format!("one of: {include}"),
            (true, false) => format!("none of: {exclude}"),
            (false, false) => format!("one of: {include}; none of: {exclude}"),
        };
        if *unknown_matches {
            wanted.push_str("; or an unknown country");
        }
        Evidence::new(seen.unwrap_or_else(|| "unknown".to_owned()), wanted)
    }
}
