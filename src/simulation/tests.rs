//! Tests the replay through its interface: page views go in, answers and a report come out.

use keepopen_decision::Reason;
use keepopen_testkit::JOURNAL;

use super::dice::Dice;
use super::{Answer, Line, Report, RuleSet, Simulation, Source};
use crate::appeals;
use crate::clock::{DAY_MS, rfc3339};
use crate::sites::{self, Settings};

/// Writes an appeal with two variants and with the additional fields in `more`.
pub(super) fn appeal(id: &str, more: &str) -> String {
    format!(
        "[[appeals]]\nid = {id:?}\nlive = \"live\"\nsites = [\"journal\"]\nkind = \"ask\"\nsurface = [\"banner\"]\n{more}\n\
         variants = [{{ id = \"a\", copy = {{ heading = \"A\" }} }}, {{ id = \"b\", copy = {{ heading = \"B\" }} }}]\n"
    )
}

pub(super) fn settings() -> Settings {
    sites::from_toml(JOURNAL).unwrap()
}

pub(super) fn rule_set(file: &str) -> RuleSet {
    let (documents, problems) = appeals::file::read(file, appeals::file::Format::Toml).unwrap();
    let rules = RuleSet::new(&settings().sites, &documents, problems, Source::default());
    assert_eq!(rules.source.left_out, Vec::<String>::new(), "every appeal must be valid");
    rules
}

pub(super) fn simulation(draft: &str, live: &str, seed: u64) -> Simulation {
    Simulation::new(&settings().sites, rule_set(draft), rule_set(live), seed)
}

const START_MS: i64 = 1_793_491_200_000; // 2026-11-01T00:00:00Z, a Sunday

/// Plays a page view `after_ms` milliseconds after the start. `more` contains further JSON fields of its line. Returns
/// the draft's answer: the index of the shown appeal, or the reason why none is shown.
fn play(simulation: &mut Simulation, reader: &str, after_ms: i64, more: &str) -> Result<usize, Reason> {
    let at = rfc3339(START_MS + after_ms);
    let line = format!("{{\"reader\":{reader:?},\"at\":{at:?}{more}}}");
    let line = Line::read(line.as_bytes(), Some("journal")).unwrap();
    match simulation.page_view(&line.reader, line.view).unwrap()[0] {
        Answer::Shown { appeal, .. } => Ok(appeal),
        Answer::NotShown(reason) => Err(reason),
    }
}

fn counts(bars: &[super::report::Bar]) -> Vec<u64> {
    bars.iter().map(|bar| bar.count).collect()
}

#[test]
fn a_small_replay_gives_the_numbers_that_were_computed_by_hand() {
    let draft = appeal("twice", "frequency = { max_views = 2, window_days = 7 }");
    let mut simulation = simulation(&draft, "", 1);
    let views_on = |reader: &str, days: &[i64], then: &str| -> Vec<(i64, String, String)> {
        days.iter().map(|day| (*day, reader.to_owned(), format!(",\"then\":{then:?}"))).collect()
    };
    let mut views = views_on("often", &[0, 1, 2, 6, 7, 8, 9], "nothing");
    views.extend(views_on("closes", &[0, 13, 14], "close"));
    views.extend(views_on("gives", &[1, 5], "give"));
    let refuses = (
        3,
        "refuses".to_owned(),
        ",\"question\":{\"site\":\"journal\",\"reader\":{\"consent\":\"denied\"}}".to_owned(),
    );
    views.push(refuses);
    views.sort();
    for (day, reader, more) in &views {
        let _ = play(&mut simulation, reader, day * DAY_MS, more);
    }
    let report = simulation.report("");

    // Reader "often" sees the appeal on days 0, 1, 7 and 8, and is capped on days 2, 6 and 9: 4 views.
    // Reader "closes" sees it on days 0 and 14, and not on day 13, because of the dismissal: 2 views. Reader "gives"
    // sees it on day 1, and not on day 5, after the gift: 1 view.
    assert_eq!((report.page_views, report.readers), (13, 4));
    let draft = &report.draft;
    assert_eq!((draft.views, draft.asks, draft.readers_asked, draft.readers_asked_share), (7, 7, 3, 0.75));
    assert_eq!(counts(&draft.readers_by_asks), [1, 1, 1, 0, 1, 0]);
    assert_eq!((draft.asks_per_reader_mean, draft.asks_per_reader_asked.mean), (1.75, 2.3333));
    assert_eq!((draft.asks_per_reader_asked.median, draft.asks_per_reader_asked.p90), (2, 4));
    assert_eq!((draft.most_asks_in_7_days, draft.most_asks_in_30_days), (2, 4));
    let verdicts: Vec<_> =
        draft.verdicts.iter().map(|verdict| (verdict.reason, verdict.page_views)).collect();
    assert_eq!(
        verdicts,
        [("matched", 7), ("frequency_cap", 3), ("recent_giver", 1), ("no_consent", 1), ("dismissed", 1)]
    );
    // Day 0 is a Sunday; days 1 to 7 and days 8 to 14 are whole weeks. Asks per week: "often" has 1, 2, 1; "closes"
    // has 1, 1; "gives" has 1; "refuses" has 0.
    assert_eq!(counts(&draft.reader_weeks_by_asks), [1, 5, 1, 0]);
    assert_eq!((draft.gifts.once, draft.dismissals["close"]), (1, 2));
    let live = &report.live;
    assert_eq!((live.views, counts(&live.readers_by_asks)), (0, vec![4, 0, 0, 0, 0, 0]));
    assert_eq!((live.verdicts[0].reason, live.verdicts[0].page_views), ("no_live_appeal", 13));
    assert_eq!((report.difference.readers_asked, report.difference.asks_per_reader_mean), (3, 1.75));
}

