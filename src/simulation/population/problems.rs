//! Finds the problems of a population's description.

use std::collections::BTreeMap;

use super::choice::Weighted;
use super::{Population, Reactions, Supporters};
use crate::config::typed::{self, Misfit, Notation};
use crate::sites::SiteSettings;

/// The maximum simulated time, in days.
const MAX_DAYS: u32 = 3_650;
/// The maximum mean number of visits per week.
const MAX_VISITS_PER_WEEK: f64 = 500.0;
/// The maximum number of pages per visit.
const MAX_PAGES_PER_VISIT: u32 = 1_000;

/// Rejects a list where a table is expected. The TOML parser would read the list as a table with its fields in order.
/// (Items with a weight need no check here, because the parser reads them only from a table.)
fn reject_lists_for_tables(written: &toml::Table) -> Result<(), Vec<String>> {
    fn problem<T: serde::de::DeserializeOwned>(written: &toml::Table, field: &str) -> Option<String> {
        let value = serde_json::to_value(written.get(field)?).ok()?;
        let misfit =
            typed::read::<T>(value, Notation::Toml).err().filter(|misfit| misfit.is_list_for_table)?;
        let separator = if misfit.field.is_empty() || misfit.field.starts_with('[') { "" } else { "." };
        Some(Misfit { field: format!("{field}{separator}{}", misfit.field), ..misfit }.to_string())
    }
    let found: Vec<String> =
        [problem::<Reactions>(written, "then"), problem::<Vec<Supporters>>(written, "supporters")]
            .into_iter()
            .flatten()
            .collect();
    if found.is_empty() { Ok(()) } else { Err(found) }
}

impl Population {
    /// Reads a description in TOML.
    ///
    /// # Errors
    /// Returns the problems of the description, each with the path of the field and a sentence.
    pub fn read(text: &str, sites: &BTreeMap<String, SiteSettings>) -> Result<Self, Vec<String>> {
        let unreadable = |error: toml::de::Error| vec![error.to_string().trim_end().replace('\n', "\n  ")];
        let mut population: Self = toml::from_str(text).map_err(unreadable)?;
        reject_lists_for_tables(&toml::from_str(text).map_err(unreadable)?)?;
        if population.site.is_none() && sites.len() == 1 {
            population.site = sites.keys().next().cloned();
        }
        let problems = population.problems(sites);
        if problems.is_empty() { Ok(population) } else { Err(problems) }
    }

    fn problems(&self, sites: &BTreeMap<String, SiteSettings>) -> Vec<String> {
        let mut found = Problems(Vec::new());
        match &self.site {
            None => found.add("site", "name one of the settings' sites."),
            Some(site) if !sites.contains_key(site) => {
                found.add("site", &format!("no site is called {site:?}."));
            }
            Some(_) => {}
        }
        found.require(self.readers > 0, "readers", "write at least 1.");
        found.require((1..=MAX_DAYS).contains(&self.days), "days", "write 1 to 3650.");
        found.require(!self.visits.is_empty(), "visits", "say how often readers visit.");
        found.require(!self.pages.is_empty(), "pages", "say which pages readers read.");
        found.check_weights("visits", &self.visits);
        found.check_weights("visit_lengths", &self.visit_lengths);
        found.check_weights("pages", &self.pages);
        found.check_weights("countries", &self.countries);
        found.check_weights("devices", &self.devices);
        found.check_weights("locales", &self.locales);
        for (index, visits) in self.visits.iter().enumerate() {
            let path = format!("visits[{index}].per_week");
            found.require(
                (0.0..=MAX_VISITS_PER_WEEK).contains(&visits.what.per_week),
                &path,
                "write 0 to 500.",
            );
        }
        for (index, length) in self.visit_lengths.iter().enumerate() {
            let path = format!("visit_lengths[{index}].pages");
            found.require((1..=MAX_PAGES_PER_VISIT).contains(&length.what.pages), &path, "write 1 to 1000.");
        }
        if !self.hours.is_empty() {
            found.require(self.hours.len() == 24, "hours", "write 24 weights, the first for 00:00 to 01:00.");
            found.check_weight_values("hours", &self.hours);
        }
        found.check_percents("without_consent_percent", &[self.without_consent_percent]);
        let supporters: Vec<f64> = self.supporters.iter().map(|group| group.percent).collect();
        found.check_percents("supporters", &supporters);
        let Reactions {
            close_percent,
            later_percent,
            already_gave_percent,
            never_percent,
            give_once_percent,
            give_monthly_percent,
        } = self.then;
        let dismissals = [close_percent, later_percent, already_gave_percent, never_percent];
        found.check_percents("then", &[&dismissals[..], &[give_once_percent, give_monthly_percent]].concat());
        found.0
    }
}

struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, path: &str, sentence: &str) {
        self.0.push(format!("{path}: {sentence}"));
    }

    fn require(&mut self, is_good: bool, path: &str, sentence: &str) {
        if !is_good {
            self.add(path, sentence);
        }
    }

    fn check_weights<T>(&mut self, path: &str, list: &[Weighted<T>]) {
        if !list.is_empty() {
            self.check_weight_values(path, &list.iter().map(|entry| entry.weight).collect::<Vec<_>>());
        }
    }

    fn check_weight_values(&mut self, path: &str, weights: &[f64]) {
        let are_good = weights.iter().all(|weight| (0.0..=1e12).contains(weight));
        let has_positive = weights.iter().any(|weight| *weight > 0.0);
        self.require(
            are_good && has_positive,
            path,
            "a weight must be a number of 0 or more, and at least one must be above 0.",
        );
    }

    fn check_percents(&mut self, path: &str, percents: &[f64]) {
        let are_good = percents.iter().all(|percent| (0.0..=100.0).contains(percent));
        // Because of rounding, percents with decimals can add up to slightly more than 100.
        let is_total_good = percents.iter().sum::<f64>() <= 100.000_001;
        self.require(
            are_good && is_total_good,
            path,
            "percents must be from 0 to 100, and at most 100 in total.",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_in_place_of_a_table_is_rejected() {
        let sample = "readers = 9\nstarts_on = 2026-11-02\ndays = 3\nvisits = [{ weight = 1, per_week = 2 }]\n\
                      pages = [{ weight = 1 }]\n";
        let sites = crate::simulation::tests::settings().sites;
        assert_eq!(Population::read(sample, &sites).err(), None);
        for (list, sentence) in [
            (
                "then = [1, 2, 3, 4, 5, 6]",
                "then: expected a table like { close_percent = ..., later_percent = ... }, found a list.",
            ),
            (
                "supporters = [[\"recurring\", 5]]",
                "supporters[0]: expected a table like { standing = ..., percent = ... }, found a list.",
            ),
        ] {
            let refused = Population::read(&format!("{sample}{list}\n"), &sites).unwrap_err();
            assert_eq!(refused, [sentence], "{list}");
        }
        for list in ["visits = [[1, 2]]", "pages = [[1]]", "countries = [[1, \"IE\"]]"] {
            let text =
                sample.lines().filter(|line| !line.starts_with(&list[..6])).collect::<Vec<_>>().join("\n");
            assert!(Population::read(&format!("{text}\n{list}\n"), &sites).is_err(), "{list}");
        }
    }
}
