//! Replays page views. Each page view is decided twice: by the draft (the appeals that are tried out) and by the live
//! appeals. The reader has a separate history under each of the two.
//!
//! Every appeal that is shown counts as seen. The script on the page skips a request whose verdict can't have changed
//! since the last one. The simulation makes a request for every page view, which gives the same verdicts.

use std::collections::{BTreeMap, HashMap};

use jiff::tz::TimeZone;
use keepopen_decision::{History, Kind, Reason};

use super::articles::{day_of, week_of_day};
use super::asking::{Answer, RuleSet};
use super::dice::Dice;
use super::memory::{PastDismissal, Seen};
use super::page_view::{PageView, Reaction};
use super::reader::{Reader, refuses_consent};
use super::report::{Report, Span};
use super::tally::Tally;
use crate::clock::rfc3339;
use crate::sites::SiteSettings;

/// A simulation in progress.
pub struct Simulation {
    rules: [RuleSet; 2],
    tallies: [Tally; 2],
    sites: HashMap<String, Site>,
    readers: HashMap<Box<str>, Reader>,
    span: Span,
    dice: Dice,
    /// The site and the name of the current reader. The string is reused to save allocations.
    key: String,
}

struct Site {
    zone: TimeZone,
    quiet_days: u32,
}

/// Why a page view was rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message of each variant describes it")]
pub enum Refused {
    #[error("question.site: no site is called {site:?}; the settings have {known}.")]
    UnknownSite { site: String, known: String },
    #[error(
        "at: it is before {before}, when {reader:?} saw a page on an earlier line; sort the lines by time."
    )]
    OutOfOrder { reader: String, before: String },
}

impl Simulation {
    /// Starts a simulation without page views. The `seed` determines which variant each reader gets. (In a browser, a
    /// stored random number determines it.)
    pub fn new(sites: &BTreeMap<String, SiteSettings>, draft: RuleSet, live: RuleSet, seed: u64) -> Self {
        let tally = |rules: &RuleSet| Tally::new(rules.appeals().map(|appeal| appeal.variants.len()));
        let site = |(id, site): (&String, &SiteSettings)| {
            // The settings were checked, so the time zone exists.
            let zone = TimeZone::get(&site.time_zone).unwrap_or(TimeZone::UTC);
            (id.clone(), Site { zone, quiet_days: site.quiet_days })
        };
        Self {
            tallies: [tally(&draft), tally(&live)],
            rules: [draft, live],
            sites: sites.iter().map(site).collect(),
            readers: HashMap::new(),
            span: Span::new(seed),
            dice: Dice::from_seed(seed),
            key: String::new(),
        }
    }

    /// Plays one page view of the reader with this name. Returns the answers of the draft and of the live appeals.
    ///
    /// # Errors
    /// The site is unknown, or the page view is older than the reader's last one. In both cases, nothing is counted.
    pub fn page_view(&mut self, name: &str, view: PageView<'_>) -> Result<[Answer; 2], Refused> {
        let PageView { at_ms, mut question, reaction, support } = view;
        let Some(site) = self.sites.get(&*question.site) else {
            return Err(self.unknown_site(&question.site));
        };
        self.key.clear();
        self.key.extend([&*question.site, "\0", name]);
        if !self.readers.contains_key(&*self.key) {
            self.readers.insert(self.key.as_str().into(), Reader::default());
        }
        let reader = self
            .readers
            .get_mut(&*self.key)
            .expect("the reader must be in the map, because it was inserted above");
        if let Some(before_ms) = reader.last_at_ms.filter(|before_ms| at_ms < *before_ms) {
            return Err(Refused::OutOfOrder { reader: name.to_owned(), before: rfc3339(before_ms) });
        }
        reader.last_at_ms = Some(at_ms);
        self.span.page_view(at_ms);

        if let Some(support) = support {
            reader.store_token(&support);
        }
        let day = day_of(&site.zone, at_ms);
        let week = week_of_day(day);
        let draw = self.dice.number_below(1_000_000);
        let refuses_consent = refuses_consent(&question);
        if refuses_consent {
            reader.refuse_consent();
        } else {
            question.reader.consent.get_or_insert("granted".into());
            let bucket = reader.bucket(self.span.seed, &self.key);
            question.reader.bucket.get_or_insert(bucket);
        }
        let Reader { articles, sides, has_entry, .. } = reader;
        if !refuses_consent {
            let article_days = Some(articles.days().to_vec());
            articles.record(&question.page, day);
            question.history =
                Some(History { articles: articles.weeks(), article_days, ..History::default() });
        }
        // Both answers are replaced below.
        let mut answers = [Answer::NotShown(Reason::Matched); 2];
        let both_sides = self.rules.iter().zip(&mut self.tallies).zip(sides).zip(&mut answers);
        for (((rules, tally), side), answer) in both_sides {
            let (memory, progress) = (&mut side.memory, &mut side.progress);
            tally.page_view(progress, week);
            if let Some(history) = &mut question.history {
                rules.fill_history(history, memory, at_ms);
            }
            *answer = rules
                .ask(&question, &memory.support, at_ms, draw)
                .expect("both rule sets must contain every site of the settings");
            match *answer {
                Answer::NotShown(reason) => tally.count_not_shown(reason),
                Answer::Shown { appeal, variant, kind, closable } => {
                    tally.count_view(progress, appeal, variant, kind, at_ms);
                    if !refuses_consent {
                        memory.record_view(Seen { appeal, variant, at_ms });
                    }
                    match reaction {
                        Reaction::Dismiss(kind) if closable => {
                            tally.count_dismissal(kind);
                            if !refuses_consent {
                                memory.record_dismissal(PastDismissal { appeal, kind, at_ms });
                            }
                        }
                        Reaction::Give(interval) if kind != Kind::Thank => {
                            tally.count_gift(interval);
                            if *has_entry {
                                memory.support.record_gift(kind, interval, at_ms, site.quiet_days);
                            }
                        }
                        // A reader who can't dismiss a wall leaves, which changes nothing.
                        Reaction::Dismiss(_) | Reaction::Give(_) | Reaction::Nothing => {}
                    }
                }
            }
        }
        Ok(answers)
    }

    /// Ends all readers so far: adds their counts to the totals, and forgets them.
    pub fn end_readers(&mut self) {
        for (_, reader) in self.readers.drain() {
            self.span.readers += 1;
            for (tally, side) in self.tallies.iter_mut().zip(reader.sides) {
                tally.end_reader(side.progress);
            }
        }
    }

    /// Builds the report. `from` describes the source of the page views.
    pub fn report(mut self, from: &str) -> Report {
        self.end_readers();
        Report::build(from, &self.span, &self.rules, &self.tallies)
    }

    fn unknown_site(&self, site: &str) -> Refused {
        let mut known: Vec<&str> = self.sites.keys().map(String::as_str).collect();
        known.sort_unstable();
        Refused::UnknownSite { site: site.to_owned(), known: known.join(", ") }
    }
}