#[test]
fn a_cap_of_4_in_30_days_never_gives_a_5th_view_in_any_30_days() {
    let mut simulation =
        simulation(&appeal("calm", "frequency = { max_views = 4, window_days = 30 }"), "", 1);
    let mut dice = Dice::from_seed(3);
    for reader in ["a", "b", "c"] {
        let (mut at_ms, mut shown) = (0, Vec::new());
        for _ in 0..2_000 {
            at_ms += i64::from(dice.number_below(2 * 86_400_000));
            if play(&mut simulation, reader, at_ms, "").is_ok() {
                shown.push(at_ms);
            }
        }
        assert!(
            shown.len() > 100,
            "a cap of 4 must allow more than 100 views in about five years; got {}",
            shown.len()
        );
        for five in shown.windows(5) {
            assert!(five[4] - five[0] >= 30 * DAY_MS, "{reader}: {five:?}");
        }
    }
    assert_eq!(simulation.report("").draft.most_asks_in_30_days, 4);
}

#[test]
fn a_dismissed_appeal_is_hidden_for_as_long_as_its_rules_say() {
    for (then, days) in [("close", 14), ("later", 3), ("already_gave", 365), ("never", 0)] {
        let mut simulation = simulation(&appeal("polite", "frequency = { unlimited = true }"), "", 1);
        let then = format!(",\"then\":{then:?}");
        assert_eq!(play(&mut simulation, "a", 0, &then), Ok(0));
        // After `never`, the appeal stays hidden for ever. In the list above, 0 days stands for this.
        if days == 0 {
            assert_eq!(play(&mut simulation, "a", 360 * DAY_MS, ""), Err(Reason::Dismissed));
        } else {
            assert_eq!(play(&mut simulation, "a", days * DAY_MS - 1, ""), Err(Reason::Dismissed), "{then}");
            assert_eq!(play(&mut simulation, "a", days * DAY_MS, ""), Ok(0), "{then}");
        }
    }
}

#[test]
fn a_giver_is_not_asked_again_during_the_quiet_days() {
    let mut simulation = simulation(&appeal("once", "frequency = { unlimited = true }"), "", 1);
    assert_eq!(play(&mut simulation, "once", 0, ",\"then\":\"give\""), Ok(0));
    assert_eq!(play(&mut simulation, "month", 0, ",\"then\":\"give\",\"interval\":\"month\""), Ok(0));
    assert_eq!(
        play(&mut simulation, "once", 91 * DAY_MS - 1, ""),
        Err(Reason::RecentGiver),
        "day 90 after the gift must still be a quiet day"
    );
    assert_eq!(play(&mut simulation, "once", 91 * DAY_MS, ""), Ok(0));
    assert_eq!(play(&mut simulation, "month", 300 * DAY_MS, ""), Err(Reason::Supporter));
    let gifts = simulation.report("").draft.gifts;
    assert_eq!((gifts.once, gifts.recurring), (1, 1));
}

