//! Generates the page views of a described population.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use keepopen_decision::{DismissalKind, Question, Standing, Text, quiet_until_ms};

use super::Population;
use super::choice::Choice;
use crate::clock::DAY_MS;
use crate::simulation::dice::Dice;
use crate::simulation::page_view::{PageView, Reaction, Support};
use crate::simulation::replay::{Refused, Simulation};
use crate::sites::{Interval, SiteSettings};

/// The default weights of the hours: few visits at night, most in the morning, at noon and in the evening.
const DEFAULT_HOURS: [f64; 24] = [
    1.0, 0.5, 0.3, 0.2, 0.3, 1.0, 3.0, 6.0, 7.0, 6.0, 5.0, 5.0, 6.0, 6.0, 5.0, 5.0, 5.0, 6.0, 7.0, 7.0, 7.0,
    6.0, 4.0, 2.0,
];
const HOUR_MS: u32 = 3_600_000;
/// The minimum and the maximum time between two pages of a visit: half a minute, and four minutes.
const BETWEEN_PAGES_MS: (u32, u32) = (30_000, 240_000);

/// A population whose page views can be generated.
pub struct Crowd<'p> {
    population: &'p Population,
    site: &'p str,
    quiet_days: u32,
    /// When each day begins, in milliseconds since 1970.
    days_ms: Vec<i64>,
    visits: Choice,
    lengths: Choice,
    pages: Choice,
    hours: Choice,
    countries: Choice,
    devices: Choice,
    locales: Choice,
    supporters: Choice,
    reactions: Choice,
}

impl<'p> Crowd<'p> {
    /// Prepares a population. `site` contains the settings of the population's site.
    pub fn of(population: &'p Population, site: &SiteSettings) -> Self {
        // The settings were checked, so the time zone exists.
        let zone = TimeZone::get(&site.time_zone).unwrap_or(TimeZone::UTC);
        let first = population.starts_on;
        let days = (0..population.days).map(|day| day_start_ms(&zone, first, day));
        let hours = if population.hours.is_empty() { &DEFAULT_HOURS[..] } else { &population.hours };
        let supporters = population.supporters.iter().map(|group| group.percent);
        let then = &population.then;
        let reactions = [
            then.close_percent,
            then.later_percent,
            then.already_gave_percent,
            then.never_percent,
            then.give_once_percent,
            then.give_monthly_percent,
        ];
        Self {
            population,
            site: population.site.as_deref().unwrap_or_default(),
            quiet_days: site.quiet_days,
            days_ms: days.collect(),
            visits: Choice::among(&population.visits),
            lengths: Choice::among(&population.visit_lengths),
            pages: Choice::among(&population.pages),
            hours: Choice::from_weights(hours.iter().copied()),
            countries: Choice::among(&population.countries),
            devices: Choice::among(&population.devices),
            locales: Choice::among(&population.locales),
            supporters: Choice::from_weights(with_remainder(supporters).into_iter()),
            reactions: Choice::from_weights(with_remainder(reactions.into_iter()).into_iter()),
        }
    }

    /// Plays the page views of every reader, one reader after another.
    ///
    /// # Errors
    /// The simulation's settings do not contain the population's site.
    pub fn play(&self, simulation: &mut Simulation, seed: u64) -> Result<(), Refused> {
        let mut dice = Dice::from_seed(seed);
        for number in 1..=self.population.readers {
            self.play_reader(&mut dice.split(), &number.to_string(), simulation)?;
            simulation.end_readers();
        }
        Ok(())
    }

    fn play_reader(&self, dice: &mut Dice, name: &str, simulation: &mut Simulation) -> Result<(), Refused> {
        let population = self.population;
        let name_at = |index: Option<usize>, list: &'p [super::Weighted<super::Named>]| {
            index.map(|index| Text::from(list[index].what.name.as_str()))
        };
        let mut question = Question::from_site(self.site);
        question.reader.country = name_at(self.countries.draw(dice), &population.countries);
        question.reader.device = name_at(self.devices.draw(dice), &population.devices);
        question.reader.locale = name_at(self.locales.draw(dice), &population.locales);
        if dice.fraction() * 100.0 < population.without_consent_percent {
            question.reader.consent = Some("denied".into());
        }
        let mut support = self.draw_support(dice);
        let index = self.visits.draw(dice).expect("a description must have at least one entry in `visits`");
        let per_day = population.visits[index].what.per_week / 7.0;

