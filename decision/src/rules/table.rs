//! The list of rules. From this list, the macro generates the enum of rules, the parts of an appeal (one for each
//! rule), and the code that calls the right rule.

use serde::Serialize;

use super::spec::AppealSpec;
use super::{
    Check, Evidence, Outcome, articles, consent, cool_down, country, device, dismissal, entitlements,
    frequency, history, hours, kill_switch, language, live, meter, page, page_kind, paid_page, quiet, reader,
    schedule, sensitive_page, sequence, signed_in, site_excluded, site_frequency, skip_first, standing,
    surfaces, traits, trend, url, values,
};
use crate::context::ReaderContext;

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $field:ident: $part:ty,)*) => {
        /// The rules, in the order in which they are checked. First come the switches of the site and the appeal. Then
        /// come the country and the page, because the index in `compiled/` skips appeals that don't match them. The
        /// reader's standing as a supporter follows, then the time, and then everything else about the page and the
        /// reader. Last comes what this reader has already seen. The more rules an appeal passes, the nearer it was to
        /// being shown.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Rule {
            $($(#[$doc])* $name,)*
        }

        impl Rule {
            /// Every rule, in the order of checking.
            pub const ORDER: [Self; [$(stringify!($name)),*].len()] = [$(Self::$name),*];
        }

        /// What each rule stores for an appeal.
        #[derive(Clone, Debug)]
        pub(crate) struct Parts {
            $(pub(crate) $field: $part,)*
            active: RuleSet,
        }

        impl Parts {
            /// The rules whose outcome can change over time.
            const TIMED: RuleSet = RuleSet(0 $(| ((<$part as Check>::TIMED as u64) << Rule::$name as u64))*);

            pub(crate) fn compile(spec: &mut AppealSpec<'_, '_>) -> Self {
                $(let $field = <$part as Check>::compile(spec);)*
                let active = RuleSet(0 $(| (u64::from(!$field.is_noop()) << Rule::$name as u64))*);
                Self { $($field,)* active }
            }

            pub(crate) fn check(&self, rule: Rule, context: &ReaderContext<'_>, at_ms: i64) -> Outcome {
                match rule {
                    $(Rule::$name => self.$field.check(context, at_ms),)*
                }
            }

            pub(crate) fn evidence(&self, rule: Rule, context: &ReaderContext<'_>) -> Evidence {
                match rule {
                    $(Rule::$name => self.$field.evidence(context),)*
                }
            }
        }
    };
}

rules! {
    /// The site's appeals are not switched off.
    KillSwitch = kill_switch: kill_switch::KillSwitch,
    /// The appeal is live.
    Live = live: live::LiveState,
    /// The reader's country or region matches.
    Country = country: country::Country,
    /// The page's section or one of its tags is included.
    PageTargeted = page_targeted: page::PageTargeted,
    /// The page has room for the appeal.
    Surface = surface: surfaces::Surfaces,
    /// The reader's standing matches.
    Standing = standing: standing::Standings,
    /// The reader did not give recently.
    Quiet = quiet: quiet::Quiet,
    /// The appeal's schedule has begun and is not over.
    Schedule = schedule: schedule::Schedule,
    /// The appeal may show at this hour, and there is no blackout.
    Hours = hours: hours::OpenHours,
    /// The page is not sensitive.
    SensitivePage = sensitive_page: sensitive_page::SensitivePage,
    /// The page is not paid (sponsored).
    PaidPage = paid_page: paid_page::PaidPage,
    /// The site does not exclude the page.
    SiteExcluded = site_excluded: site_excluded::SiteExcluded,
    /// The kind of page matches.
    PageKind = page_kind: page_kind::PageKind,
    /// The page's path matches.
    Url = url: url::Url,
    /// Neither the section nor a tag is excluded.
    PageExcluded = page_excluded: page::PageExcluded,
    /// The reader's language matches.
    Language = language: language::Language,
    /// The reader's kind of device matches.
    Device = device: device::Devices,
    /// The reader is signed in, or not, as the appeal requires.
    SignedIn = signed_in: signed_in::SignedIn,
    /// The reader has an included trait and no excluded one.
    Traits = traits: traits::Traits,
    /// The reader consented, if the appeal requires it.
    Consent = consent: consent::Consent,
    /// The reader has an included entitlement and no excluded one.
    Entitlements = entitlements: entitlements::Entitlements,
    /// Each value that the copy needs is available.
    Values = values: values::Values,
    /// The question (the request for a decision) has a reading history, if a rule needs it.
    History = history: history::History,
    /// The reader is new or returning, as the appeal requires.
    Reader = reader: reader::Reader,
    /// The reader read as many articles as the appeal requires.
    Articles = articles: articles::Articles,
    /// The reader's trend (reading more than before, less, or about as much) is the one that the appeal requires.
    Trend = trend: trend::ReadingTrend,
    /// The free articles are used up.
    Meter = meter: meter::Meter,
    /// The first pages of the visit are over.
    SkipFirst = skip_first: skip_first::SkipFirst,
    /// The appeal's cap allows another view.
    Frequency = frequency: frequency::Frequency,
    /// The site's cap allows another view.
    SiteFrequency = site_frequency: site_frequency::SiteFrequency,
    /// The minimum pause after any view or dismissal is over.
    CoolDown = cool_down: cool_down::CoolDown,
    /// The reader has not dismissed the appeal.
    Dismissal = dismissal: dismissal::Dismissal,
    /// The appeal's sequence of variants is not over.
    Sequence = sequence: sequence::Sequence,
}

/// A set of rules, with one bit for each rule.
#[derive(Clone, Copy, Debug)]
struct RuleSet(u64);

impl Iterator for RuleSet {
    type Item = Rule;

    fn next(&mut self) -> Option<Rule> {
        if self.0 == 0 {
            return None;
        }
        let first = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(Rule::ORDER[first])
    }
}

impl Parts {
    /// Returns the rules that can fail, in the order of checking.
    pub(crate) fn active(&self) -> impl Iterator<Item = Rule> + use<> {
        self.active
    }

    /// Returns the rules that can fail and whose outcome can change over time.
    pub(crate) fn timed(&self) -> impl Iterator<Item = Rule> + use<> {
        RuleSet(self.active.0 & Self::TIMED.0)
    }
}