#[test]
fn a_standing_applies_from_the_line_that_first_states_it() {
    let mut simulation = simulation(&appeal("all", "frequency = { unlimited = true }"), "", 1);
    assert_eq!(play(&mut simulation, "a", 0, ""), Ok(0));
    assert_eq!(play(&mut simulation, "a", 1, ",\"standing\":\"recurring\""), Err(Reason::Supporter));
    assert_eq!(play(&mut simulation, "a", 2, ""), Err(Reason::Supporter));
    let until = rfc3339(START_MS + 5);
    assert_eq!(
        play(&mut simulation, "a", 4, &format!(",\"standing\":\"lapsed\",\"quiet_until\":{until:?}")),
        Err(Reason::RecentGiver)
    );
    assert_eq!(play(&mut simulation, "a", 5, ""), Ok(0));
}

#[test]
fn refused_consent_removes_the_habits_and_keeps_the_gift() {
    let denied = ",\"question\":{\"site\":\"journal\",\"reader\":{\"consent\":\"denied\"}}";
    let gives = format!("{denied},\"then\":\"give\"");
    let file = appeal("all", "frequency = { max_views = 1 }\nwithout_history = \"ask\"");
    let mut simulation = simulation(&file, "", 1);
    // Without a history, the cap can't be applied. Without an entry in the browser, a token can't be stored, so the
    // gift does not stop later asks.
    for at_ms in 0..3 {
        assert_eq!(play(&mut simulation, "never", at_ms, &gives), Ok(0));
    }
    assert_eq!(play(&mut simulation, "first", 0, ""), Ok(0));
    assert_eq!(play(&mut simulation, "first", 1, ""), Err(Reason::FrequencyCap));
    assert_eq!(play(&mut simulation, "first", 2, &gives), Ok(0), "the browser must forget the view");
    assert_eq!(
        play(&mut simulation, "first", 3, denied),
        Err(Reason::RecentGiver),
        "the browser must remember the gift"
    );
    for (at_ms, more, answer) in
        [(0, "", Ok(0)), (1, "", Err(Reason::FrequencyCap)), (2, denied, Ok(0)), (3, "", Ok(0))]
    {
        assert_eq!(
            play(&mut simulation, "back", at_ms, more),
            answer,
            "a reader who consents again must start without a history"
        );
    }
}

const ARTICLE: &str = ",\"question\":{\"site\":\"journal\",\"page\":{\"kind\":\"article\"}}";

#[test]
fn read_articles_count_for_appeals_that_require_them() {
    let file =
        appeal("often", "frequency = { unlimited = true }\naudience = { articles = { min = 3, weeks = 1 } }");
    let mut simulation = simulation(&file, "", 1);
    for (day, page, answer) in [
        (1, ARTICLE, Err(Reason::BelowMeter)),
        (2, ARTICLE, Err(Reason::BelowMeter)),
        (3, "", Err(Reason::BelowMeter)),
        (4, ARTICLE, Ok(0)),
        (20, ARTICLE, Err(Reason::BelowMeter)),
    ] {
        assert_eq!(play(&mut simulation, "a", day * DAY_MS, page), answer, "day {day}");
    }
}

#[test]
fn a_hard_wall_cannot_be_dismissed_and_is_not_shown_to_an_entitled_reader() {
    let file = appeal("wall", "meter = { free_articles = 1, hard = true, entitlement = \"archive\" }");
    let mut simulation = simulation(&file.replace("\"banner\"", "\"wall\""), "", 1);
    let closes = format!("{ARTICLE},\"then\":\"close\"");
    assert_eq!(play(&mut simulation, "a", 0, &closes), Err(Reason::BelowMeter));
    assert_eq!(play(&mut simulation, "a", 1, &closes), Ok(0));
    assert_eq!(play(&mut simulation, "a", 2, &closes), Ok(0));
    let entitled = format!("{ARTICLE},\"standing\":\"one_off\",\"entitlements\":[\"archive\"]");
    assert_eq!(play(&mut simulation, "a", 3, &entitled), Err(Reason::NotTargeted));
    assert_eq!(simulation.report("").draft.dismissals["close"], 0);
}