        let (mut at_ms, mut visits_ms) = (i64::MIN, Vec::new());
        for day_ms in &self.days_ms {
            visits_ms.clear();
            visits_ms
                .extend((0..draw_poisson(per_day, dice)).map(|_| day_ms + self.draw_time_of_day_ms(dice)));
            visits_ms.sort_unstable();
            for visit_ms in &visits_ms {
                // If the previous visit has not ended yet, this visit begins after its last page.
                at_ms = at_ms.saturating_add(1).max(*visit_ms);
                let pages =
                    self.lengths.draw(dice).map_or(1, |index| population.visit_lengths[index].what.pages);
                for ordinal in 1..=pages {
                    if ordinal > 1 {
                        let (least, most) = BETWEEN_PAGES_MS;
                        at_ms += i64::from(least + dice.number_below(most - least));
                    }
                    let mut question = question.clone();
                    self.draw_page(&mut question, ordinal, dice);
                    let reaction = self.draw_reaction(dice);
                    let view = PageView { at_ms, question, reaction, support: support.take() };
                    simulation.page_view(name, view)?;
                }
            }
        }
        Ok(())
    }

    fn draw_page(&self, question: &mut Question<'p>, ordinal: u32, dice: &mut Dice) {
        let index = self.pages.draw(dice).expect("a description must have at least one entry in `pages`");
        let kind = &self.population.pages[index].what;
        let page = &mut question.page;
        page.section = kind.section.as_deref().map(Text::from);
        page.tags = kind.tags.iter().map(|tag| Text::from(tag.as_str())).collect();
        page.kind = Some(kind.kind.as_str().into());
        page.sensitive = kind.sensitive;
        page.paid = kind.paid;
        page.ordinal = Some(ordinal);
    }

    fn draw_support(&self, dice: &mut Dice) -> Option<Support> {
        let group = self.population.supporters.get(self.supporters.draw(dice)?)?;
        if group.standing == Standing::None {
            return None;
        }
        let first_ms = self.days_ms.first().copied().unwrap_or_default();
        let gave_ms = group.gave_days_ago.map(|days| first_ms - i64::from(days) * DAY_MS);
        let quiet_until_ms = gave_ms.map(|at_ms| quiet_until_ms(at_ms, self.quiet_days));
        Some(Support { standing: group.standing, quiet_until_ms, entitlements: group.entitlements.clone() })
    }

    fn draw_reaction(&self, dice: &mut Dice) -> Reaction {
        match self.reactions.draw(dice) {
            Some(0) => Reaction::Dismiss(DismissalKind::Close),
            Some(1) => Reaction::Dismiss(DismissalKind::Later),
            Some(2) => Reaction::Dismiss(DismissalKind::AlreadyGave),
            Some(3) => Reaction::Dismiss(DismissalKind::Never),
            Some(4) => Reaction::Give(Interval::Once),
            Some(5) => Reaction::Give(Interval::Month),
            _ => Reaction::Nothing,
        }
    }

    fn draw_time_of_day_ms(&self, dice: &mut Dice) -> i64 {
        let hour = self.hours.draw(dice).unwrap_or_default();
        i64::from(HOUR_MS) * i64::try_from(hour).unwrap_or_default() + i64::from(dice.number_below(HOUR_MS))
    }
}

/// Returns the percents, followed by the remainder to 100.
fn with_remainder(percents: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut parts: Vec<f64> = percents.collect();
    let rest = 100.0 - parts.iter().sum::<f64>();
    parts.push(rest.max(0.0));
    parts
}

/// Draws the number of independent events from the Poisson distribution with this mean.
fn draw_poisson(mean: f64, dice: &mut Dice) -> u32 {
    let limit = (-mean).exp();
    let (mut number, mut product) = (0, dice.fraction());
    while product > limit {
        number += 1;
        product *= dice.fraction();
    }
    number
}