#[test]
fn a_meter_counts_articles_in_the_window_of_its_appeal() {
    let file =
        appeal("wall", "frequency = { unlimited = true }\nmeter = { free_articles = 2, window_days = 7 }");
    let mut simulation = simulation(&file.replace("\"banner\"", "\"wall\""), "", 1);
    let below = Err(Reason::BelowMeter);
    for (day, answer) in
        [(0, below), (0, below), (1, Ok(0)), (6, Ok(0)), (7, Ok(0)), (14, below), (60, below)]
    {
        assert_eq!(play(&mut simulation, "a", day * DAY_MS, ARTICLE), answer, "day {day}");
    }
}

#[test]
fn a_reader_who_is_held_out_is_not_asked_and_the_report_says_why() {
    let mut simulation = simulation(&appeal("some", "holdout_percent = 100"), "", 1);
    assert_eq!(play(&mut simulation, "a", 0, ""), Err(Reason::Holdout));
    assert_eq!(simulation.report("").draft.readers_asked, 0);
}

#[test]
fn lines_must_be_in_order_of_time_only_within_one_reader() {
    let mut simulation = simulation(&appeal("a", ""), "", 1);
    let _ = play(&mut simulation, "a", 10, "");
    let _ = play(&mut simulation, "b", 5, "");
    let line = r#"{"reader":"a","at":"2026-10-31T23:00:00Z"}"#;
    let line = Line::read(line.as_bytes(), Some("journal")).unwrap();
    let refused = simulation.page_view(&line.reader, line.view).unwrap_err().to_string();
    assert_eq!(
        refused,
        "at: it is before 2026-11-01T00:00:00.01Z, when \"a\" saw a page on an earlier line; sort the lines by time."
    );
    let line = r#"{"reader":"a","at":"2026-11-02T00:00:00Z","question":{"site":"gazette"}}"#;
    let line = Line::read(line.as_bytes(), None).unwrap();
    let refused = simulation.page_view(&line.reader, line.view).unwrap_err().to_string();
    assert_eq!(refused, "question.site: no site is called \"gazette\"; the settings have journal.");
    assert_eq!(simulation.report("").page_views, 2, "rejected page views must not be counted");
}

/// Simulates a thousand readers with up to 29 page views each.
fn simulate_thousand_readers(seed: u64) -> Report {
    let draft = appeal("a", "frequency = { max_views = 3 }")
        + &appeal("b", "priority = 5\nfrequency = { max_views = 1 }");
    let mut simulation = simulation(&draft, &appeal("a", ""), seed);
    let mut dice = Dice::from_seed(9);
    for reader in 0..1_000 {
        let mut at_ms = 0;
        for _ in 0..dice.number_below(30) {
            at_ms += i64::from(dice.number_below(2 * 86_400_000));
            let reactions = ["nothing", "nothing", "nothing", "close", "later", "give"];
            let then = reactions[dice.number_below(6) as usize];
            let _ = play(&mut simulation, &reader.to_string(), at_ms, &format!(",\"then\":{then:?}"));
        }
    }
    simulation.report("")
}

#[test]
fn the_same_seed_repeats_the_report_and_another_seed_changes_the_variants() {
    let report = simulate_thousand_readers(1);
    assert_eq!(report, simulate_thousand_readers(1));
    let other = simulate_thousand_readers(2);
    assert_ne!(report.draft.variants, other.draft.variants);
    assert_eq!(
        report.draft.readers_by_asks, other.draft.readers_by_asks,
        "the seed must not change which readers are asked"
    );
}

#[test]
fn the_counts_and_shares_of_every_distribution_add_up() {
    let report = simulate_thousand_readers(1);
    for outcome in [&report.draft, &report.live] {
        let sum = |bars: &[super::report::Bar]| counts(bars).iter().sum::<u64>();
        assert_eq!(sum(&outcome.readers_by_asks), report.readers);
        assert_eq!(outcome.readers_asked, report.readers - outcome.readers_by_asks[0].count);
        assert_eq!(outcome.verdicts.iter().map(|it| it.page_views).sum::<u64>(), report.page_views);
        assert_eq!(outcome.variants.iter().map(|it| it.views).sum::<u64>(), outcome.views);
        let shares: f64 = outcome.readers_by_asks.iter().map(|bar| bar.share).sum();
        assert!((shares - 1.0).abs() < 0.001, "{shares}");
        let shown = outcome.variants.iter().find(|it| it.appeal == "a" && it.variant == "a").unwrap();
        assert!(shown.readers > 100 && shown.readers <= shown.views);
    }
    assert_eq!(report.difference.views, report.draft.views as i64 - report.live.views as i64);
}