/// Returns the start of the day that is `day` days after `first`, in milliseconds since 1970.
fn day_start_ms(zone: &TimeZone, first: Date, day: u32) -> i64 {
    let date = first.saturating_add(jiff::Span::new().days(i64::from(day)));
    zone.to_timestamp(date.at(0, 0, 0, 0)).map_or(0, Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulation::Report;
    use crate::simulation::tests::{appeal, settings, simulation};

    const SAMPLE: &str = include_str!("../../../docs/population.toml");

    fn play(text: &str, draft: &str, seed: u64) -> Report {
        let sites = settings().sites;
        let population = Population::read(text, &sites).unwrap();
        let mut simulation = simulation(draft, &appeal("a", ""), seed);
        Crowd::of(&population, &sites["journal"]).play(&mut simulation, seed).unwrap();
        simulation.report("")
    }

    /// Returns the commented sample, with fewer readers.
    fn sample() -> String {
        let small = SAMPLE.replace("readers = 20000", "readers = 400");
        assert_ne!(small, SAMPLE, "the sample must contain `readers = 20000`");
        small
    }

    #[test]
    fn the_same_seed_makes_the_same_readers_and_another_seed_makes_others() {
        let draft = appeal("a", "frequency = { max_views = 2 }");
        let report = play(&sample(), &draft, 1);
        assert_eq!(report, play(&sample(), &draft, 1));
        assert_ne!(report.page_views, play(&sample(), &draft, 2).page_views);
        assert!(report.draft.asks < report.live.asks, "half the cap must lead to fewer asks");
        assert!(report.draft.gifts.once > 0 && report.draft.most_asks_in_30_days == 2);
    }

    #[test]
    fn readers_visit_and_react_as_often_as_the_description_says() {
        let text = "site = \"journal\"\nreaders = 2000\nstarts_on = 2026-11-02\ndays = 70\nvisits = [{ per_week = 3, weight = 1 }]\n\
            visit_lengths = [{ pages = 1, weight = 1 }, { pages = 3, weight = 1 }]\npages = [{ section = \"news\", weight = 1 }]\n\
            without_consent_percent = 20\nsupporters = [{ standing = \"recurring\", percent = 10 }]\n\
            then = { close_percent = 25, give_once_percent = 5 }";
        let report = play(
            text,
            &appeal(
                "a",
                "frequency = { unlimited = true }\ndismissal = { close_days = 0 }\nwithout_history = \"ask\"",
            ),
            1,
        );
        // 2,000 readers make 3 visits a week for 10 weeks, with 2 pages a visit on average: 120,000 page views.
        assert!((118_000..122_000).contains(&report.page_views), "{}", report.page_views);
        let share = |reason: &str| {
            report.draft.verdicts.iter().find(|it| it.reason == reason).map_or(0.0, |it| it.share)
        };
        assert!(
            (0.08..0.12).contains(&share("supporter")) && share("no_consent") == 0.0,
            "{:?}",
            report.draft.verdicts
        );
        let closed = report.draft.dismissals["close"] as f64 / report.draft.asks as f64;
        let gave = report.draft.gifts.once as f64 / report.draft.asks as f64;
        assert!(
            (0.24..0.26).contains(&closed) && (0.045..0.055).contains(&gave),
            "closed: {closed}, gave: {gave}"
        );
        let without_consent = report.live.verdicts.iter().find(|it| it.reason == "no_consent").unwrap().share;
        assert!((0.15..0.21).contains(&without_consent), "{without_consent}");
        assert_eq!(
            (&report.first_at.unwrap()[..10], &report.last_at.unwrap()[..10]),
            ("2026-11-02", "2027-01-10")
        );
    }

    #[test]
    fn problems_of_a_description_are_reported_with_their_paths() {
        let problems = |change: fn(String) -> String| {
            Population::read(&change(sample()), &settings().sites).unwrap_err().join("\n")
        };
        assert!(problems(|text| text.replace("days =", "dayz =")).contains("dayz"));
        assert!(problems(|text| text.replace("readers = 400", "readers = 0")).starts_with("readers: "));
        assert!(problems(|text| text.replace("close_percent = ", "close_percent = 9")).starts_with("then: "));
        assert!(
            problems(|text| text.replace("\"journal\"", "\"gazette\""))
                .starts_with("site: no site is called")
        );
        assert!(
            problems(|text| text.replace("per_week = ", "per_week = -")).contains("visits[0].per_week: ")
        );
        assert!(problems(|text| text.replace("weight = ", "weight = -")).contains("countries: a weight"));
    }

    #[test]
    fn a_day_begins_in_the_time_zone_of_the_site() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let first = jiff::civil::date(2026, 10, 24);
        // On the 25th the clocks go back, so that day has 25 hours.
        let starts = [0, 1, 2].map(|day| day_start_ms(&berlin, first, day));
        assert_eq!((starts[1] - starts[0], starts[2] - starts[1]), (DAY_MS, DAY_MS + i64::from(HOUR_MS)));
    }
}
